//! Controls as HTML. A slider's values and all keys are in data attributes; `controls.js` sends what is moved.

use maud::{Markup, html};

use super::{Control, Group, Kind, Section};
use crate::base::shown;

/// All sections.
pub(in crate::studio) fn draw(sections: &[Section]) -> Markup {
    html! {
        @for (at, section) in sections.iter().enumerate() {
            details.section open[section.open] data-fold=(section.title) {
                summary { h2 { (shown::line(&section.title)) } }
                @for (place, group) in section.groups.iter().enumerate() {
                    (draw_group(group, &format!("{at}-{place}")))
                }
            }
        }
    }
}

fn draw_group(group: &Group, id: &str) -> Markup {
    let inside = html! {
        @for (at, control) in group.controls.iter().enumerate() { (row(control, &format!("c{id}-{at}"))) }
        @if !group.more.is_empty() {
            details.more data-fold={ (group.title) " more " (id) } {
                summary { "More" }
                @for (at, control) in group.more.iter().enumerate() { (row(control, &format!("m{id}-{at}"))) }
            }
        }
    };
    html! {
        @if let Some(switch) = &group.switch {
            @let on = switch.value.as_deref() != Some("true");
            div.strategy.off[!on] {
                label.toggle {
                    input type="checkbox" data-key=(switch.key) data-off checked[on];
                    span { (shown::line(&group.title)) }
                }
                @if on {
                    details data-fold={ "strategy " (group.title) } {
                        summary { span.hidden { "Settings of " (shown::line(&group.title)) } }
                        (inside)
                    }
                }
            }
        } @else {
            div.group {
                @if !group.title.is_empty() { h3 { (shown::line(&group.title)) } }
                (inside)
            }
        }
    }
}

fn row(control: &Control, id: &str) -> Markup {
    let value = control.value.as_deref();
    let label = shown::line(&control.label);
    let about = (!control.about.is_empty()).then_some(&control.about);
    html! {
        div.row.inner[control.inner] title=[about] {
            @match &control.kind {
                Kind::Switch => {
                    label.toggle { input type="checkbox" data-key=(control.key) checked[value == Some("true")]; span { (label) } }
                }
                Kind::Choice(names) => {
                    label for=(id) { (label) }
                    select id=(id) data-key=(control.key) {
                        @if value.is_none() { option value="" selected { "—" } }
                        @for (name, about) in names {
                            option value=(name) selected[value == Some(name)] title=[(!about.is_empty()).then_some(about)] {
                                (name.replace('_', " "))
                            }
                        }
                    }
                }
                Kind::Stops(stops) => {
                    label for=(id) { (label) }
                    input.typed id={ "t" (id) } type="text" data-key=(control.key) value=(value.unwrap_or(""))
                        placeholder="not set" aria-label={ (label) ", exactly" } spellcheck="false" autocomplete="off";
                    input id=(id) type="range" min="0" max=(stops.len().saturating_sub(1)) step="1"
                        value=(stops.iter().position(|stop| Some(stop.as_str()) == value).unwrap_or(0))
                        data-key=(control.key) data-stops=(stops.join("|")) aria-valuetext=(value.unwrap_or("not set"));
                }
            }
        }
    }
}
