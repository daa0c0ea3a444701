//! A counterexample of the checker as a film: steps without instants, and who has what after each.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::instant;
use super::form::{Change, FORM, Film, FilmParty, LeftOut, PartyKind, Step, StepKind};
use super::life::{Death, TokenLife};
use super::marks::FilmMarks;
use super::picture::{NodePicture, Picture, StorePicture};
use crate::engine::check::{Line, Scene, Story};

/// A run that the checker has found, as a film. `about` is what it breaks or shows, `strategy` whose run it is.
///
/// Tokens have the numbers of their names in the story; those that were there before it begin with 0.
pub fn film_of(story: &Story, about: &str, strategy: &str) -> Film {
    let parties = parties(&story.parties);
    let mut cast = Cast::default();
    cast.begin(&story.opening);
    let opening = cast.picture(&story.opening, &parties);
    let mut before = &story.opening;
    let mut steps = Vec::new();
    for (number, line) in (1..).zip(&story.lines) {
        steps.push(cast.step(number, line, before, &parties));
        before = &line.scene;
    }
    let all = steps.len() as u64;
    Film {
        form: FORM,
        scenario: about.to_owned(),
        strategy: strategy.to_owned(),
        point: String::new(),
        seed: None,
        replication: None,
        timed: false,
        opening,
        marks: FilmMarks {
            steps: all,
            tokens: cast.lives.len() as u64,
            ..FilmMarks::default()
        },
        parties,
        steps,
        tokens: cast.lives.into_values().collect(),
        left_out: LeftOut::default(),
        around: (story.around > 0).then(|| all + 1 - story.around as u64),
        remark: story.remark.clone(),
    }
}

/// The checker's columns: nodes by letter, a gateway, the two endpoints, a store.
fn parties(names: &[String]) -> Vec<FilmParty> {
    let kind = |name: &str| match name {
        "token endpoint" => PartyKind::TokenEndpoint,
        "API" => PartyKind::Api,
        "store" => PartyKind::Store,
        "gateway" => PartyKind::Gateway,
        _ => PartyKind::Node,
    };
    let party = |name: &String| FilmParty {
        name: name.clone(),
        kind: kind(name),
    };
    names.iter().map(party).collect()
}

fn is_node(kind: PartyKind) -> bool {
    matches!(kind, PartyKind::Node | PartyKind::Gateway)
}

/// The tokens of a story.
#[derive(Default)]
struct Cast {
    lives: BTreeMap<u64, TokenLife>,
}

impl Cast {
    fn begin(&mut self, scene: &Scene) {
        for token in &scene.live {
            self.born(u64::from(*token), None, 0);
        }
    }

    fn born(&mut self, token: u64, issuer: Option<usize>, step: u64) {
        self.lives.insert(
            token,
            TokenLife {
                token,
                issuer,
                client: 0,
                slot: 0,
                born: step,
                born_ns: None,
                expires_ns: None,
                ends_ns: None,
                doomed: None,
                death: None,
                killer: None,
                killed_by: None,
            },
        );
    }

    fn picture(&self, scene: &Scene, parties: &[FilmParty]) -> Picture {
        let live = self.lives.values().filter(|life| life.doomed.is_none());
        Picture {
            nodes: (0..scene.nodes.len()).map(|party| node(scene, party)).collect(),
            tokens: live.cloned().collect(),
            calls: Vec::new(),
            stores: store(scene, parties).into_iter().collect(),
            slots: Vec::new(),
        }
    }

