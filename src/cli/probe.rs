//! `tokenstorm probe`: which rule a provider follows, found out over HTTP alone.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Exit;
use super::interrupt::interrupt;
use super::say::{aside, print, say};
use crate::base::Duration;
use crate::probe::{ClientAuth, Halt, HttpSubject, Logins, ProbeBounds, ProbeTarget, TokenPlace, interview, profile};

#[derive(Debug, Args)]
#[command(after_help = READING)]
pub(super) struct Arguments {
    /// The token endpoint
    #[arg(long, value_name = "URL")]
    token_url: String,
    /// Something that asks for a token and can be read without harm, such as the user's own profile
    #[arg(long, value_name = "URL")]
    api_url: String,
    /// The client; left out, TOKENSTORM_CLIENT_ID
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Its secret, which other users of this machine may see here: TOKENSTORM_CLIENT_SECRET or a file is better
    #[arg(long, value_name = "SECRET", conflicts_with = "client_secret_file")]
    client_secret: Option<String>,
    /// A file that holds the client's secret
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
    /// How the client shows its id and secret
    #[arg(long, value_name = "HOW", default_value = "basic")]
    client_auth: AuthBy,
    /// Where a call shows its token
    #[arg(long, value_name = "WHERE", default_value = "header")]
    token_in: TokenIn,
    /// The grant type by which the client obtains tokens for itself
    #[arg(long, value_name = "TYPE", default_value = "client_credentials")]
    grant_type: String,
    /// A parameter of every token request, such as `scope=read`; can be given again
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    parameter: Vec<(String, String)>,
    /// A user that logs in by the grant `password`, where there are refresh tokens; the password is in TOKENSTORM_PASSWORD
    #[arg(long, value_name = "NAME", conflicts_with = "refresh_tokens")]
    username: Option<String>,
    /// A file of refresh tokens, one a line, each of a login of its own; all of them will be used up
    #[arg(long, value_name = "FILE")]
    refresh_tokens: Option<PathBuf>,
    /// The parameter that names a slot, such as token_index; left out, slots are not asked for
    #[arg(long, value_name = "NAME")]
    slot_parameter: Option<String>,
    /// The parameter that forces a new token where the same one would be returned
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, default_value = "force_refresh=true")]
    force_parameter: (String, String),
    /// Do not try to force a new token
    #[arg(long)]
    no_force: bool,
    /// Where the clock of `tokenstorm serve` is moved (http://HOST:PORT/_tokenstorm/clock): then nothing is waited for
    #[arg(long, value_name = "URL", conflicts_with = "patience")]
    clock: Option<String>,
    /// How long may be waited, all together; what takes longer is not measured
    #[arg(long, value_name = "DURATION", default_value = "10min")]
    patience: Duration,
    /// Requests at most
    #[arg(long, value_name = "N", default_value_t = 250, value_parser = clap::value_parser!(u32).range(4..=100_000))]
    max_requests: u32,
    /// Tokens that are issued to see whether the oldest ends, unless a known rule asks for more
    #[arg(long, value_name = "N", default_value_t = 17, value_parser = clap::value_parser!(u32).range(3..=10_000))]
    tokens: u32,
    /// Logins for the same question about grants
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    logins: u32,
    /// Agree beforehand to what the probe does to the client's tokens
    #[arg(long)]
    yes: bool,
    /// What is printed
    #[arg(long, value_enum, default_value = "toml")]
    format: Form,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AuthBy {
    /// HTTP Basic
    Basic,
    /// Among the parameters
    Body,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TokenIn {
    /// Authorization: Bearer
    Header,
    /// The parameter access_token of the query
    Query,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// A `[provider]` of a scenario, with evidence in comments
    Toml,
    /// The same for programs
    Json,
}

const READING: &str = "\
The probe ends tokens: use a client, and a user, that nobody else needs meanwhile. It says what it
will do and asks, unless --yes. No token and no secret is ever printed. The manual has a page about
it, `probe`.

Exit codes: 0 where something was found, also where a bound ended it; 1 where the provider failed on
the way; 2 where nothing can be probed; 130 interrupted, with what was found until then.";

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE, such as scope=read".to_owned()),
    }
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let prepared = target(arguments).and_then(|target| agreed(arguments, &target).map(|()| target));
    let target = match prepared {
        Ok(target) => target,
        Err(message) => {
            say!("error: {message}");
            return Exit::Usage;
        }
    };
    let bounds = ProbeBounds {
        requests: arguments.max_requests,
        patience: arguments.clock.is_none().then_some(arguments.patience),
        tokens: arguments.tokens,
        logins: arguments.logins,
        slots: arguments.slot_parameter.is_some(),
        force: !arguments.no_force,
    };
    let mut subject = match HttpSubject::new(target, interrupt()) {
        Ok(subject) => subject,
        Err(halt) => {
            say!("error: {halt}");
            return Exit::Usage;
        }
    };
    let found = interview(&mut subject, bounds, &mut |asks| say!("{asks}"));
    subject.let_go();
    let found = match found {
        Ok(found) => found,
        Err(halt) => {
            let last = subject.heard().last.as_ref();
            let last = last.filter(|_| !halt.to_string().contains("answers"));
            let last = last.map_or_else(String::new, |last| format!(" (it answered {last})"));
            say!("error: {halt}{last}");
            return match halt {
                Halt::Interrupted => Exit::Interrupted,
                _ => Exit::Usage,
            };
        }
    };
    if let Some(halt) = &found.halt {
        say!("warning: {halt}; what was found until then is told");
    }
    let slot_parameter = arguments.slot_parameter.as_deref();
    let text = match arguments.format {
        Form::Toml => profile::toml(&found, subject.heard(), slot_parameter),
        Form::Json => profile::json(&found, subject.heard(), slot_parameter),
    };
    let exit = match found.halt {
        Some(Halt::Interrupted) => Exit::Interrupted,
        Some(Halt::Broken(_)) => Exit::Internal,
        _ => Exit::Ok,
    };
    exit.max(print(&text))
}

