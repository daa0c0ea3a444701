//! `tokenstorm fuzz --replay`: a kept case once more, when it is one that a scenario could have.

use std::path::Path;

use super::Exit;
use super::say::{print, say};
use crate::engine::check;
use crate::engine::fuzz::Saved;
use crate::property::PROPERTIES;
use crate::scenario::Scenario;

/// Somebody may have changed the text by hand: its strategy is held to what every scenario is held to.
///
/// Errors with the first mistake.
fn as_a_scenario(saved: &Saved) -> Result<(), String> {
    let strategy = toml::Value::try_from(&saved.coordination).map_err(|error| error.to_string())?;
    let text = format!(
        "name = \"case\"\nsummary = \"a case\"\nsource = \"a case\"\nrun = {{ duration = \"1min\" }}\n\
         provider = {{ token_ttl = \"1h\", slot_parameter = \"slot\" }}\n\
         app = [{{ name = \"main\", slots = {} }}]\n\
         fleet = [{{ name = \"web\", nodes = {}, app = \"main\" }}]\n\
         strategy = [{{ name = \"case\", coordination = {strategy} }}]\n",
        saved.slots, saved.nodes,
    );
    let Err(error) = Scenario::parse("case", &text, Path::new(".")) else {
        return Ok(());
    };
    let mistake = &error.mistakes()[0];
    Err(match mistake.advice() {
        Some(help) => format!("{}; {help}", mistake.message()),
        None => mistake.message().to_owned(),
    })
}

/// Runs a kept case in the checker and in the simulator.
pub(super) fn replay(file: &Path) -> Exit {
    let read = std::fs::read_to_string(file).map_err(|error| error.to_string());
    let sound = |saved: Saved| as_a_scenario(&saved).map(|()| saved);
    let saved = match read.and_then(|text| text.parse()).and_then(sound) {
        Ok(saved) => saved,
        Err(message) => {
            say!("error: {}: {message}", file.display());
            return Exit::Usage;
        }
    };
    let property = &PROPERTIES[saved.property()];
    let Some(example) = saved.run() else {
        return print(&format!("{} ({}) is not broken\n", property.name, property.title));
    };
    let effects = saved.effects();
    if effects.checker != effects.simulator {
        say!("error: the simulator does not do what the checker does; this is a bug of one of them");
        return Exit::Internal;
    }
    let told = check::narrate(&saved.setup(), &example);
    let text = format!(
        "{} ({}) is broken; the simulator does the same, {} effects\n\n{}\n{}",
        property.name,
        property.title,
        effects.simulator.len(),
        check::text(&told),
        check::explain(&told, property)
    );
    print(&text).max(Exit::PropertyBroken)
}
