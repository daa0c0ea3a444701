//! Things that only some rooms may use.

use crate::source::sources;

/// A thing that only some rooms may use: what, where, and what to do instead.
type Fence = (&'static [&'static str], &'static [&'static str], &'static str);

const FENCES: [Fence; 5] = [
    (
        &["unsafe {", "unsafe fn", "unsafe impl", "allow(unsafe_code)"],
        &["base/prefetch.rs"],
        "one hint to the processor is all that needs it",
    ),
    (
        &["tokio", "std::net", "TcpStream", "TcpListener"],
        &["live", "emulator", "probe/http.rs", "studio", "cli"],
        "sockets live in the live engine, the emulator, the probe's HTTP, the studio and the command line",
    ),
    (
        &["std::time", "SystemTime"],
        &[
            "base/paced_clock.rs",
            "live",
            "emulator",
            "probe/http.rs",
            "studio",
            "cli",
            "record",
        ],
        "time is an integer of our own",
    ),
    (
        &["HashMap", "HashSet"],
        &["scenario", "record", "report", "cli", "engine/check", "emulator"],
        "iteration order must not depend on a hash seed",
    ),
    (
        &["println!", "print!", "eprintln!", "eprint!", "dbg!"],
        &[],
        "only the command line prints, and by `cli/say.rs`: these panic when nobody reads any more",
    ),
];

#[test]
fn fences_stand() {
    let mut wrong = Vec::new();
    for source in sources() {
        let path = source.path.display().to_string();
        for (words, rooms, why) in FENCES {
            if rooms.iter().any(|room| path.starts_with(room)) {
                continue;
            }
            for (line, text) in source.code.iter().enumerate() {
                let hit = words.iter().find(|word| {
                    text.match_indices(**word).any(|(at, _)| {
                        let before = text[..at].chars().next_back();
                        let after = text[at + word.len()..].chars().next();
                        let joins = |letter: Option<char>| {
                            letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
                        };
                        !joins(before) && !joins(after)
                    })
                });
                if let Some(hit) = hit {
                    wrong.push(format!("{path}:{}: `{hit}`: {why}", line + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
