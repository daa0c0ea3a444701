//! The printed comparison: one row per strategy and sweep point, then the same in words.
//!
//! This module does not know how a figure came about, nor where the text will go: it never asks for the terminal.

use super::comparison::{Detail, comparison, groups};
use super::number;
use super::sheet::{escaped, paragraph};
use super::{Sweep, baseline, conditions, fates, mixtures, one_line, words};
use crate::record::Record;

/// No table is laid out for less than this many columns: it would be letters under letters.
const NARROWEST: u16 = 40;

/// For a terminal of `width` columns. Where not everything fits, first intervals move below their figures, then the
/// columns that matter least give way, and the text says so; `results.csv` has them all.
pub fn human(record: &Record, width: u16) -> String {
    let width = width.max(NARROWEST);
    let columns = usize::from(width);
    let mut out = String::new();
    for line in heading(record) {
        paragraph(&mut out, "", &line, columns);
    }
    use Detail::*;
    let sheets = [Full, Stacked, NoEffort, Narrow, Calm, Least, Bare].map(|detail| comparison(record, detail));
    let fits = sheets.iter().position(|sheet| sheet.narrowest() <= columns);
    let mut sheets = Vec::from(sheets);
    let sheet = sheets.swap_remove(fits.unwrap_or(sheets.len() - 1));
    if !sheet.rows.is_empty() {
        out.push('\n');
        out.push_str(&sheet.print(width));
        let mut note = sheet.marks.told().unwrap_or_default();
        if fits.is_none_or(|at| at > 1) {
            note += " Columns were left out for want of width; --format md shows them all.";
        }
        if !note.is_empty() {
            out.push('\n');
            paragraph(&mut out, "", &note, columns);
        }
    }
    let groups = groups(record);
    if !groups.rows.is_empty() {
        out.push('\n');
        out.push_str(&groups.print(width));
    }
    let kinds = mixtures::sheet(record);
    if !kinds.rows.is_empty() {
        out.push('\n');
        out.push_str(&kinds.print(width));
    }
    out.push_str("\nIn words\n");
    for line in words::words(record) {
        paragraph(&mut out, "  ", &line, columns);
    }
    let aftermaths = fates::aftermaths(record);
    if !aftermaths.is_empty() {
        out.push_str(if record.points.len() > 1 {
            "\nAfter the trigger\n"
        } else {
            "\nAfter the trigger, best first\n"
        });
        for line in aftermaths {
            paragraph(&mut out, "  ", &line, columns);
        }
    }
    if let Some(before) = &record.baseline {
        out.push_str("\nAgainst the baseline\n");
        for line in baseline::words(before) {
            paragraph(&mut out, "  ", &line, columns);
        }
    }
    let checks = conditions::checks(record);
    if !checks.is_empty() {
        out.push_str("\nChecks\n");
        for line in checks {
            paragraph(&mut out, "  ", &line, columns);
        }
    }
    out
}

/// Markdown with every column.
pub fn markdown(record: &Record) -> String {
    let mut lines = heading(record).into_iter();
    let mut out = format!("## {}\n\n", escaped(&lines.next().unwrap_or_default()));
    for line in lines {
        out.push_str(&format!("{}  \n", escaped(&line)));
    }
    for sheet in [
        comparison(record, Detail::Full),
        groups(record),
        mixtures::sheet(record),
    ] {
        if !sheet.rows.is_empty() {
            out.push('\n');
            out.push_str(&sheet.markdown());
        }
    }
    out.push('\n');
    let (words, aftermaths, checks) = (
        words::words(record),
        fates::aftermaths(record),
        conditions::checks(record),
    );
    let bullets = |out: &mut String, lines: &[String]| {
        for line in lines {
            out.push_str(&format!("- {}\n", escaped(line)));
        }
    };
    bullets(&mut out, &words);
    if record.points.len() > 1 {
        bullets(&mut out, &aftermaths);
    } else if !aftermaths.is_empty() {
        out.push_str("\nAfter the trigger, best first:\n\n");
        for line in &aftermaths {
            out.push_str(&format!("{}\n", escaped(line)));
        }
        out.push('\n');
    }
    bullets(&mut out, &checks);
    if let Some(before) = &record.baseline {
        out.push_str("\nAgainst the baseline:\n\n");
        bullets(&mut out, &baseline::words(before));
    }
    out
}

