//! Very many connections at once, of a server that is a process of its own.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration as Patience;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::client::Client;
use crate::installed::is_there;
use crate::server::Server;

const IDLE: usize = 10_000;

/// As many open files as each side needs: whether the system gives them.
fn open_files() -> bool {
    let wanted = IDLE as u64 + 500;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return true;
    }
    let more = Rlimit {
        current: Some(wanted),
        ..limit
    };
    setrlimit(Resource::Nofile, more).is_ok()
}

/// Ten thousand connections that say nothing, or half of something, and one client that is answered as if they were not there.
#[test]
fn ten_thousand_idle_connections_disturb_nobody() {
    if !is_there("room for 10,500 open files (`ulimit -n`)", open_files()) {
        return;
    }
    let (_server, address) = Server::start();
    let mut idle: Vec<TcpStream> = (0..IDLE)
        .map(|number| {
            let mut stream = TcpStream::connect(address).unwrap();
            if number % 2 == 0 {
                stream.write_all(b"GET /half HTTP/1.1\r\nhost: x\r\n").unwrap();
            }
            stream
        })
        .collect();
    let mut client = Client::new(address);
    client.patience(Patience::from_secs(10));
    let token = client.token("grant_type=client_credentials").text("access_token");
    assert_eq!(client.call(&token).status, 200);
    // They are still there, and whoever ends a request at last is answered too.
    for stream in idle.iter_mut().step_by(1000) {
        stream.write_all(b"\r\n").unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 401");
    }
}
