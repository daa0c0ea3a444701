//! Prediction beside measurement, for people.

mod page;

use super::number;
use super::sheet::{Column, Sheet, paragraph};
use crate::record::agreement::{Agreement, AgreementRecord, Measurement, Prediction};

pub use page::page;

/// For a terminal of so many columns.
pub fn human(record: &AgreementRecord, width: u16) -> String {
    let mut text = sheet(record, "").print(width);
    text.push('\n');
    for words in words(record) {
        paragraph(&mut text, "", &words, usize::from(width));
    }
    text
}

/// For an issue or a page.
pub fn markdown(record: &AgreementRecord) -> String {
    let mut text = sheet(record, "").markdown();
    for words in words(record) {
        text.push_str(&format!("\n{words}\n"));
    }
    text
}

/// `verdict` is the head of the two columns of verdicts.
fn sheet(record: &AgreementRecord, verdict: &str) -> Sheet {
    let columns = vec![
        Column::flexible("strategy", 12),
        Column::flexible("figure", 12),
        Column::right("measured"),
        Column::right("99 % interval"),
        Column::right("predicted,\nmeasured latencies"),
        Column::right("99 % of runs"),
        Column::left(verdict),
        Column::right("predicted,\nasked latencies"),
        Column::right("99 % of runs"),
        Column::left(verdict),
    ];
    let rows = record.figures.iter().map(|figure| {
        let [fed, fed_runs, fed_verdict] = predicted(figure, figure.fed);
        let [asked, asked_runs, asked_verdict] = predicted(figure, figure.asked);
        let Measurement { value, ci99 } = figure.measured;
        vec![
            record.label(figure),
            name(figure.metric).to_owned(),
            value.map_or(number::MISSING.to_owned(), |value| shown(figure.unit, value)),
            span(figure.unit, ci99),
            fed,
            fed_runs,
            fed_verdict,
            asked,
            asked_runs,
            asked_verdict,
        ]
    });
    Sheet {
        columns,
        rows: rows.collect(),
        blocks: 0,
        marks: Default::default(),
    }
}

fn predicted(figure: &Agreement, prediction: Option<Prediction>) -> [String; 3] {
    match prediction {
        None => [number::MISSING.to_owned(), String::new(), String::new()],
        Some(Prediction {
            mean,
            runs99,
            beyond_chance,
            ..
        }) => [
            shown(figure.unit, mean),
            span(figure.unit, Some(runs99)),
            if beyond_chance { "✗" } else { "✓" }.to_owned(),
        ],
    }
}

/// A metric in few words.
fn name(metric: &str) -> &str {
    match metric {
        "success_rate" => "calls that succeed",
        "first_attempt_rejection_rate" => "first attempt rejected",
        "rejections_per_call" => "refused attempts per call",
        "token_requests_per_call" => "token requests per call",
        "added_latency_mean" => "latency above the API's",
        "lease_lapses" => "leases that ended too soon",
        "stale_store_writes" => "older token written over newer",
        other => other,
    }
}

fn shown(unit: &str, value: f64) -> String {
    match unit {
        "share" => number::percent(value),
        // The dust of subtracting equal numbers.
        "s" if value.abs() < 1e-9 => number::seconds(0.0),
        "s" => number::seconds(value),
        _ => number::short(value),
    }
}

fn span(unit: &str, interval: Option<(f64, f64)>) -> String {
    let Some((low, high)) = interval else {
        return String::new();
    };
    match unit {
        "share" => format!("{}–{}", number::percent_value(low), number::percent(high)),
        _ => format!("{}–{}", shown(unit, low), shown(unit, high)),
    }
}

/// The figures that one of the two predictions does not agree with.
fn beyond(record: &AgreementRecord, pick: fn(&Agreement) -> Option<Prediction>) -> impl Iterator<Item = &Agreement> {
    let beyond = move |figure: &&Agreement| pick(figure).is_some_and(|prediction| prediction.beyond_chance);
    record.figures.iter().filter(beyond)
}

