//! The plan: of all questions the one is asked next whose answers tell most of the rules apart that are still possible, for the fewest
//! requests; what each rule would answer, [`provider::Server`](crate::provider::Server) says.

use std::collections::{BTreeMap, BTreeSet};

use super::bounds::{ProbeBounds, Throttling};
use super::conclude::{conclude, parts};
use super::finding::{Findings, count, explains, is};
use super::neighbours::neighbours;
use super::opening::opening;
use super::pivots::Pivots;
use super::session::Session;
use super::simulated::Simulated;
use super::subject::{Halt, Subject};
use super::topics::{TOPICS, Topic};
use crate::base::Time;
use crate::provider::profiles::{self, PROFILES};
use crate::provider::settings::Settings;

/// A question that was asked.
#[derive(Clone)]
struct Asked {
    topic: &'static Topic,
    pivots: Pivots,
}

/// What an interview came to.
#[derive(Clone, Debug)]
pub struct Interview {
    /// What was found.
    pub found: Findings,
    /// The settings of a provider that behaves so.
    pub settings: Settings,
    /// Requests to the token endpoint, and to the API.
    pub requests: [u32; 2],
    /// Refusals for want of quota.
    pub throttlings: Vec<Throttling>,
    /// Each question that was asked, in words, with its requests, and why it was not ended where it was not.
    pub asked: Vec<(&'static str, u32, Option<Halt>)>,
    /// Questions that made sense and were not asked, since all rules that are left give the same answer.
    pub spared: Vec<&'static str>,
    /// The rule that was found, simulated, gives every answer that was given.
    pub explained: bool,
    /// Profiles whose rule gives the same answers.
    pub profiles: Vec<&'static str>,
    /// Other values of each part of the settings that would have given the same answers.
    pub alternatives: BTreeMap<&'static str, BTreeSet<String>>,
    /// Why it ended before its time.
    pub halt: Option<Halt>,
}

/// Profiles whose tokens are obtained in this way.
fn library(grants: bool) -> Vec<(&'static str, Settings)> {
    let all = PROFILES.iter().filter_map(|(name, _)| {
        let profile = profiles::find(name)?;
        let settings = profile.provider.over(Settings::neutral());
        (settings.refresh_tokens().is_some() == grants).then_some((*name, settings))
    });
    all.collect()
}

/// A rule that is still possible: a profile by its name, or a neighbour of what was found.
struct Hypothesis {
    name: Option<&'static str>,
    settings: Settings,
}

/// An interview that was had so far, for whoever wants to know what a simulated provider would have answered.
struct Rehearsal<'a> {
    bounds: ProbeBounds,
    start: Time,
    /// Slots that the client seems to have.
    slots: u16,
    asked: &'a [Asked],
}

impl Rehearsal<'_> {
    /// What a provider of these settings answers to what was asked; then to each of these questions, asked next: what that adds, and the
    /// requests that it takes. Nothing, where the answers so far are not those that were `found`.
    fn of(&self, settings: &Settings, found: &Findings, next: &[Asked]) -> Option<Vec<(Findings, u32)>> {
        let mut simulated = Simulated::new(settings, self.slots, self.start);
        let bounds = ProbeBounds {
            requests: u32::MAX,
            ..self.bounds
        };
        let mut session = Session::new(&mut simulated, bounds);
        // A provider that is simulated refuses nothing for good but what it is asked too often.
        let _opened = opening(&mut session);
        for asked in self.asked {
            session.pivots = asked.pivots.clone();
            let _ended = (asked.topic.ask)(&mut session);
        }
        if !explains(&session.found, found) {
            return None;
        }
        let answers = next.iter().filter_map(|asked| {
            let mut twin = session.twin()?;
            let mut copy = session.with(&mut *twin);
            copy.pivots = asked.pivots.clone();
            let _ended = (asked.topic.ask)(&mut copy);
            let cost = copy.cost() - session.cost();
            let mut new = copy.found;
            new.retain(|key, finding| session.found.get(key) != Some(finding));
            Some((new, cost))
        });
        Some(answers.collect())
    }
}

/// Rules that are still possible.
fn possible(rehearsal: &Rehearsal<'_>, found: &Findings) -> Vec<Hypothesis> {
    let concluded = conclude(found);
    let known = library(is(found, "mode", "grants"));
    let known = known.into_iter().map(|(name, settings)| (Some(name), settings));
    let near = neighbours(&concluded).into_iter().map(|settings| (None, settings));
    let own = std::iter::once((None, concluded.clone()));
    let all = known
        .chain(own)
        .chain(near)
        .map(|(name, settings)| Hypothesis { name, settings });
    all.filter(|hypothesis| rehearsal.of(&hypothesis.settings, found, &[]).is_some())
        .collect()
}

/// How much each question tells: rules that it is expected to rule out, for each request.
fn worths(rehearsal: &Rehearsal<'_>, found: &Findings, open: &[Asked], possible: &[Hypothesis]) -> Vec<f64> {
    let mut answers: Vec<BTreeMap<String, u32>> = vec![BTreeMap::new(); open.len()];
    let mut requests = vec![0; open.len()];
    for hypothesis in possible {
        let answered = rehearsal.of(&hypothesis.settings, found, open).unwrap_or_default();
        for (place, (new, cost)) in answered.into_iter().enumerate() {
            requests[place] += cost;
            *answers[place].entry(format!("{new:?}")).or_default() += 1;
        }
    }
    let all = possible.len() as f64;
    let of = |(answers, requests): (&BTreeMap<String, u32>, &u32)| {
        let left: f64 = answers.values().map(|count| f64::from(*count).powi(2) / all).sum();
        (all - left) * all / f64::from((*requests).max(1))
    };
    answers.iter().zip(&requests).map(of).collect()
}

