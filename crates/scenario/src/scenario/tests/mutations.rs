//! Texts that were a scenario once: nothing that is done to them makes the reader panic.

use proptest::prelude::{ProptestConfig, any, prop, prop_assert, prop_oneof, proptest};
use proptest::strategy::Strategy as Generator;

use super::*;

#[derive(Clone, Debug)]
enum Mutation {
    Flip(prop::sample::Index, u8),
    Truncate(prop::sample::Index),
    Cut(prop::sample::Index, u8),
    Insert(prop::sample::Index, &'static str),
    /// One line in the place of another.
    Move(prop::sample::Index, prop::sample::Index),
}

fn mutation() -> impl Generator<Value = Mutation> {
    let index = any::<prop::sample::Index>;
    let scraps = prop::sample::select(vec![
        "nodes = 99999999999\n",
        "[sweep]\n\"fleet.web.nodes\" = [1, 2]\n",
        "\n[[app]]\n",
        "\n[[fleet]]\nname = \"b\"\n",
        "slots = 65535\n",
        "extra = { a = [1, { b = 2 }] }\n",
        "retry = { full_jitter = { base = \"1s\", cap = \"0s\" } }\n",
        "what.grant_slots = { app = \"main\", slots = 0 }\n",
        "\"\"\"",
        "ö€𝄞",
        "\0",
        "\r",
        "1979-05-27T07:32:00Z",
        "nan",
        "-",
        "@",
    ]);
    prop_oneof![
        (index(), any::<u8>()).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
        index().prop_map(Mutation::Truncate),
        (index(), any::<u8>()).prop_map(|(at, length)| Mutation::Cut(at, length)),
        (index(), scraps).prop_map(|(at, text)| Mutation::Insert(at, text)),
        (index(), index()).prop_map(|(from, to)| Mutation::Move(from, to)),
    ]
}

fn mutate(text: &mut Vec<u8>, mutation: &Mutation) {
    if text.is_empty() {
        return;
    }
    match mutation {
        Mutation::Flip(at, bits) => {
            let at = at.index(text.len());
            text[at] ^= bits;
        }
        Mutation::Truncate(at) => text.truncate(at.index(text.len())),
        Mutation::Cut(at, length) => {
            let at = at.index(text.len());
            let end = (at + usize::from(*length)).min(text.len());
            text.drain(at..end);
        }
        Mutation::Insert(at, scrap) => {
            let at = at.index(text.len());
            text.splice(at..at, scrap.bytes());
        }
        Mutation::Move(from, to) => {
            let mut lines: Vec<Vec<u8>> = text
                .split_inclusive(|&byte| byte == b'\n')
                .map(<[u8]>::to_vec)
                .collect();
            let line = lines[from.index(lines.len())].clone();
            let to = to.index(lines.len());
            lines[to] = line;
            *text = lines.concat();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever is done to a scenario's text, it is read or refused with mistakes that can be shown.
    #[test]
    fn no_text_makes_the_reader_panic(mutations in prop::collection::vec(mutation(), 1..4)) {
        let mut bytes = VALID.as_bytes().to_vec();
        for mutation in &mutations {
            mutate(&mut bytes, mutation);
        }
        let text = String::from_utf8_lossy(&bytes);
        match parse(&text) {
            Ok(scenario) => {
                let again = parse(&scenario.to_resolved_toml());
                prop_assert!(again.is_ok_and(|again| again == scenario), "{}", scenario.to_resolved_toml());
            }
            Err(error) => {
                prop_assert!(!error.mistakes().is_empty());
                let text = shown(&error);
                prop_assert!(!text.contains("Failed to read"), "{text}");
            }
        }
    }
}
