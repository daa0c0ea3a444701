//! How often intervals cover, and what the rule for a precision does, over thousands of experiments with known means.
//!
//! `UPDATE_STATISTICS=4000 cargo test --release --lib coverage` writes `reports/statistics.md` with so many experiments of each kind.

use std::fmt::Write as _;

use super::{Precision, PrecisionGoal};
use crate::base::Dice;
use crate::campaign::regression::tests::report as controlled_rows;
use crate::campaign::statistics::{CONFIDENCE, ENOUGH, ENOUGH_AFTER_LOOKS, Estimate, MARGIN, mean, mean_share};

const REPORT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/statistics.md");

/// The draws of one experiment.
struct Luck {
    dice: Dice,
    experiment: u64,
    next: u64,
}

impl Luck {
    fn share(&mut self) -> f64 {
        self.next += 1;
        (self.dice.draw(0, self.experiment, self.next) as f64 + 0.5) / (u64::MAX as f64 + 1.0)
    }

    fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.share(), self.share());
        (-2.0 * libm::log(radius)).sqrt() * libm::cos(std::f64::consts::TAU * angle)
    }

    /// The share of failed calls of a run that is calm, or of one that storms.
    fn run(&mut self, storms: f64) -> f64 {
        match self.share() < storms {
            true => (0.5 + 0.05 * self.normal()).clamp(0.0, 1.0),
            false => (0.01 + 0.002 * self.normal()).clamp(0.0, 1.0),
        }
    }
}

/// Where the outputs of replications come from.
struct Law {
    name: &'static str,
    mean: f64,
    /// A share, whose interval stays between 0 and 1.
    share: bool,
    /// Share of the rarer kind of runs, where there are two.
    rarer: Option<f64>,
    draw: fn(&mut Luck) -> f64,
}

/// A storm in so many of a hundred runs: 50 % of calls fail in it, and 1 % otherwise.
const fn mixed(percent: f64) -> f64 {
    (percent * 0.5 + (100.0 - percent) * 0.01) / 100.0
}

const LAWS: [Law; 10] = [
    Law {
        name: "normal, deviation a third of the mean",
        mean: 3.0,
        share: false,
        rarer: None,
        draw: |luck| 3.0 + luck.normal(),
    },
    Law {
        name: "exponential",
        mean: 1.0,
        share: false,
        rarer: None,
        draw: |luck| -libm::log(luck.share()),
    },
    Law {
        name: "lognormal, sigma 0.5",
        mean: 1.133_148_453_066_826_3,
        share: false,
        rarer: None,
        draw: |luck| libm::exp(0.5 * luck.normal()),
    },
    Law {
        name: "lognormal, sigma 1",
        mean: 1.648_721_270_700_128_2,
        share: false,
        rarer: None,
        draw: |luck| libm::exp(luck.normal()),
    },
    Law {
        name: "lognormal, sigma 2",
        mean: 7.389_056_098_930_65,
        share: false,
        rarer: None,
        draw: |luck| libm::exp(2.0 * luck.normal()),
    },
    Law {
        name: "Pareto, shape 2.5",
        mean: 5.0 / 3.0,
        share: false,
        rarer: None,
        draw: |luck| libm::pow(luck.share(), -0.4),
    },
    Law {
        name: "shares: 90 % of runs storm",
        mean: mixed(90.0),
        share: true,
        rarer: Some(0.1),
        draw: |luck| luck.run(0.9),
    },
    Law {
        name: "shares: 30 % of runs storm",
        mean: mixed(30.0),
        share: true,
        rarer: Some(0.3),
        draw: |luck| luck.run(0.3),
    },
    Law {
        name: "shares: 10 % of runs storm",
        mean: mixed(10.0),
        share: true,
        rarer: Some(0.1),
        draw: |luck| luck.run(0.1),
    },
    Law {
        name: "shares: 1 % of runs storm",
        mean: mixed(1.0),
        share: true,
        rarer: Some(0.01),
        draw: |luck| luck.run(0.01),
    },
];

impl Law {
    fn is_told(&self, replications: u32) -> bool {
        self.rarer
            .is_none_or(|rarer| rarer * f64::from(replications) >= super::RULE_OF_THREE)
    }

    fn estimate(&self, values: &[f64]) -> Estimate {
        // Of a thousand calls in each run.
        let calls = 1000.0 * values.len() as f64;
        let estimate = match self.share {
            true => mean_share(values, calls, CONFIDENCE),
            false => mean(values, CONFIDENCE),
        };
        estimate.expect("there are values")
    }

