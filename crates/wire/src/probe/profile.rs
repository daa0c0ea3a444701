//! What was found, as a provider's settings in TOML or in JSON, each value with its evidence and how sure it is.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::conclude::{parts, written};
use super::finding::{Findings, ProbeFinding, count, is, span};
use super::interview::Interview;
use super::quotas;
use super::wording::HeardWords;
use crate::provider::settings::Settings;

/// How sure a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// No other value gives these answers.
    Certain,
    /// It lies between two values that were measured.
    Bracketed,
    /// It holds as far as was looked.
    Bounded,
    /// The provider says so; nobody waited to see it.
    Stated,
    /// Other values give the same answers.
    Ambiguous,
    /// It was not measured.
    Unknown,
}

impl Confidence {
    /// In a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Bracketed => "bracketed",
            Self::Bounded => "bounded",
            Self::Stated => "stated",
            Self::Ambiguous => "ambiguous",
            Self::Unknown => "?",
        }
    }
}

/// A value, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbedValue {
    /// Its key in the settings.
    pub key: &'static str,
    /// As TOML writes it; none where it was not measured, or there is nothing to write.
    pub value: Option<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What was seen.
    pub evidence: Vec<String>,
    /// Values that cannot be told from it.
    pub alternatives: Vec<String>,
}

/// What was found of each key.
const EVIDENCE: [(&str, &[&str]); 13] = [
    ("token_ttl", &["life", "stated_life"]),
    (
        "rule",
        &[
            "again",
            "earlier",
            "lingers",
            "live",
            "full",
            "evicted_lingers",
            "depth",
            "threshold",
            "extends",
            "renewed_earlier",
            "forces",
            "forced_earlier",
            "forced_lingers",
            "force_gap",
            "force_count",
            "force_window",
            "login_ends",
        ],
    ),
    ("on_bad_slot", &["bad_slot", "apart", "slots"]),
    ("lags.visible_after", &["visible"]),
    ("refresh.rotate", &["rotates", "rotate_age"]),
    (
        "refresh.retire",
        &[
            "replay",
            "replays",
            "after_access",
            "after_refresh",
            "grace",
            "access_delay",
            "refresh_delay",
        ],
    ),
    ("refresh.depth", &["after_refresh"]),
    ("refresh.replay_answer", &["replay", "first_answer"]),
    ("refresh.kills_access", &["earlier", "sibling_access"]),
    ("refresh.on_violation", &["violation", "violation_access"]),
    ("refresh.capacity", &["grants"]),
    ("refresh.evicts_access", &["evicts"]),
    ("refresh.ttl", &["refresh_life"]),
];

/// In words; the keys of findings are short.
fn asks(key: &str) -> &'static str {
    match key {
        "life" => "a token was accepted for",
        "stated_life" => "expires_in says",
        "again" => "another request brings a token that is",
        "earlier" => "the one before it is",
        "lingers" => "it lives on",
        "live" => "tokens that live at once",
        "full" => "where there are more",
        "evicted_lingers" => "an evicted one lives on",
        "depth" => "superseded ones that live on",
        "threshold" => "the same one comes down to a remaining life of",
        "extends" => "it is extended each time",
        "renewed_earlier" => "when a new one comes, the one before is",
        "forces" => "a new one can be forced",
        "forced_earlier" => "the one before it is then",
        "forced_lingers" => "it then lives on",
        "force_gap" => "from one forced renewal to the next at least",
        "force_count" => "forced renewals in a window",
        "force_window" => "length of a window",
        "login_ends" => "a login ends the access token of the one before",
        "bad_slot" => "a slot that was not granted",
        "apart" => "slots are apart",
        "slots" => "slots",
        "visible" => "a new token is accepted",
        "rotates" => "a refresh brings a new refresh token",
        "rotate_age" => "it does from an age of",
        "replay" => "the old one, used once more at once, gets",
        "replays" => "so often it is accepted once more",
        "after_access" => "once the new access token was used it is",
        "after_refresh" => "once the new refresh token was used it is",
        "grace" => "left alone it is accepted for",
        "access_delay" => "after the use of the access token for",
        "refresh_delay" => "after the use of the new refresh token for",
        "first_answer" => "the first answer is then",
        "sibling_access" => "the access token of the first answer is",
        "violation" => "one that is refused takes with it",
        "violation_access" => "access tokens are then",
        "grants" => "grants that live at once",
        "evicts" => "the access token of an evicted grant is",
        "refresh_life" => "a refresh token lives",
        _ => "found",
    }
}

