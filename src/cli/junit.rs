//! `run --junit`: the assertions of a run as a JUnit report, which continuous integration shows beside other tests.

use std::path::Path;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::base::shown;
use crate::record::write;
use crate::record::{Check, CheckKind};

/// What a scenario was held to.
pub(super) struct Suite {
    pub scenario: String,
    pub checks: Vec<Check>,
}

/// One suite for each scenario, one case for each assertion.
fn report(suites: &[Suite]) -> Result<String, String> {
    let mut report = Report::new("tokenstorm");
    for told in suites {
        let scenario = shown::line(&told.scenario).into_owned();
        let mut suite = TestSuite::new(scenario.clone());
        for check in told.checks.iter().filter(|check| check.kind == CheckKind::Assert) {
            let place = if check.point.is_empty() {
                String::new()
            } else {
                format!(" at {}", check.point)
            };
            let name = format!("{}: {} {}{place}", check.strategy, check.metric, check.condition);
            let measured = check.measured.map_or("no value".to_owned(), |value| value.to_string());
            let status = match check.holds {
                true => TestCaseStatus::success(),
                false => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    status.set_message(format!("measured {measured}"));
                    status
                }
            };
            let mut case = TestCase::new(shown::line(&name).into_owned(), status);
            case.set_classname(scenario.clone());
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report.to_string().map_err(|error| error.to_string())
}

/// Puts it in place, whole or not at all.
pub(super) fn write(path: &Path, suites: &[Suite]) -> Result<(), String> {
    write::place_alone(path, report(suites)?.as_bytes()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assertion_that_does_not_hold_is_a_failure() {
        let check = |strategy: &str, holds| Check {
            kind: CheckKind::Assert,
            strategy: strategy.into(),
            point: String::new(),
            metric: "failure_rate".into(),
            condition: "< 0.01".into(),
            measured: Some(0.25),
            ci95: None,
            holds,
        };
        let suites = [Suite {
            scenario: "zoom/<default>".into(),
            checks: vec![check("lease", true), check("a \"naive\" \u{1b}cache", false)],
        }];
        let text = report(&suites).unwrap();
        assert!(
            text.contains("tests=\"2\" skipped=\"0\" failures=\"1\"") && text.contains("measured 0.25"),
            "{text}"
        );
        assert!(
            text.contains("zoom/&lt;default&gt;") && !text.contains('\u{1b}'),
            "{text}"
        );
    }
}
