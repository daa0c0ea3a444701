//! A scenario to begin with: commented, from a few answers.

use crate::base::{Duration, Rate};
use crate::provider::profiles::{self, PROFILES};
use crate::strategy::{self, Circumstances, STRATEGIES};

use super::clients::CLIENTS;
use super::nearest::suggestion;
use super::strategy::StrategySettings;

/// What a scenario is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Starter {
    /// Name of the scenario.
    pub name: String,
    /// Name of the provider's profile.
    pub profile: String,
    /// Processes that share the app.
    pub nodes: u32,
    /// Calls that arrive at each of them.
    pub calls: Rate,
    /// Client libraries that are compared.
    pub clients: Vec<String>,
    /// Coordination strategies that are compared.
    pub strategies: Vec<String>,
}

impl Default for Starter {
    fn default() -> Self {
        Self {
            name: "mine".to_owned(),
            profile: "zoom-s2s-2022".to_owned(),
            nodes: 8,
            calls: Rate::of(6, Duration::from_secs(60)),
            clients: Vec::new(),
            strategies: Vec::new(),
        }
    }
}

/// Strategies that are compared where none is named: what most begin with, and two ways to share.
const COMPARED: [&str; 3] = ["compare_first", "lease", "gateway"];

/// Whether there is a provider profile of this name; the error names what comes near.
///
/// # Errors
/// When there is none, with the likely fix.
pub(super) fn known(name: &str, names: &[&str], what: &str) -> Result<(), String> {
    if names.contains(&name) {
        return Ok(());
    }
    Err(format!(
        "there is no `{name}` among the {what}; {}",
        suggestion(name, names, what)
    ))
}

impl Starter {
    /// Whether there is a provider of this name.
    ///
    /// # Errors
    /// When there is none, with the likely fix.
    pub fn knows_profile(name: &str) -> Result<(), String> {
        known(name, &PROFILES.map(|(known, _)| known), "providers")
    }

    /// Whether there is a strategy of this name.
    ///
    /// # Errors
    /// When there is none, with the likely fix.
    pub fn knows_strategy(name: &str) -> Result<(), String> {
        let names: Vec<&str> = STRATEGIES.iter().map(|(known, _)| *known).collect();
        known(name, &names, "strategies")
    }

    /// Whether there is a client of this name.
    ///
    /// # Errors
    /// When there is none, with the likely fix.
    pub fn knows_client(name: &str) -> Result<(), String> {
        known(name, &CLIENTS.map(|(known, _)| known), "clients")
    }

    /// The text of the file.
    ///
    /// # Errors
    /// When a name is unknown, or a strategy cannot be used here.
    pub fn text(&self) -> Result<String, String> {
        Self::knows_profile(&self.profile)?;
        let ttl = profiles::find(&self.profile).and_then(|profile| profile.provider.token_ttl);
        let ttl = ttl.unwrap_or(Duration::from_secs(3600));
        let (day, two_hours) = (Duration::from_secs(86_400), Duration::from_secs(7200));
        // Two lives of a token, so that expiries are seen.
        let duration = ttl.saturating_mul(2).clamp(two_hours, day);
        Ok(format!(
            include_str!("starter.txt"),
            name = self.name,
            profile = self.profile,
            nodes = self.nodes,
            calls = self.calls,
            duration = duration,
            compared = self.compared(ttl)?,
        ))
    }

    /// One `[[strategy]]` for each that is compared, with the settings that it offers first.
    fn compared(&self, ttl: Duration) -> Result<String, String> {
        let mut text = String::new();
        for client in &self.clients {
            Self::knows_client(client)?;
            text.push_str(&format!("[[strategy]]\nname = \"{client}\"\nclient = \"{client}\"\n\n"));
        }
        let plain = self.strategies.is_empty().then_some(COMPARED);
        let names = self
            .strategies
            .iter()
            .map(String::as_str)
            .chain(plain.into_iter().flatten());
        let offers = strategy::offers(&Circumstances {
            token_ttl: ttl,
            renewal: Duration::ZERO,
            nodes: self.nodes,
            slots: 1,
            apps: u16::MAX,
        });
        for name in names {
            Self::knows_strategy(name)?;
            let offered = offers
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, offered)| offered);
            let offer = match offered {
                Some(Ok(offered)) => offered.first(),
                Some(Err(why)) => return Err(format!("`{name}` cannot be used here: {why}")),
                None => None,
            };
            let settings = offer.and_then(|offer| StrategySettings::plain(&name.replace('_', " "), &offer.strategy));
            let settings = settings.ok_or_else(|| format!("`{name}` cannot be written down"))?;
            text.push_str(&settings.to_short_toml());
            text.push('\n');
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Scenario;
    use super::*;

    /// Every profile, client and strategy by itself gives a file that reads without a mistake.
    #[test]
    fn every_answer_gives_a_scenario() {
        let reads = |starter: &Starter| {
            let text = starter.text().unwrap();
            let read = Scenario::parse("starter.toml", &text, Path::new("."));
            read.unwrap_or_else(|error| panic!("{starter:?}: {:?}", error.mistakes()))
        };
        let plain = Starter::default();
        assert_eq!(reads(&plain).file.strategy.len(), COMPARED.len());
        for (profile, _) in PROFILES {
            reads(&Starter {
                profile: profile.to_owned(),
                nodes: 2,
                ..plain.clone()
            });
        }
        for (client, _) in CLIENTS {
            let clients = vec![client.to_owned()];
            assert_eq!(
                reads(&Starter {
                    clients,
                    ..plain.clone()
                })
                .file
                .strategy[0]
                    .name,
                client
            );
        }
        for (name, _) in STRATEGIES {
            let strategies = vec![(*name).to_owned()];
            let starter = Starter {
                strategies,
                ..plain.clone()
            };
            match starter.text() {
                Ok(_) => assert_eq!(reads(&starter).file.strategy.len(), 1),
                Err(why) => assert!(*name == "slot_per_node" && why.contains("slot"), "{name}: {why}"),
            }
        }
    }

    #[test]
    fn unknown_names_are_answered_with_what_comes_near() {
        let near = |starter: Starter| starter.text().unwrap_err();
        let plain = Starter::default();
        let profile = "zoom-s2s-2021".to_owned();
        assert!(
            near(Starter {
                profile,
                ..plain.clone()
            })
            .contains("`zoom-s2s-2022`")
        );
        let strategies = vec!["leese".to_owned()];
        assert!(
            near(Starter {
                strategies,
                ..plain.clone()
            })
            .contains("`lease`")
        );
        let clients = vec!["msall".to_owned()];
        assert!(near(Starter { clients, ..plain }).contains("`msal`"));
    }
}
