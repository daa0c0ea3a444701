//! A process that is one node: it is told what happens to it on standard input, and tells what it does on standard output.

use std::io::{BufRead as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::super::machine::Told;
use super::super::mail::{Mail, Report};
use super::super::node::LiveNode;
use super::super::shelf::Shelf;
use super::super::site::Site;
use super::super::surroundings::{Ears, Surroundings};
use super::super::texts::Texts;
use super::super::{LiveError, neighbours};
use super::words::{NodeSetup, Order, Word, time};
use crate::base::{Dice, Group, NodeId, PacedClock};
use crate::node::{Heard, Shared};
use crate::oauth::Grant;
use crate::plan::Plan;
use crate::provider::settings::Dialect;
use crate::world::Leg;

/// Plays a node until standard input says that the run is over, or ends.
///
/// # Errors
/// When the Redis or a socket is not to be had.
pub fn be_node(setup: NodeSetup, plan: Plan, dialect: Dialect) -> Result<(), LiveError> {
    // Whoever stands still when the run dies would stand there for ever.
    #[cfg(target_os = "linux")]
    let _best_effort = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    let system = |error: std::io::Error| LiveError::System(error.to_string());
    let (words, written) = std::sync::mpsc::channel::<Word>();
    let writer = std::thread::spawn(move || write(&written));
    let (orders, read) = unbounded_channel();
    // It ends with the process: nothing interrupts a read of standard input.
    std::thread::spawn(move || read_orders(&orders));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(system)?;
    let played = runtime.block_on(play(setup, plan, dialect, words, read));
    runtime.shutdown_background();
    let _panicked = writer.join();
    played
}

fn read_orders(orders: &UnboundedSender<Order>) {
    for line in std::io::stdin().lock().lines() {
        let order = line.ok().and_then(|line| serde_json::from_str(&line).ok());
        // What cannot be read comes from nobody who runs this.
        let Some(order) = order else { break };
        if orders.send(order).is_err() {
            break;
        }
    }
}

fn write(words: &std::sync::mpsc::Receiver<Word>) {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    while let Ok(word) = words.recv() {
        for word in std::iter::once(word).chain(words.try_iter()) {
            let mut line = serde_json::to_vec(&word).expect("plain data is JSON");
            line.push(b'\n');
            // A run that has gone hears nothing.
            let _gone = out.write_all(&line);
        }
        let _gone = out.flush();
    }
}

async fn play(
    setup: NodeSetup,
    plan: Plan,
    dialect: Dialect,
    words: std::sync::mpsc::Sender<Word>,
    mut orders: UnboundedReceiver<Order>,
) -> Result<(), LiveError> {
    let (listener, address) = bind(setup.address).await?;
    let clock = PacedClock::begun_at(setup.began_unix_ns, setup.pace);
    let texts = Arc::new(Texts::default());
    let shelf = match &setup.redis {
        Some(redis) => Shelf::joined(redis, &plan, clock, Arc::clone(&texts)).await?,
        None => Shelf::embedded(&plan),
    };
    let _gone = words.send(Word::Ready(address));
    let Some(Order::Addresses(addresses)) = orders.recv().await else {
        return Ok(());
    };
    let (report, mut reports) = unbounded_channel();
    let around = Arc::new(Surroundings::new(
        Arc::new(plan),
        (clock, Dice::replication(setup.seed, 0)),
        Site::new(setup.provider, dialect, Arc::clone(&texts)),
        shelf,
        Ears::Run(words.clone()),
        addresses,
        report,
    ));
    let (own, inbox) = unbounded_channel();
    let doors = tokio::spawn(neighbours::listen(listener, own.clone(), Arc::clone(&around)));
    let telling = tokio::spawn(async move {
        while let Some(report) = reports.recv().await {
            if let Report::NeedsLogin { credential, .. } = report {
                let text = credential.map(|token| texts.text(token).access.clone());
                let _gone = words.send(Word::NeedsLogin(text));
            }
        }
    });
    let hearing = tokio::spawn(follow(orders, own.clone(), Arc::clone(&around)));
    let node = LiveNode::new(NodeId(setup.node), around, (own, inbox), false);
    node.in_life(setup.life).live().await;
    for task in [doors, telling, hearing] {
        task.abort();
        let _cancelled = task.await;
    }
    Ok(())
}

/// A socket, where one listened before if there was one.
async fn bind(before: Option<SocketAddr>) -> Result<(TcpListener, SocketAddr), LiveError> {
    let system = |error: std::io::Error| LiveError::System(error.to_string());
    match before {
        None => neighbours::bind().await.map_err(system),
        Some(address) => Ok((TcpListener::bind(address).await.map_err(system)?, address)),
    }
}

/// Puts orders into the node's inbox; where nobody gives any more, the run is over.
async fn follow(mut orders: UnboundedReceiver<Order>, inbox: UnboundedSender<Mail>, around: Arc<Surroundings>) {
    loop {
        let mail = match orders.recv().await {
            None | Some(Order::Close) => Mail::Told(Told::Close),
            Some(Order::Start) => Mail::Told(Told::Start),
            Some(Order::Stop) => Mail::Told(Told::Stop),
            Some(Order::Adopt { version }) => Mail::Told(Told::Adopt { version }),
            Some(Order::Call { at_ns, group, draw_key }) => Mail::Arrived {
                at: time(at_ns),
                group: Group(group),
                draw_key,
            },
            Some(Order::Login(written)) => {
                let Shared { token, life, rank, .. } = around.site.texts.read(&written);
                Mail::Told(Told::Hear(Heard::Login(Grant { token, life, rank })))
            }
            Some(Order::Cut { party, until_ns }) => Mail::Cut(party, time(until_ns)),
            Some(Order::Slow { legs, thousandths }) => {
                let legs: Vec<_> = legs.into_iter().filter_map(|leg| Leg::ALL.get(leg).copied()).collect();
                around.slow(&legs, thousandths);
                continue;
            }
            Some(Order::StoreOutage(down)) => {
                around.shelf.set_outage(down.map(Into::into));
                continue;
            }
            Some(Order::StoreFailover) => {
                around.shelf.switch_over();
                continue;
            }
            Some(Order::Addresses(_)) => continue,
        };
        let over = matches!(mail, Mail::Told(Told::Close));
        let _gone = inbox.send(mail);
        if over {
            return;
        }
    }
}
