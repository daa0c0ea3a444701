//! A provider's profile: its rule in words, every value with what it rests on, its wording, and where sources do not agree.

use super::wrap;
use crate::base::Duration;
use crate::oauth::{AnswerKind, At, Perceived};
use crate::provider::profiles::{Grade, Profile, about, find, lies_in, settings_of};
use crate::provider::settings::{
    Dialect, ForceSettings, KillsAccess, OnFullSettings, OnViolationSettings, Reads, RefreshSettings, ReplayAnswer,
    RetireSettings, RetryAfter, RotateSettings, RuleSettings, Settings, TokenShape, WhichUse,
};
use crate::provider::{OnExceed, Quota, Scope};

/// The page of the profile of this name.
pub(super) fn page(name: &str) -> Option<String> {
    let profile = find(name)?;
    let mut page = format!("{name}: a provider\n\n");
    page.push_str(&wrap(&format!("{}.", profile.summary), ""));
    page.push_str(&wrap(&format!("Period: {}.", profile.period), ""));
    page.push('\n');
    page.push_str(&wrap(&about(name), ""));
    page.push_str("\nIn words:\n\n");
    for sentence in sentences(&profile.provider) {
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

fn sentences(settings: &Settings) -> Vec<String> {
    let mut told = vec![rule(settings.rule.as_ref())];
    if let Some(refresh) = settings.refresh_tokens() {
        told.extend(refreshes(&refresh));
    } else if settings.refresh.is_none() {
        told.push("There are no refresh tokens: a client obtains tokens for itself.".to_owned());
    }
    if let Some(parameter) = &settings.slot_parameter {
        told.push(format!("The request parameter `{parameter}` selects a slot."));
    }
    for (endpoint, limits) in [
        ("token endpoint", &settings.limits.token),
        ("API", &settings.limits.api),
    ] {
        for quota in limits.quotas.iter().flatten() {
            told.push(limit(endpoint, quota));
        }
    }
    if settings.lags.invalidation.is_some() {
        told.push("Resource servers hear of a revocation late.".to_owned());
    }
    told
}

fn rule(rule: Option<&RuleSettings>) -> String {
    let survives = |overlap: Duration| match overlap.is_zero() {
        true => ", at once".to_owned(),
        false => format!(", which stays usable for {overlap}"),
    };
    match rule {
        None => "Nothing is known of what a new access token does to earlier ones: here, nothing.".to_owned(),
        Some(RuleSettings::Independent(_)) => "A new access token leaves earlier ones alone.".to_owned(),
        Some(RuleSettings::LatestOnly(rule)) => {
            format!("A new access token ends the one before it{}.", survives(rule.overlap))
        }
        Some(RuleSettings::Capacity(rule)) => match rule.on_full {
            OnFullSettings::EvictOldest => format!(
                "{} access tokens live; one more ends the oldest{}.",
                rule.live,
                survives(rule.overlap)
            ),
            OnFullSettings::Refuse => format!("{} access tokens live; one more is refused.", rule.live),
        },
        Some(RuleSettings::Reuse(rule)) => {
            let mut text = match rule.threshold.is_zero() {
                true => "A request gets the current access token until it has expired".to_owned(),
                false => format!(
                    "A request gets the current access token while it has at least {} to live",
                    rule.threshold
                ),
            };
            if rule.extend {
                text.push_str(", with its full life again");
            }
            match rule.live {
                Some(live) => text.push_str(&format!("; then a new one, and {live} live{}.", survives(rule.overlap))),
                None => text.push_str("; then a new one, beside which the old one lives on."),
            }
            if let Some(ForceSettings { count, window, min_gap }) = rule.force {
                text.push_str(&format!(" A new one can be forced {count} times in {window}"));
                text.push_str(&match min_gap.is_zero() {
                    true => ".".to_owned(),
                    false => format!(", {min_gap} apart."),
                });
            }
            text
        }
    }
}

fn refreshes(refresh: &RefreshSettings) -> Vec<String> {
    let mut told = Vec::new();
    told.push(match refresh.rotate.unwrap_or_default() {
        RotateSettings::Never => "A refresh returns the same refresh token.".to_owned(),
        RotateSettings::Always => format!("A refresh returns a new refresh token. {}", retires(refresh)),
        RotateSettings::AfterAge(age) => {
            format!(
                "A refresh token that is at least {age} old is replaced. {}",
                retires(refresh)
            )
        }
    });
    match refresh.kills_access.unwrap_or_default() {
        KillsAccess::None => {}
        KillsAccess::Paired => {
            told.push("A refresh ends the access token that came with the refresh token.".to_owned())
        }
        KillsAccess::All => told.push("A refresh ends all earlier access tokens of the grant.".to_owned()),
    }
    if let Some(capacity) = refresh.capacity {
        let too = match refresh.evicts_access {
            Some(true) => ", with its access tokens",
            _ => "",
        };
        told.push(format!(
            "{capacity} grants of one user and app live; one more ends the oldest{too}."
        ));
    }
    if let Some(OnViolationSettings::RevokeFamily(revoke)) = refresh.on_violation {
        let too = if revoke.access { " and its access tokens" } else { "" };
        told.push(format!(
            "A refresh token that is used when it is no longer accepted ends the whole grant{too}."
        ));
    }
    if let Some(ttl) = refresh.ttl {
        told.push(format!("A refresh token lives {ttl}."));
    }
    told
}

fn retires(refresh: &RefreshSettings) -> String {
    let answer = match refresh.replay_answer.unwrap_or_default() {
        ReplayAnswer::SamePair => "gets the same pair again",
        ReplayAnswer::NewPair => "gets a pair of its own",
        ReplayAnswer::LastWins => "gets a pair of its own, which ends those of earlier uses",
    };
    match refresh.retire.unwrap_or_default() {
        RetireSettings::OnIssue => "The old one is dead at once.".to_owned(),
        RetireSettings::Leeway(leeway) => format!("For {leeway} the old one still {answer}."),
        RetireSettings::Reuses(0) => "The old one cannot be used again.".to_owned(),
        RetireSettings::Reuses(count) => format!("The old one can be used {count} times more, and {answer}."),
        RetireSettings::Newer(count) => format!("Until {count} newer access tokens were issued, the old one {answer}."),
        RetireSettings::SuccessorUsed(used) => {
            let which = match used.which {
                WhichUse::Access => "new access token",
                WhichUse::Refresh => "new refresh token",
                WhichUse::Either => "new access or refresh token",
            };
            let delay = match used.delay.is_zero() {
                true => String::new(),
                false => format!("{} after ", used.delay),
            };
            let cap = used.cap.map_or(String::new(), |cap| format!(", for {cap} at most"));
            format!("Until {delay}the {which} is first used{cap}, the old one {answer}.")
        }
    }
}

fn limit(endpoint: &str, quota: &Quota) -> String {
    let whose = match quota.scope {
        Scope::Client => "each app",
        Scope::Account => "all apps together",
    };
    let beyond = match quota.on_exceed {
        OnExceed::RetryAfter | OnExceed::Throttle => "more are throttled",
        OnExceed::ErrorBody => "more get an error under HTTP 200",
        OnExceed::NoOp => "more get the current token",
    };
    format!(
        "The {endpoint} serves {} requests of {whose} in {}; {beyond}.",
        quota.count, quota.window
    )
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
    ];
    for (what, at, kind) in kinds {
        let concerned = match kind {
            AnswerKind::StaleRefresh => settings.refresh_tokens().is_some(),
            AnswerKind::Full => {
                matches!(settings.rule, Some(RuleSettings::Capacity(rule)) if rule.on_full == OnFullSettings::Refuse)
            }
            AnswerKind::BadSlot => settings.slot_parameter.is_some(),
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
