//! `report.html`: one file that opens with the answer and needs no network. Every text of a scenario is escaped by the template.
//!
//! Knows how a page is laid out, and nothing of what the figures mean.

mod colours;
mod pair;
mod parts;
pub(super) mod table;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::answer::answer;
use super::chart::CHARTS;
use super::setting::Setting;
use super::{baseline, conditions, fates, number, one_line, words};
use crate::base::shown;
use crate::record::Record;
use crate::record::write::{ResultFile, TENANTS};

pub use pair::pair;
pub use parts::{PageParts, parts};

/// The name of the page in the folder of a run.
pub const NAME: &str = "report.html";

const STYLE: &str = include_str!("style.css");

/// The style sheet of the page, light and dark.
pub fn style() -> String {
    format!("{STYLE}{}", colours::rules())
}

pub(super) const SCRIPT: &str = include_str!("script.js");

/// The page of a record.
pub fn file(record: &Record) -> ResultFile {
    ResultFile::new(NAME, html(record))
}

/// The page of a record that is not all that its run found; the note says what is missing.
pub fn noted(record: &Record, note: &str) -> ResultFile {
    ResultFile::new(NAME, with_note(record, Some(note)))
}

/// The page of a record, as HTML.
pub fn html(record: &Record) -> String {
    with_note(record, None)
}

fn with_note(record: &Record, note: Option<&str>) -> String {
    let m = &record.manifest;
    let setting = Setting::of(record);
    let words = words::words(record);
    let lead = lead(record, &words);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (head(&m.scenario, &m.tokenstorm, html! { meta name="tokenstorm-run" content=(m.run); }))
            body {
                header {
                    p.name {
                        (line(&m.scenario))
                        @if let Some(setting) = &setting {
                            " · " (setting.size()) ". " (line(setting.rules().first().map_or("", String::as_str)))
                        }
                    }
                    h1 { (line(&lead)) }
                    @if !m.summary.is_empty() { p.summary { (line(&m.summary)) } }
                    @if m.interrupted && !is_empty(record) {
                        p.warning role="note" { "Interrupted: the figures rest on the replications that were finished." }
                    }
                    p.effort { (effort(record)) }
                    @if let Some(note) = note { p.hint { (line(note)) } }
                }
                main {
                    (table::ranking(record))
                    (list("In words", "words", &words))
                    (list("After the trigger", "trigger", &fates::aftermaths(record)))
                    @if let Some(before) = &record.baseline {
                        (list("Against the baseline", "baseline", &baseline::words(before)))
                    }
                    (list("What the scenario states", "checks", &conditions::checks(record)))
                    (charts(record))
                    (timeline(record))
                    (assumptions(record, setting.as_ref()))
                    (again(record))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// The answer in a sentence.
fn lead(record: &Record, words: &[String]) -> String {
    if is_empty(record) {
        return "Interrupted before any replication was finished: nothing was measured.".to_owned();
    }
    answer(record)
        .or_else(|| words.first().cloned())
        .unwrap_or_else(|| "Nothing was measured.".to_owned())
}

/// The run was ended before there was anything to tell.
fn is_empty(record: &Record) -> bool {
    record.manifest.interrupted && record.manifest.replications == 0
}

/// The head of every page, by a version of the program; `more` is what a page has of its own.
pub fn head(title: &str, version: &str, more: Markup) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="generator" content={ "tokenstorm " (version) };
            title { (line(title)) " · tokenstorm" }
            style { (PreEscaped(style())) }
            (more)
        }
    }
}

/// A text of the scenario without what no reader should meet.
pub(super) fn line(text: &str) -> String {
    shown::line(text).into_owned()
}

fn effort(record: &Record) -> String {
    let m = &record.manifest;
    let plural = if m.replications == 1 { "" } else { "s" };
    let strategies = record.strategies.len();
    let points = match record.points.len() {
        0 | 1 => String::new(),
        points => format!(" at {points} points"),
    };
    format!(
        "{strategies} strateg{}{points}, {} replication{plural} of {} each, seed {}",
        if strategies == 1 { "y" } else { "ies" },
        m.replications,
        number::seconds(m.duration_s),
        m.seed,
    )
}

fn list(title: &str, id: &str, lines: &[String]) -> Markup {
    html! {
        @if !lines.is_empty() {
            section id=(id) {
                h2 { (title) }
                ul { @for text in lines.iter().take(LINES) { li { (line(text)) } } }
                @if lines.len() > LINES {
                    p.hint { (lines.len() - LINES) " more are left out here; " code { "summary.json" } " beside this page has them all." }
                }
            }
        }
    }
}