/// A secret from a file, without the end of its line.
fn secret(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    match text.trim() {
        "" => Err(format!("{}: the file is empty; it holds the secret", path.display())),
        secret => Ok(secret.to_owned()),
    }
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn target(arguments: &Arguments) -> Result<ProbeTarget, String> {
    let client_id = arguments
        .client_id
        .clone()
        .or_else(|| environment("TOKENSTORM_CLIENT_ID"));
    let client_id =
        client_id.ok_or("which client asks? give --client-id, or TOKENSTORM_CLIENT_ID in the environment")?;
    let client_secret = match (&arguments.client_secret, &arguments.client_secret_file) {
        (Some(secret), _) => secret.clone(),
        (None, Some(path)) => secret(path)?,
        (None, None) => environment("TOKENSTORM_CLIENT_SECRET").ok_or(
            "the client's secret is missing; put it into TOKENSTORM_CLIENT_SECRET, or into a file for --client-secret-file",
        )?,
    };
    Ok(ProbeTarget {
        token_url: arguments.token_url.clone(),
        api_url: arguments.api_url.clone(),
        clock_url: arguments.clock.clone(),
        clock_secret: environment("TOKENSTORM_CONTROL_SECRET"),
        client_id,
        client_secret,
        client_auth: match arguments.client_auth {
            AuthBy::Basic => ClientAuth::Basic,
            AuthBy::Body => ClientAuth::Body,
        },
        token_place: match arguments.token_in {
            TokenIn::Header => TokenPlace::Header,
            TokenIn::Query => TokenPlace::Query,
        },
        grant_type: arguments.grant_type.clone(),
        parameters: arguments.parameter.clone(),
        slot_parameter: arguments.slot_parameter.clone(),
        force_parameter: arguments.force_parameter.clone(),
        logins: logins(arguments)?,
    })
}

fn logins(arguments: &Arguments) -> Result<Logins, String> {
    if let Some(path) = &arguments.refresh_tokens {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let tokens: Vec<_> = lines.map(str::to_owned).collect();
        return match tokens.is_empty() {
            true => Err(format!(
                "{}: there is no refresh token in it; write one a line",
                path.display()
            )),
            false => Ok(Logins::RefreshTokens(tokens)),
        };
    }
    match &arguments.username {
        None => Ok(Logins::Nobody),
        Some(user) => Ok(Logins::Password {
            user: user.clone(),
            password: environment("TOKENSTORM_PASSWORD")
                .ok_or("the password of --username is missing; put it into TOKENSTORM_PASSWORD")?,
        }),
    }
}

/// Says what will happen, and asks.
fn agreed(arguments: &Arguments, target: &ProbeTarget) -> Result<(), String> {
    let of_clock = match &arguments.clock {
        Some(_) => "stop the clock of the emulator, move it by up to years, and let it go on at the end".to_owned(),
        None => format!("wait for at most {}", arguments.patience),
    };
    let of_grants = match &target.logins {
        Logins::Nobody => String::new(),
        Logins::Password { user, .. } => format!(
            "\n  - log the user {user} in again and again, and use refresh tokens twice on purpose: grants of this user \
             and client may be revoked"
        ),
        Logins::RefreshTokens(tokens) => format!(
            "\n  - use up the {} refresh tokens of the file, some twice on purpose: all grants behind them may be revoked",
            tokens.len()
        ),
    };
    say!(
        "The probe will\n  - make at most {} requests to {} and {}\n  - obtain tokens as the client {}: by the provider's \
         rule that may end every token that this client has, and use up its quota{of_grants}\n  - {of_clock}",
        arguments.max_requests,
        arguments.token_url.split('?').next().unwrap_or_default(),
        arguments.api_url.split('?').next().unwrap_or_default(),
        target.client_id,
    );
    if arguments.yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err("there is no terminal to ask on; --yes agrees to it beforehand".to_owned());
    }
    aside("Go on? [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    match read.is_ok() && ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        true => Ok(()),
        false => Err("nothing was done".to_owned()),
    }
}