    fn values(&self, luck: &mut Luck, count: u32, values: &mut Vec<f64>) {
        while values.len() < count as usize {
            values.push((self.draw)(luck));
        }
    }
}

/// What so many experiments came to.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    experiments: u32,
    /// The interval contains the mean.
    covers: u32,
    /// The interval is marked as not to be trusted.
    cannot_tell: u32,
    /// The interval does not contain the mean, and is not marked.
    wrong: u32,
    /// The figure is as close to the mean as was asked.
    close: u32,
    /// A limit ended the run.
    limit: u32,
    replications: u64,
}

impl Tally {
    fn add(&mut self, law: &Law, estimate: Estimate, enough: f64) {
        let (low, high) = estimate.interval.expect("more than one value");
        let doubtful = estimate.is_doubtful(enough);
        let covers = low <= law.mean && law.mean <= high;
        self.experiments += 1;
        self.covers += u32::from(covers);
        self.cannot_tell += u32::from(doubtful);
        self.wrong += u32::from(!covers && !doubtful);
        self.replications += u64::from(estimate.count);
    }

    fn percent(&self, count: u32) -> String {
        format!("{:.1} %", 100.0 * f64::from(count) / f64::from(self.experiments))
    }

    /// Whether no more intervals are wrong without a word than 6 of 100, and `spare` standard deviations of that.
    fn holds(&self, spare: f64) -> bool {
        let (share, experiments) = (0.06, f64::from(self.experiments));
        let deviation = (share * (1.0 - share) / experiments).sqrt();
        f64::from(self.wrong) / experiments <= share + spare * deviation
    }
}

fn luck(experiment: u32) -> Luck {
    Luck {
        dice: Dice::new(20),
        experiment: experiment.into(),
        next: 0,
    }
}

/// Intervals of a number of replications that is known beforehand.
fn fixed(law: &Law, replications: u32, experiments: u32) -> Tally {
    let mut tally = Tally::default();
    for experiment in 0..experiments {
        let mut values = Vec::new();
        law.values(&mut luck(experiment), replications, &mut values);
        tally.add(law, law.estimate(&values), ENOUGH);
    }
    tally
}

/// Replications until the rule ends them.
fn ruled(law: &Law, share: f64, experiments: u32) -> Tally {
    let goal: PrecisionGoal = format!("{}%", share * 100.0).parse().expect("a precision");
    let precision = Precision {
        goals: vec![goal.clone()],
        most_replications: super::MOST_FOR_PRECISION,
        most_events: u64::MAX,
        cut: None,
    };
    let unit = if law.share { "share" } else { "s" };
    let mut tally = Tally::default();
    for experiment in 0..experiments {
        let (mut luck, mut values) = (luck(experiment), Vec::new());
        let mut count = precision.first_look(0);
        let estimate = loop {
            law.values(&mut luck, count, &mut values);
            let estimate = law.estimate(&values);
            if goal.is_met(estimate, unit) {
                break estimate;
            }
            match precision.next(count, 0) {
                Ok(next) => count = next,
                Err(_) => {
                    tally.limit += 1;
                    break estimate;
                }
            }
        };
        let away = (estimate.mean - law.mean).abs();
        tally.close += u32::from(away <= (share * law.mean).max(MARGIN));
        tally.add(law, estimate, ENOUGH_AFTER_LOOKS);
    }
    tally
}

/// The laws of which so many replications can tell something: by the rule of three, those without a kind of run that is rarer than 3 in so many.
fn told(replications: u32) -> impl Iterator<Item = &'static Law> {
    LAWS.iter().filter(move |law| law.is_told(replications))
}

/// Of 1,000 intervals no more are wrong without a word than 6 in 100, and 3 standard deviations (2.3 in 100) for chance: rightly made intervals would
/// fail in less than one of 700 rows.
#[test]
fn intervals_cover_or_say_that_they_cannot_tell() {
    for replications in [30, 100] {
        for law in told(replications) {
            let tally = fixed(law, replications, 1000);
            assert!(tally.holds(3.0), "{}, {replications} replications: {tally:?}", law.name);
        }
    }
}