/// Lines of a list that a page shows at most.
const LINES: usize = 200;

fn charts(record: &Record) -> Markup {
    let drawn = CHARTS.iter().filter(|chart| (chart.applies)(record));
    let drawn: Vec<_> = drawn.map(|chart| (chart, (chart.draw)(record).svg())).collect();
    html! {
        @if !drawn.is_empty() {
            section id="charts" {
                h2 { "Charts" }
                p.hint { "A value is shown where the pointer rests on it." }
                @for (chart, svg) in &drawn {
                    figure id={ "chart-" (chart.name) } {
                        div.scroll tabindex="0" role="group" aria-label=(chart.about) { (PreEscaped(svg)) }
                        figcaption { (chart.about) }
                    }
                }
            }
        }
    }
}

fn timeline(record: &Record) -> Markup {
    html! {
        @if !record.incidents.is_empty() {
            section id="timeline" {
                h2 { "Timeline" }
                ol {
                    @for incident in &record.incidents {
                        li {
                            (number::seconds(incident.from_s))
                            @if incident.until_s.is_infinite() {
                                " until the end"
                            } @else if incident.until_s > incident.from_s {
                                " to " (number::seconds(incident.until_s))
                            }
                            ": " (line(&incident.label))
                        }
                    }
                }
            }
        }
    }
}

fn assumptions(record: &Record, setting: Option<&Setting>) -> Markup {
    html! {
        section id="assumptions" {
            h2 { "What was assumed" }
            @if let Some(setting) = setting {
                ul { @for rule in setting.rules() { li { (line(&rule)) } } }
                div.scroll tabindex="0" role="group" aria-label="Assumptions" {
                    table.plain {
                        @for (key, value) in setting.assumptions() {
                            tr { th scope="row" { code { (line(&key)) } } td { (line(&value)) } }
                        }
                    }
                }
            } @else {
                p { "This version of tokenstorm does not read the scenario of this record any more; it stands below as it was." }
            }
            h2 { "What was not modelled" }
            @if let Some(absent) = setting.and_then(Setting::left_out) { p { (absent) } }
            p {
                "No run models several grants of one user in one app of one domain, scopes and consent, or a token endpoint whose \
                 replicas disagree. Latencies of a provider's profile are assumed unless its source says otherwise: "
                code { "tokenstorm show PROVIDER" } " tells which."
            }
            @if !record.manifest.as_resolved.is_empty() {
                details {
                    summary { "The scenario with every default filled in" }
                    pre tabindex="0" { (shown::block(&record.manifest.as_resolved)) }
                }
            }
        }
    }
}

