//! Who held a live token when: a row for each process, time to the right, a panel for each strategy, from one replication.
//!
//! Does not know how the strategies share tokens.

use super::Chart;
use super::axis::{self, Scale};
use super::drawing::{ATTEMPT, Align, BLACK, DEAD, Drawing, FAILED, GREY, Ink, PALETTE, RULE, SHADE};
use super::frame::{self, BODY, MARGIN, SMALL, WIDTH, coloured, plain, quoted};
use super::text::{cut, width_of};
use crate::record::{HeldState, Holding, Record};
use crate::report::{number, one_line};

pub(super) const CHART: Chart = Chart {
    name: "holders",
    about: "Which process held a live token when, per strategy, where the scenario asks for it",
    applies: |record| !record.holdings.is_empty(),
    draw,
};

/// A live token has one of two blues, by turns in the order of issue.
const LIVE: [Ink; 2] = [ATTEMPT, PALETTE[5]];
const NOTHING: Ink = FAILED;

/// The nodes of one strategy.
struct Panel<'a> {
    strategy: &'a str,
    holdings: Vec<&'a Holding>,
    /// Those that were looked at, in order.
    nodes: Vec<u32>,
}

impl Panel<'_> {
    /// Share of the nodes' time from `from` on in which they hold this; none without time.
    fn share(&self, from: f64, holds: HeldState) -> Option<f64> {
        let length = |held: &&&Holding| (held.until_s - held.from_s.max(from)).max(0.0);
        let all: f64 = self.holdings.iter().map(|held| length(&held)).sum();
        let these = self.holdings.iter().filter(|held| held.holds == holds);
        (all > 0.0).then(|| these.map(|held| length(&held)).sum::<f64>() / all)
    }
}

/// From one look to the next.
fn shortest(panels: &[Panel<'_>], until: f64) -> f64 {
    let all = panels.iter().flat_map(|panel| &panel.holdings);
    all.map(|held| held.until_s - held.from_s)
        .filter(|length| *length > 0.0)
        .fold(until, f64::min)
}

fn panels(record: &Record) -> Vec<Panel<'_>> {
    let mut panels: Vec<Panel<'_>> = Vec::new();
    for held in &record.holdings {
        if panels.last().is_none_or(|panel| panel.strategy != held.strategy) {
            panels.push(Panel {
                strategy: &held.strategy,
                holdings: Vec::new(),
                nodes: Vec::new(),
            });
        }
        let Some(panel) = panels.last_mut() else { continue };
        panel.holdings.push(held);
        if panel.nodes.last() != Some(&held.node) {
            panel.nodes.push(held.node);
        }
    }
    panels
}

/// A share in words; of few looks a smaller one would be a digit too many.
fn percent(share: f64) -> String {
    match share * 100.0 {
        none if none <= 0.0 => "0 %".to_owned(),
        few if few < 0.1 => "less than 0.1 %".to_owned(),
        some => format!("{} %", number::significant(some, 2)),
    }
}

/// From where on the figures count: the end of the first thing that happened, if anything did.
fn since(record: &Record, until: f64) -> (f64, &'static str) {
    let ends = axis::lettered(record, until);
    match ends.first() {
        Some((incident, _)) if incident.until_s < until => (incident.until_s, " after A"),
        _ => (0.0, ""),
    }
}

