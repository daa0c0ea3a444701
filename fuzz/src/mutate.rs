//! Texts made of other texts: the n-th one of a seed is always the same.

use tokenstorm::base::Dice;

/// Numbers and quantities at the edges of what is read.
const VALUES: [&str; 40] = [
    "0",
    "1",
    "-1",
    "2",
    "255",
    "256",
    "65535",
    "65536",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
    "10000000",
    "10000001",
    "0.5",
    "1e308",
    "-0.0",
    "nan",
    "inf",
    "true",
    "\"\"",
    "\"0s\"",
    "\"1ns\"",
    "\"3650d\"",
    "\"99999999h\"",
    "\"1h30min\"",
    "\"0/s\"",
    "\"1000000000/s\"",
    "\"1/h\"",
    "\"0%\"",
    "\"100%\"",
    "\"150%\"",
    "\"unbounded\"",
    "[]",
    "{}",
    "[1, 2]",
    "\"*\"",
    "\"< 200ms\"",
    "\"0 .. 1\"",
    "1979-05-27T07:32:00Z",
];

/// Lines and pieces that a scenario can have anywhere.
const SCRAPS: [&str; 34] = [
    "[sweep]\n\"run.seed\" = [1, 2]\n",
    "\n[[app]]\nname = \"b\"\nslots = 65535\n",
    "\n[[fleet]]\nname = \"b\"\nnodes = 3\napp = \"main\"\n",
    "\n[[event]]\nat = \"1s\"\nwhat = { redeploy = { fleet = \"web\", waves = 4294967295, between = \"1ns\" } }\n",
    "\n[[event]]\nat = \"1s\"\nwhat = { scale = { fleet = \"web\", nodes = 10000000, over = \"1s\" } }\n",
    "\n[[event]]\nat = \"1s\"\nwhat = { spike = { fleet = \"web\", calls = 1000, over = \"10s\" } }\n",
    "\n[[event]]\nat = \"1s\"\nwhat = { grant_slots = { app = \"main\", slots = 65535 } }\n",
    "\n[[event]]\nat = \"0s\"\nwhat = { fail = { endpoint = \"token\", for = \"1min\", how = \"silent\" } }\n",
    "\n[[event]]\nat = \"1s\"\nwhat = { restart = { fleet = \"web\", rolling = \"1min\", down = \"3650d\" } }\n",
    "\n[[strategy]]\nname = \"x\"\ncoordination = { app_per_node = { apps = 65535 } }\n",
    "\n[[strategy]]\nname = \"y\"\ncoordination = { rotation = { over = \"slots\", count = 3 } }\n",
    "\n[[strategy]]\nname = \"z\"\ncoordination = \"gateway\"\nretry = \"immediate\"\n",
    "\n[[strategy]]\nname = \"cron\"\ncoordination = { scheduled_refresher = { every = \"3650d\", at = \"1ns\", tries = \"unbounded\" } }\n",
    "workload = [{ kind = \"k\", arrivals = { daily = { at = \"3650d\", lasts = \"1ns\", rate = \"1000000000/s\" } } }]\n",
    "retry = { exponential = { base = \"1ns\", cap = \"3650d\", attempts = \"unbounded\" } }\n",
    "budget = { per_call = 0.1, capacity = 4294967295 }\n",
    "breaker = { failures = 1, open = \"3650d\" }\n",
    "token_guard = { cooldown = \"1ns\", breaker = { failures = 1, open = \"1ns\", longest = \"3650d\" }, until_login = true, use_stale = true }\n",
    "throttle = { k = 4294967295, window = \"1ns\" }\n",
    "workload = [{ kind = \"k\", arrivals = { burst = { every = \"1ns\", calls = 100000 } } }]\n",
    "pauses = { every = \"1ms\", lasts = { lognormal = { median = \"1s\", p99 = \"3650d\" } } }\n",
    "login = \"own\"\n",
    "[trigger]\nhot_calls = 4294967295\n",
    "token_ttl = \"1ms\"\n",
    "rule = { capacity = { live = 65535 } }\n",
    "limits.pool = [{ count = 4294967295, window = \"1ns\", kind = { token_bucket = { burst = 1 } }, scope = \"grant\", penalty = \"3650d\", prolongs = true }]\n",
    "{ constant = \"3650d\" }",
    "{ uniform = [\"3s\", \"1s\"] }",
    "\u{1b}[2J",
    "\u{202e}",
    "\u{fffe}",
    "\r",
    "\0",
    "\"\"\"",
];

