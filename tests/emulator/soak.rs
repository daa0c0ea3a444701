//! Mixed load for long, with faults, slow clients and garbage: no wrong answer, no end, and memory that stays as it is.
//!
//!     TOKENSTORM_SOAK=3600 cargo test --release --test emulator soak -- --ignored --nocapture
//!
//! Without the variable it runs for twenty seconds. Memory is judged from when the event log and the tokens' stories are full.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration as Patience, Instant};

use crate::client::{Client, Got};
use crate::server::Server;

/// Bytes that nobody means anything by, the same in each run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        // Knuth's MMIX generator.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn bytes(&mut self) -> Vec<u8> {
        let words: [&[u8]; 6] = [
            b"GET / HTTP/1.1\r\n",
            b"POST ",
            b"\r\n\r\n",
            b"host: x\r\n",
            b"transfer-encoding: chunked\r\n",
            b"\0",
        ];
        let count = self.next() % 12;
        (0..count)
            .flat_map(|_| match self.next() % 8 {
                word @ 0..6 => words[word as usize].to_vec(),
                _ => (0..self.next() % 200).map(|_| self.next() as u8).collect(),
            })
            .collect()
    }
}

/// What went on.
struct Soak {
    address: SocketAddr,
    over: AtomicBool,
    /// Faults are on: a failure of the server is no wrong answer.
    faults: AtomicBool,
    answers: AtomicU64,
    failures: AtomicU64,
}

impl Soak {
    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }

    /// As expected, or failed as the faults have it.
    fn expect(&self, got: &Got, status: u16, what: &str) -> bool {
        self.answers.fetch_add(1, Ordering::Relaxed);
        if got.status == 503 && self.faults.load(Ordering::Relaxed) {
            self.failures.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        assert_eq!(got.status, status, "{what}: {}", got.body);
        true
    }

    /// A client with an app of its own: nobody but it ends its tokens, so each answer is known beforehand.
    fn works(&self, number: usize) {
        let mut client = Client::new(self.address);
        client.prefix = format!("/as/worker-{number}");
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let own = format!("grant_type=client_credentials&client_id=app-{number}&client_secret=s");
        let mut before: Option<String> = None;
        while self.goes_on() {
            let got = client.send("POST", "/oauth/token", &form, &own);
            if !self.expect(&got, 200, "a token") {
                continue;
            }
            let token = got.text("access_token");
            for _ in 0..4 {
                self.expect(&client.call(&token), 200, "the newest token");
            }
            if let Some(before) = before.replace(token) {
                self.expect(&client.call(&before), 401, "the one before it");
            }
        }
    }

    /// Bytes that are no request, and requests that never end.
    fn disturbs(&self) {
        let mut noise = Noise(7);
        let mut slow: Vec<TcpStream> = Vec::new();
        while self.goes_on() {
            let mut stream = TcpStream::connect(self.address).expect("it accepts connections");
            stream.set_read_timeout(Some(Patience::from_millis(20))).unwrap();
            let _hung_up = stream.write_all(&noise.bytes());
            let _nothing = stream.read(&mut [0; 512]);
            let mut half = TcpStream::connect(self.address).expect("it accepts connections");
            let _hung_up = half.write_all(b"POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\ngrant");
            slow.push(half);
            if slow.len() > 200 {
                slow.drain(..100);
            }
        }
    }

    /// Faults come and go, the clock moves, and somebody looks at everything; kilobytes of memory each time, once the logs are full.
    fn looks(&self, server: &Server, until: Instant) -> Vec<u64> {
        let mut client = Client::new(self.address);
        let mut memory = Vec::new();
        let mut turn = 0;
        while Instant::now() < until {
            turn += 1;
            let on = turn % 4 == 0;
            if on {
                self.faults.store(true, Ordering::SeqCst);
            }
            for at in ["token", "api"] {
                let rate = if on { 0.05 } else { 0.0 };
                let body = format!(r#"{{"at":"{at}","error_rate":{rate}}}"#);
                assert_eq!(client.control("POST", "/faults", &body).status, 200);
            }
            assert_eq!(client.control("POST", "/clock", r#"{"advance":"1s"}"#).status, 200);
            for path in ["/metrics", "/events?limit=1000", "/holds", "/openapi.json"] {
                assert_eq!(client.control("GET", path, "").status, 200, "{path}");
            }
            let state = client.control("GET", "/state", "").json();
            let full =
                state["events_forgotten"].as_u64() > Some(0) && state["counts"]["issuances"].as_u64() > Some(100_000);
            if full {
                memory.push(server.memory());
            }
            std::thread::sleep(Patience::from_millis(500));
            if !on {
                // Whatever began under faults has been answered.
                self.faults.store(false, Ordering::SeqCst);
            }
        }
        self.over.store(true, Ordering::SeqCst);
        memory
    }
}

#[test]
#[ignore = "it takes as long as it is told to"]
fn it_stays_as_it_is_under_load() {
    let seconds = std::env::var("TOKENSTORM_SOAK").map_or(20, |text| text.parse().expect("seconds"));
    let (server, address) = Server::start();
    let soak = Soak {
        address,
        over: AtomicBool::new(false),
        faults: AtomicBool::new(false),
        answers: AtomicU64::new(0),
        failures: AtomicU64::new(0),
    };
    let until = Instant::now() + Patience::from_secs(seconds);
    let memory = std::thread::scope(|scope| {
        for number in 0..4 {
            let soak = &soak;
            scope.spawn(move || soak.works(number));
        }
        scope.spawn(|| soak.disturbs());
        soak.looks(&server, until)
    });
    let (answers, failures) = (
        soak.answers.load(Ordering::SeqCst),
        soak.failures.load(Ordering::SeqCst),
    );
    println!("{answers} answers, {failures} failures while there were faults");
    assert!(answers > 1000 && failures < answers / 4);
    match memory.as_slice() {
        [] => println!("memory was not judged: the logs were not full by the end"),
        [first, .., last] => {
            println!("{first} kB of memory when the logs were full, {last} kB at the end");
            assert!(*last < first + first / 4 + 10_000, "{memory:?}");
        }
        [_] => println!("memory was not judged: the logs were full only at the end"),
    }
    assert!(server.ends_when_told(), "it drains and ends well");
}