fn title(panels: &[Panel<'_>], from: f64, after: &str) -> String {
    let live = |panel: &Panel<'_>| panel.share(from, HeldState::Live).unwrap_or(0.0);
    let by = |a: &&Panel<'_>, b: &&Panel<'_>| live(a).total_cmp(&live(b));
    match (panels.iter().min_by(by), panels.iter().max_by(by)) {
        (Some(least), Some(most)) if live(most) > live(least) => format!(
            "A process holds a live token {} of the time{after} under {}, {} under {}",
            percent(live(least)),
            quoted(least.strategy),
            percent(live(most)),
            quoted(most.strategy),
        ),
        (Some(least), _) => format!(
            "A process holds a live token {} of the time{after}",
            percent(live(least))
        ),
        _ => String::new(),
    }
}

fn draw(record: &Record) -> Drawing {
    let panels = panels(record);
    let until = record.holdings.iter().map(|held| held.until_s).fold(0.0, f64::max);
    if panels.is_empty() || until <= 0.0 {
        return frame::nothing(record, "Nobody was asked what it holds");
    }
    let incidents = axis::lettered(record, until);
    let (from, after) = since(record, until);
    let title = title(&panels, from, after);
    let mut below = vec![
        plain(format!(
            "A row for each process, one replication, looked at every {}: faster changes are not seen. It holds",
            number::seconds(shortest(&panels, until))
        )),
        coloured("a live token", LIVE[0]),
        plain("(the blue changes with every new token),"),
        coloured("a dead one,", PALETTE[4]),
        plain("which it does not know, or"),
        coloured("none", NOTHING),
        plain("(it waits for one, or has not been called yet)."),
    ];
    if record.holdings.iter().any(|held| held.holds == HeldState::Down) {
        below.push(plain("Light grey: it is down."));
    }
    if !incidents.is_empty() {
        below.push(plain(format!("Marked: {}.", axis::told(&incidents, until))));
    }
    let (mut drawing, top) = frame::head(&title, &below);
    let (left, right) = (MARGIN + 62.0, WIDTH - MARGIN);
    let x = Scale::linear(0.0, until, left, right);
    let mut upper = top + 14.0;
    for panel in &panels {
        let shares = [
            (HeldState::Live, "live"),
            (HeldState::Dead, "dead"),
            (HeldState::Nothing, "none"),
        ]
        .map(|(holds, word)| format!("{word} {}", percent(panel.share(from, holds).unwrap_or(0.0))));
        let told = format!("of the time{after}: {}", shares.join(", "));
        drawing.text((right, upper - 14.0), told.clone(), SMALL, Align::Right, GREY);
        let room = right - left - width_of(&told, SMALL, false) - 12.0;
        let name = cut(&one_line(panel.strategy, 200), BODY, true, room);
        drawing.bold((left, upper - 14.0), name, BODY, Align::Left, BLACK);
        let height = (170.0 / panel.nodes.len() as f64).clamp(3.5, 14.0);
        let lower = upper + height * panel.nodes.len() as f64;
        drawing.rect((left, upper), (right, lower), RULE);
        rows(&mut drawing, panel, &x, upper, height);
        numbers(&mut drawing, panel, left, (upper, lower), height);
        mark(&mut drawing, &x, &incidents, until, (upper, lower));
        axis::time_axis(&mut drawing, &x, until, lower, 1);
        upper = lower + 52.0;
    }
    frame::foot(drawing, record, upper - 32.0)
}

/// A row for each process.
fn rows(drawing: &mut Drawing, panel: &Panel<'_>, x: &Scale, upper: f64, height: f64) {
    for held in &panel.holdings {
        let Ok(row) = panel.nodes.binary_search(&held.node) else {
            continue;
        };
        let ink = match held.holds {
            HeldState::Live => LIVE[held.token.unwrap_or(0) as usize % 2],
            HeldState::Dead => DEAD,
            HeldState::Nothing => NOTHING,
            HeldState::Down => continue,
        };
        let y = upper + height * row as f64;
        let gap = if height > 5.0 { 1.0 } else { 0.4 };
        drawing.rect((x.at(held.from_s), y), (x.at(held.until_s), y + height - gap), ink);
    }
}

/// Which processes the first row and the last one are.
fn numbers(drawing: &mut Drawing, panel: &Panel<'_>, left: f64, (upper, lower): (f64, f64), height: f64) {
    for (row, align) in [(0, 0.5), (panel.nodes.len() - 1, 0.5)] {
        let y = upper + height * (row as f64 + align);
        let apart = row == 0 || lower - upper > 2.0 * SMALL;
        if apart {
            let text = format!("process {}", panel.nodes[row] + 1);
            drawing.text(
                (left - 6.0, y),
                cut(&text, SMALL, false, 60.0),
                SMALL,
                Align::Right,
                GREY,
            );
        }
        if panel.nodes.len() == 1 {
            break;
        }
    }
}

/// Marks what happened: over the rows, which leave no ground to be shaded.
fn mark(
    drawing: &mut Drawing,
    x: &Scale,
    incidents: &[(&crate::record::Incident, char)],
    until: f64,
    (upper, lower): (f64, f64),
) {
    let wishes: Vec<f64> = incidents
        .iter()
        .map(|(i, _)| (x.at(i.from_s.max(0.0)) + x.at(i.until_s.min(until))) / 2.0)
        .collect();
    let places = axis::apart(&wishes, 10.0, (x.at(0.0) + 5.0, x.at(until) - 5.0));
    for ((incident, letter), place) in incidents.iter().zip(places) {
        let (from, to) = (x.at(incident.from_s.max(0.0)), x.at(incident.until_s.min(until)));
        if to > from + 2.0 {
            drawing.rect((from, upper), (to, lower), SHADE.faint(0.35));
        }
        for edge in [from, to] {
            drawing.line([(edge, upper - 1.0), (edge, lower)], 1.2, BLACK);
        }
        drawing.bold((place, lower + 23.0), letter.to_string(), SMALL, Align::Center, BLACK);
    }
}
