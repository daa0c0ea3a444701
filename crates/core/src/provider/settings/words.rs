//! A provider's rules in sentences.

use super::{
    ForceSettings, KillsAccess, Limits, OnFullSettings, OnViolationSettings, RefreshSettings, ReplayAnswer,
    RetireSettings, RotateSettings, RuleSettings, Settings, WhichUse,
};
use crate::base::Duration;
use crate::provider::{Counts, GrantType, OnExceed, Quota, QuotaKind, Scope, TokenBucket};

impl Settings {
    /// What the provider does with tokens, a sentence for each rule; what it does with earlier access tokens comes first.
    pub fn sentences(&self) -> Vec<String> {
        sentences(self)
    }
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
    let Limits { token, api, pool } = &settings.limits;
    for (who_serves, quotas) in [
        ("The token endpoint serves", &token.quotas),
        ("The API serves", &api.quotas),
        ("Token endpoint and API together serve", pool),
    ] {
        told.extend(quotas.iter().flatten().map(|quota| limit(who_serves, quota)));
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

fn limit(who_serves: &str, quota: &Quota) -> String {
    let (count, window) = (quota.count, quota.window);
    let whose = match quota.scope {
        Scope::Client => "each app",
        Scope::Account => "all apps together",
        Scope::Address => "each address",
        Scope::Grant => "each grant",
    };
    let what = match (quota.counts, quota.grant_type) {
        (Counts::Issuances, _) => "issuances",
        (Counts::Requests, None) => "requests",
        (Counts::Requests, Some(GrantType::ClientCredentials)) => "`client_credentials` requests",
        (Counts::Requests, Some(GrantType::AuthorizationCode)) => "`authorization_code` requests",
        (Counts::Requests, Some(GrantType::RefreshToken)) => "`refresh_token` requests",
    };
    let how_many = match quota.kind {
        QuotaKind::Fixed => format!("{count} {what} of {whose} in {window}"),
        QuotaKind::SlidingLog => format!("{count} {what} of {whose} in any {window}"),
        QuotaKind::SlidingCounter => format!("about {count} {what} of {whose} in any {window}"),
        QuotaKind::TokenBucket(TokenBucket { burst }) => {
            format!("{burst} {what} of {whose} at once, and {count} in {window} in the long run")
        }
        QuotaKind::Concurrency => format!("{count} {what} of {whose} at a time"),
    };
    let beyond = match quota.on_exceed {
        OnExceed::RetryAfter | OnExceed::Throttle => "more are throttled",
        OnExceed::ErrorBody => "more get an error under HTTP 200",
        OnExceed::NoOp => "more get the current token",
        OnExceed::Conflict => "more are told that another is under way",
        OnExceed::InvalidGrant => "more are told that their refresh token is dead",
    };
    let shut_out = match (quota.penalty, quota.prolongs) {
        (None, false) => String::new(),
        (None, true) => ", and count too".to_owned(),
        (Some(penalty), false) => format!(", for {penalty}"),
        (Some(penalty), true) => format!(", for {penalty} from the latest of them"),
    };
    format!("{who_serves} {how_many}; {beyond}{shut_out}.")
}
