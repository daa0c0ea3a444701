//! A client of HTTP as small as can be: one connection, one request at a time.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use tokenstorm::emulator::Emulator;

/// An answer as it came.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Got {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    /// A text of its JSON.
    pub fn text(&self, key: &str) -> String {
        let json = self.json();
        json[key]
            .as_str()
            .unwrap_or_else(|| panic!("no {key} in {json}"))
            .to_owned()
    }
}

pub struct Client {
    stream: BufReader<TcpStream>,
    /// Before every path: which caller it is.
    pub prefix: String,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
            prefix: String::new(),
        }
    }

    pub fn of(emulator: &Emulator) -> Self {
        Self::new(emulator.address())
    }

    /// A client that says by its paths who it is.
    pub fn named(emulator: &Emulator, name: &str) -> Self {
        Self {
            prefix: format!("/as/{name}"),
            ..Self::of(emulator)
        }
    }

    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Got {
        self.post(method, path, headers, body);
        self.answer().expect("an answer")
    }

    /// Sends without waiting.
    pub fn post(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) {
        let prefix = if path.starts_with("/_tokenstorm") {
            ""
        } else {
            &self.prefix
        };
        let mut text = format!(
            "{method} {prefix}{path} HTTP/1.1\r\nhost: provider.test\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.push_str(body);
        self.raw(text.as_bytes());
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// The next answer; none where the connection has ended or nothing comes in time.
    pub fn answer(&mut self) -> Option<Got> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let status = line.split(' ').nth(1)?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let mut body = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap())];
        self.stream.read_exact(&mut body).ok()?;
        let body = String::from_utf8(body).ok()?;
        Some(Got { status, headers, body })
    }

    /// The next line that begins so; none where the connection has ended or nothing comes in time.
    pub fn line_with(&mut self, beginning: &str) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line.starts_with(beginning) {
                return Some(line.trim_end().to_owned());
            }
        }
    }

    pub fn patience(&mut self, patience: Duration) {
        self.stream.get_mut().set_read_timeout(Some(patience)).unwrap();
    }

    /// A path that the prefix does not stand before.
    pub fn send_at_root(&mut self, path: &str) -> Got {
        let prefix = std::mem::take(&mut self.prefix);
        let got = self.send("GET", path, &[], "");
        self.prefix = prefix;
        got
    }

    /// A token request of the client `app` by a form.
    pub fn token(&mut self, form: &str) -> Got {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("authorization", "Basic YXBwOnNlY3JldA=="),
        ];
        self.send("POST", "/oauth/token", &headers, form)
    }

    /// A call of the API with this token.
    pub fn call(&mut self, token: &str) -> Got {
        self.send(
            "GET",
            "/v2/users/me",
            &[("authorization", &format!("Bearer {token}"))],
            "",
        )
    }

    /// Something of the control plane.
    pub fn control(&mut self, method: &str, path: &str, body: &str) -> Got {
        self.send(method, &format!("/_tokenstorm{path}"), &[], body)
    }
}
