//! So many processes of one client beside an emulator, and what each call and the provider had to tell.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokenstorm::emulator::{Emulator, EmulatorOptions};
use tokenstorm::scenario::Scenario;

use crate::animals::Animal;

/// One call, as its process told of it; times in seconds from the start.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    pub process: usize,
    pub begun: f64,
    pub ended: f64,
    pub status: u16,
}

/// One request, as the provider saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Token,
    Accepted,
    Rejected,
}

/// Everything of one visit.
pub struct Visit {
    pub calls: Vec<Told>,
    /// By process, at seconds from the start.
    pub seen: Vec<(usize, f64, Seen)>,
    /// What processes had to complain of.
    pub complaints: String,
}

/// The scenario of a client: its provider, and so many processes that call as the file `calls` beside it says.
pub fn scenario(animal: &Animal, processes: usize, seconds: u64, token_ttl: &str, calls: &str) -> String {
    let fleets: String = (0..processes)
        .map(|number| {
            format!(
                "\n[[fleet]]\nname = \"p{number}\"\nnodes = 1\napp = \"main\"\nworkload = [{{ kind = \"user\", arrivals = {{ trace = \
                 \"{calls}\" }} }}]\n"
            )
        })
        .collect();
    format!(
        "name = \"zoo\"\nsummary = \"Processes of one client library share an app; a new token ends the one before\"\n\
         source = \"tests/zoo\"\nrun = {{ duration = \"{seconds}s\", drain = \"20s\" }}\n\n[provider]\ntoken_ttl = \"{token_ttl}\"\n\
         token_request = {{ constant = \"60ms\" }}\ntoken_response = {{ constant = \"60ms\" }}\napi_request = {{ constant = \"40ms\" }}\n\
         api_response = {{ constant = \"40ms\" }}\nrule.latest_only = {{}}\n{}\n\n[[app]]\nname = \"main\"\n\n[[app]]\nname = \"aside\"\n{fleets}\n[[strategy]]\nname = \
         \"{}\"\nclient = \"{}\"\n",
        animal.provider, animal.name, animal.name
    )
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// Begins a process for each app and its instants, and tells all of them the same start once the last one is ready. `beside` runs meanwhile, and is told the start.
pub fn visit(
    animal: &Animal,
    scenario: &Scenario,
    calls: &[(&str, Vec<f64>)],
    key: &Path,
    beside: impl FnOnce(&Emulator, f64),
) -> Visit {
    let options = EmulatorOptions::scenario(scenario).unwrap().seed(7);
    let emulator = Emulator::start_with(options).unwrap();
    let mut processes: Vec<(Child, BufReader<ChildStdout>)> = calls
        .iter()
        .enumerate()
        .map(|(number, (app, calls))| {
            let url = emulator.url_of(&format!("p{number}"));
            let mut child = animal.process(&url, app, calls, key).spawn().unwrap();
            let printed = BufReader::new(child.stdout.take().unwrap());
            (child, printed)
        })
        .collect();
    for (child, printed) in &mut processes {
        let mut line = String::new();
        printed.read_line(&mut line).unwrap();
        if line.trim() != "ready" {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("{}: {line} {said}", animal.name);
        }
    }
    let start = now() + 0.3;
    for (child, _) in &mut processes {
        writeln!(child.stdin.take().unwrap(), "{start:.6}").unwrap();
    }
    beside(&emulator, start);
    let mut told = Vec::new();
    let mut complaints = String::new();
    for (process, (child, printed)) in processes.iter_mut().enumerate() {
        told.extend(printed.lines().map(|line| call(process, &line.unwrap())));
        child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
        assert!(child.wait().unwrap().success(), "{}: {complaints}", animal.name);
    }
    Visit {
        calls: told,
        seen: emulator
            .events()
            .iter()
            .filter_map(|event| seen(event, start))
            .collect(),
        complaints,
    }
}

fn call(process: usize, line: &str) -> Told {
    let fields: Vec<f64> = line.split(' ').filter_map(|field| field.parse().ok()).collect();
    let [_, begun, ended, status] = fields[..] else {
        panic!("not told of a call: {line}")
    };
    Told {
        process,
        begun,
        ended,
        status: status as u16,
    }
}

fn seen(event: &serde_json::Value, start: f64) -> Option<(usize, f64, Seen)> {
    let text = |key: &str| event.get(key)?.as_str();
    let process = text("caller")?.strip_prefix('p')?.parse().ok()?;
    let what = match text("event")? {
        "token_issued" | "token_returned" | "token_refused" => Seen::Token,
        "call_accepted" => Seen::Accepted,
        "call_rejected" => Seen::Rejected,
        _ => return None,
    };
    let at = humantime::parse_rfc3339(text("at")?).ok()?;
    Some((process, at.duration_since(UNIX_EPOCH).ok()?.as_secs_f64() - start, what))
}

/// Somebody else gets a token of this app, `main` or `aside`, which ends the one before.
pub fn kill(emulator: &Emulator, app: &str) {
    let secret = match app {
        "main" => "bWFpbjpzZWNyZXQ=",
        _ => "YXNpZGU6c2VjcmV0",
    };
    let body = "grant_type=client_credentials";
    let mut stream = TcpStream::connect(emulator.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(
        stream,
        "POST /as/killer/oauth/token HTTP/1.1\r\nhost: x\r\nauthorization: Basic {secret}\r\ncontent-type: \
         application/x-www-form-urlencoded\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("access_token"), "{answer}");
}
