//! What would change the recommendation: the finalists once more, under other assumptions.

use toml::{Table, Value};

use super::choice::{Choice, KINDS, Standing};
use super::variant::Base;
use crate::base::Duration;
use crate::record::advice::{CriterionKind, Needed, OtherAssumption};
use crate::scenario::Scenario;

/// Another assumption: in words, and the scenario with it.
pub(super) struct Assumption {
    pub words: String,
    pub base: Base,
}

/// How long the store is away, and a gateway: a minute, or a tenth of a short run.
const AWAY: Duration = Duration::from_secs(60);
/// How long a node is away that crashes.
const DOWN: Duration = Duration::from_secs(10);

fn table<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let entries = entries.into_iter().map(|(key, value)| (key.to_owned(), value));
    Value::Table(entries.collect::<Table>())
}

/// What happens, as a scenario writes it.
fn event<const N: usize>(kind: &str, entries: [(&str, Value); N]) -> Value {
    table([(kind, table(entries))])
}

/// The assumptions that can matter to candidates with these needs.
pub(super) fn assumptions(scenario: &Scenario, base: &Base, needs: &[Needed]) -> Vec<Assumption> {
    let run = scenario.file.run;
    let whole = run.warmup.saturating_add(run.duration).saturating_add(run.drain);
    let middle = run.warmup.saturating_add(run.duration.ratio(1, 2)).to_string();
    let away = run.duration.ratio(1, 10).min(AWAY);
    let text = |span: Duration| Value::from(span.to_string());
    let mut all = vec![
        Assumption {
            words: "the token endpoint takes ten times as long".to_owned(),
            base: base.with_event(
                "0s",
                event(
                    "slow",
                    [
                        ("endpoint", "token".into()),
                        ("factor", 10.0.into()),
                        ("for", text(whole)),
                    ],
                ),
            ),
        },
        Assumption {
            words: "there are twice as many nodes in each fleet".to_owned(),
            base: base.with_nodes_times(2),
        },
    ];
    if needs.iter().any(|needs| needs.store) {
        let fails = [
            ("endpoint", "store".into()),
            ("for", text(away)),
            ("how", "silent".into()),
        ];
        all.push(Assumption {
            words: format!("the shared store answers nothing for {away}"),
            base: base.with_event(&middle, event("fail", fails)),
        });
    }
    if let Some(app) = scenario
        .file
        .app
        .first()
        .filter(|_| needs.iter().any(|needs| needs.gateway))
    {
        let crash = [("app", app.name.as_str().into()), ("down", text(away))];
        all.push(Assumption {
            words: format!("the process that holds the token for all is away for {away}"),
            base: base.with_event(&middle, event("crash_gateway", crash)),
        });
    }
    if let Some(fleet) = scenario.file.fleet.first() {
        let crash = [
            ("fleet", fleet.name.as_str().into()),
            ("node", 0.into()),
            ("down", text(DOWN)),
        ];
        all.push(Assumption {
            words: format!("a node of `{}` crashes and is away for {DOWN}", fleet.name),
            base: base.with_event(&middle, event("crash", crash)),
        });
    }
    all
}

/// What the rule says under an assumption, beside the one that was recommended at first.
pub(super) fn change(words: &str, first: &str, standings: &[Standing], choice: &Choice) -> OtherAssumption {
    let now = &standings[choice.ranking[0]];
    let tied = choice.ranking[..choice.tied]
        .iter()
        .any(|&at| standings[at].name == first);
    let mut change = OtherAssumption {
        assumption: words.to_owned(),
        recommended: Some(now.name.clone()),
        flips: !tied,
        by: None,
        figures: None,
        remark: None,
    };
    if tied {
        return change;
    }
    let fell = choice
        .criteria
        .iter()
        .find(|criterion| criterion.out.iter().any(|name| name == first));
    let before = standings.iter().find(|standing| standing.name == first);
    if let (Some(criterion), Some(before)) = (fell, before) {
        let place = KINDS.iter().position(|kind| *kind == criterion.by).unwrap_or(0);
        change.by = Some(criterion.by);
        change.figures = before.values[place].zip(now.values[place]);
        if criterion.unsure.iter().any(|name| name == first) {
            change.remark = Some("chance may have made this difference".to_owned());
        }
    }
    change
}

/// An assumption under which nothing could be run.
pub(super) fn not_run(words: &str, why: String) -> OtherAssumption {
    OtherAssumption {
        assumption: words.to_owned(),
        recommended: None,
        flips: false,
        by: None::<CriterionKind>,
        figures: None,
        remark: Some(why),
    }
}
