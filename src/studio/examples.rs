//! Scenarios that come with the program.

/// One of them.
pub(super) struct Example {
    pub group: &'static str,
    /// As in its file.
    pub name: &'static str,
    pub text: &'static str,
}

macro_rules! examples {
    ($($group:literal: $($path:literal)*;)*) => {
        [$($(Example {
            group: $group,
            name: $path,
            text: include_str!(concat!("../../scenarios/", $path, ".toml")),
        },)*)*]
    };
}

/// All of them; the first is the one that is opened.
pub(super) static EXAMPLES: [Example; 35] = examples! {
    "Start here": "zoom/default" "questions/pods-and-a-batch" "questions/cron-hosts" "questions/workers-and-a-quota";
    "Zoom, before June 2023": "zoom/dev-invalidates-prod" "zoom/dev-own-app" "zoom/user-and-background" "zoom/token-per-call"
        "zoom/random-delay" "zoom/gateway" "zoom/two-app-rotation" "zoom/baseline-jwt";
    "Questions, answered by a curve": "questions/slots" "questions/overlap" "questions/lease-ttl" "questions/lease-holder-dies"
        "questions/refresh-leeway" "questions/renew-early" "questions/wechat-overlap";
    "From public threads": "incidents/refresh-storm" "incidents/token-loop" "incidents/unicorn-refresh-loop"
        "incidents/old-answer-overwrites" "incidents/lease-of-two-seconds" "incidents/lock-around-the-write"
        "incidents/everybody-expires-at-once" "incidents/restart-herd" "incidents/quota-in-danger" "incidents/five-sessions-one-keychain";
    "Storms": "storms/expiry-herd" "storms/livelock" "storms/retry-budget" "storms/wrong-medicine";
    "Faults": "faults/pause-longer-than-lease" "faults/clock-skew";
};

/// The example of this name.
pub(super) fn find(name: &str) -> Option<&'static Example> {
    EXAMPLES.iter().find(|example| example.name == name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn every_example_is_whole_without_files_beside_it() {
        for example in &EXAMPLES {
            let scenario = Scenario::parse(example.name, example.text, Path::new("/nowhere")).unwrap();
            assert_eq!(scenario.file.name, example.name);
        }
    }
}
