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
    out.extend(paired(&compared, record.points.len() > 1));
    out
}

/// From so much less variance on, meeting the same arrivals has helped; with so much more, it has hurt.
const HELPED: f64 = 1.1;

/// What common random numbers have done for these comparisons; nothing where that was not measured.
fn paired(compared: &[&Comparison], at_points: bool) -> Option<String> {
    let known: Vec<(&Comparison, f64)> = compared.iter().filter_map(|c| Some((*c, c.pairing_gain?))).collect();
    let (helped, others): (Vec<_>, Vec<_>) = known.iter().copied().partition(|(_, gain)| *gain >= HELPED);
    let hurt = others.iter().filter(|(_, gain)| *gain <= 1.0 / HELPED).count();
    let same = |some: &[(&Comparison, f64)]| match at_points {
        true => format!("{} of {} comparisons", some.len(), known.len()),
        false => listed(&names(&some.iter().map(|(c, _)| *c).collect::<Vec<_>>())),
    };
    let times = |some: &[(&Comparison, f64)]| {
        let least = some.iter().map(|(_, gain)| *gain).fold(f64::INFINITY, f64::min);
        let most = some.iter().map(|(_, gain)| *gain).fold(0.0, f64::max);
        let [least, most] = [least, most].map(|gain| number::significant(gain, 2));
        match least == most {
            true => least,
            false => format!("{least} to {most}"),
        }
    };
    let widened = match hurt {
        0 => "",
        _ => ", and widens some",
    };
    Some(match (helped.is_empty(), others.is_empty()) {
        (true, true) => return None,
        (true, false) => format!("That all meet the same calls and luck narrows none of these differences{widened}."),
        (false, true) => format!(
            "That all meet the same calls and luck makes the variance of these differences {} times less than that of separate runs.",
            times(&helped)
        ),
        (false, false) => format!(
            "That all meet the same calls and luck makes the variance of the difference {} times less than that of separate runs for {}; it does \
             not help {}{widened}.",
            times(&helped),
            same(&helped),
            same(&others)
        ),
    })
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
    fn what_the_same_luck_did_is_said_where_it_was_measured() {
        let mut record = fake::dozen();
        let count = record.comparisons.len();
        assert!(!distinguishable(&record).iter().any(|line| line.contains("luck")));
        let told = |record: &Record| distinguishable(record).pop().unwrap();
        record.comparisons.iter_mut().for_each(|c| c.pairing_gain = Some(1.0));
        assert_eq!(
            told(&record),
            "That all meet the same calls and luck narrows none of these differences."
        );
        (record.comparisons[0].pairing_gain, record.comparisons[1].pairing_gain) = (Some(5.64), Some(37.5));
        record.comparisons[count - 1].pairing_gain = Some(0.5);
        let text = told(&record);
        assert!(
            text.contains(
                "of the difference 5.6 to 38 times less than that of separate runs for “naive cache, no backoff” and"
            ) && text.ends_with(", and widens some."),
            "{text}"
        );
        record.comparisons.iter_mut().for_each(|c| c.pairing_gain = Some(2.0));
        assert!(
            told(&record).contains("these differences 2 times less"),
            "{}",
            told(&record)
        );
    }

    #[test]
    fn one_replication_is_said_to_say_nothing_about_noise() {
        let mut record = fake::dozen();
        record.manifest.replications = 1;
        assert!(distinguishable(&record).last().unwrap().contains("--replications"));
    }
}
