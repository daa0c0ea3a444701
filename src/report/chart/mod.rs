//! The charts of a record, one file each.
//!
//! A chart turns a [`Record`] into a [`Drawing`], a list of marks; SVG and PNG are made from that in memory, the same
//! bytes every time. This module writes no file: [`files`] hands the bytes to whoever does
//! ([`crate::record::write::place`]).

mod axis;
mod cost;
mod drawing;
mod failures;
mod frame;
mod goodput;
mod holders;
mod hysteresis;
mod latency;
mod over_time;
mod png;
mod stamp;
mod svg;
pub mod sweep;
mod text;
mod token_requests;
mod vulnerable;

pub use drawing::Drawing;

use super::Figures;
use crate::record::Record;
use crate::record::write::ResultFile;
use std::path::PathBuf;

/// Every chart; to add one, write its file and its line here.
pub const CHARTS: &[Chart] = &[
    failures::CHART,
    token_requests::CHART,
    goodput::CHART,
    holders::CHART,
    cost::CHART,
    latency::CHART,
    sweep::CHART,
    hysteresis::CHART,
    vulnerable::CHART,
];

/// One way to look at a record.
#[derive(Clone, Copy)]
pub struct Chart {
    /// Also the name of its files, without their endings.
    pub name: &'static str,
    /// What it shows, in a line.
    pub about: &'static str,
    /// Whether the record has anything to show in it.
    pub applies: fn(&Record) -> bool,
    /// Draws any record, even one to which the chart does not apply.
    pub draw: fn(&Record) -> Drawing,
}

/// Why a chart could not be turned into pixels. It is not the user's doing.
#[derive(Debug, thiserror::Error)]
#[error("cannot rasterise a chart: {0}")]
pub struct ChartError(String);

/// The charts that apply to a record as `charts/NAME.svg` and `charts/NAME.png`, and the paths of those that do not,
/// for removal: an earlier run into the same directory may have left them.
///
/// # Errors
///
/// [`ChartError`] when a chart cannot be drawn.
pub fn files(record: &Record) -> Result<(Vec<ResultFile>, Vec<PathBuf>), ChartError> {
    let (mut drawn, mut obsolete) = (Vec::new(), Vec::new());
    for chart in CHARTS {
        let path = |ending: &str| PathBuf::from(format!("charts/{}.{ending}", chart.name));
        if (chart.applies)(record) {
            let drawing = (chart.draw)(record);
            let run = &record.manifest.run;
            drawn.push(ResultFile::new(path("svg"), stamp::svg(drawing.svg(), run)));
            drawn.push(ResultFile::new(path("png"), stamp::png(drawing.png()?, run)));
        } else {
            obsolete.extend([path("svg"), path("png")]);
        }
    }
    Ok((drawn, obsolete))
}

/// Whether the record has a single point.
fn unswept(record: &Record) -> bool {
    record.points.len() <= 1
}

/// Whether any of the metrics has a value anywhere.
fn measured(record: &Record, metrics: &[&str]) -> bool {
    let has = |r: &crate::record::Reading| r.mean.is_some_and(f64::is_finite);
    record
        .readings
        .iter()
        .any(|r| metrics.contains(&r.metric.as_str()) && has(r))
}

/// The only point of a record without a sweep; of one with a sweep, the last.
fn last_point(record: &Record) -> &str {
    record.points.last().map_or("", String::as_str)
}

/// A strategy and one mean of it.
type Named<'a> = (&'a str, f64);

/// The strategies with the least and the greatest mean of a metric; the first of equals.
fn extremes<'a>(
    record: &'a Record,
    figures: &Figures<'_>,
    point: &str,
    metric: &str,
) -> Option<(Named<'a>, Named<'a>)> {
    let mean = |s: &'a String| figures.mean(s, point, metric).map(|m| (s.as_str(), m));
    let all: Vec<(&str, f64)> = record.strategies.iter().filter_map(mean).collect();
    let least = all.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let most = all.iter().rev().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some((least, most))
}

#[cfg(test)]
mod tests {
    use super::drawing::{Align, Ink, Mark};
    use super::text::width_of;
    use super::*;
    use crate::record::fake;
    use tiny_skia::Pixmap;