    fn step(&mut self, number: u64, line: &Line, before: &Scene, parties: &[FilmParty]) -> Step {
        let after = &line.scene;
        let born: Vec<u64> = after
            .live
            .iter()
            .copied()
            .map(u64::from)
            .filter(|token| !self.lives.contains_key(token))
            .collect();
        let issuer = is_node(parties[line.from].kind).then_some(line.from);
        born.iter().for_each(|&token| self.born(token, issuer, number));
        let mut changed = born.clone();
        for token in before.live.iter().filter(|token| !after.live.contains(token)) {
            let token = u64::from(*token);
            changed.push(token);
            let Some(life) = self.lives.get_mut(&token) else {
                continue;
            };
            life.doomed = Some(number);
            life.death = Some(if born.is_empty() {
                Death::Expired
            } else {
                Death::Superseded
            });
            (life.killer, life.killed_by) = (born.first().copied(), issuer.filter(|_| !born.is_empty()));
        }
        let lives = changed.iter().filter_map(|token| self.lives.get(token)).cloned();
        let mut changes: Vec<Change> = lives.map(Change::Token).collect();
        let nodes = (0..after.nodes.len()).filter(|&party| before.nodes.get(party) != after.nodes.get(party));
        changes.extend(nodes.map(|party| Change::Node(node(after, party))));
        if (before.store, before.lease) != (after.store, after.lease) {
            changes.extend(store(after, parties).map(Change::Store));
        }
        Step {
            number,
            at_ns: None,
            kind: kind(line, parties),
            from: line.from,
            to: line.to,
            text: line.text.clone(),
            call: None,
            token: born.first().copied(),
            sent: line.sent.map(|sent| sent as u64 + 1),
            lost: line.text.starts_with("lost: "),
            fault: line.fault,
            refused: line.text.ends_with(": refused") && parties[line.to].kind == PartyKind::Api,
            changes,
        }
    }
}

fn node(scene: &Scene, party: usize) -> NodePicture {
    NodePicture {
        party,
        up: true,
        paused: false,
        token: scene.nodes[party].map(u64::from),
    }
}

fn store(scene: &Scene, parties: &[FilmParty]) -> Option<StorePicture> {
    let party = parties.iter().position(|party| party.kind == PartyKind::Store)?;
    Some(StorePicture {
        party,
        token: scene.store.map(u64::from),
        lease: scene.lease,
    })
}

/// What kind of step it is, by where it comes from and where it arrives.
fn kind(line: &Line, parties: &[FilmParty]) -> StepKind {
    let (from, to) = (parties[line.from].kind, parties[line.to].kind);
    match (from, to) {
        _ if line.from == line.to && is_node(from) && line.text.contains("call arrives") => StepKind::CallArrives,
        _ if line.from == line.to && line.text.contains("crashes") => StepKind::Crash,
        _ if line.from == line.to && line.text.contains("expires") => StepKind::Expired,
        _ if line.from == line.to => StepKind::Other,
        (_, PartyKind::TokenEndpoint) => StepKind::TokenRequestArrives,
        (PartyKind::TokenEndpoint, _) => StepKind::TokenAnswered,
        (_, PartyKind::Api) => StepKind::AttemptArrives,
        (PartyKind::Api, _) => StepKind::AttemptAnswered,
        (_, PartyKind::Store) => StepKind::StoreOperation,
        (PartyKind::Store, _) => StepKind::StoreAnswered,
        _ => StepKind::Note,
    }
}

/// These steps of a film as a story that can be drawn: only the parties that take part, and instants in the words.
pub fn story_of(film: &Film, steps: &[u64]) -> Story {
    let steps: Vec<&Step> = steps.iter().filter_map(|step| film.step(*step)).collect();
    let parties: BTreeSet<usize> = steps.iter().flat_map(|step| [step.from, step.to]).collect();
    let column = |party: usize| parties.range(..party).count();
    let place = |number: u64| steps.iter().position(|step| step.number == number);
    let line = |step: &&Step| Line {
        from: column(step.from),
        to: column(step.to),
        text: match step.at_ns {
            Some(at) => format!("{}  {}", instant(at), step.text),
            None => step.text.clone(),
        },
        fault: step.fault,
        sent: step.sent.and_then(place),
        scene: Scene::default(),
    };
    Story {
        parties: parties.iter().map(|party| film.parties[*party].name.clone()).collect(),
        opening: Scene::default(),
        lines: steps.iter().map(line).collect(),
        around: 0,
        owed: Vec::new(),
        remark: None,
    }
}
