//! The comparison in a few sentences, so that a reader knows what to do without reading every figure.
//!
//! This module does not know how the sentences will be laid out: it returns one string per line.

use super::{Figure, Figures, Sweep, number, one_line};
use crate::record::{Check, CheckKind, Comparison, ComparisonVerdict, Record};

/// A name between quotes, cut to what a sentence bears.
pub(super) fn quoted(name: &str) -> String {
    format!("“{}”", one_line(name, 44))
}

/// `“a”`, `“a” and “b”`, `“a”, “b” and 3 more`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        [one] => quoted(one),
        [one, two] => format!("{} and {}", quoted(one), quoted(two)),
        [one, two, three] => format!("{}, {} and {}", quoted(one), quoted(two), quoted(three)),
        [one, two, rest @ ..] => {
            format!("{}, {} and {} more", quoted(one), quoted(two), rest.len())
        }
    }
}

/// Strategies that have the figure at a point.
fn measured<'a>(record: &'a Record, figures: &Figures<'_>, point: &str, metric: &str) -> Vec<(&'a str, Figure)> {
    let figure = |s: &'a String| figures.get(s, point, metric).map(|f| (s.as_str(), f));
    record.strategies.iter().filter_map(figure).collect()
}

fn least<'a>(of: &[(&'a str, Figure)]) -> Option<(&'a str, Figure)> {
    of.iter().copied().min_by(|a, b| a.1.mean.total_cmp(&b.1.mean))
}

/// Two to five sentences; fewer when there is nothing to compare.
pub(super) fn words(record: &Record) -> Vec<String> {
    let figures = Figures::of(record);
    let sweep = Sweep::of(record);
    let mut fewest = Vec::new();
    let mut cheapest = Vec::new();
    let mut worst: Option<(&str, usize, f64)> = None;
    for (i, point) in record.points.iter().enumerate() {
        let failures = measured(record, &figures, point, "failure_rate");
        let Some((_, best)) = least(&failures) else {
            continue;
        };
        let named = |chosen: &[(&str, Figure)]| listed(&chosen.iter().map(|(s, _)| *s).collect::<Vec<_>>());
        let ties: Vec<_> = failures.iter().copied().filter(|(_, f)| f.mean == best.mean).collect();
        fewest.push((i, named(&ties), number::percent(best.mean)));
        let close: Vec<_> = failures.iter().filter(|(_, f)| f.overlaps(best)).collect();
        let cost = |s| figures.get(s, point, "token_requests_per_call").map(|f| (s, f));
        let costs: Vec<_> = close.iter().filter_map(|(s, _)| cost(*s)).collect();
        if let (Some((_, cost)), true) = (least(&costs), close.len() > 1) {
            let ties: Vec<_> = costs.iter().copied().filter(|(_, f)| f.mean == cost.mean).collect();
            cheapest.push((i, named(&ties), number::short(cost.mean)));
        }
        for (strategy, f) in failures {
            if f.mean > 0.0 && worst.is_none_or(|(.., mean)| f.mean > mean) {
                worst = Some((strategy, i, f.mean));
            }
        }
    }
    if fewest.is_empty() {
        return vec!["No share of failed calls was measured, so there is nothing to compare.".to_owned()];
    }
    let alone = record.strategies.len() < 2;
    let mut out = Vec::new();
    let label = if alone { "Failed calls" } else { "Fewest failed calls" };
    out.push(format!("{label}: {}.", over_points(&fewest, &sweep, "")));
    if !cheapest.is_empty() {
        let found = over_points(&cheapest, &sweep, " token requests per call");
        out.push(format!("Cheapest within noise of that: {found}."));
    }
    if let (Some((strategy, i, mean)), false) = (worst, alone) {
        let place = sweep.point(i);
        let place = if place.is_empty() {
            place
        } else {
            format!(" at {place}")
        };
        out.push(format!(
            "Most failed calls: {} ({}{place}).",
            quoted(strategy),
            number::percent(mean)
        ));
    }
    out.extend(distinguishable(record));
    out
}

/// `“a” (0 %)` where the answer is the same everywhere, otherwise the answer at each stretch of points.
fn over_points(answers: &[(usize, String, String)], sweep: &Sweep, unit: &str) -> String {
    let mut stretches: Vec<(usize, usize, &str, Vec<&str>)> = Vec::new();
    for (i, who, value) in answers {
        match stretches.last_mut() {
            Some((_, until, same, values)) if same == who && *until + 1 == *i => {
                *until = *i;
                values.push(value);
            }
            _ => stretches.push((*i, *i, who, vec![value])),
        }
    }
    let told = |values: &[&str]| match values {
        [first, .., last] if first != last => format!("{first} … {last}{unit}"),
        _ => format!("{}{unit}", values.first().unwrap_or(&number::MISSING)),
    };
    let everywhere = stretches.len() == 1 && answers.len() == sweep.values.len();
    let shown = 3;
    let mut parts: Vec<String> = stretches
        .iter()
        .take(shown)
        .map(|(from, until, who, values)| match (everywhere, from == until) {
            (true, true) => format!("{who} ({})", told(values)),
            (true, false) => format!("{who} at every point ({})", told(values)),
            (false, true) => format!("{who} at {} ({})", sweep.point(*from), told(values)),
            (false, false) => {
                format!(
                    "{who} from {} to {} ({})",
                    sweep.point(*from),
                    sweep.point(*until),
                    told(values)
                )
            }
        })
        .collect();
    if stretches.len() > shown {
        parts.push(format!("and {} further changes in the table", stretches.len() - shown));
    }
    parts.join("; ")
}

