//! A provider's profile: its rule in words, every value with what it rests on, its wording, and where sources do not agree.

use super::wrap;
use crate::oauth::{AnswerKind, At, Perceived};
use crate::provider::OnExceed;
use crate::provider::profiles::{Grade, Profile, about, find, lies_in, settings_of};
use crate::provider::settings::{Dialect, OnFullSettings, Reads, RetryAfter, RuleSettings, Settings, TokenShape};

/// The page of the profile of this name.
pub(super) fn page(name: &str) -> Option<String> {
    let profile = find(name)?;
    let mut page = format!("{name}: a provider\n\n");
    page.push_str(&wrap(&format!("{}.", profile.summary), ""));
    page.push_str(&wrap(&format!("Period: {}.", profile.period), ""));
    page.push('\n');
    page.push_str(&wrap(&about(name), ""));
    page.push_str("\nIn words:\n\n");
    for sentence in profile.provider.sentences() {
        let wrapped = wrap(&sentence, "    ");
        page.push_str(&format!("  - {}", wrapped.trim_start()));
    }
    page.push_str(&values(name, &profile));
    page.push_str(&wording(&profile.provider));
    if !profile.disagreement.is_empty() {
        page.push_str("\nSources do not agree:\n");
        for disagreement in &profile.disagreement {
            page.push_str(&format!("\n  {}\n", disagreement.of));
            for view in &disagreement.views {
                page.push_str(&format!("      {} [{}] {}\n", view.value, view.grade.name(), view.at));
            }
        }
    }
    page.push_str(&format!(
        "\nIn a scenario; what is written beside it lies over the profile, key by key:\n\n    [provider]\n    profile = \"{name}\"\n    token_ttl = \"10min\"\n"
    ));
    Some(page)
}

/// Every value that the profile sets, under the source that is most exactly about it.
fn values(name: &str, profile: &Profile) -> String {
    let settings = settings_of(name);
    let exactness = |of: &[String], key: &str| {
        let about = of.iter().filter(|of| lies_in(key, of));
        about.map(String::len).max()
    };
    let mut text = "\nWhat it sets, and what that rests on:\n".to_owned();
    for source in &profile.source {
        text.push('\n');
        for (key, value) in &settings {
            let own = exactness(&source.of, key);
            let best = profile
                .source
                .iter()
                .filter_map(|other| exactness(&other.of, key))
                .max();
            if own.is_some() && own == best {
                text.push_str(&format!("  {key} = {value}\n"));
            }
        }
        let at = match source.grade {
            Grade::Assumed => String::new(),
            _ => format!(" ({})", source.at),
        };
        text.push_str(&wrap(
            &format!("[{}] {}{at}", source.grade.name(), source.says),
            "      ",
        ));
    }
    let neutral = Settings::neutral();
    let provider = &profile.provider;
    let ms = |distribution: &Option<crate::net::Distribution>| match distribution {
        Some(crate::net::Distribution::Constant(span)) => span.to_string(),
        _ => "zero".to_owned(),
    };
    let mut left = Vec::new();
    if provider.token_ttl.is_none() {
        let ttl = neutral.token_ttl.unwrap_or_default();
        left.push(format!("a token lives {ttl} (`token_ttl`)"));
    }
    if provider.token_request.is_none() {
        left.push(format!(
            "a token request takes {} there and {} back, a call {} and {}",
            ms(&neutral.token_request),
            ms(&neutral.token_response),
            ms(&neutral.api_request),
            ms(&neutral.api_response)
        ));
    }
    if !left.is_empty() {
        text.push_str("\nNo source says, so it is as tokenstorm's defaults have it:\n\n");
        text.push_str(&wrap(&format!("{}.", left.join("; ")), "  "));
    }
    text
}

fn wording(settings: &Settings) -> String {
    let dialect = Dialect::of(&settings.dialect);
    let mut text = "\nHow it says no, and what a client that reads the status alone takes it for:\n\n".to_owned();
    let kinds = [
        ("a dead access token", At::Api, AnswerKind::Rejected),
        ("an expired one", At::Api, AnswerKind::Expired),
        ("a stale refresh token", At::Token, AnswerKind::StaleRefresh),
        ("throttled at the API", At::Api, AnswerKind::Throttled),
        ("throttled at the token endpoint", At::Token, AnswerKind::Throttled),
        ("a failure of the server", At::Api, AnswerKind::ServerError),
        ("no room for a token", At::Token, AnswerKind::Full),
        ("a slot not granted", At::Token, AnswerKind::BadSlot),
        ("another request under way", At::Token, AnswerKind::Conflict),
    ];
    for (what, at, kind) in kinds {
        let concerned = match kind {
            AnswerKind::StaleRefresh => settings.refresh_tokens().is_some(),
            AnswerKind::Full => {
                matches!(settings.rule, Some(RuleSettings::Capacity(rule)) if rule.on_full == OnFullSettings::Refuse)
            }
            AnswerKind::BadSlot => settings.slot_parameter.is_some(),
            AnswerKind::Conflict => {
                let quotas = settings.limits.token.quotas.iter().flatten();
                quotas
                    .chain(settings.limits.pool.iter().flatten())
                    .any(|quota| quota.on_exceed == OnExceed::Conflict)
            }
            AnswerKind::Expired => dialect.answer(AnswerKind::Expired) != dialect.answer(AnswerKind::Rejected),
            _ => true,
        };
        if !concerned {
            continue;
        }
        let answer = dialect.answer(kind);
        let taken = match dialect.perceive(at, kind, Reads::Status) {
            Perceived::Success => "a success",
            Perceived::Rejected => "a dead access token",
            Perceived::InvalidGrant => "a dead refresh token",
            Perceived::Throttled { wait: true } => "throttling, with a wait",
            Perceived::Throttled { wait: false } => "throttling, without a wait",
            Perceived::ServerError => "a failure of the server",
            Perceived::Refused => "a refusal for good",
        };
        text.push_str(&format!("  {what:32} {} -> {taken}\n", answer.status));
        if !answer.body.is_empty() {
            text.push_str(&format!("      {}\n", answer.body));
        }
    }
    if let Some(granted) = &settings.dialect.granted {
        text.push_str(&format!("  {:32} 200\n      {granted}\n", "a token, handed out"));
    }
    if settings.dialect.tokens == Some(TokenShape::Jwt) {
        text.push_str("  an access token                  a JWT\n");
    }
    let form = match dialect.retry_after() {
        RetryAfter::Seconds => "The wait is told in seconds.",
        RetryAfter::Date => "The wait is told as a date.",
        RetryAfter::Absent => "No wait is told.",
    };
    text.push_str(&format!(
        "\n  {form} What the profile does not word is worded as RFC 6749, 6750 and 6585 have it.\n"
    ));
    text
}
