//! Calls that succeed per second over simulated time, per strategy: who comes back after a trigger, and who does not.

use super::Chart;
use super::frame::quoted;
use super::over_time::{self, Shown, at_point};
use crate::record::{Record, Recovery};

pub(super) const CHART: Chart = Chart {
    name: "goodput",
    about: "Successful calls per second over simulated time, per strategy, with the trigger shaded",
    applies: |record| !record.aftermaths.is_empty() && over_time::shown_point(record, SHOWN.series).is_some(),
    draw: |record| over_time::draw(record, &SHOWN),
};

const SHOWN: Shown = Shown {
    series: "goodput",
    name: "Successful calls",
    title,
};

fn title(record: &Record, shown: usize, _: Option<(&str, f64)>) -> String {
    let place = at_point(record, shown);
    let point = record.points.get(shown);
    let judged: Vec<_> = record.aftermaths.iter().filter(|a| Some(&a.point) == point).collect();
    let down: Vec<_> = judged.iter().filter(|a| a.fate == Recovery::Metastable).collect();
    match down.as_slice() {
        [] => format!("No strategy stays down after the trigger has gone{place}"),
        [one] => format!("{} stays down after the trigger has gone{place}", quoted(&one.strategy)),
        several => format!(
            "{} of {} strategies stay down after the trigger has gone{place}",
            several.len(),
            judged.len()
        ),
    }
}
