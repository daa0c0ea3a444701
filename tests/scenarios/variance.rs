//! What common random numbers and control variates are worth, scenario by scenario: `reports/variance.md`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use tokenstorm::campaign::{self, CampaignOptions, VarianceReduction};
use tokenstorm::record::Record;
use tokenstorm::scenario::{Extent, Scenario};

/// What strategies are compared by.
const COMPARED: [&str; 2] = ["failure_rate", "first_attempt_rejection_rate"];

/// Scenarios of which one replication of all arms has more events are left out, unless `TOKENSTORM_VARIANCE_EVENTS` says otherwise.
const MOST_EVENTS: u64 = 7_000_000;

/// The processor time of plain replications is measured on one in so many.
const PLAIN: u32 = 4;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> Scenario {
    let text = std::fs::read_to_string(path).expect("a scenario");
    Scenario::parse(&path.display().to_string(), &text, path.parent().expect("a folder")).expect("it is one")
}

/// Processor seconds of this process so far, all threads; none where the system does not tell.
fn processor_s() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // What follows the name, which may have blanks in it; the clock ticks a hundred times a second.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}

fn run(scenario: &Scenario, replications: u32, variance: VarianceReduction) -> (Record, Option<f64>) {
    let options = CampaignOptions {
        replications,
        variance,
        ..CampaignOptions::of(scenario)
    };
    let before = processor_s();
    let results = campaign::run(scenario, options, &(), &AtomicBool::new(false)).expect("it runs");
    let took = before.zip(processor_s()).map(|(before, after)| after - before);
    (results.record, took)
}

/// One figure or one difference that varies: how many times less its variance is.
struct Gain {
    what: String,
    paired: Option<f64>,
    controls: f64,
}

impl Gain {
    fn all(&self) -> f64 {
        self.paired.unwrap_or(1.0) * self.controls
    }
}

fn place(strategy: &str, point: &str, metric: &str) -> String {
    let at = if point.is_empty() {
        String::new()
    } else {
        format!(" at {point}")
    };
    format!("`{metric}` of {strategy}{at}").replace('|', "/")
}

/// The figures that vary between replications.
fn figures(record: &Record) -> Vec<Gain> {
    let varies = |strategy: &str, point: &str, metric: &str| {
        let own = |kept: &&tokenstorm::record::Replicated| {
            (kept.strategy.as_str(), kept.point.as_str(), kept.metric.as_str()) == (strategy, point, metric)
        };
        let kept = record.replicated.iter().find(own).expect("its replications are kept");
        kept.values.iter().flatten().any(|value| Some(*value) != kept.values[0])
    };
    let compared = record
        .readings
        .iter()
        .filter(|reading| COMPARED.contains(&reading.metric.as_str()));
    compared
        .filter(|reading| varies(&reading.strategy, &reading.point, &reading.metric))
        .map(|reading| Gain {
            what: place(&reading.strategy, &reading.point, &reading.metric),
            paired: None,
            controls: reading.controls_gain.unwrap_or(1.0),
        })
        .collect()
}

/// The differences from the first strategy that vary.
fn differences(record: &Record) -> Vec<Gain> {
    let gain = |comparison: &tokenstorm::record::Comparison| {
        Some(Gain {
            what: place(&comparison.strategy, &comparison.point, &comparison.metric),
            paired: Some(comparison.pairing_gain?),
            controls: comparison.controls_gain.unwrap_or(1.0),
        })
    };
    record.comparisons.iter().filter_map(gain).collect()
}

/// The geometric mean; none of nothing.
fn mean(gains: impl Iterator<Item = f64>) -> Option<f64> {
    let logs: Vec<f64> = gains.map(f64::ln).collect();
    (!logs.is_empty()).then(|| (logs.iter().sum::<f64>() / logs.len() as f64).exp())
}

fn cell(gain: Option<f64>) -> String {
    match gain {
        None => "–".to_owned(),
        Some(gain) if gain >= 99.5 => format!("{gain:.0}"),
        Some(gain) => format!("{gain:.1}"),
    }
}

/// What a scenario came to.
struct Row {
    name: String,
    replications: u32,
    figures: Vec<Gain>,
    differences: Vec<Gain>,
    /// Processor time with controls over that without.
    processor: Option<f64>,
}

impl Row {
    fn of(scenario: &Scenario, replications: u32) -> Self {
        let few = (replications / PLAIN).max(1);
        let (_, plain_s) = run(scenario, few, VarianceReduction::Plain);
        let (record, controls_s) = run(scenario, replications, VarianceReduction::Controls);
        let each = |(plain, controls): (f64, f64)| (plain / f64::from(few), controls / f64::from(replications));
        Self {
            name: scenario.file.name.clone(),
            replications,
            figures: figures(&record),
            differences: differences(&record),
            processor: plain_s
                .zip(controls_s)
                .map(each)
                .filter(|(plain, _)| *plain > 0.0)
                .map(|(plain, controls)| controls / plain),
        }
    }

    /// Variance times processor time, how many times less: of figures, and of differences.
    fn gains(&self) -> [Option<f64>; 2] {
        let figures = mean(self.figures.iter().map(|gain| gain.controls));
        let differences = mean(self.differences.iter().map(Gain::all));
        [figures, differences].map(|gain| Some(gain? / self.processor.unwrap_or(1.0)))
    }

