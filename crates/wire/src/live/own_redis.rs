//! A `redis-server` of a run's own: where the scenario lets the store fail, it is killed and begins again with nothing in it, or
//! stands still.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::LiveError;
use crate::provider::Outage;

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running `redis-server` on a free port; it ends with its owner.
#[derive(Debug)]
pub struct OwnRedis {
    port: u16,
    child: Mutex<Child>,
}

impl OwnRedis {
    /// Starts one, and waits until it answers.
    ///
    /// # Errors
    /// When the program is not installed, or does not answer.
    pub fn start() -> Result<Self, LiveError> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let port = free.map_err(|error| LiveError::System(error.to_string()))?.port();
        let own = Self {
            port,
            child: Mutex::new(spawn(port)?),
        };
        own.wait()?;
        Ok(own)
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Fails from now on as the scenario says, or works again: dead and forgetful where it answered with errors, standing still where
    /// it was silent.
    pub(super) fn set_outage(&self, outage: Option<Outage>) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        match outage {
            Some(Outage::Silent) => signal(&child, true),
            Some(_) => {
                let _dead_already = child.kill();
                let _status = child.wait();
            }
            None if matches!(child.try_wait(), Ok(None)) => signal(&child, false),
            None => {
                // What cannot be started again stays away, as its nodes hear.
                if let Ok(again) = spawn(self.port) {
                    *child = again;
                }
            }
        }
    }

    fn wait(&self) -> Result<(), LiveError> {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if Instant::now() > until {
                let reason = format!("redis-server does not answer on port {}", self.port);
                return Err(LiveError::System(reason));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _dead_already = child.kill();
        let _status = child.wait();
    }
}

fn spawn(port: u16) -> Result<Child, LiveError> {
    // What lies where it starts is not its own: it would begin with that.
    let file = format!("tokenstorm-{}-{port}.rdb", std::process::id());
    let port = port.to_string();
    let mut command = Command::new("redis-server");
    command
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
        .args(["--dbfilename", &file])
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // An interrupt at the terminal is the run's matter.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let failed = |error: std::io::Error| {
        LiveError::System(format!(
            "redis-server cannot be started: {error}; install it, or name a Redis by --redis"
        ))
    };
    command.spawn().map_err(failed)
}

#[cfg(unix)]
fn signal(child: &Child, still: bool) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = Pid::from_raw(child.id().cast_signed()) {
        // It may have died meanwhile.
        let _gone = kill_process(pid, if still { Signal::STOP } else { Signal::CONT });
    }
}

#[cfg(not(unix))]
fn signal(_child: &Child, _still: bool) {}
