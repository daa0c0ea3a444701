//! The printed comparison: one row per strategy and sweep point, then the same in words.
//!
//! This module does not know how a figure came about, nor where the text will go: it never asks for the terminal.

use super::number::{self, MISSING};
use super::{Figure, Figures, Sweep, one_line, words};
use crate::record::{Comparison, ComparisonVerdict, Record};
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width};

/// Narrower than this the name of a strategy is no longer recognisable.
const NARROWEST_NAME: usize = 14;
/// A blank at which no line is broken; an ordinary one in the finished text.
const GLUE: &str = "\u{a0}";
/// Blanks between two columns.
const GAP: usize = 2;
/// No table is laid out for less than this many columns: it would be letters under letters.
const NARROWEST: u16 = 40;

/// For a terminal of `width` columns. Where not everything fits, first the half-widths of the intervals give way, then
/// the columns that matter least, and the text says so; `results.csv` has them all.
pub fn human(record: &Record, width: u16) -> String {
    let width = width.max(NARROWEST);
    let columns = usize::from(width);
    let mut out = String::new();
    for line in heading(record) {
        paragraph(&mut out, "", &line, columns);
    }
    use Detail::*;
    let sheets = [Full, NoIntervals, NoEffort, Narrow, Least].map(|detail| comparison(record, detail));
    let fits = sheets.iter().position(|sheet| sheet.narrowest() <= columns);
    let mut sheets = Vec::from(sheets);
    let sheet = sheets.swap_remove(fits.unwrap_or(sheets.len() - 1));
    if !sheet.rows.is_empty() {
        out.push('\n');
        out.push_str(&sheet.print(width));
        let note = match fits {
            Some(0) if sheet.intervals => Some("± is half of a 95 % interval."),
            Some(0) => None,
            _ => Some("Columns or intervals were left out for want of width; --format md shows them all."),
        };
        if let Some(note) = note {
            out.push('\n');
            paragraph(&mut out, "", note, columns);
        }
    }
    let groups = groups(record);
    if !groups.rows.is_empty() {
        out.push('\n');
        out.push_str(&groups.print(width));
    }
    out.push_str("\nIn words\n");
    for line in words::words(record) {
        paragraph(&mut out, "  ", &line, columns);
    }
    let aftermaths = words::aftermaths(record);
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
    let checks = words::checks(record);
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
    for sheet in [comparison(record, Detail::Full), groups(record)] {
        if !sheet.rows.is_empty() {
            out.push('\n');
            out.push_str(&sheet.markdown());
        }
    }
    out.push('\n');
    let (words, aftermaths, checks) = (words::words(record), words::aftermaths(record), words::checks(record));
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

/// How much of the comparison there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    Full,
    /// No half-widths.
    NoIntervals,
    /// Nor issuances per hour and the storms' peaks, which follow from the rest.
    NoEffort,
    /// Nor attempts per call and the median latency, which hardly differ between good strategies.
    Narrow,
    /// Nor storms.
    Least,
}

fn columns(sweep: &Sweep, detail: Detail, grants: bool, storms: bool, compares: bool) -> Vec<Column> {
    let mut columns: Vec<Column> = sweep.short.iter().map(|key| Column::left(key)).collect();
    columns.push(Column::flexible("strategy", NARROWEST_NAME));
    columns.push(Column::right("calls\nfailed"));
    if grants {
        columns.push(Column::right("grants\nlost"));
        columns.push(Column::right("refresh\ntokens\nrefused"));
    }
    columns.push(Column::right("first\nattempt\nrejected"));
    if detail < Detail::Narrow {
        columns.push(Column::right("API\nattempts\nper call"));
    }
    columns.push(Column::right("token\nrequests\nper call"));
    if detail < Detail::NoEffort {
        columns.push(Column::right("tokens\nissued\nper hour"));
    }
    if detail < Detail::Narrow {
        columns.push(Column::right("latency\nmedian"));
    }
    columns.push(Column::right("latency\np99"));
    if storms {
        columns.push(Column::right("runs\nwith a\nstorm"));
        if detail < Detail::NoEffort {
            columns.push(Column::right("storm\npeak\nper s"));
        }
    }
    if compares {
        columns.push(Column::flexible("failed calls\nagainst the\nreference", 15));
    }
    columns
}

