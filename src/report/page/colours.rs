//! The colours of the charts where the reader's screen is dark: each ink of a drawing gets another one there.

use crate::report::chart::INKS;

/// The same of a sequence diagram (`engine::check::svg`), where it is no ink of a chart.
const DIAGRAM: [(&str, &str); 5] = [
    ("#ffffff", "#16191d"),
    ("#bbbbbb", "#4a5058"),
    ("#1f4e79", "#6cbcf5"),
    ("#c0392b", "#ff8d7f"),
    ("#fdebd0", "#4b3a17"),
];

/// Rules of a style sheet: which colour a chart's ink takes on a dark ground.
pub(super) fn rules() -> String {
    let rule = |(light, dark): (&str, &str)| {
        format!("svg [fill=\"{light}\"]{{fill:{dark}}}svg [stroke=\"{light}\"]{{stroke:{dark}}}")
    };
    let inks = INKS.iter().map(|(light, dark)| (light.as_str(), *dark));
    let rules: String = inks.chain(DIAGRAM).map(rule).collect();
    format!("@media screen and (prefers-color-scheme:dark){{{rules}}}\n")
}

#[cfg(test)]
mod tests {
    use super::DIAGRAM;
    use crate::engine::check::{Line, Scene, Story, svg};
    use crate::record::fake;
    use crate::report::chart::{CHARTS, INKS};

    fn inks_of(svg: &str) -> Vec<&str> {
        let starts = ["fill=\"#", "stroke=\"#"].into_iter().flat_map(|name| {
            let found = svg.match_indices(name).map(move |(at, _)| at + name.len() - 1);
            found.collect::<Vec<_>>()
        });
        starts.map(|at| &svg[at..at + 7]).collect()
    }

    #[test]
    fn every_ink_of_a_diagram_has_a_colour_on_a_dark_ground() {
        let line = |(from, to), fault| Line {
            from,
            to,
            text: "a step".to_owned(),
            fault,
            sent: None,
            scene: Scene::default(),
        };
        let mut story = Story {
            parties: vec!["A".to_owned(), "B".to_owned()],
            opening: Scene::default(),
            lines: vec![line((0, 1), false), line((1, 1), true), line((1, 0), false)],
            around: 2,
            owed: Vec::new(),
            remark: None,
        };
        for around in [0, 2] {
            story.around = around;
            let svg = svg(&story, "a title");
            for ink in inks_of(&svg) {
                let of_a_chart = INKS.iter().any(|(light, _)| light == ink);
                assert!(of_a_chart || DIAGRAM.iter().any(|(light, _)| *light == ink), "{ink}");
            }
            let texts = svg.split("<text").skip(1).map(|rest| rest.split('>').next().unwrap());
            for text in texts {
                assert!(text.contains("fill=\"#"), "{text}");
            }
        }
    }

    /// A colour that no rule names would stay as it is, and may not be seen on a dark ground.
    #[test]
    fn every_ink_of_every_chart_has_a_colour_on_a_dark_ground() {
        for record in [
            fake::dozen(),
            fake::sweep(&[1.0, 2.0, 4.0]),
            fake::odd(),
            fake::single(),
        ] {
            for chart in CHARTS.iter().filter(|chart| (chart.applies)(&record)) {
                let svg = (chart.draw)(&record).svg();
                for ink in inks_of(&svg) {
                    assert!(INKS.iter().any(|(light, _)| light == ink), "{}: {ink}", chart.name);
                }
            }
        }
    }
}
