//! What is asserted and expected: of strategies, metrics and points that there are.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::super::condition::Condition;
use super::super::error::Mistake;
use super::super::figure::{WrittenUnit, written_units};
use super::super::file::Assert;
use super::super::nearest::listed;
use super::super::op::Op;
use super::Checker;
use crate::metric::{CallPart, METRICS, Metric, MetricName};
use crate::plan::SweepPoint;

impl<'a> Checker<'a> {
    fn strategy_names(&self) -> Vec<&'a str> {
        self.file
            .strategy
            .iter()
            .map(|strategy| strategy.name.as_str())
            .collect()
    }

    /// The parts of the calls that a metric can be asked for.
    fn parts(&self) -> BTreeSet<String> {
        let groups = self.file.fleet.iter().flat_map(|fleet| {
            let kinds = fleet.workload.iter().map(|workload| Some(workload.kind.as_str()));
            let fleet = fleet.name.as_str();
            std::iter::once(None)
                .chain(kinds)
                .map(move |kind| CallPart { fleet, kind }.to_string())
        });
        groups.collect()
    }

    /// The metric of this name, or what is wrong with the name, and the fix.
    fn metric(&self, name: &str, parts: &BTreeSet<String>) -> Result<&'static Metric, (String, String)> {
        let MetricName { metric, part } = MetricName::parse(name);
        let Some(known) = crate::metric::find(metric) else {
            let names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
            return Err((
                format!("unknown metric `{metric}`"),
                format!(
                    "{}; `tokenstorm list metrics` names them",
                    self.suggest(metric, &names, "metrics")
                ),
            ));
        };
        if let Some(missing) = self.lacks(known) {
            return Err(missing);
        }
        let Some(part) = part else { return Ok(known) };
        let by_fleet = known.by_fleet.is_some() && part.kind.is_none();
        if by_fleet && !self.file.tells_fleets_apart() {
            return Err((
                format!("`{metric}` is told of each fleet only where a strategy's fleets differ"),
                format!("did you mean `{metric}`?"),
            ));
        }
        if known.by_group.is_none() && !by_fleet {
            return Err((
                format!("`{metric}` is not about calls, and has no value for a part of them"),
                format!("did you mean `{metric}`?"),
            ));
        }
        let part = part.to_string();
        if parts.contains(&part) {
            return Ok(known);
        }
        let known: Vec<&str> = parts.iter().map(String::as_str).collect();
        Err((format!("unknown group `{part}`"), self.suggest(&part, &known, "groups")))
    }

    /// What a metric is about that the scenario does not have, and how it gets it.
    fn lacks(&self, metric: &Metric) -> Option<(String, String)> {
        let name = metric.name;
        let (what, help) = if metric.counts_usable_tokens() && !self.file.usable_tokens {
            (
                format!("`{name}` is counted only where a scenario asks for it"),
                "write `usable_tokens = true` above the first table of the file",
            )
        } else if metric.is_of_tenants() && !self.has_tenants() {
            (
                format!("`{name}` is about tenants, and no app serves several"),
                "say how many there are: `tenants = 1000` at the app",
            )
        } else if metric.is_of_second_provider() && self.file.second_provider.is_none() {
            (
                format!("`{name}` is about a second provider, and there is one provider"),
                "describe the other one: `[second_provider]`, with the keys of `[provider]`",
            )
        } else {
            return None;
        };
        Some((what, help.to_owned()))
    }

    fn point(&self, selector: &str) -> Option<(String, String)> {
        let points = self.swept.selectable.then_some(self.swept.points)?;
        if points.iter().any(|point| point.has(&SweepPoint::parse(selector))) {
            return None;
        }
        let help = match points {
            [] | [_] if self.file.sweep.is_empty() => "the scenario sweeps over nothing; leave the point out".into(),
            _ => {
                let first: Vec<String> = points.iter().take(6).map(ToString::to_string).collect();
                format!("points: {}", listed(first.iter().map(String::as_str)))
            }
        };
        Some((format!("no point of the sweep has `{selector}`"), help))
    }

    pub(super) fn expectations(&mut self) {
        let file = self.file;
        let parts = self.parts();
        for (i, assertion) in file.assert.iter().enumerate() {
            self.assertion(i, assertion, &parts);
        }
        for (whose, conditions) in file.expect.figures.iter() {
            let (strategy, selector) = split_point(whose);
            let known = self.strategy_names();
            if !known.contains(&strategy) {
                let at = self.place(&[&"expect", &whose]).key;
                let help = self.suggest(strategy, &known, "strategies");
                self.found.mistakes.push(
                    Mistake::new(format!("unknown strategy `{strategy}`"))
                        .at(at, "no such strategy")
                        .help(help),
                );
            }
            if let Some((message, help)) = selector.and_then(|selector| self.point(selector)) {
                let at = self.place(&[&"expect", &whose]).key;
                self.found.mistakes.push(Mistake::new(message).at(at, "").help(help));
            }
            for (metric, condition) in conditions.iter() {
                match self.metric(metric, &parts) {
                    Ok(known) => self.makes_sense(&[&"expect", &whose, &metric], known, condition),
                    Err((message, help)) => {
                        let at = self.place(&[&"expect", &whose, &metric]).key;
                        self.found.mistakes.push(Mistake::new(message).at(at, "").help(help));
                    }
                }
                self.compared(whose, metric, strategy, condition);
            }
        }
    }

    fn assertion(&mut self, i: usize, assertion: &Assert, parts: &BTreeSet<String>) {
        let known = self.strategy_names();
        if assertion.strategy != "*" && !known.contains(&assertion.strategy.as_str()) {
            self.unknown(&[&"assert", &i, &"strategy"], "strategy", &assertion.strategy, &known);
        }
        if !assertion.value.is_finite() {
            self.wrong(
                &[&"assert", &i, &"value"],
                "no figure compares with this",
                "must be a number",
                "write 0.99, \"99%\" or \"200ms\"",
            );
        }
        match self.metric(&assertion.metric, parts) {
            Ok(known) => self.makes_sense(&[&"assert", &i, &"value"], known, &assertion.condition()),
            Err((message, help)) => self.wrong(&[&"assert", &i, &"metric"], message, "", help),
        }
        if let Some((message, help)) = assertion.point.as_deref().and_then(|point| self.point(point)) {
            self.wrong(&[&"assert", &i, &"point"], message, "", help);
        }
    }

    /// A condition that some run meets and another does not, in a unit that the metric has.
    fn makes_sense(&mut self, path: &[&dyn Display], metric: &Metric, condition: &Condition) {
        let most = if metric.unit == "share" { 1.0 } else { f64::INFINITY };
        let place = self.place(path);
        let units = written_units(self.written(&place.value));
        let name = metric.name;
        if units.contains(&WrittenUnit::Time) && metric.unit != "s" {
            let what = if metric.unit == "share" { "a share" } else { metric.unit };
            let help = if metric.unit == "share" {
                "write 0.99 or \"99%\""
            } else {
                "leave the unit out"
            };
            self.wrong(path, format!("`{name}` is {what}, not a time"), "not a time", help);
            return;
        }
        if units.contains(&WrittenUnit::Percent) && metric.unit == "s" {
            self.wrong(
                path,
                format!("`{name}` is a time, not a share"),
                "of what?",
                "write it like \"200ms\"",
            );
            return;
        }
        match reach(condition, most) {
            Reach::Never => {
                let help = match *condition {
                    Condition::Compare(_, value) | Condition::Between(_, value) if most == 1.0 && value > 1.0 => {
                        format!("a share is a number between 0 and 1; did you mean \"{value}%\"?")
                    }
                    _ if most == 1.0 => "a share lies between 0 and 1, \"0%\" and \"100%\"".to_owned(),
                    _ => format!("`{name}` is never below 0"),
                };
                self.wrong(
                    path,
                    format!("`{name}` is never {condition}: this can never hold"),
                    "no run meets this",
                    help,
                );
            }
            Reach::Always => {
                let help = match most == 1.0 {
                    true => "a share always lies between 0 and 1, \"0%\" and \"100%\"",
                    false => "it is never below 0",
                };
                self.odd(
                    path,
                    format!("`{name}` is always {condition}: this can never fail"),
                    "says nothing",
                    help,
                );
            }
            Reach::Sometimes => self.bare_time(path, metric, condition, &units),
        }
    }

    /// Whoever writes `latency_p99 < 200` may have meant milliseconds.
    fn bare_time(&mut self, path: &[&dyn Display], metric: &Metric, condition: &Condition, units: &[WrittenUnit]) {
        let zero = matches!(condition, Condition::Compare(_, value) if *value == 0.0);
        if metric.unit != "s" || zero || metric.name.ends_with("_seconds") || !units.contains(&WrittenUnit::Bare) {
            return;
        }
        self.odd(
            path,
            format!(
                "`{}` is a time, and {condition} has no unit: seconds are taken",
                metric.name
            ),
            "no unit",
            "write the unit, as in \"200ms\" or \"3s\"",
        );
    }

    fn compared(&mut self, whose: &str, metric: &str, strategy: &str, condition: &Condition) {
        let Some(other) = condition.against() else { return };
        let known = self.strategy_names();
        if !known.contains(&other) {
            self.unknown(&[&"expect", &whose, &metric], "strategy", other, &known);
        } else if other == strategy {
            self.wrong(
                &[&"expect", &whose, &metric],
                format!("`{strategy}` is compared with itself"),
                "no difference",
                "name another strategy",
            );
        }
    }
}

/// Whether a figure between zero and `most` meets a condition.
enum Reach {
    Never,
    Sometimes,
    Always,
}

fn reach(condition: &Condition, most: f64) -> Reach {
    let (never, always) = match *condition {
        Condition::Compare(op, value) => match op {
            Op::Less => (value <= 0.0, value > most),
            Op::AtMost => (value < 0.0, value >= most),
            Op::More => (value >= most, value < 0.0),
            Op::AtLeast => (value > most, value <= 0.0),
            Op::Equal => (value < 0.0 || value > most, false),
        },
        Condition::Between(from, to) => (to < 0.0 || from > most, from <= 0.0 && to >= most),
        _ => (false, false),
    };
    match (never, always) {
        (true, _) => Reach::Never,
        (_, true) => Reach::Always,
        _ => Reach::Sometimes,
    }
}

/// `"naive cache @ fleet.web.nodes=4"`: the strategy, and the points where it is meant.
pub(in crate::scenario) fn split_point(whose: &str) -> (&str, Option<&str>) {
    match whose.split_once('@') {
        Some((strategy, point)) => (strategy.trim(), Some(point.trim())),
        None => (whose.trim(), None),
    }
}
