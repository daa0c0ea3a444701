//! The page itself: its frame, its style sheet and its modules, all of them in the program.

use maud::{DOCTYPE, Markup, html};

use super::examples::EXAMPLES;
use crate::report::page;

/// Path, media type and text of every file.
pub(super) fn files() -> Vec<(&'static str, &'static str, &'static str)> {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    vec![
        ("/studio.js", SCRIPT, include_str!("page/studio.js")),
        ("/looker.js", SCRIPT, include_str!("page/looker.js")),
        ("/controls.js", SCRIPT, include_str!("page/controls.js")),
        ("/editor.js", SCRIPT, include_str!("page/editor.js")),
        ("/figures.js", SCRIPT, include_str!("page/figures.js")),
        ("/film.js", SCRIPT, include_str!("page/film.js")),
        ("/stage.js", SCRIPT, include_str!("page/stage.js")),
        ("/link.js", SCRIPT, include_str!("page/link.js")),
        (
            "/studio.css",
            "text/css; charset=utf-8",
            include_str!("page/studio.css"),
        ),
    ]
}

/// The frame, without a scenario.
pub(super) fn html() -> String {
    let own = html! {
        link rel="icon" href="data:,";
        link rel="stylesheet" href="/studio.css";
        script type="module" src="/studio.js" {}
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (page::head("studio", env!("CARGO_PKG_VERSION"), own))
            body {
                (bar())
                main {
                    p.notice id="notice" role="alert" hidden {}
                    section.answer aria-label="Answer" {
                        p.name id="name" {}
                        h1 id="answer" { "Reading the scenario" }
                        p.state role="status" {
                            span.dot id="dot" {} span id="stage" { "starting" }
                            span.soft id="progress" {}
                            span.soft id="effort" {}
                            span.soft id="timing" {}
                        }
                    }
                    div.columns {
                        div.scenario {
                            form id="controls" aria-label="Controls" { fieldset id="field" { legend.hidden { "Controls" } div id="sections" {} } }
                            section.editor aria-label="Scenario as text" {
                                div.head {
                                    h2 id="toml" { "Scenario as TOML" }
                                    button type="button" id="reset" hidden { "Start over" }
                                }
                                div.code {
                                    pre id="gutter" aria-hidden="true" {}
                                    textarea id="text" spellcheck="false" autocomplete="off" autocapitalize="off" wrap="off"
                                        aria-labelledby="toml" aria-describedby="wrong" rows="16" {}
                                }
                                div.wrong id="wrong" role="alert" hidden {}
                            }
                        }
                        div.figures id="figures" {
                            p.earlier id="earlier" hidden { "These figures are those of the text before." }
                            div id="table" {}
                            div id="charts" {}
                            div id="words" {}
                        }
                    }
                    (player())
                }
            }
        }
    };
    page.into_string()
}

/// What is opened, and what becomes of it.
fn bar() -> Markup {
    let mut groups: Vec<&str> = EXAMPLES.iter().map(|example| example.group).collect();
    groups.dedup();
    html! {
        header.bar {
            p.brand { "tokenstorm " span { "studio" } }
            div.choose {
                label.hidden for="example" { "Example" }
                select id="example" {
                    option value="" disabled { "Examples" }
                    @for group in &groups {
                        optgroup label=(group) {
                            @for example in EXAMPLES.iter().filter(|example| example.group == *group) {
                                option value=(example.name) { (example.name) }
                            }
                        }
                    }
                }
                button type="button" id="open" { "Open file" }
                input id="file" type="file" accept=".toml,text/plain" hidden aria-label="Scenario file";
                button type="button" id="save" { "Save" }
                button type="button" id="copy" { "Copy link" }
            }
        }
    }
}

/// One run as a film.
fn player() -> Markup {
    html! {
        section.film aria-labelledby="play" {
            h2 id="play" { "Play a run" }
            p.hint { "The first replication of a strategy, step by step: who asks for a token, whose token that ends, and what becomes of the calls." }
            div.reel {
                label for="star" { "Strategy" }
                select id="star" {}
                span.group role="group" aria-label="Where the film begins" {
                    @for (at, called) in [
                        ("beginning", "Beginning"), ("refusal", "First refusal"), ("failure", "First failure"),
                        ("storm", "Storm’s onset"), ("worst", "Worst call"),
                    ] {
                        button type="button" data-at=(at) { (called) }
                    }
                }
                button type="button" id="ever" { "Can it ever fail?" }
            }
            p.notice id="unplayed" role="alert" hidden {}
            div id="found" hidden { p id="searched" {} div.reel id="breaks" {} }
            div id="screen" hidden {
                p.step id="step" {}
                div id="stage-picture" {}
                div.reel {
                    button type="button" id="back" aria-label="One step back" { "◀" }
                    button type="button" id="run" aria-pressed="false" { "Play" }
                    button type="button" id="forth" aria-label="One step forward" { "▶" }
                    label.hidden for="seek" { "Step" }
                    input id="seek" type="range" min="0" value="0" step="1";
                    label for="speed" { "Speed" }
                    select id="speed" {
                        @for speed in ["0.5", "1", "2", "4", "10"] { option value=(speed) selected[speed == "1"] { (speed) "×" } }
                    }
                    label for="stop" { "Stop at call" }
                    input.typed id="stop" type="text" inputmode="numeric" size="6" placeholder="none";
                    button type="button" id="onward" { "Go on" }
                }
                ol id="log" aria-label="Steps" {}
            }
        }
    }
}
