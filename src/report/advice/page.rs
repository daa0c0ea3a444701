//! Advice as a page of the report's look: one file, no network. Every text of a scenario is escaped by the template.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{table, words};
use crate::base::shown;
use crate::record::advice::{Advice, Candidate};
use crate::report::page::{self, line};

/// The page, as HTML.
pub fn page(advice: &Advice) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (page::head(&format!("{}: advice", advice.scenario), &advice.tokenstorm, html! {}))
            body {
                header {
                    p.name { (line(&advice.scenario)) (line(&words::at_point(advice))) " · advice" }
                    h1 { (line(&words::lead(advice))) }
                    @if !advice.summary.is_empty() { p.summary { (line(&advice.summary)) } }
                    @if advice.interrupted {
                        p.warning role="note" { "Interrupted: some other assumptions were not tried." }
                    }
                    p.effort { (line(&words::effort(advice))) }
                }
                main {
                    section id="written" {
                        h2 { "To copy into the scenario" }
                        pre tabindex="0" { (shown::block(&advice.written)) }
                    }
                    section id="finalists" {
                        h2 { "The finalists" }
                        (page::table::plain(&table::finalists(advice)))
                        p.hint { (line(&words::legend(advice))) }
                    }
                    @for section in words::sections(advice) {
                        section id=(section.id) {
                            h2 { (section.title) }
                            ul { @for text in &section.lines { li { (line(text)) } } }
                        }
                    }
                    (screened(advice))
                    section id="again" {
                        h2 { "How to make it again" }
                        @if !advice.source.is_empty() { p { "The story's source: " (line(&advice.source)) "." } }
                        p { "tokenstorm " (advice.tokenstorm) ", seed " (advice.seed) ". The same seed gives the same advice on any number of threads." }
                    }
                }
                script { (PreEscaped(page::SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// All the others, with what dominates them.
fn screened(advice: &Advice) -> Markup {
    let others: Vec<&Candidate> = advice
        .candidates
        .iter()
        .filter(|candidate| !candidate.finalist)
        .collect();
    html! {
        @if !others.is_empty() {
            details {
                summary { (others.len()) " more were screened" }
                (page::table::plain(&table::screened(&others)))
            }
        }
    }
}