fn comparison(record: &Record, detail: Detail) -> Sheet {
    let figures = Figures::of(record);
    let sweep = Sweep::of(record);
    let storms = record
        .readings
        .iter()
        .any(|r| r.metric == "storm_probability" && r.mean.is_some_and(|m| m > 0.0))
        && detail < Detail::Least;
    // Where there are refresh tokens and some were lost or refused, that is the story.
    let grants = record
        .readings
        .iter()
        .any(|r| ["grants_lost", "invalid_grants"].contains(&r.metric.as_str()) && r.mean.is_some_and(|m| m > 0.0));
    let against = record
        .comparisons
        .iter()
        .find(|c| c.metric == "failure_rate")
        .map(|c| c.reference.as_str());

    let columns = columns(&sweep, detail, grants, storms, against.is_some());
    let mut rows = Vec::new();
    let mut intervals = false;
    for (i, point) in record.points.iter().enumerate() {
        for strategy in &record.strategies {
            let get = |metric| figures.get(strategy, point, metric);
            let plain = |metric, word: fn(f64) -> String| get(metric).map_or(MISSING.to_owned(), |f| word(f.mean));
            let mut share = |metric| {
                let figure = get(metric);
                intervals |= figure.is_some_and(|f| f.ci95.is_some());
                figure.map_or(MISSING.to_owned(), |f| share_with_interval(f, detail == Detail::Full))
            };
            let mut row = sweep.values[i].clone();
            row.push(one_line(strategy, 200));
            row.push(share("failure_rate"));
            if grants {
                row.push(plain("grants_lost", number::short));
                row.push(plain("invalid_grants", number::short));
            }
            row.push(share("first_attempt_rejection_rate"));
            if detail < Detail::Narrow {
                row.push(plain("attempts_per_call", number::short));
            }
            row.push(plain("token_requests_per_call", number::short));
            if detail < Detail::NoEffort {
                row.push(plain("issuances_per_hour", number::short));
            }
            if detail < Detail::Narrow {
                row.push(plain("latency_p50", number::seconds));
            }
            row.push(plain("latency_p99", number::seconds));
            if storms {
                row.push(plain("storm_probability", number::percent));
                if detail < Detail::NoEffort {
                    row.push(plain("storm_peak", number::short));
                }
            }
            if let Some(reference) = against {
                row.push(if strategy == reference {
                    "reference".to_owned()
                } else {
                    let same =
                        |c: &&Comparison| c.metric == "failure_rate" && c.strategy == *strategy && c.point == *point;
                    record.comparisons.iter().find(same).map_or(MISSING.to_owned(), verdict)
                });
            }
            rows.push(row);
        }
    }
    Sheet {
        columns,
        rows,
        blocks: if sweep.keys.is_empty() {
            0
        } else {
            record.strategies.len()
        },
        intervals,
    }
}

/// `12.4 ±1 %`; the half-width has two digits, for it is itself an estimate.
fn share_with_interval(figure: Figure, interval: bool) -> String {
    // An interval without width says nothing; one of 1e-17 is the dust of subtracting equal numbers.
    match figure.ci95.filter(|(low, high)| interval && high - low > 1e-9) {
        Some((low, high)) => {
            let half = number::significant((high - low) * 50.0, 2);
            // A half-width of 1e-17 is the dust of subtracting equal numbers.
            let half = if (high - low) < 1e-9 { "0" } else { half.as_str() };
            format!("{} ±{half} %", number::percent_value(figure.mean))
        }
        None => number::percent(figure.mean),
    }
}

fn verdict(comparison: &Comparison) -> String {
    let word = match comparison.verdict {
        ComparisonVerdict::Better => "better",
        ComparisonVerdict::Worse => "worse",
        ComparisonVerdict::NotDistinguishable => "same within noise",
    };
    format!("{word} {}", number::points(comparison.difference).replace(' ', GLUE))
}

/// Failures per fleet or kind of call, where metrics are told apart by it (`name@group`).
fn groups(record: &Record) -> Sheet {
    let figures = Figures::of(record);
    let sweep = Sweep::of(record);
    let mut groups: Vec<&str> = Vec::new();
    for reading in &record.readings {
        if let Some(("failure_rate" | "first_attempt_rejection_rate", group)) = reading.metric.split_once('@')
            && !groups.contains(&group)
        {
            groups.push(group);
        }
    }
    let mut columns: Vec<Column> = sweep.short.iter().map(|key| Column::left(key)).collect();
    columns.push(Column::flexible("strategy", NARROWEST_NAME));
    columns.push(Column::left("group"));
    columns.push(Column::right("calls\nfailed"));
    columns.push(Column::right("first\nattempt\nrejected"));
    let mut rows = Vec::new();
    for (i, point) in record.points.iter().enumerate() {
        for strategy in &record.strategies {
            for group in &groups {
                let get = |name: &str| figures.get(strategy, point, &format!("{name}@{group}"));
                let (failed, first) = (get("failure_rate"), get("first_attempt_rejection_rate"));
                if failed.is_none() && first.is_none() {
                    continue;
                }
                let share = |f: Option<Figure>| f.map_or(MISSING.to_owned(), |f| share_with_interval(f, true));
                let mut row = sweep.values[i].clone();
                row.extend([
                    one_line(strategy, 200),
                    one_line(group, 60),
                    share(failed),
                    share(first),
                ]);
                rows.push(row);
            }
        }
    }
    Sheet {
        columns,
        rows,
        blocks: 0,
        intervals: false,
    }
}

/// A table before it is laid out.
struct Sheet {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    /// A blank line after every so many rows; 0 for none.
    blocks: usize,
    /// Whether any cell has an interval.
    intervals: bool,
}