/// A number below the bound.
fn below(stream: &mut u64, bound: usize) -> usize {
    ((u128::from(Dice::next(stream)) * bound.max(1) as u128) >> 64) as usize
}

fn pick<'a, T: ?Sized>(stream: &mut u64, of: &[&'a T]) -> &'a T {
    of[below(stream, of.len())]
}

/// Values of a text: the bytes after each `=` and within lists and tables, as far as they look like one.
fn values(text: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let start = at;
        match text[at] {
            b'"' => {
                at += 1;
                while at < text.len() && text[at] != b'"' && text[at] != b'\n' {
                    at += 1;
                }
                at += 1;
                found.push((start, at.min(text.len())));
            }
            digit if digit.is_ascii_digit() => {
                while at < text.len() && (text[at].is_ascii_digit() || text[at] == b'.') {
                    at += 1;
                }
                found.push((start, at));
            }
            _ => at += 1,
        }
    }
    found
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').collect()
}

fn one(stream: &mut u64, text: &mut Vec<u8>, other: &[u8]) {
    let length = text.len();
    match below(stream, 12) {
        0 if length > 0 => text[below(stream, length)] ^= 1 << below(stream, 8),
        1 => text.truncate(below(stream, length + 1)),
        2 if length > 0 => {
            let from = below(stream, length);
            let to = (from + 1 + below(stream, 40)).min(length);
            text.drain(from..to);
        }
        3 | 4 => {
            let at = below(stream, length + 1);
            text.splice(at..at, pick(stream, &SCRAPS).bytes());
        }
        5..=7 => {
            // A value in the place of another: most of what can go wrong begins so.
            let places = values(text);
            if !places.is_empty() {
                let (from, to) = places[below(stream, places.len())];
                text.splice(from..to, pick(stream, &VALUES).bytes());
            }
        }
        8 => {
            let all = lines(text);
            if !all.is_empty() {
                let line = all[below(stream, all.len())].to_vec();
                let at = all[..below(stream, all.len())]
                    .iter()
                    .map(|line| line.len())
                    .sum::<usize>();
                text.splice(at..at, line);
            }
        }
        9 => {
            let (own, theirs) = (lines(text), lines(other));
            if !own.is_empty() && !theirs.is_empty() {
                let from = below(stream, theirs.len());
                let count = 1 + below(stream, 8).min(theirs.len() - from - 1);
                let at = own[..below(stream, own.len())]
                    .iter()
                    .map(|line| line.len())
                    .sum::<usize>();
                let piece = theirs[from..from + count].concat();
                text.splice(at..at, piece);
            }
        }
        10 => {
            let places = values(text);
            let theirs = values(other);
            if !places.is_empty() && !theirs.is_empty() {
                let ((from, to), (start, end)) =
                    (places[below(stream, places.len())], theirs[below(stream, theirs.len())]);
                text.splice(from..to, other[start..end].to_vec());
            }
        }
        _ => {
            let all = lines(text);
            if !all.is_empty() {
                let gone = below(stream, all.len());
                let kept: Vec<_> = all
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| *at != gone)
                    .map(|(_, line)| *line)
                    .collect();
                *text = kept.concat();
            }
        }
    }
}

/// The n-th text of a seed, made of one text of the corpus.
///
/// # Panics
/// When the corpus is empty.
pub fn text(corpus: &[Vec<u8>], seed: u64, number: u64) -> Vec<u8> {
    let mut stream = Dice::new(seed).stream(1, number);
    let mut text = corpus[below(&mut stream, corpus.len())].clone();
    let count = [1, 1, 1, 2, 2, 3, 4, 8][below(&mut stream, 8)];
    for _ in 0..count {
        let other = below(&mut stream, corpus.len());
        one(&mut stream, &mut text, &corpus[other]);
    }
    text
}