/// How the same figures are made again.
fn again(record: &Record) -> Markup {
    let m = &record.manifest;
    html! {
        section id="again" {
            h2 { "How to make it again" }
            @if !m.source.is_empty() { p { "The story's source: " (line(&m.source)) "." } }
            @if !m.command_line.is_empty() { pre tabindex="0" { (shown::command(&m.command_line)) } }
            p {
                "tokenstorm " (m.tokenstorm) ", commit " code { (one_line(&m.commit, 40)) } ", scenario SHA-256 "
                code.long { (m.sha256) } ", run " code.long { (m.run) } ". The same seed gives the same bytes on any number of threads. "
                code { "results.csv" } " and " code { "summary.json" } " beside this page hold every digit."
                @if !record.tenants.is_empty() {
                    " " code { (TENANTS) } " has what was asked for each tenant, and refused."
                }
            }
            @if !m.as_written.is_empty() {
                details {
                    summary { "The scenario as it was written" }
                    pre tabindex="0" { (shown::block(&m.as_written)) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Reading, fake};

    /// Every `<` opens a tag of the page's own, whatever the record holds.
    #[test]
    fn texts_of_a_scenario_do_nothing_on_the_page() {
        let hostile = "<script>alert(1)</script>\" onload='x' \u{1b}[2J\u{202e}&amp;";
        let mut record = fake::odd();
        let names = record.strategies.clone();
        for (at, name) in names.iter().enumerate() {
            let told = format!("{hostile} {at}");
            let own = |other: &mut String| {
                if other == name {
                    *other = told.clone();
                }
            };
            record.strategies.iter_mut().for_each(own);
            record
                .readings
                .iter_mut()
                .for_each(|reading| own(&mut reading.strategy));
            record.series.iter_mut().for_each(|series| own(&mut series.strategy));
        }
        let m = &mut record.manifest;
        (m.scenario, m.summary, m.source) = (hostile.into(), hostile.into(), hostile.into());
        (m.as_written, m.as_resolved) = (hostile.into(), hostile.into());
        m.command_line = vec!["tokenstorm".into(), hostile.into()];
        m.disagreements = vec![hostile.into()];
        let page = html(&record);
        assert_eq!(page.matches("<script").count(), 1, "its own alone");
        assert!(!page.contains("alert(1)</script>"));
        assert!(!page.contains("\u{202e}") && !page.contains('\u{1b}'));
        // What stands in a tag outside the quotes of its attributes is the page's own.
        let tags = page.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
        for (tag, _) in tags {
            let own: String = tag.split('"').step_by(2).collect();
            assert!(!own.contains("onload"), "{tag}");
        }
    }

    #[test]
    fn every_record_has_a_page() {
        for record in [
            fake::empty(),
            fake::single(),
            fake::dozen(),
            fake::odd(),
            fake::sweep(&[1.0, 2.0, 4.0]),
        ] {
            let page = html(&record);
            assert!(page.starts_with("<!DOCTYPE html>") && page.contains("</html>"));
            assert!(
                !page.contains("http://")
                    || page.matches("http://").count() == page.matches("http://www.w3.org/2000/svg").count()
            );
            assert!(!page.contains("src=") && !page.contains("href="), "nothing is fetched");
        }
        // Four times a dozen strategies.
        let mut crowd = fake::dozen();
        for copy in 1..4 {
            let told = |name: &String| format!("{name} {copy}");
            let dozen = fake::dozen();
            crowd.strategies.extend(dozen.strategies.iter().map(told));
            crowd.readings.extend(dozen.readings.into_iter().map(|reading| Reading {
                strategy: told(&reading.strategy),
                ..reading
            }));
        }
        let page = html(&crowd);
        assert!(crowd.strategies.len() >= 40 && page.contains("</html>"));
        assert!(crowd.strategies.iter().all(|name| page.contains(&*shown::line(name))));
    }

    /// Five hundred points of fifteen strategies: 5 MB at most, and what is left out is said.
    #[test]
    fn a_large_sweep_has_a_page_that_can_be_opened() {
        let many: Vec<f64> = (1..=500).map(f64::from).collect();
        let mut record = fake::sweep(&many);
        let few = record.strategies.clone();
        let readings = record.readings.clone();
        for copy in 0..2 {
            let told = |name: &String| format!("{name} {copy}");
            record.strategies.extend(few.iter().map(told));
            record.readings.extend(readings.iter().cloned().map(|reading| Reading {
                strategy: told(&reading.strategy),
                ..reading
            }));
        }
        assert_eq!((record.strategies.len(), record.points.len()), (15, 500));
        let page = html(&record);
        assert!(page.len() < 5_000_000, "{} bytes", page.len());
        assert!(
            page.contains("40 of the 500 points of the sweep"),
            "what is left out is said"
        );
        let rows = page.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
        assert_eq!(rows.matches("<tr>").count(), table::ROWS);
        let few = html(&fake::sweep(&[1.0, 2.0, 3.0]));
        assert!(!few.contains("points of the sweep, evenly spaced"));
    }

    /// A run that was ended before any replication was finished.
    #[test]
    fn an_empty_run_says_that_nothing_was_measured() {
        let mut empty = fake::dozen();
        empty.manifest.interrupted = true;
        (empty.manifest.replications, empty.manifest.events) = (0, 0);
        for reading in &mut empty.readings {
            (reading.mean, reading.ci95, reading.replications) = (None, None, 0);
        }
        empty.series.iter_mut().for_each(|series| series.value.clear());
        empty.series.iter_mut().for_each(|series| series.t_s.clear());
        empty.comparisons.clear();
        empty.checks.clear();
        let interrupted = "Interrupted before any replication was finished: nothing was measured.";
        let nothing = "No share of failed calls was measured, so there is nothing to compare.";
        for (record, says) in [(fake::empty(), nothing), (empty, interrupted)] {
            let page = html(&record);
            assert!(
                page.contains(&format!("<h1>{says}</h1>")),
                "{}",
                &page[..page.len().min(12_000)]
            );
            assert!(!page.contains("NaN") && page.contains("</html>") && page.len() < 200_000);
        }
    }
}
