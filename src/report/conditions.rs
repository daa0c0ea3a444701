//! What the scenario states of itself, and whether it held.
//!
//! Does not judge: the record says what held.

use super::{number, quoted};
use crate::record::{Check, CheckKind, Record};

/// The scenario's conditions: every assertion, and the expectations as a count with those that fail.
pub(super) fn checks(record: &Record) -> Vec<String> {
    let (asserts, expects): (Vec<&Check>, Vec<&Check>) =
        record.checks.iter().partition(|c| c.kind == CheckKind::Assert);
    let mut out: Vec<String> = asserts.into_iter().map(|c| check(c, "assert")).collect();
    if !expects.is_empty() {
        let hold = expects.iter().filter(|c| c.holds).count();
        let mark = if hold == expects.len() { '✓' } else { '✗' };
        let (noun, verb) = if expects.len() == 1 {
            ("expectation", "holds")
        } else {
            ("expectations", "hold")
        };
        out.push(format!("{mark} {hold} of {} {noun} {verb}", expects.len()));
        out.extend(expects.iter().filter(|c| !c.holds).map(|c| check(c, "expected")));
        if hold < expects.len() {
            out.push(what_it_means(record));
        }
    }
    out
}

/// What a failed expectation means.
fn what_it_means(record: &Record) -> String {
    let changed: Vec<&str> = ["--set", "--seed", "--replications", "--precision"]
        .into_iter()
        .filter(|option| record.manifest.command_line.iter().any(|word| word == option))
        .collect();
    let told =
        "An [expect] says what the scenario's author foresaw, and does not change the exit code ([[assert]] does).";
    if changed.is_empty() {
        format!(
            "{told} A figure that differs means: the scenario does something else than its author thought, or tokenstorm has changed."
        )
    } else {
        format!(
            "{told} It was written for the file as it stands; this run has {} besides.",
            changed.join(" and ")
        )
    }
}

fn check(check: &Check, kind: &str) -> String {
    // Conditions are written in the metric's own unit, so what was measured is too.
    let digits = |v| number::significant(v, 5);
    let measured = check.measured.map_or("no value".to_owned(), digits);
    let interval = check
        .ci95
        .map(|(low, high)| format!(" [{} … {}]", digits(low), digits(high)))
        .unwrap_or_default();
    let place = if check.point.is_empty() {
        String::new()
    } else {
        format!(" at {}", check.point)
    };
    let whose = if check.strategy.is_empty() {
        String::new()
    } else {
        format!(" {}:", quoted(&check.strategy))
    };
    format!(
        "{} {kind}{whose} {} {}{place}; measured {measured}{interval}",
        if check.holds { '✓' } else { '✗' },
        check.metric,
        check.condition,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;

    #[test]
    fn failing_checks_are_shown_and_holding_expectations_counted() {
        let told = checks(&fake::dozen());
        assert_eq!(told.len(), 5, "{told:#?}");
        assert!(
            told[0].starts_with("✓ assert “lease (10 s)”: success_rate >= 0.999; measured 0.99969"),
            "{}",
            told[0]
        );
        assert!(
            told[1].starts_with('✗') && told[2].starts_with("✗ 2 of 3 expectations hold"),
            "{told:#?}"
        );
        assert!(told[3].contains("slot per node"));
        assert!(told[4].contains("does not change the exit code") && told[4].contains("tokenstorm has changed"));
        let mut record = fake::dozen();
        record
            .manifest
            .command_line
            .extend(["--set".into(), "fleet.web.nodes=2".into()]);
        assert!(
            checks(&record)[4].ends_with("this run has --set besides."),
            "{}",
            checks(&record)[4]
        );
        assert!(checks(&fake::single()).is_empty());
    }
}
