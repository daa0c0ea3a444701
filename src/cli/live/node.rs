//! A node of a live run as a process of its own.

use std::path::Path;

use crate::cli::Exit;
use crate::cli::say::say;
use crate::live::{self, NodeProcesses, NodeSetup};
use crate::provider::settings::Dialect;
use crate::scenario::Scenario;

/// The command by which this program is one.
pub(in crate::cli) const COMMAND: &str = "live-node";

/// How the nodes of this scenario become processes: this program again.
pub(super) fn processes(scenario: &Scenario, folder: &Path, seed: u64) -> Result<NodeProcesses, String> {
    // What the other strategies are to show, a node has no use for.
    let mut alone = scenario.clone();
    alone.file.expect = Default::default();
    alone.file.assert = Vec::new();
    let program = std::env::current_exe().map_err(|error| format!("where this program is cannot be told: {error}"))?;
    Ok(NodeProcesses {
        program,
        arguments: vec![COMMAND.to_owned()],
        scenario: alone.to_resolved_toml(),
        folder: folder.to_owned(),
        seed,
    })
}

/// Is a node, as the first line of standard input says.
pub(in crate::cli) fn run() -> Exit {
    match be_node() {
        Ok(()) => Exit::Ok,
        Err(message) => {
            say!("error: {message}");
            Exit::Usage
        }
    }
}

fn be_node() -> Result<(), String> {
    let mut line = String::new();
    let wanted = "`tokenstorm live --processes` starts this, and tells it on standard input what to do";
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|error| error.to_string())?;
    let setup: NodeSetup = serde_json::from_str(&line).map_err(|_| wanted.to_owned())?;
    let scenario = Scenario::parse("the scenario of the run", &setup.scenario, &setup.folder);
    let scenario = scenario.map_err(|error| error.to_string())?;
    let strategy = scenario.file.strategy.first().ok_or("the scenario has no strategy")?;
    let plan = scenario.plan(strategy).map_err(|error| error.to_string())?;
    let dialect = Dialect::of(&scenario.provider().dialect);
    live::be_node(setup, plan, dialect).map_err(|error| error.to_string())
}
