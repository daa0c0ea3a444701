//! Two results side by side: what has changed, then the tables of both, the charts next to each other.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{SCRIPT, head, line, table};
use crate::record::Record;
use crate::report::answer::answer;
use crate::report::baseline;
use crate::report::chart::CHARTS;
use crate::report::comparison::{Detail, comparison};

/// The page of an earlier and a later record, the later one with what has changed.
pub fn pair(before: &Record, now: &Record) -> String {
    let both = [("Then", before), ("Now", now)];
    let m = &now.manifest;
    let words = now.baseline.as_ref().map(baseline::words).unwrap_or_default();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (head(&format!("{}: then and now", m.scenario), &m.tokenstorm, html! {}))
            body {
                header {
                    p.name { (line(&m.scenario)) " · two results" }
                    h1 { (line(words.first().map_or("Nothing can be compared.", String::as_str))) }
                    @if !m.summary.is_empty() { p.summary { (line(&m.summary)) } }
                }
                main {
                    section id="changes" {
                        h2 { "What has changed" }
                        ul { @for text in words.iter().skip(1) { li { (line(text)) } } }
                        @if let Some(compared) = now.baseline.as_ref().filter(|compared| !compared.changes.is_empty()) {
                            details {
                                summary { "Every figure that was compared" }
                                (table::plain(&baseline::sheet(compared)))
                            }
                        }
                    }
                    @for (title, record) in both {
                        section {
                            h2 { (title) ": run " code { (line(&record.manifest.run)) } }
                            p.hint {
                                "tokenstorm " (line(&record.manifest.tokenstorm)) ", " (record.manifest.replications) " replications, seed "
                                (record.manifest.seed)
                            }
                            @if let Some(answer) = answer(record) { p { (line(&answer)) } }
                            (table::plain(&comparison(record, Detail::Full)))
                        }
                    }
                    (charts(&both))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// Each chart of both, as far as it applies.
fn charts(both: &[(&str, &Record); 2]) -> Markup {
    html! {
        section id="charts" {
            h2 { "Charts" }
            @for chart in CHARTS.iter().filter(|chart| both.iter().any(|(_, record)| (chart.applies)(record))) {
                h3 { (chart.about) }
                div.pair {
                    @for (title, record) in both.iter().filter(|(_, record)| (chart.applies)(record)) {
                        figure {
                            div.scroll tabindex="0" role="group" aria-label={ (title) ": " (chart.about) } {
                                (PreEscaped((chart.draw)(record).svg()))
                            }
                            figcaption { (title) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::baseline::{Baseline, NotComparable};
    use crate::record::fake;

    #[test]
    fn two_results_of_any_shape_have_a_page_and_names_do_nothing_on_it() {
        for (before, mut now) in [
            (fake::empty(), fake::dozen()),
            (fake::dozen(), fake::dozen()),
            (fake::single(), fake::odd()),
            (fake::sweep(&[1.0, 2.0]), fake::sweep(&[1.0, 2.0, 4.0])),
        ] {
            now.baseline = Some(Baseline {
                not_comparable: vec![NotComparable {
                    what: "<script>alert(1)</script>".to_owned(),
                    why: "\u{202e}".to_owned(),
                }],
                ..Baseline::default()
            });
            let page = pair(&before, &now);
            assert!(page.starts_with("<!DOCTYPE html>") && page.contains("</html>"));
            assert_eq!(page.matches("<script").count(), 1, "its own alone");
            assert!(!page.contains('\u{202e}') && !page.contains("src=") && !page.contains("href="));
            now.baseline = None;
            assert!(pair(&before, &now).contains("Nothing can be compared."));
        }
    }
}
