//! What the comparisons allow to say: which differences are more than noise, which strategies are the same, and how many replications
//! would tell the others.
//!
//! Reads verdicts; how they were reached is not known here.

use super::{listed, number, quoted};
use crate::record::{Comparison, ComparisonVerdict, Record};

/// Which comparisons can be told from noise, which are the same, and how many replications would tell the others.
pub(super) fn distinguishable(record: &Record) -> Vec<String> {
    if record.manifest.replications < 2 {
        return vec![
            "One replication says nothing about noise: use --replications 30 or more before trusting a difference."
                .to_owned(),
        ];
    }
    // Where as many calls fail for good, what is refused first tells strategies apart.
    let of = |metric: &str| -> Vec<_> { record.comparisons.iter().filter(|c| c.metric == metric).collect() };
    let clear = |c: &&&Comparison| matches!(c.verdict, ComparisonVerdict::Better | ComparisonVerdict::Worse);
    let tied = |compared: &[&Comparison]| !compared.iter().any(|c| clear(&c));
    let failed = of("failure_rate");
    let refused = of("first_attempt_rejection_rate");
    let (compared, measure) = if tied(&failed) && !tied(&refused) {
        (refused, "first attempts refused (failed calls are alike)")
    } else {
        (failed, "failed calls")
    };
    let Some(first) = compared.first() else {
        return Vec::new();
    };
    let what = if record.points.len() > 1 {
        "comparisons"
    } else {
        "strategies"
    };
    let against = format!(
        "{} in {measure} (95 %, all comparisons together)",
        quoted(&first.reference)
    );
    let clear = compared.iter().filter(clear).count();
    let mut out = vec![match (clear, compared.len()) {
        (1, 1) => format!("The difference from {against} is more than noise."),
        (clear, all) if clear == all => format!("All {clear} {what} differ from {against} by more than noise."),
        (0, _) => format!("Nothing differs from {against} by more than noise."),
        (clear, all) => {
            let verb = if clear == 1 { "differs" } else { "differ" };
            format!("{clear} of {all} {what} {verb} from {against} by more than noise.")
        }
    }];
    let with = |verdict| -> Vec<&Comparison> { compared.iter().copied().filter(|c| c.verdict == verdict).collect() };
    let place = |some: &[&Comparison]| {
        if record.points.len() > 1 {
            format!(" at {} of {} comparisons", some.len(), compared.len())
        } else {
            String::new()
        }
    };
    let same = with(ComparisonVerdict::Same);
    if !same.is_empty() {
        let margin = number::significant(first.margin * 100.0, 3);
        out.push(format!(
            "The same within {margin} pp{}: {}.",
            place(&same),
            listed(&names(&same))
        ));
    }
    let open = with(ComparisonVerdict::NotDistinguishable);
    if !open.is_empty() {
        out.push(format!(
            "Not distinguishable{}: {}; {}.",
            place(&open),
            listed(&names(&open)),
            wanted(&open)
        ));
    }
    out
}

/// The strategies of some comparisons, each once.
fn names<'a>(compared: &[&'a Comparison]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for c in compared {
        if !names.contains(&c.strategy.as_str()) {
            names.push(&c.strategy);
        }
    }
    names
}

/// How many replications would tell what is open.
fn wanted(open: &[&Comparison]) -> String {
    let all: Vec<u32> = open.iter().filter_map(|c| c.replications_to_tell).collect();
    let runs = |count: u32| {
        number::grouped(
            number::significant(f64::from(count), 2)
                .parse()
                .unwrap_or(f64::from(count)),
        )
    };
    match (all.iter().min(), all.iter().max()) {
        (Some(few), Some(many)) if all.len() == open.len() => {
            let range = if few == many {
                runs(*few)
            } else {
                format!("{} to {}", runs(*few), runs(*many))
            };
            format!("about {range} replications would tell (an estimate from the spread seen so far)")
        }
        (Some(few), _) => format!(
            "about {} replications or more would tell, and of some not even a million (an estimate)",
            runs(*few)
        ),
        _ => "how many replications would tell cannot be foretold from the spread seen so far".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;

    /// 38 points between two runs are not "the same".
    #[test]
    fn what_is_the_same_is_not_what_cannot_be_told() {
        let mut record = fake::dozen();
        for (at, c) in record.comparisons.iter_mut().enumerate() {
            c.verdict = if at < 2 {
                ComparisonVerdict::Same
            } else {
                ComparisonVerdict::NotDistinguishable
            };
            c.replications_to_tell = (at >= 2).then_some(30 * (at as u32));
        }
        let told = distinguishable(&record);
        assert!(
            told.iter()
                .any(|l| l
                    .starts_with("The same within 0.1 pp: “naive cache, no backoff” and “single-flight per process”.")),
            "{told:#?}"
        );
        assert!(
            told.iter()
                .any(|l| l.contains("about 60 to 300 replications would tell")),
            "{told:#?}"
        );
    }

    #[test]
    fn one_replication_is_said_to_say_nothing_about_noise() {
        let mut record = fake::dozen();
        record.manifest.replications = 1;
        assert!(distinguishable(&record).last().unwrap().contains("--replications"));
    }
}
