//! Prediction beside measurement as a page of the report's look: one file, no network. Every text of a scenario is escaped by the
//! template.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{beyond, name, sheet, words};
use crate::base::shown;
use crate::record::agreement::{AgreementRecord, MeasuredRun};
use crate::report::page::{self, line};
use crate::report::{chart, listed, number, quoted};

/// The page, as HTML.
pub fn page(record: &AgreementRecord) -> String {
    let title = scenarios(record);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (page::head(&format!("{title}: live"), &record.tokenstorm, html! {}))
            body {
                header {
                    p.name { (line(&title)) " · measured beside predicted" }
                    h1 { (line(&lead(record))) }
                    @if !record.not_measured.is_empty() {
                        p.warning role="note" { (record.not_measured.len()) " of the strategies could not be measured; see below." }
                    }
                    @if record.interrupted {
                        p.warning role="note" { "Interrupted: the figures are of the strategies that were finished." }
                    }
                }
                main {
                    @if !record.figures.is_empty() { (figures(record)) }
                    (conditions(record))
                    (again(record))
                }
                script { (PreEscaped(page::SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn scenarios(record: &AgreementRecord) -> String {
    let mut names: Vec<&str> = record.figures.iter().map(|figure| figure.scenario.as_str()).collect();
    names.dedup();
    match names.as_slice() {
        [] => "nothing was run".to_owned(),
        [one] => (*one).to_owned(),
        several => listed(several),
    }
}

/// The answer in a sentence. It rests on the prediction from measured latencies, as the exit code does.
fn lead(record: &AgreementRecord) -> String {
    let all = record.figures.len();
    let far: Vec<_> = beyond(record, |figure| figure.fed).collect();
    let Some(first) = far.first() else {
        return match all {
            0 => "Nothing was measured.".to_owned(),
            all => format!("All {all} measured figures lie where simulated runs lie."),
        };
    };
    format!(
        "{} of {all} measured figures {} beyond what simulated runs come to: {} of {}{}.",
        far.len(),
        if far.len() == 1 { "lies" } else { "lie" },
        name(first.metric),
        quoted(&record.label(first)),
        match far.len() {
            1 => String::new(),
            more => format!(" and {} more", more - 1),
        }
    )
}

fn figures(record: &AgreementRecord) -> Markup {
    let about = "Each measured figure with its 99 % interval, on a bar where 99 % of the simulated runs lie.";
    html! {
        section id="charts" {
            h2 { "Chart" }
            figure {
                div.scroll tabindex="0" role="group" aria-label=(about) { (PreEscaped(chart::agreement(record).svg())) }
                figcaption { (about) }
            }
        }
        section id="agreement" {
            h2 { "Measured and predicted" }
            (page::table::plain(&sheet(record, "agrees")))
            ul { @for text in words(record) { li { (line(&text)) } } }
        }
    }
}

/// How each live run went, and what was not as its scenario says.
fn conditions(record: &AgreementRecord) -> Markup {
    html! {
        @if !record.not_measured.is_empty() {
            section id="missing" {
                h2 { "Not measured" }
                ul { @for text in &record.not_measured { li { (line(text)) } } }
            }
        }
        @if !record.runs.is_empty() {
            section id="conditions" {
                h2 { "How the live runs went" }
                ul { @for run in &record.runs { li { (line(&went(record, run))) } } }
                p.hint {
                    "A run is live: its times are those of this machine, so no other run gives the same bytes. How late things were done is \
                     in the scenario's time, which goes " (record.time_scale) " times as fast as the wall clock."
                }
            }
        }
    }
}

fn went(record: &AgreementRecord, run: &MeasuredRun) -> String {
    let several = record.runs.iter().any(|other| other.scenario != run.scenario);
    let name = match several {
        true => format!("{} · {}", run.scenario, run.strategy),
        false => run.strategy.clone(),
    };
    let left_out = match run.left_out.is_empty() {
        true => "nothing of the scenario was left out".to_owned(),
        false => format!("left out: {}", run.left_out.join("; ")),
    };
    format!(
        "{}: {} calls; 99 % of what was due was done within {}, the latest after {}; {left_out}.",
        quoted(&name),
        run.calls,
        number::seconds(run.late99_s),
        number::seconds(run.latest_s)
    )
}

fn again(record: &AgreementRecord) -> Markup {
    html! {
        section id="again" {
            h2 { "How to make it again" }
            @if !record.command_line.is_empty() { pre tabindex="0" { (shown::command(&record.command_line)) } }
            p {
                "tokenstorm " (line(&record.tokenstorm)) ", seed " (record.seed) ". " code { "agreement.json" } " and "
                code { "agreement.csv" } " beside this page hold every digit, " code { "tokenstorm schema agreement" } " describes the former."
            }
        }
    }
}
