//! `tokenstorm schema`: what an editor needs to complete and check a scenario.

use super::Exit;
use super::say::print;

pub(super) fn run() -> Exit {
    print(&crate::scenario::schema())
}
