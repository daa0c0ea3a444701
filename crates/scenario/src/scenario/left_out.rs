//! Strategies that a file keeps but does not compare (`off = true`), with all that is said of them.

use toml::de::DeTable;

use super::check::split_point;
use super::condition::Condition;
use super::document::find;
use super::error::{Mistake, steps};
use super::file::ScenarioFile;

/// Leaves out the strategies that are off, what is expected of them, and what is expected of others beside them.
///
/// Errors when none is left.
pub(super) fn leave_out(root: &DeTable<'_>, file: &mut ScenarioFile) -> Result<(), Mistake> {
    let off: Vec<String> = file.strategy.iter().filter(|s| s.off).map(|s| s.name.clone()).collect();
    if off.is_empty() {
        return Ok(());
    }
    let on = |name: &str| !off.iter().any(|off| off == name);
    if file.strategy.iter().all(|strategy| strategy.off) {
        let place = find(root, &steps(&[&"strategy", &0, &"off"]));
        return Err(Mistake::new("every strategy is off, and nothing is left to be run")
            .at(place.value, "off")
            .help("let one of them be on: remove its `off`"));
    }
    file.strategy.retain(|strategy| !strategy.off);
    file.holders.retain(|name| on(name));
    file.assert.retain(|assertion| on(&assertion.strategy));
    let figures = &mut file.expect.figures.0;
    figures.retain(|(whose, _)| on(split_point(whose).0));
    for (_, conditions) in figures.iter_mut() {
        conditions.0.retain(|(_, condition)| match condition {
            Condition::Below(other) | Condition::Above(other) | Condition::Like(other) => on(other),
            Condition::Compare(..) | Condition::Between(..) => true,
        });
    }
    file.expect.check.0.retain(|(name, _)| on(name));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::scenario::{Overrides, Scenario};

    const DEFAULT: &str = include_str!("../../../../scenarios/zoom/default.toml");

    fn without(names: &[&str]) -> Result<Scenario, crate::scenario::ScenarioError> {
        let set = names
            .iter()
            .map(|name| (format!("strategy.\"{name}\".off"), "true".to_owned()));
        let overrides = Overrides {
            set: set.collect(),
            ..Overrides::default()
        };
        Scenario::parse_with("default.toml", DEFAULT, Path::new("."), &overrides)
    }

    #[test]
    fn what_is_off_leaves_with_all_that_is_said_of_it() {
        let whole = without(&[]).unwrap().file;
        let fewer = without(&["naive cache", "gateway"]).unwrap().file;
        assert_eq!(fewer.strategy.len(), whole.strategy.len() - 2);
        assert!(
            fewer
                .strategy
                .iter()
                .all(|strategy| !["naive cache", "gateway"].contains(&&*strategy.name))
        );
        assert!(fewer.expect.figures.get("gateway").is_none());
        // `success_rate = "> naive cache"` has nobody to be compared with; the other figure stays.
        let single = fewer.expect.figures.get("single-flight").unwrap();
        assert_eq!(
            single.iter().map(|(metric, _)| metric).collect::<Vec<_>>(),
            ["first_attempt_rejection_rate"]
        );
        let again = Scenario::parse(
            "again.toml",
            &without(&["gateway"]).unwrap().to_resolved_toml(),
            Path::new("."),
        );
        assert_eq!(again.unwrap(), without(&["gateway"]).unwrap());
    }

    #[test]
    fn one_is_left() {
        let all = without(&[]).unwrap().file;
        let names: Vec<&str> = all.strategy.iter().map(|strategy| &*strategy.name).collect();
        assert_eq!(without(&names[1..]).unwrap().file.strategy.len(), 1);
        let error = without(&names).unwrap_err();
        assert!(error.mistakes()[0].message().contains("every strategy is off"));
        assert_eq!(error.text_under(&error.mistakes()[0]), Some("true"));
    }
}