/// Whether the comparisons can be told from noise, and what to do when some cannot.
fn distinguishable(record: &Record) -> Option<String> {
    if record.manifest.replications < 2 {
        return Some(
            "One replication says nothing about noise: use --replications 30 or more before trusting a difference."
                .to_owned(),
        );
    }
    // Where as many calls fail for good, what is refused first tells strategies apart.
    let of = |metric: &str| -> Vec<_> { record.comparisons.iter().filter(|c| c.metric == metric).collect() };
    let tied = |compared: &[&Comparison]| {
        compared
            .iter()
            .all(|c| c.verdict == ComparisonVerdict::NotDistinguishable)
    };
    let failed = of("failure_rate");
    let refused = of("first_attempt_rejection_rate");
    let (compared, measure) = if tied(&failed) && !tied(&refused) {
        (refused, "first attempts refused (failed calls are alike)")
    } else {
        (failed, "failed calls")
    };
    let reference = &compared.first()?.reference;
    let swept = record.points.len() > 1;
    let what = if swept { "comparisons" } else { "strategies" };
    let noise: Vec<_> = compared
        .iter()
        .filter(|c| c.verdict == ComparisonVerdict::NotDistinguishable)
        .collect();
    let clear = compared.len() - noise.len();
    let against = format!("{} in {measure} (95 %, all comparisons together)", quoted(reference));
    Some(match (clear, noise.as_slice()) {
        (1, []) => format!("The difference from {against} is more than noise."),
        (_, []) => format!("All {clear} {what} differ from {against} by more than noise."),
        (0, _) => format!(
            "Nothing can be told apart from {against}; more replications (--precision 5%) would narrow the intervals."
        ),
        (_, noise) => {
            let mut names: Vec<&str> = Vec::new();
            for c in noise {
                if !names.contains(&c.strategy.as_str()) {
                    names.push(&c.strategy);
                }
            }
            let verb = if clear == 1 { "differs" } else { "differ" };
            format!(
                "{clear} of {} {what} {verb} from {against} by more than noise; not told apart{}: {}.",
                compared.len(),
                if swept { " at some point" } else { "" },
                listed(&names)
            )
        }
    })
}

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
        out.extend(expects.into_iter().filter(|c| !c.holds).map(|c| check(c, "expected")));
    }
    out
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
    fn a_comparison_is_told_in_five_sentences_at_most() {
        let told = words(&fake::dozen());
        assert_eq!(told.len(), 4, "{told:#?}");
        assert!(told[0].contains("token gateway") && told[0].contains("slot per node") && told[0].contains("(0 %)"));
        assert!(told[1].contains("0.00139 token requests per call"), "{}", told[1]);
        assert!(told[2].contains("give up at once") && told[2].contains("87.1 %"));
        assert!(told[3].contains("of 11 strategies differ"), "{}", told[3]);
    }

    #[test]
    fn a_sweep_is_told_by_stretches_of_points() {
        let told = words(&fake::sweep(&[1.0, 2.0, 4.0, 8.0]));
        assert!(
            told[0].contains("at nodes = 1") && told[0].contains("from nodes = 2 to nodes = 8"),
            "{told:#?}"
        );
        assert!(
            told.iter().any(|l| l.contains("“naive cache” (19.1 % at nodes = 8)")),
            "{told:#?}"
        );
    }

    #[test]
    fn one_strategy_is_not_compared() {
        let told = words(&fake::single());
        assert_eq!(told, ["Failed calls: “lease (10 s)” (0.031 %)."]);
        assert_eq!(words(&fake::empty()).len(), 1);
    }

    #[test]
    fn one_replication_is_said_to_say_nothing_about_noise() {
        let mut record = fake::dozen();
        record.manifest.replications = 1;
        assert!(words(&record).last().unwrap().contains("--replications"));
    }

    #[test]
    fn failing_checks_are_shown_and_holding_expectations_counted() {
        let told = checks(&fake::dozen());
        assert_eq!(told.len(), 4, "{told:#?}");
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
        assert!(checks(&fake::single()).is_empty());
    }
}
