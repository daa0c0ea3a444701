//! `tokenstorm explain`: runs one replication of an old result again, and tells what led to the fate of one of its calls.

mod choice;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Exit;
use super::again;
use super::format::width;
use super::say::{note, print, say};
use crate::base::shown;
use crate::engine::check;
use crate::film::chain::{Chain, chain, instant};
use crate::film::{self, CallMark, Explanation, Film, FilmSubject, FilmWindow, perfetto, shoot, span};
use crate::record::{Manifest, Record, write};
use choice::{Chosen, ExplainRange, Wanted};

/// Steps before the end of a call that are looked at.
const LOOKED_AT: u64 = 50_000;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder that `tokenstorm run` has written, or its `manifest.json`
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The call of this number, in the order in which calls arrive, from 1
    #[arg(long, value_name = "N", group = "which", value_parser = clap::value_parser!(u64).range(1..))]
    call: Option<u64>,
    /// The call with the most attempts; of several, the one that took longest
    #[arg(long, group = "which")]
    worst: bool,
    /// The first call that failed; where none has, the first whose token was refused [default]
    #[arg(long, group = "which")]
    first_failure: bool,
    /// The strategy of this name [default: the first that has such a call]
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// A point of the sweep, such as fleet.web.nodes=4 [default: the first]
    #[arg(long, value_name = "POINT")]
    point: Option<String>,
    /// A replication, from 0 [default: the first that has such a call; with --call 0]
    #[arg(long, value_name = "K")]
    replication: Option<u32>,
    /// What is printed
    #[arg(long, value_enum, default_value_t)]
    format: ExplainFormat,
    /// Where the sequence diagram goes, as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Where a trace goes for the Perfetto viewer (ui.perfetto.dev), as Chrome's JSON
    #[arg(long, value_name = "FILE")]
    perfetto: Option<PathBuf>,
}

/// The forms in which an explanation can be printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ExplainFormat {
    /// For people: a sequence diagram, and what it shows in words.
    #[default]
    Text,
    /// For programs: the steps that matter in the form of a film.
    Json,
}

fn usage(message: impl ToString) -> (Exit, String) {
    (Exit::Usage, message.to_string())
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    explain(arguments).unwrap_or_else(|(exit, message)| {
        if !message.is_empty() {
            say!("error: {message}");
        }
        exit
    })
}

fn explain(arguments: &Arguments) -> Result<Exit, (Exit, String)> {
    let folder = match arguments.folder.is_dir() {
        true => arguments.folder.as_path(),
        false => arguments.folder.parent().unwrap_or(Path::new(".")),
    };
    let record = Record::load(folder).map_err(usage)?;
    let manifest = &record.manifest;
    again::is_of_this_version(manifest).map_err(usage)?;
    let then = again::asked_then(manifest).map_err(usage)?;
    let scenario = again::scenario(manifest, &then)?;
    let wanted = match arguments.call {
        Some(call) => Wanted::Call(call),
        None if arguments.worst => Wanted::Worst,
        None => Wanted::FirstFailure,
    };
    let range = ExplainRange {
        strategy: arguments.strategy.as_deref(),
        point: arguments.point.as_deref(),
        replication: arguments.replication,
    };
    let chosen = choice::choose(&record, &scenario, range, wanted).map_err(usage)?;
    let Chosen { subject, survey, call } = chosen;
    let Some(mark) = call else {
        return Ok(print(&nothing(&subject, &survey)));
    };
    let film = shoot(&subject, &survey, FilmWindow::up_to(mark.step, LOOKED_AT)).map_err(usage)?;
    let call = mark.call.unwrap_or_default();
    let chain = chain(&film, call).ok_or_else(|| (Exit::Internal, format!("the film does not show call {call}")))?;
    let exit = match arguments.format {
        ExplainFormat::Text => print(&text(manifest, &film, &chain, &mark, wanted)),
        ExplainFormat::Json => {
            let explained = Explanation::of(&film, &chain);
            let text = serde_json::to_string_pretty(&explained).expect("an explanation is plain data");
            print(&format!("{}\n", shown::json(&text)))
        }
    };
    let title = format!("{}, call {call}", title(&film));
    let svg = || check::svg(&film::story_of(&film, &chain.steps), &title).into_bytes();
    let trace = || perfetto(&film).to_string().into_bytes();
    place(arguments.svg.as_deref(), svg)?;
    place(arguments.perfetto.as_deref(), trace)?;
    Ok(exit)
}

fn place(file: Option<&Path>, bytes: impl FnOnce() -> Vec<u8>) -> Result<(), (Exit, String)> {
    let Some(file) = file else { return Ok(()) };
    write::place_alone(file, &bytes()).map_err(|error| (Exit::Internal, error.to_string()))?;
    note!("wrote {}", file.display());
    Ok(())
}

/// Which replication of what it is.
fn title(film: &Film) -> String {
    let point = match film.point.is_empty() {
        true => String::new(),
        false => format!(" at {}", film.point),
    };
    let title = format!("{}{point}: {}", film.scenario, film.strategy);
    shown::line(&title).into_owned()
}

/// There is nothing to explain.
fn nothing(subject: &FilmSubject, survey: &film::Survey) -> String {
    format!(
        "{}: replication {} has {} calls; none failed, and no token was refused: there is nothing to explain\n",
        shown::line(subject.strategy()),
        subject.replication(),
        survey.marks.calls,
    )
}

fn text(manifest: &Manifest, film: &Film, chain: &Chain, mark: &CallMark, wanted: Wanted) -> String {
    let story = film::story_of(film, &chain.steps);
    let mut text = format!(
        "{}\nReplication {} of seed {}: {} calls, of which {} failed; {} tokens were issued.\n",
        title(film),
        film.replication.unwrap_or_default(),
        manifest.seed,
        film.marks.calls,
        film.marks.failed,
        film.marks.tokens,
    );
    if wanted == Wanted::FirstFailure && film.marks.failed == 0 {
        text.push_str("No call failed; this is the first one whose token was refused.\n");
    }
    let lasted = span(crate::base::Duration::from_nanos(mark.lasted_ns));
    let attempts = match mark.attempts {
        1 => "1 attempt".to_owned(),
        count => format!("{count} attempts"),
    };
    let ends = mark.at_ns.map_or(String::new(), |at| format!(" until {}", instant(at)));
    let whose = chain.node(film).map_or(String::new(), |node| format!(" of {node}"));
    text.push_str(&format!("Call {}{whose}: {attempts}, {lasted}{ends}.\n\n", chain.call));
    text.push_str(&check::text(&story));
    text.push_str("\nIn words\n");
    for sentence in &chain.words {
        let options = textwrap::Options::new(usize::from(width()))
            .initial_indent("  ")
            .subsequent_indent("    ");
        text.push_str(&textwrap::fill(sentence, options));
        text.push('\n');
    }
    text.push_str(&format!(
        "\n{} of the {} steps from the first of these to the last are left out; {} steps before were not looked at.\n",
        chain.left_out,
        chain.left_out + chain.steps.len() as u64,
        film.left_out.before,
    ));
    text
}
