//! An explanation as a program reads it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::chain::{Chain, Kill};
use super::form::{Film, FilmParty, Step};
use super::life::TokenLife;

/// An explanation as it is written in JSON: the steps that matter, in the form of a film.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation<'f> {
    /// Version of the form of a film.
    pub form: u32,
    /// Name of the scenario.
    pub scenario: &'f str,
    /// Name of the strategy.
    pub strategy: &'f str,
    /// The sweep point; empty without a sweep.
    pub point: &'f str,
    /// The seed of the campaign.
    pub seed: Option<u64>,
    /// Which replication, from 0.
    pub replication: Option<u32>,
    /// The call.
    pub call: u64,
    /// What led to its fate, in sentences.
    pub words: &'f [String],
    /// Who takes part; steps name parties by their place here.
    pub parties: &'f [FilmParty],
    /// The steps that matter, in order.
    pub steps: Vec<&'f Step>,
    /// The lives of the tokens that they are about, and of those that killed them.
    pub tokens: Vec<&'f TokenLife>,
    /// Refusals back from the call's first one.
    pub kills: &'f [Kill],
    /// Steps from the first to the last of these that are left out.
    pub left_out: u64,
    /// Steps of the run before those that were looked at.
    pub before: u64,
}

impl<'f> Explanation<'f> {
    /// What a chain of this film is written as.
    pub fn of(film: &'f Film, chain: &'f Chain) -> Self {
        let steps: Vec<&Step> = chain.steps.iter().filter_map(|step| film.step(*step)).collect();
        let mut tokens: BTreeSet<u64> = steps.iter().filter_map(|step| step.token).collect();
        let killers: Vec<u64> = tokens.iter().filter_map(|token| film.token(*token)?.killer).collect();
        tokens.extend(killers);
        Self {
            form: film.form,
            scenario: &film.scenario,
            strategy: &film.strategy,
            point: &film.point,
            seed: film.seed,
            replication: film.replication,
            call: chain.call,
            words: &chain.words,
            parties: &film.parties,
            tokens: tokens.iter().filter_map(|token| film.token(*token)).collect(),
            steps,
            kills: &chain.kills,
            left_out: chain.left_out,
            before: film.left_out.before,
        }
    }
}
