//! What is compared: strategies that the provider can serve, waits that end.

use std::fmt::Display;

use super::super::bounds::MOST_SLOTS;
use super::super::document::Path;
use super::super::error::steps;
use super::super::size::slots;
use super::super::strategy::StrategySettings;
use super::Checker;
use crate::base::Duration;
use crate::net::Distribution;
use crate::node::Strategy as _;
use crate::retry::Retry;
use crate::strategy::{Believes, ClockFirst, Coordination, Lease};

/// Where the settings stand that are looked at: those of a strategy, or of some of its nodes.
pub(super) struct Whose(Path);

impl Whose {
    pub(super) fn of(path: &[&dyn Display]) -> Self {
        Self(steps(path))
    }

    /// The path of one of them.
    pub(super) fn at<'a>(&'a self, rest: &[&'a dyn Display]) -> Vec<&'a dyn Display> {
        let own = self.0.iter().map(|step| step as &dyn Display);
        own.chain(rest.iter().copied()).collect()
    }
}

impl Checker<'_> {
    pub(super) fn strategies(&mut self) {
        let strategies = &self.file.strategy;
        self.at_least_one(
            "strategy",
            strategies.len(),
            "add `[[strategy]]` with a `name` and `coordination = \"naive\"`",
        );
        self.unique(
            "strategy",
            strategies.iter().map(|strategy| strategy.name.clone()).collect(),
        );
        for (i, strategy) in strategies.iter().enumerate() {
            self.settings(&Whose::of(&[&"strategy", &i]), strategy);
            self.copies(i, strategy);
            self.mix(i, strategy);
        }
    }

    /// What all nodes of a strategy follow, or some of them.
    pub(super) fn settings(&mut self, whose: &Whose, strategy: &StrategySettings) {
        self.coordination(whose, &strategy.coordination);
        self.retry(whose, strategy);
        if strategy.timeout.is_some_and(Duration::is_zero) {
            self.wrong(
                &whose.at(&[&"timeout"]),
                "nobody answers in no time",
                "must be above zero",
                "leave it out to wait for ever",
            );
        }
        self.allowances(whose, strategy);
        self.again(whose, strategy);
    }

    /// Bounds of one kind of failure within a bound of all.
    fn again(&mut self, whose: &Whose, strategy: &StrategySettings) {
        let (Some(again), Some(most)) = (strategy.again_after, strategy.retry.attempts().most()) else {
            return;
        };
        let kinds = [
            ("refused_token", again.refused_token),
            ("failed_call", again.failed_call),
            ("failed_token_request", again.failed_token_request),
        ];
        for (key, bound) in kinds {
            if let Some(bound) = bound.filter(|&bound| u32::from(bound) >= most) {
                let all = if most == 1 {
                    "once".to_owned()
                } else {
                    format!("{most} times")
                };
                self.wrong(
                    &whose.at(&[&"again_after", &key]),
                    format!("{bound} more tries of a call that is tried {all} in all"),
                    "beyond what `retry` allows",
                    format!("let `retry` have at least {} `attempts`", u32::from(bound) + 1),
                );
            }
        }
    }

