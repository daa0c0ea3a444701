//! What became of each strategy after the trigger, in words.

use super::{Sweep, number, quoted};
use crate::record::{Record, Recovery, RecoveryVerdict};

/// What the trigger did to the strategies, best first, a sentence for those that fared alike; nothing for a scenario without one. Of a
/// sweep, a sentence for each strategy and stretch of points with one fate.
pub(super) fn aftermaths(record: &Record) -> Vec<String> {
    let sweep = Sweep::of(record);
    if sweep.keys.is_empty() {
        return ranked(record);
    }
    let mut out = Vec::new();
    for strategy in &record.strategies {
        let judged: Vec<(usize, &RecoveryVerdict)> = record
            .aftermaths
            .iter()
            .filter(|aftermath| aftermath.strategy == *strategy)
            .filter_map(|aftermath| Some((record.points.iter().position(|p| *p == aftermath.point)?, aftermath)))
            .collect();
        if sweep.keys.len() > 1 {
            out.extend(counted(strategy, &judged, &sweep));
            continue;
        }
        for stretch in judged.chunk_by(|one, other| one.1.fate == other.1.fate) {
            let (Some((from, first)), Some((until, _))) = (stretch.first(), stretch.last()) else {
                continue;
            };
            let place = if from == until {
                format!(" at {}", sweep.point(*from))
            } else {
                format!(" from {} to {}", sweep.point(*from), sweep.point(*until))
            };
            let told = if from == until {
                fate(first)
            } else {
                fate_word(first.fate).to_owned()
            };
            out.push(format!("{}{place}: {told}.", quoted(strategy)));
        }
    }
    out
}

/// The strategies of a scenario without a sweep, those that fared alike together.
fn ranked(record: &Record) -> Vec<String> {
    let mut fared: Vec<&RecoveryVerdict> = record.aftermaths.iter().collect();
    // Sooner back is better, and of those that stay down the one with the most calls that succeed.
    fared.sort_by(|one, other| {
        let late = |a: &RecoveryVerdict| a.recovered_after_s.unwrap_or(f64::INFINITY);
        (one.fate as u8)
            .cmp(&(other.fate as u8))
            .then(late(one).total_cmp(&late(other)))
            .then(one.metastable.cmp(&other.metastable))
            .then(other.goodput.triggered.total_cmp(&one.goodput.triggered))
    });
    let told: Vec<(String, &str)> = fared.iter().map(|a| (fate(a), a.strategy.as_str())).collect();
    let alike = told.chunk_by(|one, other| one.0 == other.0);
    alike
        .enumerate()
        .map(|(place, alike)| {
            let names: Vec<String> = alike.iter().map(|(_, name)| quoted(name)).collect();
            let (last, others) = names
                .split_last()
                .map_or((String::new(), String::new()), |(last, others)| {
                    (last.clone(), others.join(", "))
                });
            let and = if others.is_empty() { "" } else { " and " };
            format!("{}. {others}{and}{last}: {}.", place + 1, alike[0].0)
        })
        .collect()
}

/// Over several parameters: how many points have which fate, and where the first failure is.
fn counted(strategy: &str, judged: &[(usize, &RecoveryVerdict)], sweep: &Sweep) -> Option<String> {
    let fates = [
        Recovery::Unaffected,
        Recovery::Recovers,
        Recovery::Metastable,
        Recovery::DownAnyway,
    ];
    let parts: Vec<String> = fates
        .into_iter()
        .filter_map(|fate| {
            let count = judged.iter().filter(|(_, aftermath)| aftermath.fate == fate).count();
            (count > 0).then(|| format!("{} at {count}", fate_word(fate)))
        })
        .collect();
    let first = judged
        .iter()
        .find(|(_, aftermath)| aftermath.fate == Recovery::Metastable);
    let first = first.map_or(String::new(), |(at, _)| {
        format!("; it first stays down at {}", sweep.point(*at))
    });
    (!parts.is_empty()).then(|| {
        format!(
            "{}: {} of {} points{first}.",
            quoted(strategy),
            parts.join(", "),
            judged.len()
        )
    })
}

fn fate_word(fate: Recovery) -> &'static str {
    match fate {
        Recovery::Unaffected => "unaffected",
        Recovery::Recovers => "recovers",
        Recovery::Metastable => "metastable",
        Recovery::DownAnyway => "down even without the trigger",
    }
}

fn fate(aftermath: &RecoveryVerdict) -> String {
    let RecoveryVerdict {
        replications,
        metastable,
        metastable_ci95: (low, high),
        goodput,
        ..
    } = aftermath;
    let within = number::seconds(aftermath.within_s);
    let hot = 2 * aftermath.hot_metastable > *replications;
    let mut told = match aftermath.fate {
        Recovery::Unaffected => "unaffected: goodput never falls".to_owned(),
        Recovery::Recovers => {
            let after = match aftermath.recovered_after_s {
                Some(0.0) => "back as soon as the trigger has gone".to_owned(),
                Some(seconds) => format!("back {} after the trigger (median)", number::seconds(seconds)),
                None => "back in half of the runs".to_owned(),
            };
            match metastable {
                0 => after,
                _ => format!("{after}, but not within {within} in {metastable} of {replications} runs"),
            }
        }
        Recovery::Metastable => format!(
            "metastable: {within} after the trigger has gone goodput is not back in {metastable} of {replications} runs (a share of {} to {}, 95 %); {} of the calls succeed, without the trigger {}",
            number::percent(*low),
            number::percent(*high),
            number::percent(goodput.triggered),
            number::percent(goodput.untouched),
        ),
        Recovery::DownAnyway => format!(
            "down even without the trigger: {} of the calls succeed",
            number::percent(goodput.untouched)
        ),
    };
    if hot && matches!(aftermath.fate, Recovery::Unaffected | Recovery::Recovers) {
        told += &format!(
            "; started hot it stays down in {} of {replications} runs: a larger trigger would be one too many",
            aftermath.hot_metastable
        );
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;

    #[test]
    fn the_fate_of_each_strategy_is_told_in_a_sentence() {
        assert_eq!(
            aftermaths(&fake::aftermaths(&[""])),
            ["1. “sturdy” and “brittle”: back 12.5 s after the trigger (median)."]
        );
        assert_eq!(
            aftermaths(&fake::aftermaths(&["nodes=2", "nodes=4", "nodes=8"])),
            [
                "“sturdy” from nodes = 2 to nodes = 8: recovers.",
                "“brittle” at nodes = 2: back 12.5 s after the trigger (median).",
                "“brittle” from nodes = 4 to nodes = 8: metastable."
            ]
        );
        assert_eq!(
            aftermaths(&fake::aftermaths(&["load=1;size=1", "load=1;size=2", "load=2;size=1"]))[1],
            "“brittle”: recovers at 1, metastable at 2 of 3 points; it first stays down at load = 1, size = 2."
        );
        let told = &aftermaths(&fake::aftermaths(&["nodes=2", "nodes=4"]))[2];
        assert!(
            told.contains("not back in 28 of 30 runs (a share of 79 % to 98 %, 95 %)"),
            "{told}"
        );
        assert!(aftermaths(&fake::dozen()).is_empty());
    }
}
