//! `tokenstorm serve`: a provider over HTTP, until it is interrupted.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;

use super::command::accompany;
use super::interrupt::interrupt;
use super::say::{aside, note, print, say};
use super::{Exit, validate};
use crate::emulator::{self, CountAssertion, Emulator, EmulatorOptions, ReplayError};
use crate::provider::settings::TokenShape;

#[derive(Debug, Args)]
#[command(after_help = READING)]
pub(super) struct Arguments {
    /// Emulate the provider of this scenario, with its latencies, limits, faults and timeline
    #[arg(value_name = "SCENARIO")]
    scenario: Option<PathBuf>,
    /// Emulate the provider of this profile
    #[arg(long, value_name = "NAME", conflicts_with = "scenario")]
    profile: Option<String>,
    /// Where to listen; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))]
    listen: SocketAddr,
    /// Tokens and chance follow from it; without it, tokens are from a secure generator
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// A client and its secret, as ID:SECRET; others are then refused. Can be given again
    #[arg(long, value_name = "ID:SECRET")]
    client: Vec<String>,
    /// Slots that each client has at first
    #[arg(long, value_name = "N")]
    slots: Option<u16>,
    /// What access tokens look like; without it, as the provider's do
    #[arg(long, value_name = "SHAPE")]
    tokens: Option<Shape>,
    /// Have no control plane
    #[arg(long)]
    no_control: bool,
    /// The control plane asks for the bearer token that this file holds
    #[arg(long, value_name = "FILE")]
    control_secret: Option<PathBuf>,
    /// Tell callers that do not name themselves apart by their address, not by their connection
    #[arg(long)]
    callers_by_address: bool,
    /// Be a proxy too that answers CONNECT and terminates TLS, for clients with hard-coded hosts; prints the lines to
    /// export for them. Forwards nothing
    #[arg(long)]
    intercept: bool,
    /// Write everything that reaches the provider into this file, which must not be there yet
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Have a recording once more, without any client, and compare what comes of each step
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "scenario", "record", "command", "assert"])]
    replay: Option<PathBuf>,
    /// What must hold at the end, such as "token_requests <= 1"; otherwise the exit code is 99. Can be given again
    #[arg(long, value_name = "COUNT OP NUMBER")]
    assert: Vec<CountAssertion>,
    /// Run this beside the server, with its URLs in TOKENSTORM_URL, TOKENSTORM_TOKEN_URL, TOKENSTORM_API_URL
    /// and TOKENSTORM_CONTROL_URL, and end with it
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Shape {
    /// A text that only the provider reads
    Opaque,
    /// Signed by ES256; the key is at /.well-known/jwks.json
    Jwt,
}

const READING: &str = "\
The token endpoint is any path that ends with `token`, such as /oauth/token; every other path is the
protected API. Put /as/NAME before a path to say which caller it is. GET /_tokenstorm/ lists the
control plane: clock, event log, who ended which token. The manual has a page about it, `serve`.

Exit codes: 0, or that of the command; 2 where nothing starts; 99 where an --assert does not hold.";

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    if let Some(path) = &arguments.replay {
        return replay(path).into();
    }
    let started =
        options(arguments).and_then(|options| Emulator::start_with(options).map_err(|error| error.to_string()));
    let emulator = match started {
        Ok(emulator) => emulator,
        Err(message) => {
            if !message.is_empty() {
                say!("error: {message}");
            }
            return Exit::Usage.into();
        }
    };
    let stop = interrupt();
    let exit = greet(arguments, &emulator);
    if exit != Exit::Ok {
        return exit.into();
    }
    let code = if arguments.command.is_empty() {
        emulator.run(told(stop));
        note!("stopping: requests that are under way are answered");
        0
    } else {
        match accompany(&emulator, &arguments.command, &environment(arguments, &emulator), &stop) {
            Ok(code) => code,
            Err(message) => {
                say!("error: {message}");
                return Exit::Usage.into();
            }
        }
    };
    let held = tell(arguments, &emulator);
    if let Some(why) = emulator.recording_ended() {
        say!("warning: the recording is not whole: {why}");
    }
    emulator.stop();
    match (code, held) {
        (0, false) => Exit::AssertionFailed.into(),
        (code, _) => ExitCode::from(code),
    }
}

fn replay(path: &Path) -> Exit {
    match emulator::replay(path) {
        Ok(steps) => print(&format!(
            "{}: {steps} steps, and of each came what was recorded\n",
            path.display()
        )),
        Err(error) => {
            say!("error: {}: {error}", path.display());
            match error {
                ReplayError::Differs { .. } => Exit::Internal,
                _ => Exit::Usage,
            }
        }
    }
}

/// What the command finds in its environment beside the server's URLs: the credentials of the first client (any will do where any
/// client may come), and what leads to the proxy.
fn environment(arguments: &Arguments, emulator: &Emulator) -> Vec<(&'static str, String)> {
    let named = arguments.client.first().and_then(|client| client.split_once(':'));
    let (id, secret) = named.unwrap_or(("app", "secret"));
    let mut all = vec![
        ("TOKENSTORM_CLIENT_ID", id.to_owned()),
        ("TOKENSTORM_CLIENT_SECRET", secret.to_owned()),
    ];
    let proxy = proxy_environment(emulator).into_iter();
    all.extend(proxy.flat_map(|(_, variables)| variables));
    all
}

