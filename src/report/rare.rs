//! How rare an event is, for people. Drawn from the record alone.

use super::number;
use super::sheet::paragraph;
use crate::record::rare::{RareEnd, RareFigure, RareFinding, RareFindings};

/// For a terminal of so many columns.
pub fn human(findings: &RareFindings, width: u16) -> String {
    let columns = usize::from(width);
    let mut text = format!("{}{}\n", findings.scenario, at_point(findings));
    paragraph(&mut text, "", &findings.summary, columns);
    for finding in &findings.strategies {
        text.push_str(&format!("\n{}\n", finding.strategy));
        for line in lines(findings, finding) {
            paragraph(&mut text, "  ", &line, columns);
        }
    }
    text
}

/// For an issue or a page.
pub fn markdown(findings: &RareFindings) -> String {
    let mut text = format!(
        "## {}{}\n\n{}\n",
        findings.scenario,
        at_point(findings),
        findings.summary
    );
    for finding in &findings.strategies {
        text.push_str(&format!("\n### {}\n\n", finding.strategy));
        for line in lines(findings, finding) {
            text.push_str(&format!("- {line}\n"));
        }
    }
    text
}

fn at_point(findings: &RareFindings) -> String {
    match findings.point.is_empty() {
        true => String::new(),
        false => format!(" at {}", findings.point),
    }
}

fn lines(findings: &RareFindings, finding: &RareFinding) -> Vec<String> {
    let mut lines = vec![headline(findings, finding)];
    lines.extend(ended(findings, finding));
    if finding.split.replications > 0 {
        lines.push(levels(finding));
        lines.push(effort(finding));
    }
    lines.extend(doubts(finding));
    if let Some(crude) = &finding.crude {
        lines.push(crude_line(findings, crude));
    }
    lines
}

fn headline(findings: &RareFindings, finding: &RareFinding) -> String {
    format!("{}: {}", what(findings), figure(findings, &finding.split))
}

fn what(findings: &RareFindings) -> &'static str {
    match findings.event.as_str() {
        "livelock" => "mean time to livelock",
        _ => "chance that a call fails",
    }
}

/// The figure and its interval; a question mark where the event was not seen.
fn figure(findings: &RareFindings, figure: &RareFigure) -> String {
    let doubt = if figure.doubtful { "?" } else { "" };
    let (value, ends) = match findings.event.as_str() {
        "livelock" => {
            let to = |upper: Option<f64>| upper.map_or(number::MISSING.to_owned(), number::seconds);
            let ends = figure.mean_time_ci95;
            let ends = ends.map(|(low, high)| format!("{} to {}", number::seconds(low), to(high)));
            (figure.mean_time_s.map(number::seconds), ends)
        }
        _ => {
            let ends = figure.ci95;
            let ends = ends.map(|(low, high)| format!("{} to {}", number::short(low), number::short(high)));
            (figure.rate.map(number::short), ends)
        }
    };
    match (value, ends) {
        (Some(value), Some(ends)) => format!("{value}{doubt} (95 %: {ends})"),
        (Some(value), None) => format!("{value}?"),
        (None, _) => "?".to_owned(),
    }
}

/// Why there is no figure, or none as good as was asked for.
fn ended(findings: &RareFindings, finding: &RareFinding) -> Option<String> {
    let events = number::grouped(finding.pilot_events as f64);
    let wanted = findings.precision.map(number::percent);
    match (finding.ended_by, wanted) {
        (RareEnd::NotApproached, _) => Some(format!(
            "The pilot came as far as level {} of {} in {events} events (a level counts the {}), and hardly ever to the event itself; so nothing was \
             measured. That is no proof that it cannot happen. Raise --max-events, make the measured span longer, or take a load at which it is less rare.",
            finding.highest_seen, finding.highest, finding.level_counts
        )),
        (RareEnd::Interrupted, _) => {
            Some("Interrupted: the figures rest on the replications that were finished.".to_owned())
        }
        (RareEnd::Replications, Some(wanted)) => Some(format!(
            "Not known to within {wanted}: no more replications are allowed (--max-replications)."
        )),
        (RareEnd::Events, Some(wanted)) => Some(format!(
            "Not known to within {wanted}: no more events are allowed (--max-events)."
        )),
        _ => None,
    }
}

fn levels(finding: &RareFinding) -> String {
    if finding.levels.is_empty() {
        return "No run was split: the event is not rare, or no level tells of it. These are crude runs.".to_owned();
    }
    let splits = finding.levels.iter();
    let splits: Vec<_> = splits
        .map(|level| format!("{} (into {})", level.level, level.runs))
        .collect();
    format!(
        "Split at levels {}; a level counts the {}.",
        splits.join(", "),
        finding.level_counts
    )
}

fn effort(finding: &RareFinding) -> String {
    let RareFigure {
        replications,
        seen,
        events,
        ..
    } = finding.split;
    let mut text = format!(
        "Seen {} times in {} replications of {} events; the pilot took {} more.",
        number::grouped(seen as f64),
        number::grouped(f64::from(replications)),
        number::grouped(events as f64),
        number::grouped(finding.pilot_events as f64),
    );
    if let Some(crude) = finding.crude_events {
        text.push_str(&format!(
            " Were hits independent, crude simulation would need about {} events for as narrow an interval.",
            number::short(crude)
        ));
        if !finding.levels.is_empty() && crude < events as f64 {
            text.push_str(
                " Splitting gained little or nothing: the event is not rare enough, or its levels tell too little of it.",
            );
        }
    }
    text
}

fn doubts(finding: &RareFinding) -> Vec<String> {
    let mut doubts = Vec::new();
    let figure = &finding.split;
    if figure.replications > 0 && figure.seen == 0 {
        doubts.push(
            "Not seen: there is no figure, and no bound either. The levels that the pilot chose do not lead there."
                .to_owned(),
        );
    }
    if figure.doubtful {
        doubts.push(
            "? The replications differ very much from each other: the interval may cover less often than it says. Levels that tell little of what is \
             to come do that; more replications help, other levels help more."
                .to_owned(),
        );
    }
    if figure.mean_time_s.is_some() && figure.drift_ci99.is_some_and(|(low, high)| low > 0.0 || high < 0.0) {
        doubts.push(
            "The first half of the measured span and the second differ: the rate is not steady yet, and its inverse no mean time. Make the warm-up longer."
                .to_owned(),
        );
    }
    doubts
}

/// The bound of what was not seen in so many calls or seconds, as if they were independent: of n of which none is so, fewer than 3/n of all
/// are. Source: J. A. Hanley and A. Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249, 1983.
fn rarer(findings: &RareFindings, exposure: f64) -> String {
    match findings.event.as_str() {
        "livelock" => format!("one in {}", number::seconds(exposure / 3.0)),
        _ => number::short(3.0 / exposure),
    }
}

fn crude_line(findings: &RareFindings, crude: &RareFigure) -> String {
    let seen = match crude.seen {
        1 => "once".to_owned(),
        seen => format!("{} times", number::grouped(seen as f64)),
    };
    let of = match findings.event.as_str() {
        "livelock" => format!("{} of runs", number::seconds(crude.exposure)),
        _ => format!("{} calls", number::grouped(crude.exposure)),
    };
    if crude.seen == 0 {
        return format!(
            "Crude simulation: not seen in {of}, {} events; with 95 % it is rarer than {}.",
            number::grouped(crude.events as f64),
            rarer(findings, crude.exposure)
        );
    }
    format!(
        "Crude simulation: {}; seen {seen} in {of}, {} events.",
        figure(findings, crude),
        number::grouped(crude.events as f64)
    )
}