/// Scenario, source, seed and extent: what one must know to judge or repeat the figures.
fn heading(record: &Record) -> Vec<String> {
    let m = &record.manifest;
    let mut out = vec![one_line(&m.scenario, 200)];
    if !m.summary.is_empty() {
        out.push(one_line(&m.summary, 500));
    }
    if !m.source.is_empty() {
        out.push(format!("Source: {}", one_line(&m.source, 500)));
    }
    let plural = if m.replications == 1 { "" } else { "s" };
    out.push(format!(
        "Seed {}, {} replication{plural} of {} simulated each ({} warm-up, {} measured, {} drain), {} events",
        m.seed,
        m.replications,
        number::seconds(m.warmup_s + m.duration_s + m.drain_s),
        number::seconds(m.warmup_s),
        number::seconds(m.duration_s),
        number::seconds(m.drain_s),
        roughly(m.events),
    ));
    if m.interrupted {
        out.push("Interrupted: the figures rest on the replications that were finished.".to_owned());
    }
    let sweep = Sweep::of(record);
    for (i, key) in sweep.keys.iter().enumerate() {
        let mut values: Vec<&str> = Vec::new();
        for point in &sweep.values {
            if !point[i].is_empty() && !values.contains(&point[i].as_str()) {
                values.push(&point[i]);
            }
        }
        out.push(format!("Swept: {key} = {}", values.join(", ")));
    }
    out
}

/// Counts of events are a measure of effort: `1.23 million` says enough.
fn roughly(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..999_500 => format!("{} thousand", number::short(count as f64 / 1e3)),
        999_500..999_500_000 => format!("{} million", number::short(count as f64 / 1e6)),
        _ => format!("{} billion", number::short(count as f64 / 1e9)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;

    fn widest(text: &str) -> usize {
        text.lines().map(|l| l.chars().count()).max().unwrap_or(0)
    }

    #[test]
    fn a_single_strategy_reads_like_this() {
        assert_eq!(
            human(&fake::single(), 100),
            "\
zoom/one
Eight nodes share one app; a new token invalidates the previous one
Source: forum thread 4711
Seed 7, 40 replications of 11.5 min simulated each (60 s warm-up, 10 min measured, 30 s drain), 1.23
  million events

strategy               calls         first       API     token    tokens  latency  latency
                      failed       attempt  attempts  requests    issued   median      p99
                                  rejected  per call  per call  per hour
──────────────────────────────────────────────────────────────────────────────────────────
lease (10 s)  0.031 ±0.053 %  0.42 ±0.19 %         1   0.00171      49.2  80.5 ms   210 ms

± is half of a 95 % interval.

In words
  Failed calls: “lease (10 s)” (0.031 %).
"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let all = [
            fake::empty(),
            fake::single(),
            fake::dozen(),
            fake::sweep(&[1.0, 2.0, 4.0, 8.0]),
            fake::odd(),
        ];
        for record in &all {
            for width in [80, 90, 100, 120, 160, 250] {
                let text = human(record, width);
                assert!(widest(&text) <= usize::from(width), "{width}:\n{text}");
            }
            // Too narrow for its figures is no reason to fail.
            human(record, 0);
        }
    }

    #[test]
    fn figures_are_never_broken_over_lines() {
        for width in [80, 100, 120] {
            let text = human(&fake::dozen(), width);
            for figure in ["87.3", "0.00139", "3.85 s", "−12.4"] {
                assert!(text.contains(figure), "{figure} at {width}:\n{text}");
            }
        }
    }

    #[test]
    fn storms_have_columns_only_where_there_are_some() {
        assert!(human(&fake::dozen(), 160).contains("storm"));
        assert!(!human(&fake::single(), 160).contains("storm"));
    }

    #[test]
    fn rows_follow_the_scenario_and_sweep_points_come_first() {
        let text = human(&fake::sweep(&[1.0, 8.0]), 120);
        let at = |needle: &str| text.find(needle).unwrap_or_else(|| panic!("{needle} in\n{text}"));
        assert!(text.contains("Swept: fleet.web.nodes = 1, 8"));
        assert!(at("\nnodes") < at("\n1      naive cache"));
        assert!(at("\n1      slot per node") < at("\n8      naive cache"));
    }

    #[test]
    fn groups_have_a_table_of_their_own_and_missing_figures_a_dash() {
        let text = human(&fake::odd(), 120);
        assert!(text.contains("batch/export") && text.contains("(unnamed)"), "{text}");
        assert!(text.contains('—'));
        assert!(!human(&fake::dozen(), 120).contains("group"));
    }

    #[test]
    fn markdown_survives_names_with_markup() {
        let text = markdown(&fake::odd());
        assert!(
            text.contains("every \\| setting") && text.contains("&lt; on >"),
            "{text}"
        );
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        let rows: Vec<&str> = text.lines().filter(|l| l.starts_with("| ")).collect();
        let first = rows
            .iter()
            .take_while(|l| !l.contains("group"))
            .map(|l| cells(l))
            .collect::<Vec<_>>();
        assert!(first.len() >= 4 && first.iter().all(|n| *n == first[0]), "{text}");
    }

    #[test]
    fn units_stay_with_their_numbers() {
        let mut out = String::new();
        paragraph(&mut out, "", "all of it (95 %, together)", 14);
        assert_eq!(out, "all of it\n  (95 %,\n  together)\n");
    }
}
