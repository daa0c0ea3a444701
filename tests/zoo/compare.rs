//! What was measured of each client beside what the simulator predicts for its profile.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use tokenstorm::base::Duration;
use tokenstorm::campaign::agreement::{self, MeasuredFigure};
use tokenstorm::campaign::run_context;
use tokenstorm::net::Latency;
use tokenstorm::plan::Plan;
use tokenstorm::record::agreement::{AGREEMENT_FORMAT, Agreement, AgreementRecord};
use tokenstorm::report::{agreement as shown, chart};
use tokenstorm::world::Leg;

use crate::animals::{self, ANIMALS, Animal};
use crate::read;
use crate::visit::{Seen, Told, Visit, kill, scenario, visit};

/// Processes of each client.
const PROCESSES: usize = 4;
/// Parts of a run, from which the intervals of measured figures are.
const PARTS: usize = 10;
const REPLICATIONS: u32 = 200;
const SEED: u64 = 17;

/// Draws that depend on nothing but where they stand (splitmix64), from 0 to 1.
fn draw(process: usize, number: u64) -> f64 {
    let mut z = (SEED << 40 ^ (process as u64) << 32 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// When each process calls, in milliseconds: instants exponentially apart, so far in the mean; at one in four of them three calls
/// come at once, so that it is seen who asks for whom.
fn instants(process: usize, every_ms: f64, seconds: u64) -> Vec<f64> {
    let mut calls = Vec::new();
    let (mut at, mut number) = (0.0, 0);
    loop {
        at += -every_ms * (1.0 - draw(process, number)).ln();
        if at >= seconds as f64 * 1000.0 {
            return calls;
        }
        let crowd = if draw(process, number + 1) < 0.25 { 3 } else { 1 };
        calls.extend(std::iter::repeat_n(at.round(), crowd));
        number += 2;
    }
}

fn arrivals(calls: impl Iterator<Item = (usize, f64)>) -> String {
    let mut calls: Vec<_> = calls.collect();
    calls.sort_by(|one, other| one.1.total_cmp(&other.1));
    let rows: String = calls
        .iter()
        .map(|(process, at)| format!("{:.6},p{process}\n", at.max(0.0)))
        .collect();
    format!("timestamp,fleet\n{rows}")
}

/// When the process aside calls, and how long after each call its token is ended, in milliseconds: it has an app of its own, so that its
/// calls show how long this client's messages take here and now, a token request among them where the client renews after a 401.
const ASIDE: (f64, f64) = (900.0, 700.0);

/// A call that had its process to itself, and what the provider saw of it, a try at the API last of all.
struct Alone {
    begun: f64,
    ended: f64,
    seen: Vec<(f64, Seen)>,
}

/// How long messages took, of calls that had their process to themselves.
fn ways(visited: &Visit) -> Vec<(Leg, Vec<Duration>)> {
    let calls: Vec<Alone> = visited.calls.iter().filter_map(|call| alone(visited, call)).collect();
    let first = |call: &Alone| (call.seen[0].1 != Seen::Token).then(|| call.seen[0].0 - call.begun);
    let there: Vec<f64> = calls.iter().filter_map(first).collect();
    let last = |call: &Alone| call.seen.last().map(|(at, _)| call.ended - at);
    let back: Vec<f64> = calls.iter().filter_map(last).collect();
    // Between two things that the provider noted lie an answer's way back and a request's way there; one of the two is known.
    let (api_there, api_back) = (median(&there), median(&back));
    let (mut asked, mut answered) = (Vec::new(), Vec::new());
    for Alone { begun, seen, .. } in &calls {
        if seen[0].1 == Seen::Token {
            asked.push(seen[0].0 - begun);
        }
        for pair in seen.windows(2) {
            let gap = pair[1].0 - pair[0].0;
            match (pair[0].1, pair[1].1) {
                (Seen::Token, Seen::Token) => {}
                (Seen::Token, _) => answered.push(gap - api_there),
                (_, Seen::Token) => asked.push(gap - api_back),
                _ => {}
            }
        }
    }
    // What is known of them is in the middle: their spread is in what lies between already, and is not to be counted twice.
    let (there, back) = (vec![api_there; there.len()], vec![api_back; back.len()]);
    let spans = |ways: Vec<f64>| {
        ways.iter()
            .map(|way| Duration::from_nanos((way.max(0.0) * 1e9) as u64))
            .collect()
    };
    vec![
        (Leg::ApiRequest, spans(there)),
        (Leg::ApiResponse, spans(back)),
        (Leg::TokenRequest, spans(asked)),
        (Leg::TokenResponse, spans(answered)),
    ]
}

fn alone(visited: &Visit, call: &Told) -> Option<Alone> {
    let with = |other: &&Told| other.process == call.process && other.begun < call.ended && call.begun < other.ended;
    if visited.calls.iter().filter(with).count() != 1 {
        return None;
    }
    // What the provider noted is exact to a millisecond.
    let own = |(process, at, _): &&(usize, f64, Seen)| {
        *process == call.process && (call.begun - 0.001..=call.ended).contains(at)
    };
    let seen: Vec<(f64, Seen)> = visited
        .seen
        .iter()
        .filter(own)
        .map(|(_, at, what)| (*at, *what))
        .collect();
    let ends = seen.last().is_some_and(|(_, what)| *what != Seen::Token);
    ends.then_some(Alone {
        begun: call.begun,
        ended: call.ended,
        seen,
    })
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Successes, token requests and refusals, in all and part by part.
fn measured(visited: &Visit, seconds: u64) -> Vec<MeasuredFigure> {
    let part = |at: f64| ((at / seconds as f64 * PARTS as f64) as usize).min(PARTS - 1);
    let mut counts = [[0.0; PARTS]; 4];
    let [calls, served, tokens, refused] = &mut counts;
    for call in visited.calls.iter().filter(|call| call.process < PROCESSES) {
        calls[part(call.begun)] += 1.0;
        served[part(call.begun)] += f64::from(u8::from(call.status == 200));
    }
    for (_, at, what) in visited.seen.iter().filter(|(process, ..)| *process < PROCESSES) {
        match what {
            Seen::Token => tokens[part(*at)] += 1.0,
            Seen::Rejected => refused[part(*at)] += 1.0,
            Seen::Accepted => {}
        }
    }
    let all: f64 = calls.iter().sum();
    let figure = |metric, counted: &[f64; PARTS]| MeasuredFigure {
        metric,
        value: Some(counted.iter().sum::<f64>() / all),
        parts: counted
            .iter()
            .zip(counts[0])
            .filter(|(_, calls)| *calls > 0.0)
            .map(|(n, calls)| n / calls)
            .collect(),
    };
    vec![
        figure("success_rate", &counts[1]),
        figure("token_requests_per_call", &counts[2]),
        figure("rejections_per_call", &counts[3]),
    ]
}

fn plan(animal: &Animal, seconds: u64, folder: &Path, calls: &str) -> Plan {
    let scenario = read(&scenario(animal, PROCESSES, seconds, animal.token_ttl, calls), folder);
    scenario.plan(&scenario.file.strategy[0]).unwrap()
}

fn sleep_until(at: f64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    std::thread::sleep(std::time::Duration::from_secs_f64((at - now).max(0.0)));
}

/// The same plan with what was measured, where that was at least a few times.
fn fed_with(mut plan: Plan, ways: Vec<(Leg, Vec<Duration>)>) -> Plan {
    for (leg, spans) in ways {
        if spans.len() >= 8
            && let Some(latency) = Latency::measured(spans)
        {
            plan.links.leg_mut(leg).latency = latency;
        }
    }
    plan
}

fn one(animal: &Animal, seconds: u64, key: &Path) -> (Vec<Agreement>, String) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let calls: Vec<Vec<f64>> = (0..PROCESSES)
        .map(|process| instants(process, animal.every_ms, seconds))
        .collect();
    let asked = calls
        .iter()
        .enumerate()
        .flat_map(|(process, calls)| calls.iter().map(move |at| (process, at / 1000.0)));
    fs::write(folder.join("asked.csv"), arrivals(asked)).unwrap();
    let text = scenario(animal, PROCESSES, seconds, animal.token_ttl, "asked.csv");
    let mut apps: Vec<(&str, Vec<f64>)> = calls.iter().map(|calls| ("main", calls.clone())).collect();
    let (every, ends_after) = ASIDE;
    let aside: Vec<f64> = (0..)
        .map(|call| f64::from(call) * every)
        .take_while(|at| *at < seconds as f64 * 1000.0)
        .collect();
    apps.push(("aside", aside.clone()));
    let visited = visit(animal, &read(&text, folder), &apps, key, |emulator, start| {
        for at in aside {
            sleep_until(start + (at + ends_after) / 1000.0);
            kill(emulator, "aside");
        }
    });
    let main = || visited.calls.iter().filter(|call| call.process < PROCESSES);
    let begun = main().map(|call| (call.process, call.begun));
    fs::write(folder.join("begun.csv"), arrivals(begun)).unwrap();
    let ways = ways(&visited);
    let told: Vec<String> = ways
        .iter()
        .map(|(leg, spans)| {
            let ms: Vec<f64> = spans.iter().map(|span| span.as_secs_f64() * 1000.0).collect();
            format!("{leg:?} {:.0} ms ({})", median(&ms), ms.len())
        })
        .collect();
    let asked = plan(animal, seconds, folder, "asked.csv");
    let fed = fed_with(plan(animal, seconds, folder, "begun.csv"), ways);
    let stop = AtomicBool::new(false);
    let predict = |plan: &Plan| agreement::predict(plan, &run_context(plan), SEED, REPLICATIONS, &stop).unwrap();
    let figures = agreement::lay_beside(
        ("zoo", animal.name),
        measured(&visited, seconds),
        main().count() as f64,
        (&predict(&asked), &predict(&fed)),
        Duration::from_millis(1),
    );
    let complaints: std::collections::BTreeSet<&str> = visited.complaints.lines().collect();
    let complaints: String = complaints.iter().take(4).map(|line| format!("\n    {line}")).collect();
    let line = format!(
        "{}: {} calls; medians {}{complaints}",
        animal.name,
        visited.calls.len(),
        told.join(", ")
    );
    (figures, line)
}

/// All clients that are here, one after another. `ZOO_SECONDS` of calls each; the figures go to the folder `ZOO_OUT`, and the table to
/// standard output.
#[test]
#[ignore = "takes minutes; benches/zoo.sh runs it"]
fn every_client_beside_its_prediction() {
    let seconds = std::env::var("ZOO_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(40);
    let only = std::env::var("ZOO_ONLY").unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    let key = animals::key(folder.path());
    let mut figures = Vec::new();
    let here = |animal: &&Animal| animal.name.contains(&only) && animal.is_here();
    for animal in ANIMALS.iter().filter(here) {
        let (compared, line) = one(animal, seconds, &key);
        eprintln!("{line}");
        for figure in &compared {
            let fed = figure.fed.unwrap();
            let value = figure.measured.value.unwrap_or_default();
            eprintln!(
                "    {}: {value:.4} beside {:.4} ({:.4} to {:.4}), p {:.4}; {:.4} asked",
                figure.metric,
                fed.mean,
                fed.runs99.0,
                fed.runs99.1,
                fed.p,
                figure.asked.unwrap().mean
            );
        }
        figures.extend(compared);
    }
    assert!(!figures.is_empty(), "no client is installed");
    agreement::judge_all(&mut figures);
    let record = AgreementRecord {
        format: AGREEMENT_FORMAT,
        tokenstorm: env!("CARGO_PKG_VERSION").to_owned(),
        time_scale: 1.0,
        seed: SEED,
        replications: REPLICATIONS,
        store: "no",
        figures,
        runs: Vec::new(),
        not_measured: Vec::new(),
        command_line: Vec::new(),
        interrupted: false,
    };
    println!("ZOO\n{}", shown::markdown(&record));
    if let Ok(out) = std::env::var("ZOO_OUT") {
        let out = Path::new(&out);
        fs::create_dir_all(out).unwrap();
        let drawing = chart::agreement(&record);
        fs::write(out.join("agreement.json"), record.to_json()).unwrap();
        fs::write(out.join("agreement.csv"), record.to_csv()).unwrap();
        fs::write(out.join("agreement.svg"), drawing.svg()).unwrap();
    }
}
