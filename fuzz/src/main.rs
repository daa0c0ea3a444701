//! `drive TARGET [--seed N] [--from N] [--count N] [--seconds N] [--save DIR]`: calls a target with texts made of the corpus, the n-th
//! text of a seed always the same. An input that panics, or that takes longer than ten seconds of the processor, is kept and ends the
//! command with 1.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use tokenstorm_fuzz::{Fate, case_file, mutate, peak, scenario_text, short_run};

/// Nothing may take more of the processor, however busy the machine is.
const LONGEST: Duration = Duration::from_secs(10);

/// Nor may anything stand still for so long.
const LONGEST_STANDSTILL: Duration = Duration::from_secs(300);

struct Arguments {
    target: String,
    seed: u64,
    from: u64,
    count: u64,
    seconds: u64,
    save: PathBuf,
}

fn arguments() -> Result<Arguments, String> {
    let mut words = std::env::args().skip(1);
    let mut found = Arguments {
        target: words.next().ok_or("name a target")?,
        seed: 1,
        from: 0,
        count: u64::MAX,
        seconds: u64::MAX,
        save: PathBuf::from("failures"),
    };
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} wants a value"))?;
        let number = || value.parse().map_err(|_| format!("{word} {value} is not a number"));
        match word.as_str() {
            "--seed" => found.seed = number()?,
            "--from" => found.from = number()?,
            "--count" => found.count = number()?,
            "--seconds" => found.seconds = number()?,
            "--save" => found.save = value.into(),
            _ => return Err(format!("unknown option {word}")),
        }
    }
    Ok(found)
}

/// Every TOML file below a folder, in order.
fn read(folder: &Path, into: &mut Vec<(PathBuf, Vec<u8>)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            read(&path, into);
        } else if path.extension().is_some_and(|end| end == "toml")
            && let Ok(text) = std::fs::read(&path)
        {
            into.push((path, text));
        }
    }
    into.sort();
}

/// What a target begins with: the repository's own texts, and what failed once.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders: &[&str] = match target {
        "case_file" => &["../tests/cases", "corpus/case_file"],
        _ => &["../scenarios", "corpus/scenario_text"],
    };
    let mut found = Vec::new();
    for folder in folders {
        read(&root.join(folder), &mut found);
    }
    found.into_iter().map(|(_, text)| text).collect()
}

/// What is tried now, and since when.
type Now = Arc<Mutex<Option<(ProcessTime, Instant, u64)>>>;

/// Ends the process where an input takes too long.
fn watch(now: &Now, keep: impl Fn(u64, &str) + Send + 'static) {
    let now = Arc::clone(now);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(250));
            let tried = *now.lock().expect("the other thread does not panic with it");
            if let Some((worked, since, number)) = tried
                && (worked.elapsed() > LONGEST || since.elapsed() > LONGEST_STANDSTILL)
            {
                keep(number, "slow");
                std::process::exit(1);
            }
        }
    });
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    let target: fn(&[u8]) -> Fate = match arguments.target.as_str() {
        "scenario_text" => scenario_text,
        "case_file" => case_file,
        "short_run" => short_run,
        other => {
            eprintln!("error: no target `{other}`; there are: scenario_text, case_file, short_run");
            return ExitCode::from(2);
        }
    };
    drive(&arguments, target)
}

fn drive(arguments: &Arguments, target: fn(&[u8]) -> Fate) -> ExitCode {
    let texts = Arc::new(corpus(&arguments.target));
    let (seed, save, name) = (arguments.seed, arguments.save.clone(), arguments.target.clone());
    let kept = Arc::clone(&texts);
    let keep = move |number: u64, why: &str| {
        let path = save.join(format!("{name}-{seed}-{number}.toml"));
        let written =
            std::fs::create_dir_all(&save).and_then(|()| std::fs::write(&path, mutate::text(&kept, seed, number)));
        eprintln!(
            "{why}: {name} --seed {seed} --from {number}: kept as {} ({written:?})",
            path.display()
        );
    };
    let now: Now = Arc::default();
    watch(&now, keep.clone());
    let failed = AtomicU64::new(0);
    let begin = Instant::now();
    let (mut told, mut slowest) = (begin, Duration::ZERO);
    let mut fates = [0u64; 3];
    let mut number = arguments.from;
    // The texts as they are come first.
    for text in texts.iter().filter(|_| arguments.from == 0) {
        target(text);
    }
    while number - arguments.from < arguments.count && begin.elapsed().as_secs() < arguments.seconds {
        let text = mutate::text(&texts, seed, number);
        let start = ProcessTime::now();
        *now.lock().expect("the watch does not panic") = Some((start, Instant::now(), number));
        match std::panic::catch_unwind(|| target(&text)) {
            Ok(fate) => fates[fate as usize] += 1,
            Err(_) => {
                keep(number, "panic");
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        *now.lock().expect("the watch does not panic") = None;
        slowest = slowest.max(start.elapsed());
        number += 1;
        if told.elapsed() > Duration::from_secs(30) {
            told = Instant::now();
            tell(arguments, number, fates, (begin.elapsed(), slowest));
        }
    }
    tell(arguments, number, fates, (begin.elapsed(), slowest));
    match failed.into_inner() {
        0 => ExitCode::SUCCESS,
        failed => {
            eprintln!("{failed} inputs failed");
            ExitCode::FAILURE
        }
    }
}

fn tell(arguments: &Arguments, number: u64, fates: [u64; 3], (elapsed, slowest): (Duration, Duration)) {
    let [refused, read, ran] = fates;
    println!(
        "{}: {} inputs in {:.0} s: {refused} refused, {read} read, {ran} run; the slowest took {:.2} s of the processor, peak {} MB",
        arguments.target,
        number - arguments.from,
        elapsed.as_secs_f64(),
        slowest.as_secs_f64(),
        peak() >> 20
    );
}
