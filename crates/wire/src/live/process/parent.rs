//! The run's side of nodes that are processes: starts them, passes on what happens to them, hears what they do, and kills them
//! where they are to crash.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration as Real;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::super::machine::Told;
use super::super::mail::{Change, Mail, Report};
use super::super::replay::NodeRecord;
use super::super::surroundings::Surroundings;
use super::super::{LiveError, LiveProvider};
use super::NodeProcesses;
use super::words::{NodeSetup, Order, SharedRedis, What, Word, ns, time};
use crate::base::{NodeId, PacedClock, Time};
use crate::node::{Heard, Shared};
use crate::trace::{CallOutcome, Event, FailedBy};
use crate::world::Leg;

/// How long a process may take to be there, and to end when it is told to.
const PATIENCE: Real = Real::from_secs(20);

/// What all processes of a run are started with.
pub(in crate::live) struct Crew {
    pub processes: NodeProcesses,
    pub provider: LiveProvider,
    pub clock: PacedClock,
    pub redis: Option<SharedRedis>,
}

impl Crew {
    fn setup(&self, node: NodeId, life: u32, address: Option<SocketAddr>) -> NodeSetup {
        NodeSetup {
            scenario: self.processes.scenario.clone(),
            folder: self.processes.folder.clone(),
            seed: self.processes.seed,
            node: node.0,
            life,
            began_unix_ns: self.clock.began_unix_ns(),
            pace: self.clock.pace(),
            provider: self.provider.clone(),
            redis: self.redis.clone(),
            address,
        }
    }
}

/// Starts a process for each node, and lets them live; one that cannot be there is an error.
///
/// # Errors
/// When a process cannot be started, or ends at once.
pub(in crate::live) async fn recruit(
    crew: &Arc<Crew>,
    around: &Arc<Surroundings>,
    inboxes: Vec<UnboundedReceiver<Mail>>,
) -> Result<JoinSet<Option<NodeRecord>>, LiveError> {
    let mut bodies = Vec::new();
    for id in (0..inboxes.len() as u32).map(NodeId) {
        bodies.push(Body::start(id, Arc::clone(crew), Arc::clone(around))?);
    }
    let mut addresses = Vec::new();
    for body in &mut bodies {
        addresses.push(body.ready().await?);
    }
    let mut nodes = JoinSet::new();
    for (mut body, inbox) in bodies.into_iter().zip(inboxes) {
        body.addresses.clone_from(&addresses);
        body.order(Order::Addresses(addresses.clone()));
        nodes.spawn(body.live(inbox));
    }
    Ok(nodes)
}

/// A node's process, and what is known of it.
struct Body {
    id: NodeId,
    crew: Arc<Crew>,
    around: Arc<Surroundings>,
    life: u32,
    /// What has been rolled out to it.
    version: Option<u8>,
    addresses: Vec<SocketAddr>,
    process: Process,
    /// Calls that have arrived and not ended: their groups, and when they arrived.
    open: Vec<(u16, u64)>,
    up: bool,
    paused: Option<Time>,
}

struct Process {
    child: Child,
    orders: UnboundedSender<Order>,
    words: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(processes: &NodeProcesses, setup: &NodeSetup) -> Result<Self, LiveError> {
        let mut command = Command::new(&processes.program);
        command
            .args(&processes.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        // An interrupt at the terminal is the run's matter.
        #[cfg(unix)]
        command.process_group(0);
        let failed = |error: std::io::Error| LiveError::System(format!("no process can be started: {error}"));
        let mut child = command.spawn().map_err(failed)?;
        let (orders, given) = unbounded_channel();
        let stdin = child.stdin.take().expect("it is piped");
        let setup = serde_json::to_string(setup).expect("plain data is JSON");
        tokio::spawn(write(stdin, setup, given));
        let words = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Ok(Self { child, orders, words })
    }
}

/// Writes orders; a process that stands still reads none, and nobody waits for it.
async fn write(mut stdin: ChildStdin, setup: String, mut orders: UnboundedReceiver<Order>) {
    let mut line = setup;
    loop {
        line.push('\n');
        if stdin.write_all(line.as_bytes()).await.is_err() {
            return;
        }
        let Some(order) = orders.recv().await else { return };
        line = serde_json::to_string(&order).expect("plain data is JSON");
    }
}

impl Body {
    fn start(id: NodeId, crew: Arc<Crew>, around: Arc<Surroundings>) -> Result<Self, LiveError> {
        Ok(Self {
            process: Process::start(&crew.processes, &crew.setup(id, 0, None))?,
            id,
            crew,
            around,
            life: 0,
            version: None,
            addresses: Vec::new(),
            open: Vec::new(),
            up: false,
            paused: None,
        })
    }

