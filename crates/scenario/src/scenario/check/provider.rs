//! The provider: latencies that can be sampled, a rule under which something lives.

use std::fmt::Display;

use super::Checker;
use crate::base::Duration;
use crate::provider::settings::{EndpointLimits, RetireSettings, Reveals, RotateSettings, RuleSettings, Settings};

impl Checker<'_> {
    pub(super) fn providers(&mut self) {
        let file = self.file;
        self.provider("provider", &file.provider);
        if let Some(second) = &file.second_provider {
            self.provider("second_provider", second);
        }
    }

    fn provider(&mut self, name: &'static str, settings: &Settings) {
        for (key, distribution) in [
            ("token_request", &settings.token_request),
            ("token_response", &settings.token_response),
            ("api_request", &settings.api_request),
            ("api_response", &settings.api_response),
        ] {
            self.distribution(&[&name, &key], distribution.as_ref());
        }
        self.distribution(
            &[&name, &"lags", &"visible_after"],
            settings.lags.visible_after.as_ref(),
        );
        self.distribution(&[&name, &"lags", &"invalidation"], settings.lags.invalidation.as_ref());
        if settings.lags.replicas == Some(0) {
            self.wrong(
                &[&name, &"lags", &"replicas"],
                "no resource server",
                "must be at least 1",
                "write 1, or leave it out",
            );
        }
        self.limits(name, "token", &settings.limits.token);
        self.limits(name, "api", &settings.limits.api);
        self.quotas(name, settings);
        let ttl = settings.token_ttl.unwrap_or_default();
        if ttl < Duration::from_millis(1) {
            self.wrong(
                &[&name, &"token_ttl"],
                "a token that is never valid",
                "must be at least 1ms",
                "most providers give an hour: `token_ttl = \"1h\"`",
            );
        }
        self.rule(name, ttl, settings);
        self.reveals(name, settings);
        self.refresh(name, settings);
        self.dialect(name, settings);
    }

    fn limits(&mut self, name: &'static str, endpoint: &'static str, limits: &EndpointLimits) {
        let base: [&dyn Display; 3] = [&name, &"limits", &endpoint];
        let at = |key: &'static &'static str| -> Vec<&dyn Display> {
            base.iter().copied().chain([key as &dyn Display]).collect()
        };
        self.distribution(&at(&"service"), limits.service.as_ref());
        if limits.servers == Some(0) {
            self.wrong(
                &at(&"servers"),
                "an endpoint without a server",
                "must be at least 1",
                "leave it out for any number",
            );
        }
    }

    fn rule(&mut self, provider: &'static str, ttl: Duration, settings: &Settings) {
        let Some(rule) = settings.rule else { return };
        let (name, overlap) = match rule {
            RuleSettings::Independent(_) => return,
            RuleSettings::LatestOnly(rule) => ("latest_only", rule.overlap),
            RuleSettings::Capacity(rule) => ("capacity", rule.overlap),
            RuleSettings::Reuse(rule) => ("reuse", rule.overlap),
        };
        let nobody = match rule {
            RuleSettings::Capacity(rule) => rule.live == 0,
            RuleSettings::Reuse(rule) => rule.live == Some(0),
            _ => false,
        };
        if nobody {
            self.wrong(
                &[&provider, &"rule", &name, &"live"],
                "no token may live",
                "must be at least 1",
                "1 is the rule `latest_only`",
            );
        }
        if overlap > ttl {
            self.odd(
                &[&provider, &"rule", &name, &"overlap"],
                format!("the overlap {overlap} is longer than a token lives ({ttl})"),
                "as good as the token's life",
                "an overlap never prolongs a token; with this one, no token ends before it expires",
            );
        }
        if let RuleSettings::Reuse(reuse) = rule
            && reuse.threshold > ttl
        {
            self.odd(
                &[&provider, &"rule", &"reuse", &"threshold"],
                format!("the threshold {} is longer than a token lives ({ttl})", reuse.threshold),
                "no token is ever returned again",
                "shorten it, or choose the rule `latest_only`",
            );
        }
    }

    fn reveals(&mut self, name: &'static str, settings: &Settings) {
        if let Reveals::IssueTime(unit) = settings.revealed()
            && unit.is_zero()
        {
            self.wrong(
                &[&name, &"reveals"],
                "an issue time in units of nothing",
                "must be above zero",
                "tokens carry whole seconds: `reveals = { issue_time = \"1s\" }`",
            );
        }
    }

    fn refresh(&mut self, name: &'static str, settings: &Settings) {
        let Some(refresh) = settings.refresh_tokens() else {
            return;
        };
        if refresh.capacity == Some(0) {
            self.wrong(
                &[&name, &"refresh", &"capacity"],
                "no grant may live",
                "must be at least 1",
                "`refresh.issued = false` is a provider without refresh tokens",
            );
        }
        if refresh.ttl.is_some_and(Duration::is_zero) {
            self.wrong(
                &[&name, &"refresh", &"ttl"],
                "a refresh token that is never valid",
                "must be above zero",
                "leave it out for one that does not expire",
            );
        }
        if let Some(RetireSettings::SuccessorUsed(used)) = refresh.retire
            && used.cap.is_some_and(|cap| cap < used.delay)
        {
            self.wrong(
                &[&name, &"refresh", &"retire"],
                format!(
                    "the delay {} is longer than the cap, which ends the token first",
                    used.delay
                ),
                "never waits so long",
                "make the cap longer, or leave it out",
            );
        }
        let retire = refresh.retire.unwrap_or_default();
        if refresh.rotate == Some(RotateSettings::Never) && retire != RetireSettings::OnIssue {
            self.odd(
                &[&name, &"refresh", &"retire"],
                "a refresh token that never rotates has no successor to retire for",
                "nothing comes of it",
                "set `rotate = \"always\"`, or leave `retire` out",
            );
        }
    }

    fn dialect(&mut self, name: &'static str, settings: &Settings) {
        let dialect = &settings.dialect;
        for (key, answer) in dialect.written() {
            if !(200..600).contains(&answer.status) {
                self.wrong(
                    &[&name, &"dialect", &key, &"status"],
                    format!("{} is no status of a final answer", answer.status),
                    "must be 200 to 599",
                    "for instance 401",
                );
            } else if answer.status < 300 && answer.body.is_empty() {
                self.wrong(
                    &[&name, &"dialect", &key],
                    format!("a {} without a body cannot be told from a success", answer.status),
                    "says nothing",
                    "add a `body`, or another status",
                );
            }
        }
        if let Some(granted) = &dialect.granted
            && !granted.contains("{access_token}")
        {
            self.wrong(
                &[&name, &"dialect", &"granted"],
                "no token would be handed out".to_owned(),
                "lacks `{access_token}`",
                "put `{access_token}` where the token stands, and `{expires_in}` where its life does",
            );
        }
    }
}