/// Every value of what an interview came to.
pub fn values(interview: &Interview) -> Vec<ProbedValue> {
    let parts = parts(&interview.settings);
    let mut all = Vec::new();
    for (key, findings) in EVIDENCE {
        if key.starts_with("refresh.") && interview.settings.refresh.is_none() {
            continue;
        }
        let found: Vec<(&str, ProbeFinding)> = findings
            .iter()
            .filter_map(|finding| Some((*finding, *interview.found.get(finding)?)))
            .collect();
        let value = match key {
            "token_ttl" => interview.settings.token_ttl.map(|ttl| written(&ttl)),
            "on_bad_slot" => interview.settings.on_bad_slot.map(|slot| written(&slot)),
            _ => parts
                .iter()
                .find(|(known, _)| *known == key)
                .map(|(_, value)| value.clone()),
        };
        if key == "on_bad_slot" && found.is_empty() {
            continue;
        }
        let alternatives: Vec<_> = interview.alternatives.get(key).into_iter().flatten().cloned().collect();
        let confidence = match unmeasured(key, &interview.found) {
            true => Confidence::Unknown,
            false => confidence(key, &found, !alternatives.is_empty()),
        };
        all.push(ProbedValue {
            key,
            value: value.filter(|value| value != "none" && confidence != Confidence::Unknown),
            confidence,
            evidence: found
                .iter()
                .map(|(key, finding)| format!("{}: {finding}", asks(key)))
                .collect(),
            alternatives,
        });
    }
    all
}

/// Those of the rule, and the quotas that headers tell.
fn all_values(interview: &Interview, heard: &HeardWords) -> Vec<ProbedValue> {
    let quotas = quotas::told(&heard.limits, &interview.throttlings);
    let stated = quotas.into_iter().map(|told| ProbedValue {
        key: told.key,
        value: Some(written(&told.quotas)),
        confidence: Confidence::Stated,
        evidence: told.evidence,
        alternatives: Vec::new(),
    });
    values(interview).into_iter().chain(stated).collect()
}

/// Whether something was seen of a key whose value hangs on what nobody has waited for.
fn unmeasured(key: &str, found: &Findings) -> bool {
    let has = |key| found.contains_key(key);
    match key {
        "rule" => is(found, "earlier", "kept") && !has("lingers") && count(found, "live").is_none(),
        "refresh.retire" => {
            let tolerated = is(found, "replay", "new_pair") || is(found, "replay", "same_pair");
            let known = span(found, "grace").is_some() || has("grace") && has("refresh_life");
            let other = count(found, "replays").is_some()
                || is(found, "after_access", "refused")
                || span(found, "access_delay").is_some()
                || span(found, "refresh_delay").is_some();
            tolerated && !known && !other
        }
        _ => false,
    }
}

fn confidence(key: &str, found: &[(&str, ProbeFinding)], others: bool) -> Confidence {
    let has = |wanted: fn(&ProbeFinding) -> bool| found.iter().any(|(_, finding)| wanted(finding));
    match found {
        [] => Confidence::Unknown,
        _ if others => Confidence::Ambiguous,
        [("stated_life", _)] => Confidence::Stated,
        _ if key != "token_ttl"
            && has(|finding| matches!(finding, ProbeFinding::MoreThan(_) | ProbeFinding::Beyond(_))) =>
        {
            Confidence::Bounded
        }
        _ if has(|finding| matches!(finding, ProbeFinding::Within(low, high, _) if low != high)) => {
            Confidence::Bracketed
        }
        _ => Confidence::Certain,
    }
}