/// Asks until no question tells the rules apart that are left. `told` hears what is asked.
///
/// # Errors
/// When nothing can be found at all.
pub fn interview(
    subject: &mut dyn Subject,
    bounds: ProbeBounds,
    told: &mut dyn FnMut(&str),
) -> Result<Interview, Halt> {
    let start = subject.now();
    let mut session = Session::new(subject, bounds);
    opening(&mut session)?;
    let (mut asked, mut story): (Vec<Asked>, Vec<_>) = (Vec::new(), Vec::new());
    let mut halt = None;
    let spared = loop {
        let rehearsal = Rehearsal {
            bounds,
            start,
            slots: slots(&session.found),
            asked: &asked,
        };
        let left = possible(&rehearsal, &session.found);
        let known = left.iter().filter(|hypothesis| hypothesis.name.is_some());
        let pivots = Pivots::of(known.map(|hypothesis| hypothesis.settings.clone()).collect());
        let fresh = |topic: &&'static Topic| !asked.iter().any(|asked| asked.topic.name == topic.name);
        let open: Vec<Asked> = TOPICS
            .iter()
            .filter(fresh)
            .filter(|topic| (topic.when)(&session.found, &bounds))
            .map(|topic| Asked {
                topic,
                pivots: pivots.clone(),
            })
            .collect();
        let Some(next) = choose(&rehearsal, &session.found, &open, &left) else {
            break open.iter().map(|asked| asked.topic.asks).collect();
        };
        told(next.topic.asks);
        let before = session.cost();
        session.pivots = next.pivots.clone();
        let ended = (next.topic.ask)(&mut session);
        let ended = ended.err().filter(|halt| *halt != Halt::Full);
        story.push((next.topic.asks, session.cost() - before, ended.clone()));
        asked.push(next);
        match ended {
            // Another question may need less time, or no login.
            None | Some(Halt::Patience(_) | Halt::Grants) => {}
            Some(reason) => {
                halt = Some(reason);
                break Vec::new();
            }
        }
    };
    let rehearsal = Rehearsal {
        bounds,
        start,
        slots: slots(&session.found),
        asked: &asked,
    };
    Ok(finish(&rehearsal, session, story, spared, halt))
}

/// Slots that were counted, or the one that every client has.
fn slots(found: &Findings) -> u16 {
    let counted = count(found, "slots").unwrap_or(1);
    u16::try_from(counted).unwrap_or(u16::MAX)
}

/// The question that is worth most, if any is worth anything.
fn choose(rehearsal: &Rehearsal<'_>, found: &Findings, open: &[Asked], left: &[Hypothesis]) -> Option<Asked> {
    // Where the first questions are yet to be asked there is nothing to choose, and where no known rule explains the answers
    // everything is asked.
    if rehearsal.asked.is_empty() || left.is_empty() {
        return open.first().cloned();
    }
    let mut best: Option<(f64, &Asked)> = None;
    for (worth, asked) in worths(rehearsal, found, open, left).into_iter().zip(open) {
        if worth > 1e-9 && best.is_none_or(|(most, _)| worth > most) {
            best = Some((worth, asked));
        }
    }
    let always = || open.iter().find(|asked| asked.topic.always);
    best.map(|(_, asked)| asked).or_else(always).cloned()
}

fn finish(
    rehearsal: &Rehearsal<'_>,
    session: Session<'_>,
    asked: Vec<(&'static str, u32, Option<Halt>)>,
    spared: Vec<&'static str>,
    halt: Option<Halt>,
) -> Interview {
    let settings = conclude(&session.found);
    let left = possible(rehearsal, &session.found);
    let own = parts(&settings);
    let mut alternatives: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for other in &left {
        let theirs = parts(&other.settings);
        let differ: Vec<_> = own.iter().zip(&theirs).filter(|(one, other)| one != other).collect();
        if let [((key, _), (_, value))] = differ[..] {
            alternatives.entry(key).or_default().insert(value.clone());
        } else if let [((first, _), (_, one)), ((second, _), (_, other))] = differ[..]
            && *second == "lags.invalidation"
        {
            alternatives
                .entry(first)
                .or_default()
                .insert(format!("{one} with lags.invalidation = {other}"));
        }
    }
    Interview {
        explained: rehearsal.of(&settings, &session.found, &[]).is_some(),
        profiles: left.iter().filter_map(|other| other.name).collect(),
        alternatives,
        settings,
        requests: session.requests,
        throttlings: session.throttlings,
        found: session.found,
        asked,
        spared,
        halt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Duration;

    /// Profiles of every kind of rule, probed where they are only simulated, are among those that are left.
    #[test]
    fn a_rule_is_found_in_simulation() {
        const KINDS: [&str; 8] = [
            "zoom-s2s-2022",
            "earthdata",
            "line",
            "wechat-stable",
            "okta",
            "box",
            "ringcentral",
            "strava",
        ];
        let bounds = ProbeBounds {
            requests: 400,
            patience: None,
            slots: true,
            ..ProbeBounds::default()
        };
        let start = Time::ZERO + Duration::from_secs(1_700_049_600);
        let mut seen = 0;
        for (name, settings) in library(false).into_iter().chain(library(true)) {
            if !KINDS.contains(&name) {
                continue;
            }
            let mut simulated = Simulated::new(&settings, 1, start);
            let found = interview(&mut simulated, bounds, &mut |_| {}).unwrap();
            assert!(found.profiles.contains(&name) && found.explained, "{name}: {found:#?}");
            assert!(
                found.profiles.len() < 4,
                "{name} is told from most others: {:?}",
                found.profiles
            );
            seen += 1;
        }
        assert_eq!(seen, KINDS.len());
    }
}
