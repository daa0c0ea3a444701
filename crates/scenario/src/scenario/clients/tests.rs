use std::path::Path;

use super::*;
use crate::provider::profiles::{Grade, lies_in, values_in};
use crate::scenario::Scenario;

fn scenario(strategy: &str) -> String {
    format!(
        "name = \"a\"\nsummary = \"b\"\nsource = \"c\"\nrun = {{ duration = \"1min\" }}\nprovider = {{ token_ttl = \"1h\" }}\n\
         app = [{{ name = \"main\" }}]\n[[fleet]]\nname = \"web\"\nnodes = 2\napp = \"main\"\nworkload = [{{ kind = \"user\", arrivals = {{ poisson = \"2/s\" }} }}]\n\n[[strategy]]\nname = \"s\"\n{strategy}"
    )
}

fn parse(strategy: &str) -> Result<Scenario, String> {
    let read = Scenario::parse("page", &scenario(strategy), Path::new("."));
    read.map_err(|error| format!("{:?}", miette::Report::new(error)))
}

#[test]
fn every_client_parses_stands_for_something_and_is_named_once_in_order() {
    for (name, text) in CLIENTS {
        let profile: ClientProfile = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!profile.summary.ends_with('.') && !profile.store.is_empty(), "{name}");
        assert!(["PyPI", "npm", "Cargo"].contains(&profile.registry.as_str()), "{name}");
        let read = parse(&format!("client = \"{name}\"\n")).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(read.warnings().is_empty(), "{name}: {:?}", read.warnings());
    }
    assert!(CLIENTS.is_sorted_by(|(one, _), (other, _)| one < other));
}

/// Both ways: no value without a source, and no source of a value that is not there.
#[test]
fn every_value_has_a_source_and_every_source_a_value() {
    for (name, text) in CLIENTS {
        let profile = find(name).unwrap();
        let settings = values_in(text, "strategy");
        let sourced: Vec<&String> = profile.source.iter().flat_map(|source| &source.of).collect();
        for (key, value) in &settings {
            assert!(
                sourced.iter().any(|of| lies_in(key, of)),
                "{name}: no source says `{key} = {value}`"
            );
        }
        for of in sourced {
            assert!(
                settings.iter().any(|(key, _)| lies_in(key, of)),
                "{name}: `{of}` is not set"
            );
        }
        for source in &profile.source {
            assert_eq!(
                source.grade == Grade::Assumed,
                source.at == "no source",
                "{name}: {}",
                source.says
            );
        }
    }
}

/// A client is what a scenario could have written itself.
#[test]
fn a_client_is_its_keys_written_out() {
    for (name, _) in CLIENTS {
        let by_name = parse(&format!("client = \"{name}\"\n")).unwrap();
        let keys = toml::to_string(&find(name).unwrap().strategy).unwrap();
        let keys = keys.replace("[", "[strategy.");
        let mut written = parse(&keys).unwrap_or_else(|error| panic!("{name}: {error}"));
        written.file.strategy[0].client = Some(name.to_owned());
        assert_eq!(by_name.file.strategy, written.file.strategy, "{name}");
        let resolved = Scenario::parse("page", &by_name.to_resolved_toml(), Path::new(".")).unwrap();
        assert!(resolved == by_name, "{name}: what is resolved reads back");
    }
}

#[test]
fn what_is_written_beside_a_client_takes_its_place() {
    let plain = parse("client = \"google-auth\"\n").unwrap();
    let other = parse("client = \"google-auth\"\nunretried = \"drop\"\n").unwrap();
    let (plain, other) = (&plain.file.strategy[0], &other.file.strategy[0]);
    assert_ne!(plain, other);
    assert_eq!(plain.coordination, other.coordination);
    assert_eq!(plain.retry, other.retry);
}

#[test]
fn mistakes_are_told_where_they_stand() {
    for (written, said) in [
        ("client = \"google-oauth\"\n", "unknown client `google-oauth`"),
        ("client = \"google-oauth\"\n", "did you mean `google-auth`?"),
        ("client = 7\n", "client"),
        ("", "missing key `coordination`"),
        ("", "`client = \"google-auth\"`"),
        (
            "coordination = { clock_first = { margin = \"20s\", background = \"10s\" } }\n",
            "not longer than `margin`",
        ),
        (
            "coordination = { clock_first = { believes = \"forever\", margin = \"20s\" } }\n",
            "never looks at the clock",
        ),
        (
            "client = \"authlib\"\nretry = \"none\"\nagain_after = { refused_token = 2 }\n",
            "tried once",
        ),
    ] {
        let told = parse(written).map(|_| ()).unwrap_err();
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(said), "{written}: {told}");
    }
}

/// A token whose whole life is within the margin is renewed for every call: legal, and odd.
#[test]
fn a_life_within_the_margin_is_warned_of() {
    let text = scenario("client = \"google-auth\"\n").replace("1h", "3min");
    let read = Scenario::parse("page", &text, Path::new(".")).unwrap();
    assert_eq!(read.warnings().len(), 1, "{:?}", read.warnings());
}
