//! Whom a live run asks for tokens.

use super::Arguments;
use crate::base::PacedClock;
use crate::emulator::{Emulator, EmulatorOptions};
use crate::live::LiveProvider;
use crate::scenario::Scenario;

/// The provider of a run: an emulator that has just begun, or a given one.
pub(super) fn provider(
    arguments: &Arguments,
    scenario: &Scenario,
    clock: PacedClock,
    seed: u64,
) -> Result<(Option<Emulator>, LiveProvider), String> {
    let slot_parameter = scenario.provider().slot_parameter.clone();
    if let Some(url) = &arguments.against {
        let clients = arguments.client.iter().filter_map(|client| client.split_once(':'));
        let mut clients: Vec<_> = clients.map(|(id, secret)| (id.to_owned(), secret.to_owned())).collect();
        if clients.is_empty() {
            clients = scenario
                .file
                .app
                .iter()
                .map(|app| (app.name.clone(), "secret".to_owned()))
                .collect();
        }
        let provider = LiveProvider {
            url: url.trim_end_matches('/').to_owned(),
            token_path: "/oauth/token".to_owned(),
            api_path: "/v2/users/me".to_owned(),
            clients,
            slot_parameter,
            emulated: false,
        };
        return Ok((None, provider));
    }
    let options = EmulatorOptions::scenario(scenario)
        .map_err(|error| error.to_string())?
        // The engine's client reads no others.
        .standard_grants();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let options = options.seed(seed).workers(workers).paced(clock);
    let emulator = Emulator::start_with(options).map_err(|error| error.to_string())?;
    let clients = emulator.clients().into_iter().map(|id| (id, "secret".to_owned()));
    let provider = LiveProvider {
        url: emulator.url().to_owned(),
        token_path: "/oauth/token".to_owned(),
        api_path: "/v2/users/me".to_owned(),
        clients: clients.collect(),
        slot_parameter,
        emulated: true,
    };
    Ok((Some(emulator), provider))
}
