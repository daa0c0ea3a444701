//! Verdicts as a page of the report's look: one file, no network. Every text of a scenario is escaped by the template.

use std::cell::Cell;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::table::{cell, issued};
use super::{searched, words};
use crate::base::shown;
use crate::property;
use crate::record::verdicts::{PropertyRow, SystemVerdicts, VerdictKind, Verdicts};
use crate::report::page::{self, line};
use crate::report::{number, one_line, quoted};

/// Bytes that all diagrams of a page take at most. A run beyond that is told in words alone, and the page says so.
pub const DIAGRAMS: usize = 1_500_000;

/// Draws the run that breaks properties of a system, by the places of both and under a title, as SVG.
type Draw<'a> = &'a dyn Fn(usize, usize, &str) -> Option<String>;

/// The page, as HTML.
pub fn page(verdicts: &Verdicts, draw: Draw) -> String {
    let of = match (&verdicts.scenario, &verdicts.searched.profile) {
        (Some(name), _) => one_line(name, 80),
        (None, Some(profile)) => format!("built-in strategies under {profile}"),
        (None, None) => "built-in strategies".to_owned(),
    };
    let unmet = words::unmet(verdicts);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (page::head(&format!("{of}: what can happen"), &verdicts.tokenstorm, html! {}))
            body.verdicts {
                header {
                    p.name { (line(&of)) " · what can happen" }
                    h1 { (line(&words::lead(verdicts))) }
                    @if !verdicts.not_searched.is_empty() {
                        p.warning role="note" {
                            "Interrupted: not looked at: " (line(&verdicts.not_searched.join(", "))) "."
                        }
                    }
                    @if !verdicts.as_expected && !unmet.is_empty() {
                        p.warning role="note" { "Not everything is as expected; see below." }
                    }
                    p.effort { (effort(verdicts)) }
                }
                main {
                    (matrix(verdicts))
                    (list("What was expected, and did not come", "unmet", &unmet))
                    (list("What is open, and why", "open", &words::open(verdicts)))
                    (scope(verdicts))
                    (ways(verdicts, draw))
                    (properties(verdicts))
                    (again(verdicts))
                }
                script { (PreEscaped(page::SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn effort(verdicts: &Verdicts) -> String {
    let states: usize = verdicts.systems.iter().map(|system| system.states).sum();
    let systems = verdicts.systems.len();
    let given_up = verdicts.systems.iter().filter(|system| !system.complete).count();
    let rest = match given_up {
        0 => "every order of what can come next".to_owned(),
        some => format!("every order of what can come next; {some} of the searches given up before their end"),
    };
    format!(
        "{systems} small system{}, {} states in all: {rest}",
        if systems == 1 { "" } else { "s" },
        number::grouped(states as f64)
    )
}

fn list(title: &str, id: &str, lines: &[String]) -> Markup {
    html! {
        @if !lines.is_empty() {
            section id=(id) {
                h2 { (title) }
                ul { @for text in lines { li { (line(text)) } } }
            }
        }
    }
}

/// Where the run is told that breaks a property of a system.
fn anchor(system: usize, property: &str) -> String {
    format!("way-{system}-{property}")
}

fn matrix(verdicts: &Verdicts) -> Markup {
    let Some(first) = verdicts.systems.first() else {
        return html! {};
    };
    html! {
        section id="verdicts" {
            h2 { "Verdicts" }
            div.scroll tabindex="0" role="group" aria-label="Verdicts by strategy and property" {
                table.figures.matrix {
                    thead {
                        tr {
                            th scope="col" { button type="button" { "strategy" } }
                            @for row in &first.verdicts {
                                th.number scope="col" title=(row.title) { button type="button" { (row.property) } }
                            }
                            @for head in ["states", "issued"] { th.number scope="col" { button type="button" { (head) } } }
                        }
                    }
                    tbody {
                        @for (at, system) in verdicts.systems.iter().enumerate() {
                            tr {
                                th scope="row" { (line(&system.strategy)) }
                                @for row in &system.verdicts { (verdict(at, row)) }
                                td.number { (system.states) @if !system.complete { "+" } }
                                td.number { (issued(system)) }
                            }
                        }
                    }
                }
            }
            p.hint {
                "ok: holds in every run. ≤n: holds, and no run has more than n attempts, or tokens issued. ✗ n: broken, and the shortest run has n \
                 steps; n+m where m steps can be repeated for ever. –: nothing that it is about ever happens. ?: open. "
                "issued: tokens in the mean, if each step that can come next is as likely as any other. The head of a column is explained below."
            }
        }
    }
}

fn verdict(system: usize, row: &PropertyRow) -> Markup {
    let says = cell(row);
    html! {
        @match row.verdict {
            VerdictKind::Breaks => td.number.broken {
                a href={ "#" (anchor(system, &row.property)) } title={ (row.property) " is broken " (words::length(row)) } { "✗ " (says) }
            },
            VerdictKind::Open => td.number.open title=[row.why.as_deref().map(line)] { "?" },
            VerdictKind::NotReached => td.number.soft { "–" },
            VerdictKind::Holds => td.number.soft { (says.replace("<=", "≤")) },
        }
    }
}

fn scope(verdicts: &Verdicts) -> Markup {
    let lines: Vec<String> = searched::parts(verdicts)
        .into_iter()
        .map(|part| format!("{}: {}.", shown::capital(part.head), part.items.join(", ")))
        .collect();
    list("What was searched, and what was left out", "searched", &lines)
}

/// The rows of a system that one and the same run breaks.
struct Way<'a> {
    rows: Vec<(usize, &'a PropertyRow)>,
}

impl Way<'_> {
    /// What the run breaks: `S4 (no needless kill) and B2 (...)`.
    fn breaks(&self) -> String {
        let names = self
            .rows
            .iter()
            .map(|(_, row)| format!("{} ({})", row.property, row.title));
        names.collect::<Vec<_>>().join(" and ")
    }
}

fn ways_of(system: &SystemVerdicts) -> Vec<Way<'_>> {
    let mut ways: Vec<Way> = Vec::new();
    for (place, row) in system.verdicts.iter().enumerate() {
        if row.verdict != VerdictKind::Breaks {
            continue;
        }
        let same = |way: &&mut Way| {
            let first = way.rows[0].1;
            !row.run.is_empty() && first.run == row.run && first.around == row.around
        };
        match ways.iter_mut().find(same) {
            Some(way) => way.rows.push((place, row)),
            None => ways.push(Way {
                rows: vec![(place, row)],
            }),
        }
    }
    ways
}

fn ways(verdicts: &Verdicts, draw: Draw) -> Markup {
    let all: Vec<_> = verdicts.systems.iter().map(ways_of).collect();
    let left = Cell::new(DIAGRAMS);
    let not_drawn = Cell::new(0_usize);
    // What does not fit any more is left out, and the next is tried: it may be shorter.
    let fits = |svg: &String| {
        let fits = svg.len() <= left.get();
        match fits {
            true => left.set(left.get() - svg.len()),
            false => not_drawn.set(not_drawn.get() + 1),
        }
        fits
    };
    let told = html! {
        @for ((at, system), ways) in verdicts.systems.iter().enumerate().zip(&all) {
            @if !ways.is_empty() {
                h3 { (line(&system.strategy)) }
                @for way in ways { (one_way(at, system, way, &|place, title| draw(at, place, title).filter(fits))) }
            }
        }
    };
    html! {
        @if all.iter().any(|ways| !ways.is_empty()) {
            section id="ways" {
                h2 { "How it comes to that" }
                p.hint {
                    "The shortest run that breaks each property. A column of the diagram is a party, time runs down the page, and an arrow \
                     leans from when something is sent to when it arrives."
                    @if not_drawn.get() > 0 {
                        " " (not_drawn.get()) " of the runs are told in words alone, so that this page stays small; "
                        code { "tokenstorm check --trace PROPERTY --svg FILE" } " draws them."
                    }
                }
                (told)
            }
        }
    }
}

fn one_way(at: usize, system: &SystemVerdicts, way: &Way, draw: &dyn Fn(usize, &str) -> Option<String>) -> Markup {
    let (place, first) = way.rows[0];
    let title = format!("{} breaks {}", quoted(&system.strategy), way.breaks());
    let drawn = match first.run.is_empty() {
        true => None,
        false => draw(place, &shown::line(&title)),
    };
    let again = first.run.len() - first.around.unwrap_or(0).min(first.run.len());
    html! {
        details {
            summary { (way.breaks()) ", " (words::length(first)) }
            div {
                @for (_, row) in &way.rows {
                    p id=(anchor(at, &row.property)) { (line(&row.shows.join(" "))) }
                    @if let Some(remark) = &row.remark { p { (line(&shown::capital(remark))) "." } }
                }
                @if let Some(svg) = &drawn {
                    figure.sequence {
                        div.scroll tabindex="0" role="group" aria-label=(line(&title)) { (PreEscaped(svg)) }
                    }
                }
                @if !first.run.is_empty() {
                    ol.steps {
                        @for (step, text) in first.run.iter().enumerate() {
                            li { @if step == again && first.around > Some(0) { em { "From here on, again and again: " } } (line(text)) }
                        }
                    }
                }
            }
        }
    }
}

/// Each property in a sentence, with who keeps it and who does not.
fn properties(verdicts: &Verdicts) -> Markup {
    let count = |name: &str, kind: VerdictKind| {
        let rows = verdicts.systems.iter().flat_map(|system| &system.verdicts);
        rows.filter(|row| row.property == name && row.verdict == kind).count()
    };
    let came = |name: &str| {
        let kinds = [
            (VerdictKind::Holds, "holds"),
            (VerdictKind::Breaks, "broken"),
            (VerdictKind::Open, "open"),
            (VerdictKind::NotReached, "not reached"),
        ];
        let counts = kinds.map(|(kind, says)| (count(name, kind), says));
        let parts: Vec<_> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, says)| match verdicts.systems.len() {
                1 => (*says).to_owned(),
                _ => format!("{says} {count}"),
            })
            .collect();
        parts.join(", ")
    };
    let rows = verdicts
        .systems
        .first()
        .map(|system| system.verdicts.as_slice())
        .unwrap_or_default();
    html! {
        section id="properties" {
            h2 { "What the properties say" }
            div.scroll tabindex="0" role="group" aria-label="Properties" {
                table.plain {
                    @for row in rows {
                        tr {
                            th scope="row" { strong { (line(&row.property)) } " " (line(&row.title)) }
                            td { (property::find(&row.property).map_or("", |property| property.about)) }
                            td { (came(&row.property)) }
                        }
                    }
                }
            }
        }
    }
}

/// How the same verdicts are found again.
fn again(verdicts: &Verdicts) -> Markup {
    html! {
        section id="again" {
            h2 { "How to make it again" }
            @if !verdicts.command_line.is_empty() { pre tabindex="0" { (shown::command(&verdicts.command_line)) } }
            p {
                "tokenstorm " (line(&verdicts.tokenstorm)) ". A search draws nothing by chance: the same command finds the same runs, on any \
                 number of threads. It says what can happen, not how often; "
                code { "tokenstorm run" } " says that. " code { "verdicts.json" } " and " code { "verdicts.csv" } " beside this page hold every verdict, "
                code { "tokenstorm schema verdicts" } " describes the former."
            }
        }
    }
}
