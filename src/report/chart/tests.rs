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
        ("sweep_hoard", fake::sweep_of_twenty()),
        ("map", fake::two_keys()),
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
    assert_eq!(names(&fake::two_keys()), ["map"]);
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
            "map.svg",
            "map.png",
            "hysteresis.svg",
            "hysteresis.png",
            "vulnerable.svg",
            "vulnerable.png"
        ]
        .map(|name| PathBuf::from(format!("charts/{name}")))
    );
}

/// 0.2 % of failed calls beside 88 % of refused first attempts is as long as the longest of its own kind.
#[test]
fn a_small_figure_can_be_seen_beside_a_large_other_one() {
    let mut record = fake::dozen();
    for reading in record.readings.iter_mut().filter(|r| r.metric == "failure_rate") {
        let small = reading.mean.unwrap() * 0.0025;
        (reading.mean, reading.ci95) = (Some(small), Some((small * 0.9, small * 1.1)));
    }
    let drawing = (failures::CHART.draw)(&record);
    let longest = |ink: Ink| {
        let length = |mark: &Mark| match mark {
            Mark::Line { points, ink: own, .. } if (own.0, own.1, own.2) == (ink.0, ink.1, ink.2) => {
                points[points.len() - 1].0 - points[0].0
            }
            Mark::Rect { from, to, ink: own } if *own == ink => to.0 - from.0,
            _ => 0.0,
        };
        drawing.marks.iter().map(length).fold(0.0, f64::max)
    };
    assert!(longest(drawing::FAILED) > 100.0 && longest(drawing::ATTEMPT) > 100.0);
}

#[test]
fn rows_are_ranked_and_who_fails_most_is_not_called_the_fastest() {
    let record = fake::dozen();
    let names = |drawing: &Drawing| -> Vec<String> {
        let rows = drawing.marks.iter().filter_map(|mark| match mark {
            Mark::Text {
                at,
                text,
                align: Align::Right,
                ..
            } if record.strategies.contains(text) => Some((at.1, text)),
            _ => None,
        });
        let mut rows: Vec<(f64, &String)> = rows.collect();
        rows.sort_by(|one, other| one.0.total_cmp(&other.0));
        rows.into_iter().map(|(_, text)| text.clone()).collect()
    };
    let failures = names(&(failures::CHART.draw)(&record));
    assert_eq!(failures.last().unwrap(), "give up at once");
    assert_eq!(failures[0], "slot per node");
    // It fails 87 % of its calls, and those that it does not fail are the fastest of all.
    let latency = (latency::CHART.draw)(&record);
    assert!(!latency.title.contains("give up at once"), "{}", latency.title);
    let latency = names(&latency);
    assert!(
        latency.iter().position(|name| name == "give up at once") > Some(4),
        "{latency:?}"
    );
}

#[test]
fn axes_are_named_with_their_scale_and_bins_with_their_width() {
    let texts = |drawing: Drawing| -> Vec<String> {
        let texts = drawing.marks.into_iter().filter_map(|mark| match mark {
            Mark::Text { text, .. } => Some(text),
            _ => None,
        });
        texts.collect()
    };
    let has = |drawing: Drawing, wanted: &str| {
        let texts = texts(drawing);
        assert!(texts.iter().any(|text| text.contains(wanted)), "{wanted}: {texts:?}");
    };
    has(
        (sweep::CHART.draw)(&fake::sweep(&[1.0, 2.0, 4.0])),
        "processes in web (logarithmic)",
    );
    has(
        (sweep::CHART.draw)(&fake::sweep(&[1.0, 2.0, 3.0])),
        "processes in web (linear)",
    );
    for drawing in [
        (map::CHART.draw)(&fake::two_keys()),
        (vulnerable::CHART.draw)(&fake::aftermaths(&["load=1;size=2", "load=2;size=2"])),
    ] {
        let texts = texts(drawing);
        assert!(texts.iter().any(|text| text.ends_with('→')), "{texts:?}");
        assert!(texts.iter().any(|text| text.starts_with('↑')), "{texts:?}");
    }
    let mut record = fake::single();
    for series in &mut record.series {
        series.t_s = (0..series.value.len()).map(|at| at as f64 * 13.0).collect();
    }
    has((token_requests::CHART.draw)(&record), "in bins of 13 s");
}

/// Colour, dashes and dots together.
#[test]
fn twenty_strategies_of_a_sweep_stay_apart() {
    let drawing = (sweep::CHART.draw)(&fake::sweep_of_twenty());
    let solid = |mark: &&Mark| matches!(mark, Mark::Line { points, width, .. } if *width == 1.8 && points.len() > 2);
    // Two panels; of twenty lines the first seven are whole.
    assert_eq!(drawing.marks.iter().filter(solid).count(), 14);
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
