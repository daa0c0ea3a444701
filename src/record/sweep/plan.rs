//! What a sweep is about: all that its figures depend on.

use serde::{Deserialize, Serialize};

use super::super::{Manifest, sha256};

/// A swept key, and its values as they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweptValues {
    /// As the scenario writes keys: `fleet.web.nodes`.
    pub key: String,
    /// A list or a range.
    pub values: String,
}

/// A file that a scenario names, as it was when the sweep began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedFile {
    /// As the scenario writes it.
    pub path: String,
    /// SHA-256 in hex of its content.
    pub sha256: String,
}

/// What a sweep is about. Two sweeps with the same plan, but for the command line, have the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SweepPlan {
    /// Version, scenario, seed and the like; events are known only at the end, and none are told before.
    #[serde(flatten)]
    pub manifest: Manifest,
    /// Values in place of the scenario's at every point, `KEY=VALUE`.
    pub set: Vec<String>,
    /// Only the strategy of this name.
    pub only: Option<String>,
    /// The swept keys in order; of a grid the last varies fastest.
    pub params: Vec<SweptValues>,
    /// `lhs:N` where the points are a sample; all combinations otherwise.
    pub sample: Option<String>,
    /// How many points there are.
    pub points: u64,
    /// How well the figures of each point are to be known; none where each has the same number of replications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<SweptPrecision>,
    /// Control variates are taken into account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub controls: bool,
    /// Files of latencies and calls that the scenario names, at whichever point.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named_files: Vec<NamedFile>,
}

/// How well the figures of each point of a sweep are to be known, and what one point may take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweptPrecision {
    /// As it was asked for: `5%`, `latency_p99=10%`.
    pub asked: Vec<String>,
    /// No point has more replications.
    pub most_replications: u32,
    /// No point has further replications that take it beyond so many simulator events.
    pub most_events: u64,
}

impl std::fmt::Display for SweptPrecision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (asked, replications, events) = (self.asked.join(", "), self.most_replications, self.most_events);
        write!(
            f,
            "{asked} with up to {replications} replications and {events} events a point"
        )
    }
}

impl SweepPlan {
    /// The id that each row of the results bears. It follows from the plan and not from the clock.
    pub fn id(&self) -> String {
        let mut bare = self.clone();
        bare.manifest.run.clear();
        bare.manifest.command_line.clear();
        bare.manifest.events = 0;
        let mut id = sha256(&serde_json::to_vec(&bare).expect("plain data as JSON"));
        id.truncate(16);
        id
    }

    /// The first of the scenario's files that another plan has with another content, where nothing but such files differs.
    pub fn changed_file(&self, other: &Self) -> Option<&str> {
        let mut alike = other.clone();
        alike.named_files.clone_from(&self.named_files);
        let there = |file: &NamedFile| other.named_files.iter().find(|of| of.path == file.path);
        let changed = |file: &&NamedFile| there(file).is_some_and(|of| of.sha256 != file.sha256);
        let found = self.named_files.iter().find(changed)?;
        (alike.id() == self.id()).then_some(&found.path)
    }

