//! The comparison in a few sentences, so that a reader knows what to do without reading every figure.
//!
//! This module does not know how the sentences will be laid out: it returns one string per line.

use super::{Figure, Figures, Sweep, controls, listed, mixtures, noise, number, precision, quoted, reasons, warmup};
use crate::record::Record;

/// Strategies that have the figure at a point.
fn measured<'a>(record: &'a Record, figures: &Figures<'_>, point: &str, metric: &str) -> Vec<(&'a str, Figure)> {
    let figure = |s: &'a String| figures.get(s, point, metric).map(|f| (s.as_str(), f));
    record.strategies.iter().filter_map(figure).collect()
}

fn least<'a>(of: &[(&'a str, Figure)]) -> Option<(&'a str, Figure)> {
    of.iter().copied().min_by(|a, b| a.1.mean.total_cmp(&b.1.mean))
}

/// The comparison, why calls fail, and what the figures do not tell; fewer sentences when there is less to say.
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
        let mut out = vec!["No share of failed calls was measured, so there is nothing to compare.".to_owned()];
        out.extend(reasons::silent(record));
        return out;
    }
    let alone = record.strategies.len() < 2;
    let mut out = Vec::new();
    let label = if alone { "Failed calls" } else { "Fewest failed calls" };
    out.push(format!("{label}: {}.", over_points(&fewest, &sweep, "")));
    if !cheapest.is_empty() {
        let found = over_points(&cheapest, &sweep, " token requests per call");
        out.push(format!("Cheapest of those not distinguishable from that: {found}."));
    }
    if let (Some((strategy, i, mean)), false) = (worst, alone) {
        let place = sweep.at(i);
        out.push(format!(
            "Most failed calls: {} ({}{place}).",
            quoted(strategy),
            number::percent(mean)
        ));
    }
    out.extend(reasons::told(record));
    out.extend(noise::distinguishable(record));
    out.extend(controls::told(record));
    out.extend(precision::told(record));
    out.extend(mixtures::told(record));
    out.extend(warmup::told(record));
    out.extend(reasons::silent(record));
    out.extend(
        record
            .manifest
            .disagreements
            .iter()
            .map(|text| format!("Sources disagree about {text}.")),
    );
    out
}

/// Over several parameters: at how many points it is whom, most often first. Neighbours in the list of points are no neighbours
/// then, so that nothing could be said "from ... to".
fn counted(answers: &[(usize, String, String)], sweep: &Sweep, unit: &str) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (_, who, value) in answers {
        match groups.iter_mut().find(|(known, _)| known == who) {
            Some((_, values)) => values.push(value),
            None => groups.push((who, vec![value])),
        }
    }
    groups.sort_by_key(|(_, values)| std::cmp::Reverse(values.len()));
    let shown = 3;
    let mut parts: Vec<String> = groups
        .iter()
        .take(shown)
        .map(|(who, values)| {
            let alike = values.iter().all(|value| *value == values[0]);
            let value = if alike {
                format!(" ({}{unit})", values[0])
            } else {
                String::new()
            };
            format!("{who} at {} of {} points{value}", values.len(), sweep.values.len())
        })
        .collect();
    if groups.len() > shown {
        parts.push(format!("and {} more answers in the table", groups.len() - shown));
    }
    parts.join("; ")
}

/// `“a” (0 %)` where the answer is the same everywhere, otherwise the answer at each stretch of points.
fn over_points(answers: &[(usize, String, String)], sweep: &Sweep, unit: &str) -> String {
    if sweep.keys.len() > 1 {
        return counted(answers, sweep, unit);
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;

    #[test]
    fn a_comparison_is_told_in_few_sentences() {
        let told = words(&fake::dozen());
        assert_eq!(told.len(), 5, "{told:#?}");
        assert!(told[0].contains("token gateway") && told[0].contains("slot per node") && told[0].contains("(0 %)"));
        assert!(told[1].contains("0.00139 token requests per call"), "{}", told[1]);
        assert!(told[2].contains("give up at once") && told[2].contains("87.1 %"));
        assert!(told[3].contains("of 11 strategies differ"), "{}", told[3]);
        assert!(
            told[4].starts_with("Not distinguishable: “single-flight per process”")
                && told[4].contains("about 240 replications would tell (an estimate"),
            "{}",
            told[4]
        );
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

    /// In the list of points of two parameters neighbours are no neighbours: "from ... to" would mean nothing.
    #[test]
    fn a_sweep_of_two_parameters_is_told_by_counts_of_points() {
        let told = words(&fake::two_keys());
        assert!(told[0].contains("“lease” at 5 of 6 points (0 %)"), "{told:#?}");
        assert!(!told.iter().any(|line| line.contains(" from ttl")), "{told:#?}");
    }

    #[test]
    fn what_sources_disagree_about_is_said_last() {
        let mut record = fake::dozen();
        record.manifest.disagreements = vec!["refresh.ttl (box): 90d (users), or 1d (staff)".into()];
        let told = words(&record);
        assert_eq!(
            told.last().unwrap(),
            "Sources disagree about refresh.ttl (box): 90d (users), or 1d (staff)."
        );
    }

    #[test]
    fn one_strategy_is_not_compared() {
        let told = words(&fake::single());
        assert_eq!(told, ["Failed calls: “lease (10 s)” (0.031 %)."]);
        assert_eq!(words(&fake::empty()).len(), 1);
    }
}
