//! A client library: what it does with its token, what it stands for in a scenario, and what each value rests on.

use super::wrap;
use crate::base::shown::capital;
use crate::provider::profiles::{lies_in, values_in};
use crate::scenario::clients::{CLIENTS, find};

/// The page of the client of this name.
pub(super) fn page(name: &str) -> Option<String> {
    let (_, text) = CLIENTS.iter().find(|(known, _)| *known == name)?;
    let client = find(name)?;
    let mut page = format!("{name}: a client library\n\n");
    page.push_str(&wrap(&format!("{}.", capital(&client.summary)), ""));
    page.push_str(&wrap(&format!("{}: {}.", client.registry, client.package), ""));
    page.push_str(&wrap(
        &format!("{} The token lies {}.", client.cache.node(), client.store),
        "",
    ));
    page.push_str("\nWhat it stands for, and what that rests on:\n");
    let settings = values_in(text, "strategy");
    for source in &client.source {
        page.push('\n');
        for (key, value) in &settings {
            if source.of.iter().any(|of| lies_in(key, of)) {
                page.push_str(&format!("  {key} = {value}\n"));
            }
        }
        page.push_str(&wrap(
            &format!("[{}] {} ({})", source.grade.name(), source.says, source.at),
            "      ",
        ));
    }
    if !client.left_out.is_empty() {
        page.push_str("\nWhat it does besides, and the model does not:\n\n");
        for left in &client.left_out {
            page.push_str(&format!("  - {}", wrap(left, "    ").trim_start()));
        }
    }
    page.push_str(&format!(
        "\nIn a scenario; what is written beside it lies over the client, key by key:\n\n    [[strategy]]\n    name = \"{name}\"\n    client = \"{name}\"\n"
    ));
    Some(page)
}
