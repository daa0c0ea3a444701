//! The hysteresis loop: the share of calls that succeed against the swept parameter, untouched and from a hot start. Where the two
//! differ, the system has two states, and which it is in depends on what happened before.
//!
//! Does not know what the parameter does.

use super::Chart;
use super::drawing::Drawing;
use super::frame;
use super::sweep::{self, Height, Panel};
use super::swept;
use crate::record::{Reading, Record, RecoveryVerdict};

pub(super) const CHART: Chart = Chart {
    name: "hysteresis",
    about: "Success from a cold and from a hot start against the swept parameter, per strategy",
    applies: |record| !record.aftermaths.is_empty() && swept::has_axis(record),
    draw,
};

/// From this difference on two states are spoken of in the title.
const APART: f64 = 0.1;

const PANEL: Panel = Panel {
    metric: "goodput_share",
    head: "Calls that succeed, at the end of the observation",
    scale: Height::Share,
};

fn draw(record: &Record) -> Drawing {
    if record.aftermaths.is_empty() {
        return frame::nothing(record, "No trigger to come back from");
    }
    let gap = |aftermath: &RecoveryVerdict| aftermath.goodput.untouched - aftermath.goodput.hot;
    let two = |strategy: &&String| {
        let mut own = record.aftermaths.iter().filter(|a| a.strategy == **strategy);
        own.any(|aftermath| gap(aftermath) > APART)
    };
    let split: Vec<&String> = record.strategies.iter().filter(two).collect();
    let title = match split.as_slice() {
        [] => "A hot start ends where an untouched run does: there is one state".to_owned(),
        [one] => format!(
            "{} has two states, and a disturbance decides between them",
            frame::quoted(one)
        ),
        several => format!(
            "{} strategies have two states, and a disturbance decides between them",
            several.len()
        ),
    };
    let below = "Hot start: all tokens revoked and a call at every node at once; untouched: nothing happened at all. Bands: 95 % intervals.";
    sweep::against(&cold_and_hot(record, &split), &title, below, &[PANEL])
}

fn hot(aftermath: &RecoveryVerdict) -> (f64, Option<(f64, f64)>) {
    (aftermath.goodput.hot, aftermath.goodput_ci95.map(|ends| ends.hot))
}

fn untouched(aftermath: &RecoveryVerdict) -> (f64, Option<(f64, f64)>) {
    (
        aftermath.goodput.untouched,
        aftermath.goodput_ci95.map(|ends| ends.untouched),
    )
}

/// A record whose strategies are the two starts of each strategy that has two states, or of all where none has.
fn cold_and_hot(record: &Record, split: &[&String]) -> Record {
    let mut arms = Record {
        manifest: record.manifest.clone(),
        points: record.points.clone(),
        ..Record::default()
    };
    let shown = |strategy: &&String| split.is_empty() || split.contains(strategy);
    for strategy in record.strategies.iter().filter(shown) {
        for (start, pick) in [
            ("hot start", hot as fn(&RecoveryVerdict) -> (f64, Option<(f64, f64)>)),
            ("untouched", untouched),
        ] {
            let name = format!("{start}: {strategy}");
            let own = record.aftermaths.iter().filter(|a| a.strategy == *strategy);
            arms.readings.extend(own.map(|aftermath| Reading {
                strategy: name.clone(),
                point: aftermath.point.clone(),
                metric: PANEL.metric.to_owned(),
                unit: "share".to_owned(),
                mean: Some(pick(aftermath).0),
                ci95: pick(aftermath).1,
                replications: aftermath.replications,
                doubtful: false,
                controls_gain: None,
            }));
            arms.strategies.push(name);
        }
    }
    arms
}
