//! The clients of the zoo: how each is run, and how long a token must live for its margin to matter within half a minute.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::installed::{clients, is_there, program};

/// What runs a client.
#[derive(Clone, Copy)]
pub enum Keeper {
    Python,
    Node,
    /// A crate of its own, in this folder.
    Crate(&'static str),
}

/// One client, under the name of its profile.
pub struct Animal {
    pub name: &'static str,
    keeper: Keeper,
    /// Its margin, and a few seconds.
    pub token_ttl: &'static str,
    /// What else its provider is like.
    pub provider: &'static str,
    /// How far the instants lie apart at which each process calls, in the mean.
    pub every_ms: f64,
}

const WECHAT: &str = r#"dialect.rejected = { status = 200, body = '{"errcode":40001,"errmsg":"invalid credential"}' }"#;

pub const ANIMALS: [Animal; 13] = [
    Animal::new("authlib", Keeper::Python, "66s", ""),
    Animal::new("authlib-async", Keeper::Python, "66s", ""),
    Animal::new("badgateway-oauth2", Keeper::Node, "5s", ""),
    Animal::new("co-wechat-api", Keeper::Node, "15s", WECHAT),
    Animal::new("gcp_auth", Keeper::Crate("gcp_auth"), "25s", ""),
    Animal::new("google-auth", Keeper::Python, "230s", ""),
    Animal::new("httpx-auth", Keeper::Python, "35s", ""),
    Animal::new("rivet", Keeper::Node, "66s", ""),
    Animal::new("spotipy", Keeper::Python, "65s", ""),
    Animal::new(
        "undici-oidc-interceptor",
        Keeper::Node,
        "36s",
        r#"dialect.tokens = "jwt""#,
    ),
    Animal::new("wechatpy", Keeper::Python, "66s", WECHAT).every_ms(3000.0),
    Animal::new("yup-oauth2", Keeper::Crate("yup_oauth2"), "65s", ""),
    Animal::new("zoomus", Keeper::Python, "20s", ""),
];

impl Animal {
    const fn new(name: &'static str, keeper: Keeper, token_ttl: &'static str, provider: &'static str) -> Self {
        Self {
            name,
            keeper,
            token_ttl,
            provider,
            every_ms: 400.0,
        }
    }

    /// Who tries again without bound is served at a low load alone: at a higher one no call comes to an end.
    const fn every_ms(self, every_ms: f64) -> Self {
        Self { every_ms, ..self }
    }

    /// Whether what it needs is installed; says so where it is not.
    pub fn is_here(&self) -> bool {
        let python = clients().join("venv/bin/python");
        match self.keeper {
            Keeper::Python => is_there("the Python clients (tests/clients/requirements.txt)", python.is_file()),
            Keeper::Node => {
                let modules = clients().join("node_modules/co-wechat-api");
                is_there("the Node clients (tests/clients/package.json)", modules.is_dir()) && program("node")
            }
            Keeper::Crate(folder) => {
                let what = format!("tests/zoo/{folder}, built,");
                is_there(&what, built(folder).is_file())
                    && is_there("the Python clients (they make a key)", python.is_file())
            }
        }
    }

    /// One process of it, as this app, that calls at these instants, in milliseconds from the start that it will be told.
    pub fn process(&self, url: &str, app: &str, calls: &[f64], key: &Path) -> Command {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/zoo");
        let mut command = match self.keeper {
            Keeper::Python => {
                let mut command = Command::new(clients().join("venv/bin/python"));
                command.arg(scripts.join("zoo.py")).arg(self.name);
                command
            }
            Keeper::Node => {
                // Node looks for packages from where the script lies.
                let copy = clients().join(format!("zoo-{}.mjs", self.name));
                std::fs::copy(scripts.join("zoo.mjs"), &copy).unwrap();
                let mut command = Command::new("node");
                command.arg(copy).arg(self.name);
                command
            }
            Keeper::Crate(folder) => Command::new(built(folder)),
        };
        let calls: Vec<String> = calls.iter().map(f64::to_string).collect();
        command
            .env("ZOO_URL", url)
            .env("ZOO_ID", app)
            .env("ZOO_CALLS", calls.join(","))
            .env("ZOO_KEY", key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// The program of a crate, as `.ci/run` builds it.
fn built(folder: &str) -> PathBuf {
    let name = format!("zoo-{}", folder.replace('_', "-"));
    clients().join("crates/debug").join(name)
}

/// A service account's key, made here and now.
pub fn key(folder: &Path) -> PathBuf {
    let path = folder.join("key.json");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/zoo/zoo.py");
    let made = Command::new(clients().join("venv/bin/python"))
        .arg(script)
        .arg("key")
        .output();
    // Whoever needs it asks whether Python is there.
    std::fs::write(&path, made.map(|output| output.stdout).unwrap_or_default()).unwrap();
    path
}