    /// In what another plan differs from this one, in words; none where it is the same sweep.
    pub fn differs(&self, other: &Self) -> Option<String> {
        if self.id() == other.id() {
            return None;
        }
        let (one, two) = (&self.manifest, &other.manifest);
        let build = |manifest: &Manifest| match manifest.commit.get(..12) {
            Some(commit) => format!("{} at commit {commit}", manifest.tokenstorm),
            None => manifest.tokenstorm.clone(),
        };
        let whole = |sample: &Option<String>| sample.clone().unwrap_or_else(|| "all combinations".to_owned());
        let params = |plan: &Self| {
            let pairs: Vec<_> = plan
                .params
                .iter()
                .map(|param| format!("{}={}", param.key, param.values))
                .collect();
            pairs.join(" ")
        };
        let precision = |plan: &Self| plan.precision.as_ref().map_or("none".to_owned(), ToString::to_string);
        let variance = |plan: &Self| ["plain", "controls"][usize::from(plan.controls)].to_owned();
        let only = |plan: &Self| plan.only.clone().unwrap_or_else(|| "all strategies".to_owned());
        let files = |plan: &Self| {
            let files = plan.named_files.iter();
            let files: Vec<_> = files
                .map(|file| format!("{} ({:.8})", file.path, file.sha256))
                .collect();
            match files.is_empty() {
                true => "none".to_owned(),
                false => files.join(", "),
            }
        };
        let told = [
            ("version", build(one), build(two)),
            ("scenario", one.scenario.clone(), two.scenario.clone()),
            ("state of the scenario's file", one.sha256.clone(), two.sha256.clone()),
            ("seed", one.seed.to_string(), two.seed.to_string()),
            (
                "number of replications",
                one.replications.to_string(),
                two.replications.to_string(),
            ),
            ("choice of strategies", only(self), only(other)),
            ("--set", self.set.join(" "), other.set.join(" ")),
            ("choice of parameters", params(self), params(other)),
            ("sample", whole(&self.sample), whole(&other.sample)),
            ("precision", precision(self), precision(other)),
            ("--variance", variance(self), variance(other)),
            ("state of files that the scenario names", files(self), files(other)),
        ];
        let found = told.into_iter().find(|(_, one, two)| one != two);
        let (what, one, two) = found.unwrap_or(("state of what the scenario rests on", String::new(), String::new()));
        Some(match one.is_empty() && two.is_empty() {
            true => format!("another {what}"),
            false => format!("another {what}: {two}, and not {one}"),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::record::fake;

    pub(crate) fn plan(points: u64) -> SweepPlan {
        let mut plan = SweepPlan {
            manifest: fake::single().manifest,
            params: vec![SweptValues {
                key: "fleet.web.nodes".to_owned(),
                values: format!("1..{points}:{points}"),
            }],
            points,
            ..SweepPlan::default()
        };
        plan.manifest.run = plan.id();
        plan
    }

    fn file(path: &str, sha256: &str) -> NamedFile {
        NamedFile {
            path: path.to_owned(),
            sha256: sha256.to_owned(),
        }
    }

    #[test]
    fn a_file_that_has_changed_is_named_where_nothing_else_has() {
        let mut one = plan(8);
        one.named_files = vec![file("a.csv", "1"), file("b.csv", "2")];
        let mut other = one.clone();
        assert_eq!(one.changed_file(&other), None);
        other.named_files[1].sha256 = "3".to_owned();
        assert_eq!(one.changed_file(&other), Some("b.csv"));
        let mut another = other.clone();
        another.manifest.seed += 1;
        assert_eq!(one.changed_file(&another), None);
        other.named_files.pop();
        assert_eq!(one.changed_file(&other), None);
        assert!(
            one.differs(&other)
                .expect("a file less")
                .contains("a.csv (1), and not a.csv (1), b.csv (2)")
        );
    }

    #[test]
    fn a_plan_is_known_by_what_its_figures_depend_on() {
        let one = plan(8);
        type Change = fn(&mut SweepPlan);
        let changes: [(&str, Change); 11] = [
            ("another version: 9.9", |plan| {
                plan.manifest.tokenstorm = "9.9".to_owned()
            }),
            ("another scenario: x", |plan| plan.manifest.scenario = "x".to_owned()),
            ("another state of the scenario's file", |plan| {
                plan.manifest.sha256 = "x".to_owned()
            }),
            ("another seed: 8, and not 7", |plan| plan.manifest.seed = 8),
            ("another number of replications", |plan| plan.manifest.replications += 1),
            ("another --set: a=1", |plan| plan.set.push("a=1".to_owned())),
            ("another choice of parameters", |plan| plan.params[0].values.push('0')),
            ("another sample: lhs:3, and not all", |plan| {
                plan.sample = Some("lhs:3".to_owned())
            }),
            ("another --variance: controls, and not plain", |plan| {
                plan.controls = true
            }),
            (
                "another state of files that the scenario names: a.csv (0123), and not none",
                |plan| plan.named_files = vec![file("a.csv", "0123")],
            ),
            (
                "another precision: 5% with up to 200 replications and 7 events a point, and not none",
                |plan| {
                    plan.precision = Some(SweptPrecision {
                        asked: vec!["5%".to_owned()],
                        most_replications: 200,
                        most_events: 7,
                    })
                },
            ),
        ];
        for (told, change) in changes {
            let mut other = one.clone();
            change(&mut other);
            let differs = one.differs(&other).expect(told);
            assert!(differs.contains(told), "{differs}");
        }
        let mut elsewhere = one.clone();
        elsewhere.manifest.command_line = vec!["tokenstorm".to_owned()];
        elsewhere.manifest.events = 5;
        assert_eq!(one.differs(&elsewhere), None);
    }
}
