//! What a scenario must be beyond its form: names that exist, numbers that can be. All of it is checked, so that one reading
//! tells everything.

use std::fmt::Display;
use std::path::Path;

use toml::de::DeTable;

use super::condition::{Condition, is_number};
use super::document::{Place, find};
use super::error::{Mistake, listed, steps, suggestion};
use super::file::{File, How, Strategy, Target, What, known_metrics};
use super::sweep::selects;
use super::{MOST_NODES, MOST_REPLICATIONS};
use crate::base::Duration;
use crate::net::Distribution;
use crate::provider::profiles::PROFILES;
use crate::provider::settings::{EndpointLimits, RuleSettings, Settings};
use crate::retry::Retry;
use crate::strategy::{Coordination, Lease};
use crate::workload::Arrivals;

/// What was found.
#[derive(Default)]
pub(super) struct Findings {
    pub mistakes: Vec<Mistake>,
    /// What is odd but can be run.
    pub warnings: Vec<Mistake>,
}

struct Checker<'a> {
    root: &'a DeTable<'a>,
    file: &'a File,
    folder: &'a Path,
    /// Points of the sweep, as far as conditions may select among them.
    points: Option<&'a [String]>,
    found: Findings,
}

/// Whether the profile that a file names exists; without it nothing else can be resolved.
pub(super) fn profile(root: &DeTable<'_>, settings: &Settings) -> Result<(), Mistake> {
    let Some(name) = &settings.profile else { return Ok(()) };
    let known = PROFILES.map(|(known, _)| known);
    if known.contains(&name.as_str()) {
        return Ok(());
    }
    let place = find(root, &steps(&[&"provider", &"profile"]));
    Err(Mistake::new(format!("unknown profile `{name}`"))
        .at(place.value, "no such profile")
        .help(suggestion(name, &known, "profiles")))
}

/// Checks a file whose provider has been resolved. `points`: labels that conditions may select, or `None` when they are not to
/// be checked.
pub(super) fn check(root: &DeTable<'_>, file: &File, folder: &Path, points: Option<&[String]>) -> Findings {
    let mut checker = Checker {
        root,
        file,
        folder,
        points,
        found: Findings::default(),
    };
    checker.name();
    checker.run();
    checker.provider();
    checker.apps();
    checker.fleets();
    checker.paths_between();
    checker.strategies();
    checker.events();
    checker.expectations();
    checker.found
}

fn twice<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(usize, usize, &'a str)> {
    let names: Vec<&str> = names.collect();
    let mut first = std::collections::HashMap::new();
    let mut twice = Vec::new();
    for (i, name) in names.iter().enumerate() {
        match first.entry(*name) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(i);
            }
            std::collections::hash_map::Entry::Occupied(entry) => twice.push((*entry.get(), i, *name)),
        }
    }
    twice
}

impl<'a> Checker<'a> {
    fn place(&self, path: &[&dyn Display]) -> Place {
        find(self.root, &steps(path))
    }

    fn wrong(&mut self, path: &[&dyn Display], message: impl Into<String>, label: &str, help: impl Into<String>) {
        let at = self.place(path).value;
        self.found.mistakes.push(Mistake::new(message).at(at, label).help(help));
    }

    fn odd(&mut self, path: &[&dyn Display], message: impl Into<String>, label: &str, help: impl Into<String>) {
        let at = self.place(path).value;
        self.found.warnings.push(Mistake::new(message).at(at, label).help(help));
    }

