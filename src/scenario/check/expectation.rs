//! What is asserted and expected: of strategies, metrics and points that there are.

use super::super::condition::Condition;
use super::super::error::Mistake;
use super::super::nearest::{listed, suggestion};
use super::Checker;
use crate::metric::{CallPart, METRICS, MetricName};
use crate::plan::SweepPoint;

impl<'a> Checker<'a> {
    fn strategy_names(&self) -> Vec<&'a str> {
        self.file
            .strategy
            .iter()
            .map(|strategy| strategy.name.as_str())
            .collect()
    }

    /// What is wrong with a metric's name, and the fix.
    fn metric(&self, name: &str) -> Option<(String, String)> {
        let MetricName { metric, part } = MetricName::parse(name);
        let Some(known) = crate::metric::find(metric) else {
            let names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
            return Some((
                format!("unknown metric `{metric}`"),
                suggestion(metric, &names, "metric"),
            ));
        };
        let part = part?;
        if known.by_group.is_none() {
            return Some((
                format!("`{metric}` is not about calls, and has no value for a part of them"),
                format!("did you mean `{metric}`?"),
            ));
        }
        let groups = self.file.fleet.iter().flat_map(|fleet| {
            let kinds = fleet.workload.iter().map(|workload| Some(workload.kind.as_str()));
            let fleet = fleet.name.as_str();
            std::iter::once(None)
                .chain(kinds)
                .map(move |kind| CallPart { fleet, kind })
        });
        let groups: Vec<CallPart<'_>> = groups.collect();
        (!groups.contains(&part)).then(|| {
            let (group, known) = (
                part.to_string(),
                groups.iter().map(ToString::to_string).collect::<Vec<_>>(),
            );
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            (format!("unknown group `{group}`"), suggestion(&group, &known, "groups"))
        })
    }

    fn point(&self, selector: &str) -> Option<(String, String)> {
        let points = self.points?;
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
        for (i, assertion) in file.assert.iter().enumerate() {
            let known = self.strategy_names();
            if assertion.strategy != "*" && !known.contains(&assertion.strategy.as_str()) {
                self.unknown(&[&"assert", &i, &"strategy"], "strategy", &assertion.strategy, &known);
            }
            if let Some((message, help)) = self.metric(&assertion.metric) {
                self.wrong(&[&"assert", &i, &"metric"], message, "", help);
            }
            if !assertion.value.is_finite() {
                self.wrong(
                    &[&"assert", &i, &"value"],
                    "no figure compares with this",
                    "must be a number",
                    "",
                );
            }
            if let Some((message, help)) = assertion.point.as_deref().and_then(|point| self.point(point)) {
                self.wrong(&[&"assert", &i, &"point"], message, "", help);
            }
        }
        for (whose, conditions) in file.expect.iter() {
            let (strategy, selector) = split_point(whose);
            let known = self.strategy_names();
            if !known.contains(&strategy) {
                let at = self.place(&[&"expect", &whose]).key;
                self.found.mistakes.push(
                    Mistake::new(format!("unknown strategy `{strategy}`"))
                        .at(at, "no such strategy")
                        .help(suggestion(strategy, &known, "strategies")),
                );
            }
            if let Some((message, help)) = selector.and_then(|selector| self.point(selector)) {
                let at = self.place(&[&"expect", &whose]).key;
                self.found.mistakes.push(Mistake::new(message).at(at, "").help(help));
            }
            for (metric, condition) in conditions.iter() {
                if let Some((message, help)) = self.metric(metric) {
                    let at = self.place(&[&"expect", &whose, &metric]).key;
                    self.found.mistakes.push(Mistake::new(message).at(at, "").help(help));
                }
                self.compared(whose, metric, strategy, condition);
            }
        }
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

/// `"naive cache @ fleet.web.nodes=4"`: the strategy, and the points where it is meant.
pub(in crate::scenario) fn split_point(whose: &str) -> (&str, Option<&str>) {
    match whose.split_once('@') {
        Some((strategy, point)) => (strategy.trim(), Some(point.trim())),
        None => (whose.trim(), None),
    }
}
