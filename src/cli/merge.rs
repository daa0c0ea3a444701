//! `tokenstorm merge`: the shards of a sweep become one, byte for byte as if they had never been apart.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::format::Format;
use super::say::{note, say};
use super::sweep::{Telling, can_tell, finish, refused, told_again};
use crate::record::sweep::{finished, together};
use crate::record::write::RunFolder;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folders that `tokenstorm sweep --shard I/N` has written, in any order
    #[arg(required = true, value_name = "DIR")]
    shards: Vec<PathBuf>,
    /// Where the whole sweep goes
    #[arg(long, value_name = "DIR", required = true)]
    out: PathBuf,
    /// Write results.parquet too, which has the rows of results.csv as columns with types
    #[arg(long)]
    parquet: bool,
    /// What is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    merge(arguments).unwrap_or_else(|(exit, message)| {
        say!("error: {message}");
        exit
    })
}

fn merge(arguments: &Arguments) -> Result<Exit, (Exit, String)> {
    let out = &arguments.out;
    let telling = Telling {
        format: arguments.format,
        parquet: arguments.parquet,
    };
    can_tell(telling)?;
    let (plan, points) = together(&arguments.shards).map_err(refused)?;
    let folder = RunFolder::take(out).map_err(|error| (Exit::Internal, error.to_string()))?;
    if out.join(crate::record::sweep::JOURNAL).exists() {
        let out = out.display();
        return Err((
            Exit::Usage,
            format!("`{out}` holds a sweep that is not finished, or a shard; choose another --out"),
        ));
    }
    if let Some(manifest) = finished(out, &plan).map_err(refused)? {
        note!("{}: these shards were merged before", out.display());
        return told_again(&folder, manifest, telling);
    }
    finish(&folder, &plan, points, telling)
}