    fn name(&mut self) {
        let fits = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.trim() == part
                && part
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ' '))
        };
        // Reports are written into a folder of this name: it must not lead out of theirs.
        if self.file.name.len() > 200 || !self.file.name.split('/').all(fits) {
            self.wrong(
                &[&"name"],
                format!("`{}` cannot name a folder of reports", self.file.name),
                "not a name",
                "letters, digits, `.`, `_`, `-` and spaces, with `/` between parts: `zoom/default`",
            );
        }
    }

    fn end_of_arrivals(&self) -> Duration {
        self.file.run.warmup.saturating_add(self.file.run.duration)
    }

    fn run(&mut self) {
        let run = self.file.run;
        if run.duration.is_zero() {
            self.wrong(
                &[&"run", &"duration"],
                "a run without a measured span measures nothing",
                "must be above zero",
                "for instance `duration = \"10min\"`",
            );
        }
        let whole = self.end_of_arrivals().saturating_add(run.drain);
        if whole > Duration::LONGEST {
            let (_, part) = [(run.duration, "duration"), (run.warmup, "warmup"), (run.drain, "drain")]
                .into_iter()
                .max_by_key(|(span, _)| *span)
                .expect("there are three");
            self.wrong(
                &[&"run", &part],
                format!(
                    "warm-up, measured span and drain are {whole} in all; the longest run is {}",
                    Duration::LONGEST
                ),
                "the longest part",
                "shorten it; a token's life or a few thousand calls are usually enough",
            );
        }
        if run.replications == 0 || run.replications > MOST_REPLICATIONS {
            self.wrong(
                &[&"run", &"replications"],
                format!(
                    "{} replications; there can be 1 to {MOST_REPLICATIONS}",
                    run.replications
                ),
                "out of range",
                "30 see most storms, 1000 measure rare ones",
            );
        }
    }

    /// A latency can be sampled.
    fn distribution(&mut self, path: &[&dyn Display], distribution: Option<&Distribution>) {
        let Some(distribution) = distribution else { return };
        if let Err(error) = distribution.compile(self.folder) {
            let text = error.to_string();
            let (message, help) = text.split_once("; ").unwrap_or((&text, ""));
            let at = self.place(path).value;
            let mut mistake = Mistake::new(message).at(at, "this distribution");
            if let Distribution::Empirical(_) = distribution
                && help.is_empty()
            {
                mistake = mistake
                    .help("a path is looked up from the scenario's folder; the file is a CSV with a column `ms`");
            } else if !help.is_empty() {
                mistake = mistake.help(help);
            }
            self.found.mistakes.push(mistake);
        }
    }

    fn provider(&mut self) {
        let settings = &self.file.provider;
        for (key, distribution) in [
            ("token_request", &settings.token_request),
            ("token_response", &settings.token_response),
            ("api_request", &settings.api_request),
            ("api_response", &settings.api_response),
        ] {
            self.distribution(&[&"provider", &key], distribution.as_ref());
        }
        self.distribution(
            &[&"provider", &"lags", &"visible_after"],
            settings.lags.visible_after.as_ref(),
        );
        self.distribution(
            &[&"provider", &"lags", &"invalidation"],
            settings.lags.invalidation.as_ref(),
        );
        if settings.lags.replicas == Some(0) {
            self.wrong(
                &[&"provider", &"lags", &"replicas"],
                "no resource server",
                "must be at least 1",
                "write 1, or leave it out",
            );
        }
        self.limits("token", &settings.limits.token);
        self.limits("api", &settings.limits.api);
        let ttl = settings.token_ttl.unwrap_or_default();
        if ttl < Duration::from_millis(1) {
            self.wrong(
                &[&"provider", &"token_ttl"],
                "a token that is never valid",
                "must be at least 1ms",
                "most providers give an hour: `token_ttl = \"1h\"`",
            );
        }
        self.rule(ttl);
    }

    fn limits(&mut self, endpoint: &'static str, limits: &EndpointLimits) {
        let base: [&dyn Display; 3] = [&"provider", &"limits", &endpoint];
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
        for (i, quota) in limits.quotas.iter().flatten().enumerate() {
            if quota.window.is_zero() {
                self.wrong(
                    &[&"provider", &"limits", &endpoint, &"quotas", &i, &"window"],
                    "a quota needs a window",
                    "must be above zero",
                    "for instance `window = \"1s\"`",
                );
            }
        }
    }

    fn rule(&mut self, ttl: Duration) {
        let Some(rule) = self.file.provider.rule else { return };
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
                &[&"provider", &"rule", &name, &"live"],
                "no token may live",
                "must be at least 1",
                "1 is the rule `latest_only`",
            );
        }
        if overlap > ttl {
            self.odd(
                &[&"provider", &"rule", &name, &"overlap"],
                format!("the overlap {overlap} is longer than a token lives ({ttl})"),
                "as good as the token's life",
                "an overlap never prolongs a token; with this one, no token ends before it expires",
            );
        }
        if let RuleSettings::Reuse(reuse) = rule
            && reuse.threshold > ttl
        {
            self.odd(
                &[&"provider", &"rule", &"reuse", &"threshold"],
                format!("the threshold {} is longer than a token lives ({ttl})", reuse.threshold),
                "no token is ever returned again",
                "shorten it, or choose the rule `latest_only`",
            );
        }
    }

    fn unique(&mut self, list: &'static str, names: Vec<String>) {
        for (first, second, name) in twice(names.iter().map(String::as_str)) {
            let before = self.place(&[&list, &first, &"name"]).value;
            let at = self.place(&[&list, &second, &"name"]).value;
            self.found.mistakes.push(
                Mistake::new(format!("two {list} entries are named `{name}`"))
                    .at(at, "the second one")
                    .at(before, "the first one")
                    .help("give one of them another name"),
            );
        }
        for (i, name) in names.iter().enumerate() {
            let odd = match list {
                // Conditions and sweep points are written around strategy names, groups around fleet names.
                "strategy" => name.contains('@') || name == "*" || is_number(name),
                _ => name.contains(['@', '/']),
            };
            if odd || name.trim() != name || name.is_empty() || name.contains(['"', '\n']) {
                self.wrong(
                    &[&list, &i, &"name"],
                    format!("`{name}` cannot be a name here"),
                    "not a name",
                    "use words: no quotes, no `@`, no `/` in a fleet or an app, and not a number",
                );
            }
        }
    }

    fn at_least_one(&mut self, list: &'static str, count: usize, help: &str) {
        if count == 0 {
            let at = self.place(&[&list]).value;
            self.found.mistakes.push(
                Mistake::new(format!("a scenario needs at least one `[[{list}]]`"))
                    .at(at, "")
                    .help(help),
            );
        }
    }

    fn apps(&mut self) {
        let apps = &self.file.app;
        self.at_least_one(
            "app",
            apps.len(),
            "add `[[app]]` with `name = \"main\"`: the credential that is shared",
        );
        self.unique("app", apps.iter().map(|app| app.name.clone()).collect());
        for (i, app) in apps.iter().enumerate() {
            if app.slots == 0 {
                self.wrong(
                    &[&"app", &i, &"slots"],
                    "an app without a slot gets no token",
                    "must be at least 1",
                    "1 is what every app has",
                );
            }
        }
    }

    fn unknown(&mut self, path: &[&dyn Display], what: &str, name: &str, known: &[&str]) {
        let all = match what {
            "strategy" => "strategies".to_owned(),
            _ => format!("{what}s"),
        };
        self.wrong(
            path,
            format!("unknown {what} `{name}`"),
            &format!("no such {what}"),
            suggestion(name, known, &all),
        );
    }

    fn known_app(&mut self, path: &[&dyn Display], name: &str) {
        let known: Vec<&str> = self.file.app.iter().map(|app| app.name.as_str()).collect();
        if !known.contains(&name) {
            self.unknown(path, "app", name, &known);
        }
    }

    fn fleets(&mut self) {
        let fleets = &self.file.fleet;
        self.at_least_one(
            "fleet",
            fleets.len(),
            "add `[[fleet]]` with a `name`, `nodes` and the `app` whose credential they use",
        );
        self.unique("fleet", fleets.iter().map(|fleet| fleet.name.clone()).collect());
        let mut sum = 0u64;
        for (i, fleet) in fleets.iter().enumerate() {
            sum += u64::from(fleet.nodes);
            if fleet.nodes == 0 {
                self.wrong(
                    &[&"fleet", &i, &"nodes"],
                    format!("fleet `{}` has no nodes", fleet.name),
                    "must be at least 1",
                    "leave the fleet out, or give it no workload",
                );
            }
            if sum > u64::from(MOST_NODES) {
                self.wrong(
                    &[&"fleet", &i, &"nodes"],
                    format!("{sum} nodes; there can be {MOST_NODES}"),
                    "too many",
                    "the shares of a large fleet hardly differ from those of a thousand nodes",
                );
                sum = 0;
            }
            self.known_app(&[&"fleet", &i, &"app"], &fleet.app);
            if fleet.start.at.saturating_add(fleet.start.over) > self.end_of_arrivals() {
                self.wrong(
                    &[&"fleet", &i, &"start"],
                    format!("fleet `{}` starts after the run's arrivals end", fleet.name),
                    "too late",
                    format!("arrivals end {} after the start of the warm-up", self.end_of_arrivals()),
                );
            }
            for (j, workload) in fleet.workload.iter().enumerate() {
                self.workload(i, j, &workload.kind, workload.arrivals, workload.patience);
            }
            for (first, second, kind) in twice(fleet.workload.iter().map(|workload| workload.kind.as_str())) {
                let before = self.place(&[&"fleet", &i, &"workload", &first, &"kind"]).value;
                let at = self.place(&[&"fleet", &i, &"workload", &second, &"kind"]).value;
                self.found.mistakes.push(
                    Mistake::new(format!("fleet `{}` has two workloads of the kind `{kind}`", fleet.name))
                        .at(at, "the second one")
                        .at(before, "the first one")
                        .help("each kind is counted apart: give one of them another word"),
                );
            }
        }
        let groups: usize = fleets.iter().map(|fleet| fleet.workload.len()).sum();
        if groups > usize::from(u16::MAX) {
            self.wrong(
                &[&"fleet"],
                format!("{groups} workloads; there can be {}", u16::MAX),
                "",
                "join some of them",
            );
        }
    }

    fn workload(&mut self, i: usize, j: usize, kind: &str, arrivals: Arrivals, patience: Option<Duration>) {
        let word = kind.starts_with(|c: char| c.is_ascii_lowercase())
            && kind
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !word {
            self.wrong(
                &[&"fleet", &i, &"workload", &j, &"kind"],
                format!("`{kind}` is not a kind of call"),
                "not a lower-case word",
                "for instance `user` or `background`",
            );
        }
        let (pattern, every, jitter) = match arrivals {
            Arrivals::Poisson(_) => ("poisson", None, Duration::ZERO),
            Arrivals::Periodic(pattern) => ("periodic", Some(pattern.every), pattern.jitter),
            Arrivals::Burst(pattern) => ("burst", Some(pattern.every), pattern.jitter),
        };
        let at: [&dyn Display; 6] = [&"fleet", &i, &"workload", &j, &"arrivals", &pattern];
        if every.is_some_and(Duration::is_zero) {
            let path: Vec<&dyn Display> = at.into_iter().chain([&"every" as &dyn Display]).collect();
            self.wrong(
                &path,
                "calls without a gap never end",
                "must be above zero",
                "for instance `every = \"1min\"`",
            );
        } else if every.is_some_and(|every| jitter.ratio(1, 2) >= every) {
            let path: Vec<&dyn Display> = at.into_iter().chain([&"jitter" as &dyn Display]).collect();
            self.wrong(
                &path,
                "half of the jitter is as long as the period",
                "too long",
                "each gap is off by up to half of the jitter; independent calls are `{ poisson = \"2/s\" }`",
            );
        }
        if let Arrivals::Burst(pattern) = arrivals
            && pattern.calls == 0
        {
            let path: Vec<&dyn Display> = at.into_iter().chain([&"calls" as &dyn Display]).collect();
            self.wrong(
                &path,
                "a burst without calls",
                "must be at least 1",
                "leave the workload out for an idle fleet",
            );
        }
        if patience.is_some_and(Duration::is_zero) {
            self.wrong(
                &[&"fleet", &i, &"workload", &j, &"patience"],
                "a caller without patience is never served",
                "must be above zero",
                "leave it out for a caller who waits for ever",
            );
        }
    }

    fn paths_between(&mut self) {
        if let Some(store) = &self.file.store {
            self.distribution(&[&"store", &"request"], Some(&store.request));
            self.distribution(&[&"store", &"response"], Some(&store.response));
            if store.timeout.is_zero() {
                self.wrong(
                    &[&"store", &"timeout"],
                    "no store answers in no time",
                    "must be above zero",
                    "for instance `timeout = \"1s\"`",
                );
            }
        }
        if let Some(gateway) = &self.file.gateway {
            self.distribution(&[&"gateway", &"request"], Some(&gateway.request));
            self.distribution(&[&"gateway", &"response"], Some(&gateway.response));
        }
    }

    fn strategies(&mut self) {
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
            self.coordination(i, &strategy.coordination);
            self.retry(i, strategy);
            if strategy.timeout.is_some_and(Duration::is_zero) {
                self.wrong(
                    &[&"strategy", &i, &"timeout"],
                    "nobody answers in no time",
                    "must be above zero",
                    "leave it out to wait for ever",
                );
            }
            if strategy.breaker.is_some_and(|breaker| breaker.failures == 0) {
                self.wrong(
                    &[&"strategy", &i, &"breaker", &"failures"],
                    "a breaker that opens before a failure",
                    "must be at least 1",
                    "for instance 5",
                );
            }
            let faults = &self.file.provider.faults;
            let loses = [faults.token, faults.api].iter().any(|faults| {
                [faults.lost_before, faults.lost_after]
                    .iter()
                    .flatten()
                    .any(|share| share.get() > 0.0)
            });
            let silent = self.file.event.iter().any(|event| {
                matches!(&event.what, What::Fail(fail) if fail.how == How::Silent && fail.endpoint != Target::Store)
            });
            if strategy.timeout.is_none() && (loses || silent) {
                self.odd(
                    &[&"strategy", &i, &"name"],
                    format!("messages are lost, and strategy `{}` waits for ever", strategy.name),
                    "has no `timeout`",
                    "add `timeout = \"2s\"`, unless the story is about clients without one",
                );
            }
        }
    }

    fn coordination(&mut self, i: usize, coordination: &Coordination) {
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
                &[&"strategy", &i, &"coordination", &tag, &key],
                format!("`{tag}` over none"),
                "must be at least 1",
                "count what the nodes are dealt out over",
            );
            return;
        }
        match coordination {
            Coordination::Lease(lease) => self.lease(&[&"strategy", &i, &"coordination", &"lease"], lease, ttl),
            Coordination::Rotation(it) => {
                self.lease(
                    &[&"strategy", &i, &"coordination", &"rotation", &"lease"],
                    &it.lease,
                    ttl,
                );
            }
            Coordination::RenewAhead(it) if it.margin >= ttl => {
                self.wrong(
                    &[&"strategy", &i, &"coordination", &"renew_ahead", &"margin"],
                    format!(
                        "a token that lives {ttl} cannot be renewed {} before its end",
                        it.margin
                    ),
                    "as long as the token's life",
                    "a node would renew without a pause; make the margin shorter than `provider.token_ttl`",
                );
            }
            Coordination::SlotPerNode(it) if u32::from(it.first) + u32::from(it.slots) > u32::from(u16::MAX) => {
                self.wrong(
                    &[&"strategy", &i, &"coordination", &"slot_per_node", &"first"],
                    "slot indices end at 65534",
                    "too high",
                    "providers grant a handful",
                );
                return;
            }
            _ => {}
        }
        let clients = self.file.app.len() * usize::from(coordination.duplicate_apps());
        if clients > usize::from(u16::MAX) {
            self.wrong(
                &[&"strategy", &i, &"coordination"],
                format!("{clients} registered apps; there can be {}", u16::MAX),
                "too many copies",
                "copies beyond the number of nodes are never used",
            );
        }
        let parameter = self.file.provider.slot_parameter.as_deref();
        if coordination.highest_slot().is_some() && parameter.is_none() {
            self.wrong(
                &[&"strategy", &i, &"coordination"],
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
                &[&"strategy", &i, &"coordination", &"slot_per_node", &"parameter"],
                format!("the provider calls it `{known}` and ignores `{sent}`"),
                "every node gets slot 0",
                "leave it out to send the right name",
            );
        }
    }

    fn lease(&mut self, path: &[&dyn Display], lease: &Lease, ttl: Duration) {
        for (key, span) in [("ttl", lease.ttl), ("poll", lease.poll)] {
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
        if lease.renew_ahead.is_some_and(|margin| margin >= ttl) {
            let path: Vec<&dyn Display> = path.iter().copied().chain([&"renew_ahead" as &dyn Display]).collect();
            self.wrong(
                &path,
                format!("a token that lives {ttl} cannot be renewed so long before its end"),
                "as long as the token's life",
                "the fleet would renew without a pause; make it shorter than `provider.token_ttl`",
            );
        }
    }

    fn retry(&mut self, i: usize, strategy: &Strategy) {
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
                &[&"strategy", &i, &"retry", &tag, &"cap"],
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
                &[&"strategy", &i, &"retry"],
                "tries without end that take no time never end",
                "no wait, no bound",
                "bound `attempts`, add a delay, or give the provider a latency",
            );
        }
    }

    fn event_fleet(&mut self, i: usize, what: &'static str, name: &str) -> bool {
        let known: Vec<&str> = self.file.fleet.iter().map(|fleet| fleet.name.as_str()).collect();
        if known.contains(&name) {
            return true;
        }
        self.unknown(&[&"event", &i, &"what", &what, &"fleet"], "fleet", name, &known);
        false
    }

    fn events(&mut self) {
        let file = self.file;
        for (i, event) in file.event.iter().enumerate() {
            if event.at > self.end_of_arrivals() {
                self.wrong(
                    &[&"event", &i, &"at"],
                    "this event comes after the last call",
                    "too late",
                    format!(
                        "events count from the start of the warm-up; calls arrive until {}",
                        self.end_of_arrivals()
                    ),
                );
            }
            match &event.what {
                What::Start(it) => _ = self.event_fleet(i, "start", &it.fleet),
                What::Stop(it) => _ = self.event_fleet(i, "stop", &it.fleet),
                What::Restart(it) => _ = self.event_fleet(i, "restart", &it.fleet),
                What::Scale(it) => {
                    self.event_fleet(i, "scale", &it.fleet);
                    if it.nodes > MOST_NODES {
                        self.wrong(
                            &[&"event", &i, &"what", &"scale", &"nodes"],
                            format!("{} nodes; there can be {MOST_NODES}", it.nodes),
                            "too many",
                            "use fewer",
                        );
                    }
                }
                What::Crash(it) => {
                    if self.event_fleet(i, "crash", &it.fleet) {
                        let started = file
                            .fleet
                            .iter()
                            .filter(|fleet| fleet.name == it.fleet)
                            .map(|fleet| fleet.nodes);
                        let scaled = file.event.iter().filter_map(|event| match &event.what {
                            What::Scale(scale) if scale.fleet == it.fleet => Some(scale.nodes),
                            _ => None,
                        });
                        let most = started.chain(scaled).max().unwrap_or(0);
                        if it.node >= most {
                            self.wrong(
                                &[&"event", &i, &"what", &"crash", &"node"],
                                format!("fleet `{}` has {most} nodes; there is no node {}", it.fleet, it.node),
                                "no such node",
                                format!("nodes count from 0: the last one is {}", most.saturating_sub(1)),
                            );
                        }
                    }
                }
                What::CrashGateway(it) => {
                    self.known_app(&[&"event", &i, &"what", &"crash_gateway", &"app"], &it.app);
                    if !file
                        .strategy
                        .iter()
                        .any(|strategy| strategy.coordination.needs_gateway())
                    {
                        self.wrong(
                            &[&"event", &i, &"what", &"crash_gateway"],
                            "no strategy here has a gateway",
                            "nothing to crash",
                            "add a strategy with `coordination = \"gateway\"`",
                        );
                    }
                }
                What::Fail(it) => self.lasting(i, "fail", it.lasts),
                What::Slow(it) => {
                    self.lasting(i, "slow", it.lasts);
                    if !(it.factor > 1.0 && it.factor <= 1e6) {
                        self.wrong(
                            &[&"event", &i, &"what", &"slow", &"factor"],
                            format!("{} times as slow is not slower", it.factor),
                            "must lie above 1 and up to 1000000",
                            "2 takes twice as long as usual",
                        );
                    }
                }
                What::GrantSlots(it) => {
                    self.known_app(&[&"event", &i, &"what", &"grant_slots", &"app"], &it.app);
                    if it.slots == 0 {
                        self.wrong(
                            &[&"event", &i, &"what", &"grant_slots", &"slots"],
                            "an app without a slot gets no token",
                            "must be at least 1",
                            "1 is what every app has",
                        );
                    }
                }
                What::Revoke(it) => {
                    self.known_app(&[&"event", &i, &"what", &"revoke", &"app"], &it.app);
                    let granted = file.event.iter().filter_map(|event| match &event.what {
                        What::GrantSlots(grant) if grant.app == it.app => Some(grant.slots),
                        _ => None,
                    });
                    let most = file
                        .app
                        .iter()
                        .filter(|app| app.name == it.app)
                        .map(|app| app.slots)
                        .chain(granted)
                        .max();
                    if let (Some(slot), Some(most)) = (it.slot, most)
                        && slot >= most
                    {
                        self.wrong(
                            &[&"event", &i, &"what", &"revoke", &"slot"],
                            format!("app `{}` never has a slot {slot}", it.app),
                            "no such slot",
                            format!("slots count from 0: the last one is {}", most.saturating_sub(1)),
                        );
                    }
                }
            }
        }
    }

    fn lasting(&mut self, i: usize, what: &'static str, lasts: Duration) {
        if lasts.is_zero() {
            self.wrong(
                &[&"event", &i, &"what", &what, &"for"],
                "it is over as soon as it begins",
                "must be above zero",
                "for instance `for = \"30s\"`",
            );
        }
    }

    fn strategy_names(&self) -> Vec<&'a str> {
        self.file
            .strategy
            .iter()
            .map(|strategy| strategy.name.as_str())
            .collect()
    }

    /// What is wrong with a metric's name, and the fix.
    fn metric(&self, name: &str) -> Option<(String, String)> {
        let (metric, group) = match name.split_once('@') {
            Some((metric, group)) => (metric, Some(group)),
            None => (name, None),
        };
        if !known_metrics().contains(&metric) {
            return Some((
                format!("unknown metric `{metric}`"),
                suggestion(metric, known_metrics(), "metric"),
            ));
        }
        let groups: Vec<String> = self
            .file
            .fleet
            .iter()
            .flat_map(|fleet| {
                let kinds = fleet
                    .workload
                    .iter()
                    .map(|workload| format!("{}/{}", fleet.name, workload.kind));
                std::iter::once(fleet.name.clone()).chain(kinds)
            })
            .collect();
        let known: Vec<&str> = groups.iter().map(String::as_str).collect();
        let group = group?;
        (!known.contains(&group)).then(|| (format!("unknown group `{group}`"), suggestion(group, &known, "groups")))
    }

    fn point(&self, selector: &str) -> Option<(String, String)> {
        let points = self.points?;
        if points.iter().any(|label| selects(selector, label)) {
            return None;
        }
        let help = match points {
            [] | [_] if self.file.sweep.is_empty() => "the scenario sweeps over nothing; leave the point out".into(),
            _ => format!("points: {}", listed(points.iter().take(6).map(String::as_str))),
        };
        Some((format!("no point of the sweep has `{selector}`"), help))
    }

    fn expectations(&mut self) {
        let file = self.file;
        for (i, assertion) in file.assert.iter().enumerate() {
            let known = self.strategy_names();
            if assertion.strategy != "*" && !known.contains(&assertion.strategy.as_str()) {
                self.unknown(&[&"assert", &i, &"strategy"], "strategy", &assertion.strategy, &known);
            }
            if let Some((message, help)) = self.metric(&assertion.metric) {
                self.wrong(&[&"assert", &i, &"metric"], message, "", help);
            }
            if !assertion.value.is_finite() {
                self.wrong(
                    &[&"assert", &i, &"value"],
                    "no figure compares with this",
                    "must be a number",
                    "",
                );
            }
            if let Some((message, help)) = assertion.point.as_deref().and_then(|point| self.point(point)) {
                self.wrong(&[&"assert", &i, &"point"], message, "", help);
            }
        }
        for (whose, conditions) in file.expect.iter() {
            let (strategy, selector) = split_point(whose);
            let known = self.strategy_names();
            if !known.contains(&strategy) {
                let at = self.place(&[&"expect", &whose]).key;
                self.found.mistakes.push(
                    Mistake::new(format!("unknown strategy `{strategy}`"))
                        .at(at, "no such strategy")
                        .help(suggestion(strategy, &known, "strategies")),
                );
            }
            if let Some((message, help)) = selector.and_then(|selector| self.point(selector)) {
                let at = self.place(&[&"expect", &whose]).key;
                self.found.mistakes.push(Mistake::new(message).at(at, "").help(help));
            }
            for (metric, condition) in conditions.iter() {
                if let Some((message, help)) = self.metric(metric) {
                    let at = self.place(&[&"expect", &whose, &metric]).key;
                    self.found.mistakes.push(Mistake::new(message).at(at, "").help(help));
                }
                self.compared(whose, metric, strategy, condition);
            }
        }
    }

    fn compared(&mut self, whose: &str, metric: &str, strategy: &str, condition: &Condition) {
        let Some(other) = condition.against() else { return };
        let known = self.strategy_names();
        if !known.contains(&other) {
            self.unknown(&[&"expect", &whose, &metric], "strategy", other, &known);
        } else if other == strategy {
            self.wrong(
                &[&"expect", &whose, &metric],
                format!("`{strategy}` is compared with itself"),
                "no difference",
                "name another strategy",
            );
        }
    }
}

/// `"naive cache @ fleet.web.nodes=4"`: the strategy, and the points where it is meant.
pub(super) fn split_point(whose: &str) -> (&str, Option<&str>) {
    match whose.split_once('@') {
        Some((strategy, point)) => (strategy.trim(), Some(point.trim())),
        None => (whose.trim(), None),
    }
}