/// The same for intervals whose number of replications hangs on what was seen: of 300 experiments, 6 in 100 and 3 standard deviations (4.1 in
/// 100). What is known to within a fifth is within a fifth as often.
#[test]
fn the_rule_covers_or_says_that_it_cannot_tell() {
    for law in told(super::FIRST_LOOK) {
        let tally = ruled(law, 0.2, 300);
        assert!(tally.holds(3.0), "{}: {tally:?}", law.name);
        let ended = tally.experiments - tally.limit;
        let away = tally.experiments - tally.close;
        assert!(ended == 0 || away <= tally.limit + 31, "{}: {tally:?}", law.name);
    }
    // A heavy tail is never called known.
    let heavy = LAWS
        .iter()
        .find(|law| law.name == "lognormal, sigma 2")
        .expect("it is among them");
    let tally = ruled(heavy, 0.2, 20);
    assert_eq!(tally.limit, tally.experiments, "{tally:?}");
}

#[test]
fn the_report_is_written_when_asked_for() {
    let Ok(experiments) = std::env::var("UPDATE_STATISTICS") else {
        return;
    };
    let experiments: u32 = experiments
        .parse()
        .expect("UPDATE_STATISTICS is a number of experiments");
    std::fs::write(REPORT, report(experiments)).expect("the report can be written");
}

fn report(experiments: u32) -> String {
    let mut out = format!(
        "# How often intervals cover\n\n\
         Each row is {experiments} experiments with outputs of replications whose mean is known. A 95 % interval should contain it in 95 of 100, \
         and must in 94, or be marked as one that is not to be trusted (`?`, `doubtful` in `summary.json`): *wrong* counts those that do neither. \
         The rules are on the page `precision` of the manual; shares are of a thousand calls in each run, 50 % of which fail in a storm and 1 % \
         otherwise.\n\n\
         Written by `UPDATE_STATISTICS={experiments} cargo test --release --lib coverage`; a kept test holds a smaller number of experiments to \
         the same.\n\n\
         ## A number of replications that is known beforehand\n\n\
         | outputs | replications | the interval contains the mean | is marked | wrong | at most 6 % |\n|---|---|---|---|---|---|\n"
    );
    let mut row = |cells: &[String]| {
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    };
    let verdict = |law: &Law, replications: u32, tally: &Tally| match (tally.holds(0.0), law.is_told(replications)) {
        (true, _) => "yes".to_owned(),
        (false, true) => "**no**".to_owned(),
        (false, false) => "cannot be told".to_owned(),
    };
    for law in &LAWS {
        for replications in [10, 30, 100, 300, 1000] {
            let tally = fixed(law, replications, experiments);
            row(&[
                law.name.to_owned(),
                replications.to_string(),
                tally.percent(tally.covers),
                tally.percent(tally.cannot_tell),
                tally.percent(tally.wrong),
                verdict(law, replications, &tally),
            ]);
        }
    }
    out.push_str(RULED);
    for law in &LAWS {
        for share in [0.2, 0.1, 0.05] {
            let tally = ruled(law, share, experiments);
            let mean = tally.replications / u64::from(tally.experiments);
            let _ = writeln!(
                out,
                "| {} | {} % | {mean} | {} | {} | {} | {} | {} | {} |",
                law.name,
                share * 100.0,
                tally.percent(tally.limit),
                tally.percent(tally.close),
                tally.percent(tally.covers),
                tally.percent(tally.cannot_tell),
                tally.percent(tally.wrong),
                verdict(law, super::FIRST_LOOK, &tally),
            );
        }
    }
    out.push_str(CONTROLLED);
    out.push_str(&controlled_rows(experiments));
    out.push_str(RARE);
    out
}

const RULED: &str = "
## `--precision`

Replications until the rule ends them, 2,000 at most. *Close* is a mean within the share that was asked for of the true one, or within 0.1 percentage
points of it, ended runs and those that met the limit together.

| outputs | precision | replications, mean | the limit ended it | close | the interval contains the mean | is marked | wrong | at most 6 % |
|---|---|---|---|---|---|---|---|---|
";

const CONTROLLED: &str = "
## With control variates

Means of outputs given 28 controls, of which two explain something at most, and few are taken by what they explain (`--variance controls`). *Taken* is in how many
experiments any were; the gain is how many times less the estimated variance of the mean is, on average.

| outputs | replications | the interval contains the mean | taken | gain |
|---|---|---|---|---|
";

const RARE: &str = "
## What cannot be told

Where 1 % of runs storm, thirty replications see no storm in three cases of four, and are then as calm as those of a strategy that never does: no interval made
of them can know. Hence the rule of three (Hanley and Lippman-Hand 1983): of a kind of run that is rarer than 3 in n, nothing is said after n
replications. `--precision` says so beside its result, and asks for 3/g replications at least, so that a kind of run that it may have missed is rarer than the
precision g that was asked for.
";