    /// Where it listens, once it does.
    async fn ready(&mut self) -> Result<SocketAddr, LiveError> {
        let line = tokio::time::timeout(PATIENCE, self.process.words.next_line()).await;
        let word = line.ok().and_then(|line| line.ok().flatten());
        match word.and_then(|word| serde_json::from_str(&word).ok()) {
            Some(Word::Ready(address)) => Ok(address),
            _ => Err(LiveError::System(format!(
                "the process of node {} did not begin",
                self.id.0
            ))),
        }
    }

    fn order(&self, order: Order) {
        // A process that has died is found out by its silence.
        let _gone = self.process.orders.send(order);
    }

    async fn live(mut self, mut inbox: UnboundedReceiver<Mail>) -> Option<NodeRecord> {
        loop {
            tokio::select! {
                mail = inbox.recv() => match mail {
                    None | Some(Mail::Told(Told::Close)) => break,
                    Some(Mail::Told(Told::Crash)) => if let Err(error) = self.crash().await {
                        let _gone = self.around.reports.send(Report::Died(error.to_string()));
                        return None;
                    },
                    Some(mail) => self.pass_on(mail),
                },
                line = self.process.words.next_line() => match line {
                    Ok(Some(line)) => self.hear(&line),
                    _ => {
                        let how = self.process.child.wait().await;
                        let how = how.map_or_else(|error| error.to_string(), |status| status.to_string());
                        let died = format!("the process of node {} ended by itself ({how}): that is a fault of tokenstorm", self.id.0);
                        let _gone = self.around.reports.send(Report::Died(died));
                        return None;
                    }
                }
            }
        }
        self.close().await;
        None
    }

    fn pass_on(&mut self, mail: Mail) {
        let now = self.around.clock.now();
        match mail {
            Mail::Told(Told::Start) => self.order(Order::Start),
            Mail::Told(Told::Stop) => self.order(Order::Stop),
            Mail::Told(Told::Adopt { version }) => {
                self.version = Some(version);
                self.order(Order::Adopt { version });
            }
            Mail::Told(Told::Hear(Heard::Call { group, draw_key })) => self.order(Order::Call {
                at_ns: ns(now),
                group: group.0,
                draw_key,
            }),
            Mail::Told(Told::Hear(Heard::Login(grant))) => {
                let written = self.around.site.texts.written(Shared::of(grant, 0));
                self.order(Order::Login(written));
            }
            Mail::Cut(party, until) => self.order(Order::Cut {
                party,
                until_ns: ns(until),
            }),
            Mail::Around(Change::Slow(legs, thousandths)) => self.order(Order::Slow {
                legs: legs.into_iter().map(|leg| leg as usize).collect(),
                thousandths,
            }),
            Mail::Around(Change::StoreOutage(outage)) => self.order(Order::StoreOutage(outage.map(Into::into))),
            Mail::Around(Change::StoreFailover) => self.order(Order::StoreFailover),
            Mail::Pause(until) => self.pause(now, until),
            Mail::Resume => self.resume(now),
            // Nothing else is sent to a node from outside.
            _ => {}
        }
    }

    fn pause(&mut self, now: Time, until: Time) {
        if !self.up {
            return;
        }
        match &mut self.paused {
            Some(end) => *end = until.max(*end),
            None => {
                self.paused = Some(until);
                self.stand_still(true);
                self.around.note(now, &Event::NodePaused { node: self.id });
            }
        }
    }

    fn resume(&mut self, now: Time) {
        if self.paused.is_some_and(|until| until <= now) {
            self.paused = None;
            self.stand_still(false);
            self.around.note(now, &Event::NodeResumed { node: self.id });
        }
    }

