//! The colours of the charts where the reader's screen is dark: each ink of a drawing gets another one there.

use crate::report::chart::INKS;

/// Rules of a style sheet: which colour a chart's ink takes on a dark ground.
pub(super) fn rules() -> String {
    let rule = |(light, dark): &(String, &str)| {
        format!("svg [fill=\"{light}\"]{{fill:{dark}}}svg [stroke=\"{light}\"]{{stroke:{dark}}}")
    };
    let rules: String = INKS.iter().map(rule).collect();
    format!("@media screen and (prefers-color-scheme:dark){{{rules}}}\n")
}

#[cfg(test)]
mod tests {
    use crate::record::fake;
    use crate::report::chart::{CHARTS, INKS};

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
                for name in ["fill=\"#", "stroke=\"#"] {
                    for (at, _) in svg.match_indices(name) {
                        let ink = &svg[at + name.len() - 1..at + name.len() + 6];
                        assert!(INKS.iter().any(|(light, _)| light == ink), "{}: {ink}", chart.name);
                    }
                }
            }
        }
    }
}