/// What happened, and whether it is as it must be.
fn tell(arguments: &Arguments, emulator: &Emulator) -> bool {
    let count = |name| emulator.count(name).unwrap_or(0);
    say!(
        "{} token requests, {} tokens issued ({} unnecessarily), {} calls, {} of them rejected",
        count("token_requests"),
        count("issuances"),
        count("unnecessary_issuances"),
        count("calls"),
        count("rejected")
    );
    for killing in emulator.killings() {
        say!("  {killing}");
    }
    let mut held = true;
    for assertion in &arguments.assert {
        let (holds, measured) = emulator.judge(assertion);
        held &= holds;
        say!(
            "{} {assertion}{}",
            if holds { '✓' } else { '✗' },
            match holds {
                true => String::new(),
                false => format!(": it is {measured}"),
            }
        );
    }
    held
}

/// Errors with what is wrong, or with nothing where that has been told already.
fn options(arguments: &Arguments) -> Result<EmulatorOptions, String> {
    let options = match (&arguments.profile, &arguments.scenario) {
        (Some(name), _) => EmulatorOptions::profile(name).map_err(|error| error.to_string()),
        (None, Some(path)) => {
            let scenario = validate::load(path).ok_or_else(String::new)?;
            EmulatorOptions::scenario(&scenario).map_err(|error| error.to_string())
        }
        (None, None) => Err("name a scenario, or a profile by --profile".to_owned()),
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut options = options?.listen(arguments.listen).workers(workers);
    if let Some(seed) = arguments.seed {
        options = options.seed(seed);
    }
    if let Some(slots) = arguments.slots {
        options = options.slots(slots);
    }
    match arguments.tokens {
        None => {}
        Some(Shape::Opaque) => options = options.tokens(TokenShape::Opaque),
        Some(Shape::Jwt) => options = options.tokens(TokenShape::Jwt),
    }
    for client in &arguments.client {
        let (id, secret) = client.split_once(':').ok_or_else(|| {
            "--client takes an id and a secret with a colon between them, such as app:secret".to_owned()
        })?;
        options = options.client(id, secret);
    }
    if arguments.callers_by_address {
        options = options.callers_by_address();
    }
    if arguments.intercept {
        options = intercept(options)?;
    }
    if let Some(path) = &arguments.record {
        options = options.record(path);
    }
    if arguments.no_control {
        options = options.without_control();
    }
    if let Some(path) = &arguments.control_secret {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        match text.trim() {
            "" => return Err(format!("{}: the file is empty; it holds the secret", path.display())),
            secret => options = options.control_secret(secret),
        }
    }
    Ok(options)
}

#[cfg(feature = "intercept")]
fn intercept(options: EmulatorOptions) -> Result<EmulatorOptions, String> {
    Ok(options.intercept())
}

#[cfg(not(feature = "intercept"))]
fn intercept(_: EmulatorOptions) -> Result<EmulatorOptions, String> {
    Err("this program was built without `--intercept`; build it with `--features intercept`".to_owned())
}

/// What clients need for the proxy, by the kind of client.
#[cfg(feature = "intercept")]
fn proxy_environment(emulator: &Emulator) -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    emulator.proxy_environment()
}

#[cfg(not(feature = "intercept"))]
fn proxy_environment(_: &Emulator) -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    Vec::new()
}

/// The same as lines for a shell.
fn exports(emulator: &Emulator) -> String {
    let mut lines = String::new();
    for (clients, variables) in proxy_environment(emulator) {
        lines.push_str(&format!("# {clients}\n"));
        for (name, value) in variables {
            lines.push_str(&format!("export {name}='{}'\n", value.replace('\'', r"'\''")));
        }
    }
    lines
}

/// Says where everything is.
fn greet(arguments: &Arguments, emulator: &Emulator) -> Exit {
    let address = emulator.address();
    if !is_loopback(address.ip()) {
        say!(
            "warning: {address} can be reached from other machines; whoever reaches it can have tokens{}",
            match arguments.no_control || arguments.control_secret.is_some() {
                true => "",
                false => " and use the control plane: see --no-control and --control-secret",
            }
        );
    }
    let url = emulator.url();
    let control = match arguments.no_control {
        true => String::new(),
        false => format!("control plane   {url}/_tokenstorm/\n"),
    };
    let seed = arguments.seed.map_or(String::new(), |seed| {
        format!("seed            {seed}: tokens can be guessed\n")
    });
    let proxy = match arguments.intercept {
        true => format!("proxy           {url}: takes the place of every host, and forwards nothing\n"),
        false => String::new(),
    };
    let exports = exports(emulator);
    let text = format!("token endpoint  {url}/oauth/token\nAPI             {url}/\n{control}{proxy}{seed}{exports}");
    match arguments.command.is_empty() {
        true => print(&text),
        // Standard output is the command's.
        false => {
            aside(text);
            Exit::Ok
        }
    }
}

const fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Waits for the first interrupt, or the request to terminate.
async fn told(stop: Arc<AtomicBool>) {
    /// How long it may take to be noticed.
    const GLANCE: Duration = Duration::from_millis(20);
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(GLANCE).await;
    }
}