fn words(record: &AgreementRecord) -> Vec<String> {
    let mut words = vec![format!(
        "Measured in one live run of each strategy at time scale {}, {} store, seed {}; predicted by {} simulated runs of the same \
         length. ✗: beyond chance, all figures together at 1 %.",
        record.time_scale, record.store, record.seed, record.replications
    )];
    let all = record.figures.len();
    let beyond = |pick| beyond(record, pick).count();
    words.push(format!(
        "{} of {all} figures agree with the prediction from measured latencies, {} of {all} with the one from the latencies that the \
         scenario asks for.",
        all - beyond(|figure| figure.fed),
        all - beyond(|figure| figure.asked)
    ));
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::agreement::AGREEMENT_FORMAT;

    fn record() -> AgreementRecord {
        let prediction = |mean, beyond_chance| Prediction {
            mean,
            runs99: (mean - 0.01, mean + 0.01),
            p: if beyond_chance { 1e-9 } else { 0.4 },
            beyond_chance,
        };
        AgreementRecord {
            format: AGREEMENT_FORMAT,
            tokenstorm: "0".to_owned(),
            time_scale: 20.0,
            seed: 1,
            replications: 200,
            store: "embedded",
            runs: Vec::new(),
            not_measured: Vec::new(),
            command_line: Vec::new(),
            interrupted: false,
            figures: vec![Agreement {
                scenario: "pair".to_owned(),
                strategy: "naive".to_owned(),
                metric: "first_attempt_rejection_rate",
                unit: "share",
                measured: Measurement {
                    value: Some(0.5),
                    ci99: Some((0.48, 0.52)),
                },
                asked: Some(prediction(0.4, true)),
                fed: Some(prediction(0.501, false)),
            }],
        }
    }

    /// The name of a scenario stands beside its strategies only where there are several.
    #[test]
    fn a_chart_has_a_row_for_each_strategy() {
        let mut record = record();
        let mut other = record.figures[0].clone();
        other.strategy = "lease".to_owned();
        record.figures.push(other);
        let svg = crate::report::chart::agreement(&record).svg();
        assert!(
            svg.contains("naive") && svg.contains("lease") && !svg.contains("pair"),
            "{svg}"
        );
        record.figures[1].scenario = "crowd".to_owned();
        let svg = crate::report::chart::agreement(&record).svg();
        assert!(svg.contains("crowd · lease") && svg.contains("pair · naive"), "{svg}");
    }

    #[test]
    fn what_agrees_and_what_does_not_is_seen() {
        for text in [human(&record(), 160), markdown(&record())] {
            for part in ["50 %", "48–52 %", "50.1 %", "40 %", "✓", "✗", "1 of 1", "0 of 1"] {
                assert!(text.contains(part), "{part} in:\n{text}");
            }
        }
    }

    /// The page of none, one and forty strategies: names do nothing on it, and it says what was not measured.
    #[test]
    fn every_agreement_has_a_page() {
        let hostile = "<script>alert(1)</script>\" onload='x' \u{1b}[2J\u{202e}&amp;";
        for count in [0, 1, 40] {
            let mut record = record();
            let figure = record.figures.remove(0);
            for at in 0..count {
                let strategy = format!("{hostile} {at}");
                record.runs.push(crate::record::agreement::MeasuredRun {
                    scenario: hostile.to_owned(),
                    strategy: strategy.clone(),
                    calls: 300,
                    late99_s: 0.001,
                    latest_s: 0.002,
                    left_out: vec![hostile.to_owned()],
                });
                record.figures.push(Agreement {
                    scenario: hostile.to_owned(),
                    strategy,
                    ..figure.clone()
                });
            }
            record.not_measured = vec![hostile.to_owned()];
            record.command_line = vec!["tokenstorm".to_owned(), hostile.to_owned()];
            record.interrupted = true;
            let page = page(&record);
            assert!(page.starts_with("<!DOCTYPE html>") && page.contains("</html>"));
            assert_eq!(page.matches("<script").count(), 1, "its own alone");
            assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'));
            assert!(!page.contains("src=") && !page.contains("href="), "nothing is fetched");
            assert!(page.contains("1 of the strategies could not be measured") && page.contains("Interrupted"));
            assert_eq!(page.matches("300 calls").count(), count);
            assert_eq!(page.matches("<svg").count(), page.matches("role=\"img\"").count());
            assert!(page.len() < 150_000, "{} bytes", page.len());
        }
    }

    #[test]
    fn the_answer_is_a_sentence() {
        let mut record = record();
        assert!(page(&record).contains("<h1>All 1 measured figures lie where simulated runs lie.</h1>"));
        record.figures[0].fed = record.figures[0].asked;
        let says = "<h1>1 of 1 measured figures lies beyond what simulated runs come to: first attempt rejected of “naive”.</h1>";
        assert!(page(&record).contains(says));
        record.figures.clear();
        assert!(page(&record).contains("<h1>Nothing was measured.</h1>"));
    }
}
