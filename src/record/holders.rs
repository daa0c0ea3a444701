//! `holders.csv`: who held a live token when, and the way back.

use super::cells::{csv_text, number, parse};
use super::read::{ReadError, RunFile};
use super::{HeldState, Holding, Record};

const HEADER: [&str; 9] = [
    "scenario", "strategy", "point", "node", "from_s", "until_s", "holds", "token", "run",
];

/// `holders.csv`: one row per stretch of time in which a node held the same.
pub(super) fn csv(record: &Record) -> String {
    let scenario = record.manifest.scenario.as_str();
    csv_text(
        &HEADER,
        record.holdings.iter().map(|held| {
            let (word, _) = HOLDS
                .into_iter()
                .find(|(_, holds)| *holds == held.holds)
                .unwrap_or(HOLDS[0]);
            [
                scenario.to_owned(),
                held.strategy.clone(),
                held.point.clone(),
                held.node.to_string(),
                number(Some(held.from_s)),
                number(Some(held.until_s)),
                word.to_owned(),
                held.token.map_or_else(String::new, |token| token.to_string()),
                record.manifest.run.clone(),
            ]
        }),
    )
}

const HOLDS: [(&str, HeldState); 4] = [
    ("live", HeldState::Live),
    ("dead", HeldState::Dead),
    ("nothing", HeldState::Nothing),
    ("down", HeldState::Down),
];

/// The rows of the file, in its order.
pub(super) fn read(file: &RunFile<'_>) -> Result<Vec<Holding>, ReadError> {
    file.rows(&HEADER, |[_, strategy, point, node, from, until, holds, token, _]| {
        let count = |cell: &str| {
            cell.parse()
                .map_err(|_| format!("`{cell}` is not a number of a node or a token"))
        };
        let known = HOLDS.into_iter().find(|(word, _)| word == holds);
        Ok(Holding {
            strategy: (*strategy).to_owned(),
            point: (*point).to_owned(),
            node: count(node)?,
            from_s: parse(from)?.ok_or("from_s is empty")?,
            until_s: parse(until)?.ok_or("until_s is empty")?,
            holds: known
                .ok_or_else(|| format!("`{holds}` is nothing that a node can hold"))?
                .1,
            token: if token.is_empty() { None } else { Some(count(token)?) },
        })
    })
}