    fn cells(&self) -> String {
        let [figures, differences] = self.gains();
        let cells = [
            self.name.clone(),
            self.replications.to_string(),
            self.processor.map_or("–".to_owned(), |ratio| format!("{ratio:.2}")),
            self.figures.len().to_string(),
            cell(mean(self.figures.iter().map(|gain| gain.controls))),
            cell(figures),
            self.differences.len().to_string(),
            cell(mean(self.differences.iter().filter_map(|gain| gain.paired))),
            cell(mean(self.differences.iter().map(Gain::all))),
            cell(differences),
        ];
        format!("| {} |\n", cells.join(" | "))
    }

    /// Its figures and differences, one by one.
    fn tell(&self, out: &mut String) {
        let _ = writeln!(
            out,
            "\n## {}\n\n| figure | variance, times less |\n|---|---|",
            self.name
        );
        for gain in &self.figures {
            let _ = writeln!(out, "| {} | {} |", gain.what, cell(Some(gain.controls)));
        }
        if !self.differences.is_empty() {
            let _ = writeln!(
                out,
                "\n| difference from the first strategy | paired | both |\n|---|---|---|"
            );
        }
        for gain in &self.differences {
            let _ = writeln!(
                out,
                "| {} | {} | {} |",
                gain.what,
                cell(gain.paired),
                cell(Some(gain.all()))
            );
        }
    }
}

const HEAD: &str = "# Variance, before and after

What the variance of a figure costs to bring down is variance times processor time. Each number below says how many times less it is than that of plain
replications; 1 is no gain, and averages are geometric means. *Figures* are the failed calls and the first attempts rejected of each strategy at each
point, as far as they vary: plain replications give their mean, `--variance controls` the mean less the luck that control variates know. *Differences* are
those from the first strategy: plain replications are replications of each strategy apart, *paired* is the same luck for all (common random numbers,
which every run has), and *both* has controls too. A figure that is too skewed for its number of replications, or of runs of two kinds, keeps its
plain mean, and counts as 1. The page `precision` of the manual tells how it is done.
";

const TABLE: &str = "
| scenario | replications | processor time, controls over plain | figures | variance | variance × time | differences | variance, paired | variance, both | both, variance × time |
|---|---|---|---|---|---|---|---|---|---|
";

fn report(replications: u32) -> String {
    let mut found = vec![repository().join("scenarios/zoom/default.toml")];
    super::scenarios(&repository().join("scenarios/questions"), &mut found);
    found.sort_by_key(|path| !path.ends_with("zoom/default.toml"));
    let scenarios: Vec<Scenario> = found.iter().map(|path: &PathBuf| read(path)).collect();
    let events = |scenario: &Scenario| {
        let extent = Extent {
            only: None,
            replications: 1,
            threads: 1,
        };
        scenario.effort(extent).events
    };
    let most = std::env::var("TOKENSTORM_VARIANCE_EVENTS")
        .map_or(MOST_EVENTS, |most| most.parse().expect("a number of events"));
    let (small, large): (Vec<_>, Vec<_>) = scenarios.iter().partition(|scenario| events(scenario) <= most);
    let rows: Vec<Row> = small.iter().map(|scenario| Row::of(scenario, replications)).collect();
    let build = if cfg!(debug_assertions) {
        "a debug build, whose times are not those of a release build"
    } else {
        "a release build"
    };
    let mut out = format!(
        "{HEAD}\nWritten by `UPDATE_VARIANCE={replications} cargo test --release --test scenarios variance`; this one is of {build}.\n{TABLE}"
    );
    rows.iter().for_each(|row| out.push_str(&row.cells()));
    let average = |at: usize| cell(mean(rows.iter().filter_map(|row| row.gains()[at])));
    let at_least = |at: usize| {
        let known: Vec<f64> = rows.iter().filter_map(|row| row.gains()[at]).collect();
        format!(
            "{} of {}",
            known.iter().filter(|gain| **gain >= 5.0).count(),
            known.len()
        )
    };
    let _ = writeln!(
        out,
        "| **all, on average** | | | | | **{}** | | | | **{}** |\n| at least 5 times less | | | | | {} | | | | {} |",
        average(0),
        average(1),
        at_least(0),
        at_least(1)
    );
    if !large.is_empty() {
        let names: Vec<&str> = large.iter().map(|scenario| scenario.file.name.as_str()).collect();
        let _ = writeln!(
            out,
            "\nLeft out, with more than {most} events in a replication of all strategies and points: {}.",
            names.join(", ")
        );
    }
    rows.iter().for_each(|row| row.tell(&mut out));
    out
}

/// `UPDATE_VARIANCE=60` writes the report, with so many replications. Without it one scenario stands for the table: of the variance of the
/// client libraries' figures controls take four fifths at least, on average, and they are not taken where nobody asks.
#[test]
fn variance_is_less_with_controls() {
    if let Ok(replications) = std::env::var("UPDATE_VARIANCE") {
        let replications = replications
            .parse()
            .expect("UPDATE_VARIANCE is a number of replications");
        std::fs::write(repository().join("reports/variance.md"), report(replications))
            .expect("the report can be written");
        return;
    }
    let scenario = read(&repository().join("scenarios/questions/client-libraries.toml"));
    let (record, _) = run(&scenario, 30, VarianceReduction::Controls);
    let gain = mean(figures(&record).iter().map(|gain| gain.controls)).expect("some vary");
    assert!(gain >= 5.0, "{gain}");
    let (plain, _) = run(&scenario, 30, VarianceReduction::Plain);
    assert!(plain.readings.iter().all(|reading| reading.controls_gain.is_none()));
    assert!(
        plain
            .comparisons
            .iter()
            .all(|comparison| comparison.controls_gain.is_none())
    );
}
