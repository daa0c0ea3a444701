//! `tokenstorm ui`: the studio, until it is interrupted.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;

use super::interrupt::interrupt;
use super::say::{note, print, say};
use super::{Exit, validate};
use crate::studio::{Studio, StudioError, StudioOptions};

#[derive(Debug, Args)]
#[command(after_help = READING)]
pub(super) struct Arguments {
    /// What it opens with, and beside which files are looked up that a text names [default: an example]
    #[arg(value_name = "SCENARIO")]
    scenario: Option<PathBuf>,
    /// Where to listen, on this machine alone; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))]
    listen: SocketAddr,
}

const READING: &str = "\
Open the printed address in a browser. Nothing leaves this machine, and no other machine is answered;
a link that the page copies holds the whole scenario and opens in any other studio. The manual has a
page about it, `studio`.";

pub(super) fn run(arguments: &Arguments) -> Exit {
    let mut options = StudioOptions::default().listen(arguments.listen);
    if let Some(path) = &arguments.scenario {
        let Some(scenario) = validate::load(path) else {
            return Exit::Usage;
        };
        options = options.scenario(&scenario);
    }
    let studio = match Studio::start(options) {
        Ok(studio) => studio,
        Err(error) => {
            say!("error: {error}");
            return match error {
                StudioError::System(_) => Exit::Internal,
                StudioError::NotLoopback(_) | StudioError::Listen { .. } => Exit::Usage,
            };
        }
    };
    let stop = interrupt();
    let exit = print(&format!("studio  {}\n", studio.url()));
    if exit != Exit::Ok {
        return exit;
    }
    studio.run(async {
        /// How long an interrupt may take to be noticed.
        const GLANCE: Duration = Duration::from_millis(20);
        while !stop.load(Ordering::Relaxed) {
            tokio::time::sleep(GLANCE).await;
        }
    });
    note!("stopping");
    Exit::Ok
}
