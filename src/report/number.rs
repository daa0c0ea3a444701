//! How figures are worded for people: three significant digits, a unit that fits, no `-0`, a dash for what is missing.
//!
//! This module does not know which metric a number belongs to. Files for programs never pass through here: they hold
//! every digit.

/// What stands for a figure that has no value.
pub const MISSING: &str = "—";

/// `value` rounded to `digits` significant digits, trailing zeros dropped: `0.00139`, `46700`, `1.23e9`.
pub fn significant(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return MISSING.to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    let scientific = format!("{:.*e}", digits.saturating_sub(1), value.abs());
    // The mantissa's digits are rounded already, so 9.996 counts as 10.0 and gets one decimal less.
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let rounded: f64 = scientific.parse().unwrap_or(value.abs());
    let sign = if value < 0.0 && rounded != 0.0 { "−" } else { "" };
    let text = if rounded == 0.0 {
        "0".to_owned()
    } else if (-5..6).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        trim(&format!("{rounded:.decimals$}")).to_owned()
    } else {
        format!("{}e{exponent}", trim(mantissa))
    };
    format!("{sign}{text}")
}

/// Three significant digits.
pub fn short(value: f64) -> String {
    significant(value, 3)
}

/// A share as a percentage without its sign: `0.1234` is `12.3`. What is not quite none or not quite all never
/// looks like it.
pub fn percent_value(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.0005 {
        return "<0.001".to_owned();
    }
    let text = short(percent);
    if text == "100" && percent < 100.0 {
        ">99.9".to_owned()
    } else {
        text
    }
}

/// A share as a percentage: `0.1234` is `12.3 %`.
pub fn percent(share: f64) -> String {
    if share.is_nan() {
        MISSING.to_owned()
    } else {
        format!("{} %", percent_value(share))
    }
}

/// A difference of shares in percentage points, always with a sign: `+1.2 pp`, `−0.031 pp`, `0 pp`.
pub fn points(difference: f64) -> String {
    format!("{} pp", with_sign(short(difference * 100.0), difference))
}

/// A number in so many digits, always with a sign: `+1.2`, `−0.031`, `0`.
pub fn signed(value: f64, digits: usize) -> String {
    with_sign(significant(value, digits), value)
}

fn with_sign(text: String, value: f64) -> String {
    if value > 0.0 && text != "0" {
        format!("+{text}")
    } else {
        text
    }
}

/// A whole number with a comma after every three digits: `86,291`.
pub fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let sign = if value <= -0.5 { "−" } else { "" };
    format!("{sign}{out}")
}

/// Seconds in the unit that suits them: `12.5 µs`, `412 ms`, `3.85 s`, `12.5 min`, `3 h`.
///
/// Time is counted in whole nanoseconds: less than one is the dust of subtracting equal numbers.
pub fn seconds(value: f64) -> String {
    let value = if value.abs() < 1e-9 { 0.0 } else { value };
    // Rounding first keeps 999.7 ms from being written as 1000 ms.
    let rounded: f64 = format!("{:.2e}", value.abs()).parse().unwrap_or(value.abs());
    let (scale, unit) = match rounded {
        r if r == 0.0 || !r.is_finite() => (1.0, "s"),
        r if r < 1e-3 => (1e6, "µs"),
        r if r < 1.0 => (1e3, "ms"),
        r if r < 300.0 => (1.0, "s"),
        r if r < 7200.0 => (1.0 / 60.0, "min"),
        r if r < 172_800.0 => (1.0 / 3600.0, "h"),
        _ => (1.0 / 86_400.0, "d"),
    };
    if value.is_nan() {
        MISSING.to_owned()
    } else {
        format!("{} {unit}", short(value * scale))
    }
}

fn trim(decimal: &str) -> &str {
    if decimal.contains('.') {
        decimal.trim_end_matches('0').trim_end_matches('.')
    } else {
        decimal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_significant_digits() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (2.414, "2.41"),
            (9.996, "10"),
            (0.0013951, "0.0014"),
            (46_656.0, "46700"),
            (999_999.0, "1e6"),
            (1.234e9, "1.23e9"),
            (1.2e-9, "1.2e-9"),
            (-12.34, "−12.3"),
            (f64::NAN, MISSING),
            (f64::INFINITY, "∞"),
        ] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn shares_never_look_like_none_or_all_when_they_are_not() {
        for (share, text) in [
            (0.0, "0 %"),
            (-0.0, "0 %"),
            (0.1234, "12.3 %"),
            (1e-9, "<0.001 %"),
            (0.000_31, "0.031 %"),
            (0.999_97, ">99.9 %"),
            (1.0, "100 %"),
        ] {
            assert_eq!(percent(share), text);
        }
        assert_eq!(
            (points(0.012), points(-0.5), points(-0.0)),
            ("+1.2 pp".into(), "−50 pp".into(), "0 pp".into())
        );
    }

    #[test]
    fn durations_take_the_unit_that_suits_them() {
        for (value, text) in [
            (0.0, "0 s"),
            (-2e-19, "0 s"),
            (0.000_012_5, "12.5 µs"),
            (0.412, "412 ms"),
            (0.999_9, "1 s"),
            (3.85, "3.85 s"),
            (750.0, "12.5 min"),
            (10_800.0, "3 h"),
            (f64::NAN, MISSING),
        ] {
            assert_eq!(seconds(value), text);
        }
    }
}
