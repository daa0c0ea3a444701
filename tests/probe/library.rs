//! Every profile of the library is found from outside, and what cannot be told apart is the same each time.

use std::fmt::Write as _;

use tokenstorm::emulator::EmulatorOptions;
use tokenstorm::probe::parts;
use tokenstorm::provider::profiles::{self, PROFILES};
use tokenstorm::provider::settings::Settings;

use crate::target::probed;

const REPORT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/probe.md");

const HEAD: &str = "# Every profile of the library, probed from outside

Each profile is served by the emulator, and `tokenstorm probe` finds out over HTTP which rule it follows; its clock is moved. A profile is
found where it is among those that give the same answers to all that was asked; where there are several, nothing that can be asked tells them
apart, since their rules are the same (the profiles differ in words, quotas or sources), or differ in what cannot be seen from outside.

`UPDATE_PROBE=1 cargo test --test probe` writes this page.

| profile | requests (token endpoint, API) | rule that was found | also gives these answers | keys with other values that give them |
|---|---|---|---|---|
";

/// Values that differ between what was found and the profile, and that the probe did not say it could not tell.
fn wrong(name: &str, found: &tokenstorm::probe::Interview) -> Vec<String> {
    let profile = profiles::find(name).unwrap().provider.over(Settings::neutral());
    let (ours, theirs) = (parts(&found.settings), parts(&profile));
    let mut wrong = Vec::new();
    for ((key, value), (_, profile)) in ours.iter().zip(&theirs) {
        let named = found
            .alternatives
            .get(key)
            .is_some_and(|others| others.contains(profile));
        let asked = !tokenstorm::probe::profile::values(found)
            .iter()
            .any(|value| value.key == *key && value.confidence == tokenstorm::probe::profile::Confidence::Unknown);
        let seen = *key != "lags.invalidation";
        if value != profile && !named && asked && seen {
            wrong.push(format!("{key} = {value}, and the profile has {profile}"));
        }
    }
    wrong
}

#[test]
fn every_profile_is_found_from_outside() {
    let (mut report, mut failed) = (HEAD.to_owned(), Vec::new());
    let (mut total, mut least, mut most) = (0, u32::MAX, 0);
    for (name, _) in PROFILES {
        let (found, _) = probed(EmulatorOptions::profile(name).unwrap());
        if !found.profiles.contains(&name) || !found.explained || found.halt.is_some() {
            failed.push(format!("{name} is not found: {found:#?}"));
        }
        for wrong in wrong(name, &found) {
            failed.push(format!("{name}: {wrong}"));
        }
        let [token, api] = found.requests;
        total += token + api;
        (least, most) = (least.min(token + api), most.max(token + api));
        let others: Vec<_> = found.profiles.iter().filter(|other| **other != name).copied().collect();
        let told = parts(&found.settings);
        let (_, rule) = &told[0];
        let retire = told.iter().find(|(key, _)| *key == "refresh.retire");
        let rotate = told.iter().find(|(key, _)| *key == "refresh.rotate");
        let refresh = match (rotate, retire) {
            (Some((_, rotate)), Some((_, retire))) if rotate.contains("always") => {
                format!("; rotates, retires {retire}")
            }
            (Some((_, rotate)), _) => format!("; rotates {rotate}"),
            _ => String::new(),
        };
        let _ = writeln!(
            report,
            "| {name} | {} ({token}, {api}) | `{rule}`{refresh} | {} | {} |",
            token + api,
            others.join(", "),
            found.alternatives.keys().copied().collect::<Vec<_>>().join(", ")
        );
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let _ = writeln!(
        report,
        "\n{} profiles, {total} requests: {least} to {most} for each.",
        PROFILES.len()
    );
    if std::env::var_os("UPDATE_PROBE").is_some() {
        std::fs::write(REPORT, &report).unwrap();
    }
    let kept = std::fs::read_to_string(REPORT).unwrap_or_default();
    assert!(kept == report, "UPDATE_PROBE=1 writes reports/probe.md anew:\n{report}");
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let told = format!("in {least} to {most} requests each");
    assert!(readme.contains(&told), "the README does not say `{told}`");
}
