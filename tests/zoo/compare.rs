//! What was measured of each client beside what the simulator predicts for its profile.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use tokenstorm::base::Duration;
use tokenstorm::campaign::agreement::{self, MeasuredFigure};
use tokenstorm::campaign::run_context;
use tokenstorm::plan::Plan;
use tokenstorm::record::agreement::{AGREEMENT_FORMAT, Agreement, AgreementRecord};
use tokenstorm::report::{agreement as shown, chart};
use tokenstorm::world::Leg;

use crate::animals::{self, ANIMALS, Animal};
use crate::read;
use crate::visit::{Seen, Visit, scenario, visit};

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

/// When each process calls, in milliseconds: four instants a second in the mean, exponentially apart; at one in four of them three calls
/// come at once, and at the start, so that who asks for whom is seen.
fn instants(process: usize, seconds: u64) -> Vec<f64> {
    let mut calls = vec![0.0; 3];
    let (mut at, mut number) = (0.0, 0);
    loop {
        at += -250.0 * (1.0 - draw(process, number)).ln();
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

/// How long messages took, of calls that had their process to themselves: before the provider's check and after it, and the same of
/// token requests.
fn ways(visited: &Visit) -> Vec<(Leg, Vec<Duration>)> {
    let (mut there, mut back, mut asked, mut answered) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for call in &visited.calls {
        let with = |other: &&crate::visit::Told| {
            other.process == call.process && other.begun < call.ended && call.begun < other.ended
        };
        if visited.calls.iter().filter(with).count() != 1 {
            continue;
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
        match seen[..] {
            [(at, Seen::Accepted | Seen::Rejected)] => {
                there.push(at - call.begun);
                back.push(call.ended - at);
            }
            [(token, Seen::Token), (at, Seen::Accepted | Seen::Rejected)] => {
                asked.push(token - call.begun);
                answered.push(at - token);
                back.push(call.ended - at);
            }
            _ => {}
        }
    }
    // Between the answer of the token endpoint and the check of the call lies the call's own way too.
    let typical = median(&there);
    for way in &mut answered {
        *way -= typical;
    }
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
    for call in &visited.calls {
        calls[part(call.begun)] += 1.0;
        served[part(call.begun)] += f64::from(u8::from(call.status == 200));
    }
    for (_, at, what) in &visited.seen {
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

fn one(animal: &Animal, seconds: u64, key: &Path) -> (Vec<Agreement>, String) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let calls: Vec<Vec<f64>> = (0..PROCESSES).map(|process| instants(process, seconds)).collect();
    let asked = calls
        .iter()
        .enumerate()
        .flat_map(|(process, calls)| calls.iter().map(move |at| (process, at / 1000.0)));
    fs::write(folder.join("asked.csv"), arrivals(asked)).unwrap();
    let text = scenario(animal, PROCESSES, seconds, animal.token_ttl, "asked.csv");
    let visited = visit(animal, &read(&text, folder), &calls, key, |_, _| {});
    let begun = visited.calls.iter().map(|call| (call.process, call.begun));
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
    let fed = agreement::fed_with(&plan(animal, seconds, folder, "begun.csv"), &ways);
    let stop = AtomicBool::new(false);
    let predict = |plan: &Plan| agreement::predict(plan, &run_context(plan), SEED, REPLICATIONS, &stop).unwrap();
    let figures = agreement::lay_beside(
        ("zoo", animal.name),
        measured(&visited, seconds),
        visited.calls.len() as f64,
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
        .unwrap_or(30);
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
                "    {}: {value:.4} beside {:.4} ({:.4} to {:.4}), p {:.4}",
                figure.metric, fed.mean, fed.runs99.0, fed.runs99.1, fed.p
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