    fn records() -> Vec<(&'static str, Record)> {
        let mut holes = fake::dozen();
        for reading in holes.readings.iter_mut().step_by(3) {
            reading.mean = None;
            reading.ci95 = None;
        }
        for series in &mut holes.series {
            series.value[100..200].fill(f64::NAN);
        }
        let mut sweep_holes = fake::sweep(&[1.0, 2.0, 4.0, 8.0]);
        for reading in sweep_holes.readings.iter_mut().step_by(7) {
            reading.mean = None;
        }
        let mut zeros = fake::dozen();
        for reading in &mut zeros.readings {
            reading.mean = Some(0.0);
            reading.ci95 = Some((0.0, 0.0));
        }
        for series in &mut zeros.series {
            series.value.fill(0.0);
        }
        vec![
            ("empty", fake::empty()),
            ("single", fake::single()),
            ("dozen", fake::dozen()),
            ("odd", fake::odd()),
            ("holes", holes),
            ("zeros", zeros),
            ("sweep_point", fake::sweep(&[4.0])),
            ("sweep", fake::sweep(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])),
            ("sweep_doubling", fake::sweep(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0])),
            ("sweep_holes", sweep_holes),
            ("sweep_crowd", fake::crowded_sweep()),
            ("after_sweep", fake::aftermaths(&["nodes=2", "nodes=4", "nodes=8"])),
            (
                "after_map",
                fake::aftermaths(&["load=1/s;size=10s", "load=1/s;size=1min", "load=2/s;size=10s"]),
            ),
            ("after_point", fake::aftermaths(&[""])),
            ("holders_one", fake::holders(1)),
            ("holders_few", fake::holders(3)),
            ("holders_many", fake::holders(40)),
        ]
    }

    /// The box of a text: left, top, right, bottom.
    fn text_box(mark: &Mark) -> Option<(f64, f64, f64, f64, &str)> {
        let Mark::Text {
            at: (x, y),
            text,
            size,
            bold,
            align,
            ..
        } = mark
        else {
            return None;
        };
        let width = width_of(text, *size, *bold);
        let left = match align {
            Align::Left => *x,
            Align::Center => x - width / 2.0,
            Align::Right => x - width,
        };
        Some((left, y - size * 0.4, left + width, y + size * 0.4, text))
    }

    #[test]
    fn every_chart_draws_every_record_with_its_text_inside_the_frame_and_apart() {
        for (name, record) in records() {
            for chart in CHARTS {
                let drawing = (chart.draw)(&record);
                let boxes: Vec<_> = drawing.marks.iter().filter_map(text_box).collect();
                assert!(boxes.len() >= 2, "{} of {name} says nothing", chart.name);
                for (i, (left, top, right, bottom, text)) in boxes.iter().enumerate() {
                    let inside = *left >= 0.0 && *top >= 0.0 && *right <= drawing.width && *bottom <= drawing.height;
                    assert!(
                        inside,
                        "{} of {name}: `{text}` leaves the frame: {left} {top} {right} {bottom}",
                        chart.name
                    );
                    for (l, t, r, b, other) in &boxes[..i] {
                        let apart = r <= left || right <= l || b <= top || bottom <= t;
                        assert!(apart, "{} of {name}: `{text}` lies on `{other}`", chart.name);
                    }
                }
            }
        }
    }

    #[test]
    fn charts_apply_where_they_have_something_to_show() {
        let names =
            |record: &Record| -> Vec<&str> { CHARTS.iter().filter(|c| (c.applies)(record)).map(|c| c.name).collect() };
        assert!(names(&fake::empty()).is_empty());
        assert_eq!(names(&fake::dozen()), ["failures", "token_requests", "cost", "latency"]);
        assert_eq!(names(&fake::sweep(&[1.0, 2.0])), ["sweep"]);
        assert!(names(&fake::aftermaths(&["nodes=2", "nodes=4"])).contains(&"hysteresis"));
        assert!(names(&fake::aftermaths(&["load=1;size=2", "load=2;size=2"])).contains(&"vulnerable"));
        assert!(names(&fake::holders(3)).contains(&"holders"));
        let (drawn, obsolete) = files(&fake::single()).unwrap();
        assert_eq!(drawn.len() + obsolete.len(), 2 * CHARTS.len());
        assert_eq!(
            obsolete,
            [
                "goodput.svg",
                "goodput.png",
                "holders.svg",
                "holders.png",
                "sweep.svg",
                "sweep.png",
                "hysteresis.svg",
                "hysteresis.png",
                "vulnerable.svg",
                "vulnerable.png"
            ]
            .map(|name| PathBuf::from(format!("charts/{name}")))
        );
    }

    #[test]
    fn the_same_record_gives_the_same_bytes() {
        for record in [fake::single(), fake::sweep(&[1.0, 2.0])] {
            assert_eq!(files(&record).unwrap(), files(&record).unwrap());
        }
    }

    /// Pixels of a box, in logical pixels, that are nearly of this colour.
    fn coloured(picture: &Pixmap, (left, top, right, bottom): (f64, f64, f64, f64), Ink(r, g, b, _): Ink) -> usize {
        let raster = |from: f64, to: f64| (from * 2.0) as u32..(to * 2.0) as u32;
        let places = raster(top, bottom).flat_map(|y| raster(left, right).map(move |x| (x, y)));
        let pixels = places.filter_map(|(x, y)| picture.pixel(x, y));
        let near = |one: u8, other: u8| one.abs_diff(other) < 40;
        pixels
            .filter(|p| p.alpha() == 255 && near(p.red(), r) && near(p.green(), g) && near(p.blue(), b))
            .count()
    }

    #[test]
    fn pictures_have_twice_the_size_and_pixels_of_its_colour_where_a_text_is() {
        for (record, chart) in [
            (fake::single(), failures::CHART),
            (fake::dozen(), cost::CHART),
            (fake::sweep(&[1.0, 2.0]), sweep::CHART),
            (fake::holders(3), holders::CHART),
        ] {
            let drawing = (chart.draw)(&record);
            let picture = drawing.pixels().unwrap();
            assert_eq!(
                (picture.width(), picture.height()),
                (1680, (drawing.height * 2.0) as u32)
            );
            let mut silent = drawing.clone();
            silent.marks.retain(|mark| text_box(mark).is_none());
            let blank = silent.pixels().unwrap();
            for mark in &drawing.marks {
                let (Some((left, top, right, bottom, text)), Mark::Text { ink, .. }) = (text_box(mark), mark) else {
                    continue;
                };
                let place = (left, top, right, bottom);
                let (with, without) = (coloured(&picture, place, *ink), coloured(&blank, place, *ink));
                // A missing font draws nothing, and says so nowhere.
                let letters = text.chars().filter(|letter| letter.is_alphanumeric()).count();
                assert!(
                    with >= without + 4 * letters,
                    "{}: `{text}`: {with}, {without}",
                    chart.name
                );
            }
            assert!(drawing.png().unwrap().starts_with(b"\x89PNG"));
        }
    }

    /// From end to end of where the layout has it, and nowhere else.
    #[test]
    fn a_text_fills_its_box() {
        for (align, bold) in [(Align::Left, false), (Align::Center, true), (Align::Right, false)] {
            let mut drawing = Drawing::new(400.0, 60.0);
            let (at, size, ink) = ((200.0, 30.0), 17.0, drawing::FAILED);
            let draw = if bold { Drawing::bold } else { Drawing::text };
            draw(&mut drawing, at, "Half refused, Hf", size, align, ink);
            let (left, _, right, _, _) = text_box(&drawing.marks[0]).unwrap();
            let picture = drawing.pixels().unwrap();
            let near = |column: f64| coloured(&picture, (column - 2.5, 20.0, column + 2.5, 40.0), ink);
            assert!(near(left + 2.5) > 10 && near(right - 2.5) > 10, "{align:?}");
            let inside = coloured(
                &picture,
                (left - 0.5, at.1 - size * 0.55, right + 0.5, at.1 + size * 0.55),
                ink,
            );
            assert!(inside > 500, "{align:?}: {inside}");
            assert_eq!(coloured(&picture, (0.0, 0.0, 400.0, 60.0), ink), inside, "{align:?}");
            // A capital stands on the line as far below the middle as it rises above.
            let above = coloured(&picture, (left, 0.0, right, at.1), ink);
            assert!(
                above * 3 > inside && above * 3 < inside * 2,
                "{align:?}: {above} of {inside}"
            );
        }
    }

    #[test]
    fn svg_is_shown_at_its_logical_size_and_escapes_names() {
        let svg = (failures::CHART.draw)(&fake::odd()).svg();
        assert!(svg.starts_with("<svg width=\"840\""), "{}", &svg[..200]);
        assert!(svg.contains("viewBox=\"0 0 6720 "));
        assert!(svg.contains("<title>") && !svg.contains("< on >"));
    }

    /// Not a check: draws the made-up records below `target/look` for people to look at, with
    /// `cargo test look -- --ignored`.
    #[test]
    #[ignore = "writes pictures to look at"]
    fn look() {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/look");
        for (name, record) in records() {
            let (drawn, _) = files(&record).unwrap();
            crate::record::write::place(&dir.join(name), &drawn, &[]).unwrap();
        }
    }
}
