//! The emulator as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// Ends with the test.
pub struct Server(Child);

impl Server {
    /// With where it listens.
    pub fn start() -> (Self, SocketAddr) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tokenstorm"))
            .args(["serve", "--profile", "zoom-s2s-2022"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        let address = address.expect("it says where it listens").parse().unwrap();
        // What it says next finds a reader.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        (Self(child), address)
    }

    /// Kilobytes that it occupies now; 0 where the system does not tell.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok())
            .unwrap_or(0)
    }

    /// Tells it to end; whether it does so well.
    pub fn ends_when_told(mut self) -> bool {
        let told = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        told.is_ok_and(|told| told.success()) && self.0.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}
