//! How the interval of a share is worded: half of it where it is even, both ends where it is not, and the other end beside none and
//! all.
//!
//! This module does not know which metric a share belongs to.

use super::number;

/// Which signs of an interval a table bears, to be explained below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// `±1.2`
    pub(super) half: bool,
    /// `3–48`
    pub(super) ends: bool,
    /// `≤0.01`, beside none or all.
    pub(super) bound: bool,
    /// `±1.2?`
    pub(super) doubt: bool,
    /// `12.4 ‡`
    pub(super) kinds: bool,
}

/// What stands behind an interval: a mark where it is not to be trusted.
pub(super) const fn doubt(doubtful: bool) -> &'static str {
    if doubtful { "?" } else { "" }
}

/// Stands behind a mean over runs of two kinds.
pub(super) const KINDS: &str = "‡";

impl Marks {
    pub(super) fn add(&mut self, other: Marks) {
        self.half |= other.half;
        self.ends |= other.ends;
        self.bound |= other.bound;
        self.doubt |= other.doubt;
        self.kinds |= other.kinds;
    }

    /// What they mean, in a sentence; none without any.
    pub(super) fn told(self) -> Option<String> {
        let parts: Vec<&str> = [
            (self.half, "± is half of a 95 % interval"),
            (self.ends, "a–b are its two ends"),
            (
                self.bound,
                "≤ (≥) is its upper (lower) end where hardly a call (nearly each) is seen to, as if calls were independent",
            ),
            (
                self.doubt,
                "? marks values too skewed for their number, whose interval may cover less often than it says",
            ),
            (
                self.kinds,
                "‡ marks the mean of runs with a storm and runs without, which are told apart below",
            ),
        ]
        .into_iter()
        .filter_map(|(shown, words)| shown.then_some(words))
        .collect();
        let text = parts.join("; ");
        match (self.half, text.is_empty()) {
            (_, true) => None,
            (true, _) => Some(format!("{text}.")),
            (false, _) => Some(format!("Of 95 % intervals: {text}.")),
        }
    }
}

/// A figure as people read it, its interval (empty without one), and how that is marked: `±1.2` where both ends are as far
/// away, `3–48` where they are not, `≤0.01` beside none and `≥99.9` beside all.
pub(super) fn share_interval(mean: f64, ci95: Option<(f64, f64)>) -> (String, Marks) {
    // An interval without width says nothing; one of 1e-17 is the dust of subtracting equal numbers.
    let Some((low, high)) = ci95.filter(|(low, high)| high - low > 1e-12) else {
        return (String::new(), Marks::default());
    };
    let plain = Marks::default();
    let rest = |share: f64| number::significant((1.0 - share) * 100.0, 2);
    if mean <= 0.0 {
        let text = number::percent_value(high);
        let text = if text.starts_with('<') {
            text
        } else {
            format!("≤{}", number::significant(high * 100.0, 2))
        };
        (text, Marks { bound: true, ..plain })
    } else if mean >= 1.0 {
        let most: f64 = rest(low).parse().unwrap_or(0.0);
        let text = if most < 0.001 {
            ">99.999".to_owned()
        } else {
            format!("≥{}", number::significant(100.0 - most, 7))
        };
        (text, Marks { bound: true, ..plain })
    } else if mean < 5e-6 {
        // Next to none: the lower end would be many zeros.
        (
            format!("≤{}", number::significant(high * 100.0, 2)),
            Marks { bound: true, ..plain },
        )
    } else {
        let (down, up) = (mean - low, high - mean);
        if (up - down).abs() <= 0.15 * (up + down) {
            let half = number::significant((high - low) * 50.0, 2);
            (format!("±{half}"), Marks { half: true, ..plain })
        } else {
            let ends = format!(
                "{}–{}",
                number::significant(low * 100.0, 2),
                number::significant(high * 100.0, 2)
            );
            (ends, Marks { ends: true, ..plain })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_worded_by_their_shape() {
        let told = |mean, low, high| share_interval(mean, Some((low, high))).0;
        assert_eq!(told(0.124, 0.114, 0.134), "±1");
        assert_eq!(told(0.148, 0.0007, 0.974), "0.07–97");
        assert_eq!(told(0.0, 0.0, 0.01265), "≤1.3");
        assert_eq!(told(0.0, 0.0, 1.3e-6), "<0.001");
        assert_eq!(told(1.0, 0.98735, 1.0), "≥98.7");
        assert_eq!(told(1.0, 1.0 - 1e-7, 1.0), ">99.999");
        assert_eq!(told(6e-7, 2.4e-7, 1.1e-6), "≤0.00011");
        assert_eq!(told(0.4, 0.4, 0.4), "");
        assert_eq!(share_interval(0.4, None), (String::new(), Marks::default()));
    }

    #[test]
    fn only_the_signs_that_are_there_are_explained() {
        let (_, half) = share_interval(0.5, Some((0.4, 0.6)));
        assert_eq!(half.told().unwrap(), "± is half of a 95 % interval.");
        let mut both = half;
        both.add(share_interval(0.0, Some((0.0, 0.1))).1);
        assert!(both.told().unwrap().contains("≤"), "{:?}", both.told());
        assert_eq!(Marks::default().told(), None);
    }
}
