//! Client libraries, one TOML file each: how each caches, renews and retries, every value with its source.
//!
//! A client is no new machinery: it stands for a coordination strategy with its call policy, as any scenario could write them, and what
//! a scenario writes beside `client` takes the place of the client's, key by key. A new client is one file here and its line in
//! [`CLIENTS`]. What a client does and the model cannot say is told in its `left_out`.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::moved;
use super::error::Mistake;
use super::nearest::suggestion;
use crate::provider::profiles::Source;

/// Name and text of every client.
pub const CLIENTS: [(&str, &str); 16] = [
    ("authlib", include_str!("authlib.toml")),
    ("authlib-async", include_str!("authlib-async.toml")),
    ("badgateway-oauth2", include_str!("badgateway-oauth2.toml")),
    ("co-wechat-api", include_str!("co-wechat-api.toml")),
    ("gcp_auth", include_str!("gcp_auth.toml")),
    ("google-auth", include_str!("google-auth.toml")),
    ("google-auth-library", include_str!("google-auth-library.toml")),
    ("httpx-auth", include_str!("httpx-auth.toml")),
    ("lark-oapi", include_str!("lark-oapi.toml")),
    ("msal", include_str!("msal.toml")),
    ("rivet", include_str!("rivet.toml")),
    ("spotipy", include_str!("spotipy.toml")),
    ("undici-oidc-interceptor", include_str!("undici-oidc-interceptor.toml")),
    ("wechatpy", include_str!("wechatpy.toml")),
    ("yup-oauth2", include_str!("yup-oauth2.toml")),
    ("zoomus", include_str!("zoomus.toml")),
];

/// A client as its file writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientProfile {
    /// One sentence on what it does with its token.
    pub summary: String,
    /// Where it is published: `PyPI`, `npm`, `Cargo`.
    pub registry: String,
    /// The package, and the version that was read.
    pub package: String,
    /// Whose token it is: what a node of a scenario stands for.
    pub cache: CacheScope,
    /// Where the token lies, and who else could look there.
    pub store: String,
    /// What it does beside that, and the model does not.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// What each value rests on.
    pub source: Vec<Source>,
    /// What it stands for: keys of `[[strategy]]`.
    pub strategy: toml::Table,
}

/// Who uses one cached token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheScope {
    /// The whole process.
    Process,
    /// One object of the client.
    Instance,
}

impl CacheScope {
    /// What a node of a scenario stands for.
    pub const fn node(self) -> &'static str {
        match self {
            Self::Process => "A node is one process.",
            Self::Instance => "A node is one object of the client: a process that makes several is several nodes.",
        }
    }
}

/// The client of this name.
///
/// # Panics
/// When an embedded file does not parse, which a test excludes.
pub fn find(name: &str) -> Option<ClientProfile> {
    let (_, text) = CLIENTS.iter().find(|(known, _)| *known == name)?;
    Some(toml::from_str(text).expect("a test parses every embedded client"))
}

/// Writes into each `[[strategy]]` that names a client what the client stands for, as far as the file does not say otherwise. What is
/// added stands at the client's name, so that a mistake about it does too.
pub(super) fn fill_in<'t>(root: &mut DeTable<'t>) -> Result<(), Mistake> {
    let Some(DeValue::Array(strategies)) = root.get_mut("strategy").map(Spanned::get_mut) else {
        return Ok(());
    };
    for strategy in strategies.iter_mut() {
        if let DeValue::Table(strategy) = strategy.get_mut() {
            fill_in_one(strategy)?;
        }
    }
    Ok(())
}

/// The same for one table of such keys.
pub(super) fn fill_in_one<'t>(strategy: &mut DeTable<'t>) -> Result<(), Mistake> {
    let Some((span, DeValue::String(name))) = strategy.get("client").map(|value| (value.span(), value.get_ref()))
    else {
        return Ok(());
    };
    let Some((_, text)) = CLIENTS.iter().find(|(known, _)| *known == name.as_ref()) else {
        let known = CLIENTS.map(|(known, _)| known);
        let help = suggestion(name, &known, "clients");
        return Err(Mistake::new(format!("unknown client `{name}`"))
            .at(span, "no such client")
            .help(format!("{help}; `tokenstorm list clients` names all")));
    };
    let profile: DeTable<'static> = DeTable::parse(text)
        .expect("a test parses every embedded client")
        .into_inner();
    let Some(DeValue::Table(stands_for)) = profile.get("strategy").map(Spanned::get_ref) else {
        return Ok(());
    };
    for (key, value) in stands_for {
        if !strategy.contains_key(key.get_ref().as_ref()) {
            let key = Spanned::new(span.clone(), key.get_ref().clone());
            strategy.insert(key, moved(value.clone(), &span));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