    #[cfg(unix)]
    fn stand_still(&self, still: bool) {
        use rustix::process::{Pid, Signal, kill_process};
        let pid = self.process.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(pid) = pid {
            // It may have died meanwhile.
            let _gone = kill_process(pid, if still { Signal::STOP } else { Signal::CONT });
        }
    }

    #[cfg(not(unix))]
    fn stand_still(&self, _still: bool) {}

    /// Kills the process; what it had told before is heard, and what it had in hand is lost. Another one takes its place.
    async fn crash(&mut self) -> Result<(), LiveError> {
        let _dead_already = self.process.child.start_kill();
        while let Ok(Some(line)) = self.process.words.next_line().await {
            self.hear(&line);
        }
        let _status = self.process.child.wait().await;
        let now = self.around.clock.now();
        if std::mem::take(&mut self.up) {
            self.around.note(now, &Event::NodeStopped { node: self.id });
        }
        for (group, arrived) in std::mem::take(&mut self.open) {
            let lost = What::CallEnded {
                group,
                arrived_ns: arrived,
                outcome: CallOutcome::Lost,
                by: FailedBy::Nothing,
                // What it had counted of its calls is gone with it.
                attempts: 0,
                rejections: 0,
                first_rejected: false,
                rejected_in_flight: false,
            };
            self.tell(now, &lost.event(self.id));
        }
        self.paused = None;
        let fleets = &self.around.plan.layout.fleets;
        let number = fleets.partition_point(|fleet| fleet.nodes.end <= self.id.0);
        self.around.shelf.release_locks_of(fleets[number].store, self.id).await;
        self.life += 1;
        let address = self.addresses.get(self.id.index()).copied();
        let setup = self.crew.setup(self.id, self.life, address);
        self.process = Process::start(&self.crew.processes, &setup)?;
        self.ready().await?;
        self.order(Order::Addresses(self.addresses.clone()));
        // Another process begins with the version that its node has by now.
        if let Some(version) = self.version {
            self.order(Order::Adopt { version });
        }
        Ok(())
    }

    /// The run is over: it ends its calls, and then itself.
    async fn close(&mut self) {
        if self.paused.take().is_some() {
            self.stand_still(false);
        }
        self.order(Order::Close);
        let rest = async {
            while let Ok(Some(line)) = self.process.words.next_line().await {
                self.hear(&line);
            }
        };
        // Whoever does not end in time is killed when this is dropped.
        let _too_late = tokio::time::timeout(PATIENCE, rest).await;
    }

    fn tell(&self, at: Time, event: &Event) {
        self.around.note(at, event);
        if let Event::CallEnded { node, group, .. } = *event {
            let _gone = self.around.reports.send(Report::Ended { node, group });
        }
    }

    fn hear(&mut self, line: &str) {
        // The last line of a process that was killed may be half a line.
        let Ok(word) = serde_json::from_str::<Word>(line) else {
            return;
        };
        let texts = &self.around.site.texts;
        let number = |text: &str| texts.number(text, None);
        match word {
            Word::Ready(_) => {}
            Word::Event { at_ns, what } => {
                let event = what.event(self.id);
                match event {
                    Event::CallArrived { group, .. } => self.open.push((group.0, at_ns)),
                    Event::CallEnded { group, arrived, .. } => {
                        let ended = (group.0, ns(arrived));
                        if let Some(place) = self.open.iter().position(|call| *call == ended) {
                            self.open.swap_remove(place);
                        }
                    }
                    Event::NodeStarted { .. } => self.up = true,
                    Event::NodeStopped { .. } => self.up = false,
                    _ => {}
                }
                self.tell(time(at_ns), &event);
            }
            Word::Way { leg, from_ns, to_ns } => {
                if let Some(&leg) = Leg::ALL.get(leg) {
                    self.around.way(leg, time(from_ns), time(to_ns));
                }
            }
            Word::Issued { token, at_ns } => texts.issued(number(&token), time(at_ns)),
            Word::Descends { token, from } => texts.descends(number(&token), number(&from)),
            Word::Written { at_ns, token, over } => {
                let (token, over) = (token.as_deref().map(number), over.as_deref().map(number));
                self.around.written(time(at_ns), token, over);
            }
            Word::NeedsLogin(token) => {
                let (node, credential) = (self.id, token.as_deref().map(number));
                let _gone = self.around.reports.send(Report::NeedsLogin { node, credential });
            }
        }
    }
}