struct Column {
    header: String,
    right: bool,
    /// The least width of a column that may wrap; `None` for one that may not.
    wraps: Option<usize>,
}

impl Column {
    fn left(header: &str) -> Column {
        Column {
            header: header.to_owned(),
            right: false,
            wraps: None,
        }
    }

    fn right(header: &str) -> Column {
        Column {
            right: true,
            ..Column::left(header)
        }
    }

    fn flexible(header: &str, least: usize) -> Column {
        Column {
            wraps: Some(least),
            ..Column::left(header)
        }
    }
}

impl Sheet {
    /// Columns of text that the widest cell of a column takes.
    fn content(&self, column: usize) -> usize {
        let lines = self.columns[column].header.lines();
        let cells = self.rows.iter().map(|row| row[column].as_str());
        lines.chain(cells).map(|text| text.chars().count()).max().unwrap_or(0)
    }

    /// The least width at which no figure is broken over two lines.
    fn narrowest(&self) -> usize {
        let least = |(i, c): (usize, &Column)| c.wraps.map_or(self.content(i), |w| w.min(self.content(i)));
        let widths: usize = self.columns.iter().enumerate().map(least).sum();
        widths + GAP * (self.columns.len() - 1)
    }

    /// Widths that fill `total` at most: what is left after the fixed columns goes to those that wrap, to the last one
    /// (a verdict, short by nature) only when the others have enough.
    fn widths(&self, total: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = (0..self.columns.len())
            .map(|i| {
                self.columns[i]
                    .wraps
                    .map_or(self.content(i), |w| w.min(self.content(i)))
            })
            .collect();
        let used = widths.iter().sum::<usize>() + GAP * (self.columns.len() - 1);
        let mut room = total.saturating_sub(used);
        for (i, width) in widths.iter_mut().enumerate() {
            if self.columns[i].wraps.is_some() {
                let more = room.min(self.content(i) - *width);
                *width += more;
                room -= more;
            }
        }
        widths
    }

    fn print(&self, total: u16) -> String {
        let mut table = Table::new();
        // A line under the header and blanks between the columns; no left or right, hence no borders.
        let rule = LineStyle::none().fill('─').junction('─');
        table.load_style(TableStyle::new().header_separator(rule));
        table
            .set_width(total)
            .set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(self.columns.iter().map(|c| cell(&c.header, c.right)));
        for (i, row) in self.rows.iter().enumerate() {
            if self.blocks > 0 && i > 0 && i.is_multiple_of(self.blocks) {
                table.add_row(row.iter().map(|_| ""));
            }
            table.add_row(row.iter().zip(&self.columns).map(|(text, c)| cell(text, c.right)));
        }
        let last = self.columns.len() - 1;
        for (i, width) in self.widths(usize::from(total)).into_iter().enumerate() {
            if let Some(column) = table.column_mut(i) {
                // The style draws one of the blanks itself.
                let gap = if i == last { 0 } else { GAP as u16 - 1 };
                column.set_padding((0, gap));
                let whole = u16::try_from(width).unwrap_or(u16::MAX).saturating_add(gap);
                column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(whole)));
            }
        }
        table
            .lines()
            .map(|line| line.trim_end().replace(GLUE, " ") + "\n")
            .collect()
    }

    fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut out = line(
            self.columns
                .iter()
                .map(|c| escaped(&c.header.replace('\n', " ")))
                .collect(),
        );
        let rule = |c: &Column| if c.right { "---:" } else { "---" }.to_owned();
        out.push_str(&line(self.columns.iter().map(rule).collect()));
        for row in &self.rows {
            out.push_str(&line(row.iter().map(|text| escaped(text)).collect()));
        }
        out
    }
}

fn cell(text: &str, right: bool) -> Cell {
    Cell::new(text).set_alignment(if right {
        CellAlignment::Right
    } else {
        CellAlignment::Left
    })
}

/// Text that Markdown shows as it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{a0}' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '\\' | '`' | '*' | '_' | '|' | '[' | ']' | '#' | '~' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

/// Appends `text` broken at blanks to `width` columns, later lines indented further than the first. A unit stays with
/// its number.
fn paragraph(out: &mut String, indent: &str, text: &str, width: usize) {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let unit = word.trim_end_matches([')', ',', '.', ';', ':']);
        match words.last_mut() {
            Some(number)
                if matches!(unit, "%" | "pp" | "µs" | "ms" | "s" | "min" | "h" | "d")
                    && number.ends_with(|c: char| c.is_ascii_digit()) =>
            {
                number.push(' ');
                number.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    let mut line = indent.to_owned();
    let mut started = false;
    for word in words {
        if started && line.chars().count() + 1 + word.chars().count() > width {
            out.push_str(&line);
            out.push('\n');
            line = format!("{indent}  ");
            started = false;
        }
        if started {
            line.push(' ');
        }
        line.push_str(&word);
        started = true;
    }
    out.push_str(line.trim_end());
    out.push('\n');
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
            for figure in ["87.3", "0.00139", "3.85 s", "better −12.4 pp"] {
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