    /// The strategies of which it is recorded who held a token.
    pub(super) fn holders(&mut self) {
        const MOST: usize = 4;
        let known: Vec<&str> = self
            .file
            .strategy
            .iter()
            .map(|strategy| strategy.name.as_str())
            .collect();
        for (i, name) in self.file.holders.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                self.unknown(&[&"holders", &i], "strategy", name, &known);
            } else if self.file.holders[..i].contains(name) || i >= MOST {
                self.wrong(
                    &[&"holders", &i],
                    format!("`holders` names up to {MOST} strategies, each once"),
                    "one too many",
                    "leave it out; a chart of more could not be read",
                );
            }
        }
    }

    /// What decides beside the backoff whether a call is tried again.
    fn allowances(&mut self, whose: &Whose, strategy: &StrategySettings) {
        if strategy.breaker.is_some_and(|breaker| breaker.failures == 0) {
            self.wrong(
                &whose.at(&[&"breaker", &"failures"]),
                "a breaker that opens before a failure",
                "must be at least 1",
                "for instance 5",
            );
        }
        for (path, breaker) in [
            (vec![&"breaker" as &dyn Display], strategy.breaker),
            (
                vec![&"token_guard", &"breaker"],
                strategy.token_guard.and_then(|guard| guard.breaker),
            ),
        ] {
            if let Some(breaker) = breaker {
                let path = [&path[..], &[&"longest"]].concat();
                self.open_times(&whose.at(&path), breaker.open, breaker.longest);
            }
        }
        self.ends_of_logins(whose, strategy);
        if let Some(guard) = strategy.token_guard {
            self.guard(whose, guard, strategy.retry);
        }
        if strategy
            .budget
            .is_some_and(|budget| budget.reserve > 0 && budget.reserve >= budget.capacity)
        {
            self.wrong(
                &whose.at(&[&"budget", &"reserve"]),
                "a budget that never holds more than its reserve pays for no retry",
                "must be below `capacity`",
                "gRPC keeps half of the capacity",
            );
        }
        if let Some(budget) = strategy.budget {
            let prices = [
                ("per_retry", Some(budget.per_retry)),
                ("per_timeout", budget.per_timeout),
                ("per_throttled", budget.per_throttled),
            ];
            for (key, price) in prices {
                if price.is_some_and(|price| price == 0 || price > budget.capacity) {
                    self.wrong(
                        &whose.at(&[&"budget", &key]),
                        "a retry that takes nothing is not bounded, and one that takes more than the budget holds never comes",
                        "must be at least 1 and at most `capacity`",
                        "the AWS SDKs take 5 of 500, and 10 after a time-out",
                    );
                }
            }
        }
        if let Some(throttle) = strategy.throttle
            && (throttle.k == 0 || throttle.window.is_zero())
        {
            self.wrong(
                &whose.at(&[&"throttle"]),
                "a throttle without counts refuses all or nothing",
                "`k` and `window` must be above zero",
                "the published values are `{ k = 2, window = \"2min\" }`",
            );
        }
    }

    fn coordination(&mut self, whose: &Whose, coordination: &Coordination) {
        let ttl = self.file.provider.token_ttl.unwrap_or_default();
        let at_least_one = |count: u32, tag: &'static str, key: &'static str| (count == 0).then_some((tag, key));
        let nothing = match coordination {
            Coordination::SlotPerNode(it) => at_least_one(it.slots.into(), "slot_per_node", "slots"),
            Coordination::AppPerNode(it) => at_least_one(it.apps.into(), "app_per_node", "apps"),
            Coordination::Rotation(it) => at_least_one(it.count.into(), "rotation", "count"),
            _ => None,
        };
        if let Some((tag, key)) = nothing {
            self.wrong(
                &whose.at(&[&"coordination", &tag, &key]),
                format!("`{tag}` over none"),
                "must be at least 1",
                "count what the nodes are dealt out over",
            );
            return;
        }
        let at = |tag, key| whose.at(&[&"coordination", tag, key]);
        match coordination {
            Coordination::Lease(lease) => self.lease(&whose.at(&[&"coordination", &"lease"]), lease, ttl),
            Coordination::Rotation(it) => {
                self.lease(&whose.at(&[&"coordination", &"rotation", &"lease"]), &it.lease, ttl);
            }
            Coordination::RenewAhead(it) => self.margin(&at(&"renew_ahead", &"margin"), Some(it.margin), ttl),
            Coordination::CentralRefresher(it) => {
                self.margin(&at(&"central_refresher", &"renew_ahead"), it.renew_ahead, ttl);
            }
            Coordination::Leader(it) => self.margin(&at(&"leader", &"renew_ahead"), it.renew_ahead, ttl),
            Coordination::ScheduledRefresher(it) => self.scheduled(whose, it, ttl),
            Coordination::ClockFirst(it) => self.looks_at_the_clock(whose, it, ttl),
            Coordination::SlotPerNode(it) if u32::from(it.first) + u32::from(it.slots) > u32::from(u16::MAX) => {
                self.wrong(
                    &whose.at(&[&"coordination", &"slot_per_node", &"first"]),
                    "slot indices end at 65534",
                    "too high",
                    "providers grant a handful",
                );
                return;
            }
            _ => {}
        }
        self.slot_parameter(whose, coordination);
    }

    /// A clock that is looked at before each call.
    fn looks_at_the_clock(&mut self, whose: &Whose, it: &ClockFirst, ttl: Duration) {
        let at = |key| whose.at(&[&"coordination", &"clock_first", key]);
        if let Some(background) = it.background.filter(|&background| background <= it.margin) {
            self.wrong(
                &at(&"background"),
                format!(
                    "a call that finds {background} left waits for a new token, and nothing happens in the background"
                ),
                "not longer than `margin`",
                "make it longer than `margin`, or leave it out",
            );
        }
        let looks = !(it.margin.is_zero() && it.jitter.is_zero() && it.background.is_none());
        let life = match it.believes {
            Believes::ExpiresIn => ttl,
            Believes::Configured(life) => life,
            Believes::Forever if looks => {
                self.wrong(
                    &at(&"believes"),
                    "a client that believes in a token for ever never looks at the clock",
                    "and has no use for a margin",
                    "leave out `margin`, `jitter` and `background`, or `believes`",
                );
                return;
            }
            Believes::Forever => return,
        };
        if it.margin >= life {
            self.odd(
                &at(&"margin"),
                format!(
                    "a token that lives {life} is within {} of its end from the start",
                    it.margin
                ),
                "each call renews first",
                "so does the client, if these are its settings; else make it shorter than the token's life",
            );
        }
    }

    /// How long before its end a token is replaced.
    fn margin(&mut self, path: &[&dyn Display], margin: Option<Duration>, ttl: Duration) {
        if let Some(margin) = margin.filter(|&margin| margin >= ttl) {
            self.wrong(
                path,
                format!("a token that lives {ttl} cannot be renewed {margin} before its end"),
                "as long as the token's life",
                "each new token would be replaced at once; make it shorter than `provider.token_ttl`",
            );
        }
    }

    /// Registered copies of the apps, and the slots of all of them.
    fn copies(&mut self, i: usize, strategy: &StrategySettings) {
        let clients = self.file.app.len() * usize::from(strategy.duplicate_apps());
        if clients > usize::from(u16::MAX) {
            self.wrong(
                &[&"strategy", &i, &"coordination"],
                format!("{clients} registered apps; there can be {}", u16::MAX),
                "too many copies",
                "copies beyond the number of nodes are never used",
            );
        }
        let slots = slots(self.file, strategy);
        if slots > MOST_SLOTS {
            self.wrong(
                &[&"strategy", &i, &"coordination"],
                format!("{clients} registered apps with {slots} slots in all; there can be {MOST_SLOTS}"),
                "too many copies",
                "copies and slots beyond the number of nodes are never used",
            );
        }
    }

    fn slot_parameter(&mut self, whose: &Whose, coordination: &Coordination) {
        let parameter = self.file.provider.slot_parameter.as_deref();
        if coordination.highest_slot().is_some() && parameter.is_none() {
            self.wrong(
                &whose.at(&[&"coordination"]),
                "this provider has no slots",
                "asks for a slot",
                "choose `profile = \"zoom-s2s-2022\"`, set `provider.slot_parameter`, or use `app_per_node`",
            );
        }
        if let Coordination::SlotPerNode(it) = coordination
            && let (Some(sent), Some(known)) = (it.parameter.as_deref(), parameter)
            && sent != known
        {
            self.odd(
                &whose.at(&[&"coordination", &"slot_per_node", &"parameter"]),
                format!("the provider calls it `{known}` and ignores `{sent}`"),
                "every node gets slot 0",
                "leave it out to send the right name",
            );
        }
    }

    fn lease(&mut self, path: &[&dyn Display], lease: &Lease, ttl: Duration) {
        let spans = [
            ("ttl", lease.ttl.span()),
            ("poll", Some(lease.poll)),
            ("extend_every", lease.extend_every),
        ];
        for (key, span) in spans.into_iter().filter_map(|(key, span)| Some((key, span?))) {
            // Nodes count these in whole milliseconds.
            if span < Duration::from_millis(1) {
                let path: Vec<&dyn Display> = path.iter().copied().chain([&key as &dyn Display]).collect();
                self.wrong(
                    &path,
                    format!("a lease's `{key}` of {span} ends before it begins"),
                    "must be at least 1ms",
                    "defaults: a `ttl` of 10s, a `poll` of 100ms",
                );
            }
        }
        if let (Some(every), Some(span)) = (lease.extend_every, lease.ttl.span())
            && every >= span
        {
            let path: Vec<&dyn Display> = path.iter().copied().chain([&"extend_every" as &dyn Display]).collect();
            self.wrong(
                &path,
                format!("a lease of {span} that is extended every {every} has ended before"),
                "not shorter than `ttl`",
                format!("a third of `ttl` is usual: `extend_every = \"{}\"`", span.ratio(1, 3)),
            );
        }
        let path: Vec<&dyn Display> = path.iter().copied().chain([&"renew_ahead" as &dyn Display]).collect();
        self.margin(&path, lease.renew_ahead, ttl);
    }

    fn retry(&mut self, whose: &Whose, strategy: &StrategySettings) {
        let (tag, base, cap) = match strategy.retry {
            Retry::None | Retry::Immediate(_) => ("immediate", Duration::ZERO, Duration::ZERO),
            Retry::Fixed(it) => ("fixed", it.delay, it.delay),
            Retry::Exponential(it) => ("exponential", it.base, it.cap),
            Retry::FullJitter(it) => ("full_jitter", it.base, it.cap),
            Retry::EqualJitter(it) => ("equal_jitter", it.base, it.cap),
            Retry::DecorrelatedJitter(it) => ("decorrelated_jitter", it.base, it.cap),
        };
        if base > cap {
            self.wrong(
                &whose.at(&[&"retry", &tag, &"cap"]),
                format!("the cap {cap} lies below the base {base}"),
                "shorter than the first wait",
                "swap them?",
            );
        }
        let still = |distribution: &Option<Distribution>| matches!(distribution, Some(Distribution::Constant(span)) if span.is_zero());
        let provider = &self.file.provider;
        let instant = [
            &provider.token_request,
            &provider.token_response,
            &provider.api_request,
            &provider.api_response,
        ]
        .into_iter()
        .all(still);
        if strategy.retry.attempts().is_unbounded() && base.is_zero() && instant {
            self.wrong(
                &whose.at(&[&"retry"]),
                "tries without end that take no time never end",
                "no wait, no bound",
                "bound `attempts`, add a delay, or give the provider a latency",
            );
        }
    }
}
