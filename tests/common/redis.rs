//! A Redis of a test's own, on a free port, that ends with the test.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running `redis-server`.
pub struct TestRedis {
    child: Child,
    port: u16,
}

impl TestRedis {
    /// Starts one; none, and said aloud, where the program is not installed.
    ///
    /// # Panics
    /// Where it is not installed and `TOKENSTORM_INSIST` is 1, or where it does not answer.
    pub fn start() -> Option<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let Some(child) = spawn(port) else {
            assert!(
                std::env::var("TOKENSTORM_INSIST").as_deref() != Ok("1"),
                "redis-server is not installed, and TOKENSTORM_INSIST=1"
            );
            eprintln!("LEFT OUT: redis-server is not installed");
            return None;
        };
        let redis = Self { child, port };
        redis.wait();
        Some(redis)
    }

    fn wait(&self) {
        let port = self.port;
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < until, "redis-server does not answer on port {port}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills it, as a machine that fails does.
    #[allow(dead_code)] // Each test binary uses its part.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        let _status = self.child.wait();
    }

    /// Starts it again after it was killed, with nothing in it.
    #[allow(dead_code)]
    pub fn start_again(&mut self) {
        self.child = spawn(self.port).expect("it was there before");
        self.wait();
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

fn spawn(port: u16) -> Option<Child> {
    // It begins with nothing, whatever lies where it starts, and a replica leaves nothing there.
    let file = format!("tokenstorm-{}-{port}.rdb", std::process::id());
    let port = port.to_string();
    Command::new("redis-server")
        .args(["--dbfilename", &file, "--rdb-del-sync-files", "yes"])
        .current_dir(std::env::temp_dir())
        .args([
            "--port",
            &port,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()
}