/// What is to be told beside the values.
fn notes(interview: &Interview, heard: &HeardWords) -> Vec<String> {
    let [token, api] = interview.requests;
    let mut notes = vec![format!(
        "{} requests: {token} to the token endpoint, {api} to the API",
        token + api
    )];
    notes.push(match &interview.profiles[..] {
        [] => "no profile of the library gives these answers".to_owned(),
        [one] => format!("of the library only `{one}` gives these answers"),
        several => format!(
            "profiles that give these answers, and cannot be told apart from outside: {}",
            several.join(", ")
        ),
    });
    if !interview.explained {
        notes.push(
            "the rule below, simulated, does not give all answers that were seen: somebody else may use the same client, or \
             the provider follows a rule that is not modelled"
                .to_owned(),
        );
    }
    if let Some(halt) = &interview.halt {
        notes.push(format!("the probe ended before its time: {halt}"));
    }
    for (question, _, halt) in &interview.asked {
        if let Some(halt) = halt.as_ref().filter(|halt| Some(*halt) != interview.halt.as_ref()) {
            notes.push(format!("not answered: {question} ({halt})"));
        }
    }
    for question in &interview.spared {
        notes.push(format!(
            "not asked, as no rule that is left answers otherwise: {question}"
        ));
    }
    notes.extend(interview.throttlings.iter().take(4).map(ToString::to_string));
    for header in heard.limits.iter().take(12) {
        let from = if header.token_endpoint { "token endpoint" } else { "API" };
        notes.push(format!("a header of the {from} said {}: {}", header.name, header.value));
    }
    for (about, worded) in &heard.refused {
        if let Some(authenticate) = &worded.authenticate {
            notes.push(format!("WWW-Authenticate of a refusal ({about:?}): {authenticate}"));
        }
    }
    notes
}

/// Values that follow from the answers' looks, not from any rule.
fn looks(settings: &Settings, heard: &HeardWords, slot_parameter: Option<&str>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    if heard.jwt == Some(true) {
        all.push(("reveals".to_owned(), r#"{ issue_time = "1s" }"#.to_owned()));
    }
    if let Some(name) = slot_parameter.filter(|_| settings.on_bad_slot.is_some()) {
        all.push(("slot_parameter".to_owned(), written(&name)));
    }
    let dialect = heard.dialect();
    for (key, wording) in dialect.written() {
        all.push((format!("dialect.{key}"), written(wording)));
    }
    if let Some(form) = dialect.retry_after {
        all.push(("dialect.retry_after".to_owned(), written(&form)));
    }
    if let Some(shape) = dialect.tokens {
        all.push(("dialect.tokens".to_owned(), written(&shape)));
    }
    all
}

/// A part of a scenario: `[provider]`, with what each value rests on in comments.
pub fn toml(interview: &Interview, heard: &HeardWords, slot_parameter: Option<&str>) -> String {
    let mut text = String::new();
    for note in notes(interview, heard) {
        let _ = writeln!(text, "# {}", line(&note));
    }
    text.push_str("\n[provider]\n");
    for value in all_values(interview, heard) {
        let _ = write!(text, "# {}: {}", value.key, value.confidence.name());
        if value.confidence == Confidence::Unknown {
            text.push_str("; not measured");
        }
        for evidence in &value.evidence {
            let _ = write!(text, "; {}", line(evidence));
        }
        text.push('\n');
        if !value.alternatives.is_empty() && value.confidence != Confidence::Unknown {
            let _ = writeln!(text, "#   cannot be told from: {}", value.alternatives.join(" | "));
        }
        if let Some(written) = &value.value {
            let _ = writeln!(text, "{} = {written}", value.key);
        }
    }
    let looks = looks(&interview.settings, heard, slot_parameter);
    if !looks.is_empty() {
        text.push_str("# as it was answered\n");
    }
    for (key, value) in looks {
        let _ = writeln!(text, "{key} = {value}");
    }
    text
}

/// The same for programs.
pub fn json(interview: &Interview, heard: &HeardWords, slot_parameter: Option<&str>) -> String {
    let values: Vec<Value> = all_values(interview, heard)
        .into_iter()
        .map(|value| {
            json!({
                "key": value.key,
                "value": value.value,
                "confidence": value.confidence.name(),
                "evidence": value.evidence,
                "cannot_be_told_from": value.alternatives,
            })
        })
        .collect();
    let looks: Vec<Value> = looks(&interview.settings, heard, slot_parameter)
        .into_iter()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect();
    let [token, api] = interview.requests;
    let whole = json!({
        "requests": {"token": token, "api": api},
        "profiles": interview.profiles,
        "explained": interview.explained,
        "ended_early": interview.halt.as_ref().map(ToString::to_string),
        "values": values,
        "as_answered": looks,
        "notes": notes(interview, heard),
    });
    format!("{whole:#}\n")
}

/// A comment is one line.
fn line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
