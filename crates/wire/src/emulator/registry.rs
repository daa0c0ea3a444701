//! Who talks to the provider: registered clients, and callers, that is the processes behind them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// Clients and callers that are told apart at most; more are refused, or counted as one.
pub(super) const MOST: usize = 10_000;

/// A registered client.
struct Client {
    id: Arc<str>,
    /// None until it first shows one.
    secret: Option<String>,
}

/// Why a client is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stranger {
    /// No client has this id.
    Unknown,
    /// It has shown another secret before.
    WrongSecret,
    /// No more clients can register.
    TooMany,
}

/// Clients by id, numbered in the order in which they came.
pub(super) struct Clients {
    all: Vec<Client>,
    by_id: HashMap<Arc<str>, u16>,
    /// Whoever comes is registered.
    pub open: bool,
}

impl Clients {
    pub fn new(known: impl IntoIterator<Item = (String, Option<String>)>, open: bool) -> Self {
        let mut clients = Self {
            all: Vec::new(),
            by_id: HashMap::new(),
            open,
        };
        for (id, secret) in known {
            clients.add(id.into(), secret);
        }
        clients
    }

    fn add(&mut self, id: Arc<str>, secret: Option<String>) -> u16 {
        let number = self.all.len() as u16;
        self.by_id.insert(Arc::clone(&id), number);
        self.all.push(Client { id, secret });
        number
    }

    /// The client of this id; `true` when it has just registered.
    pub fn enter(&mut self, id: &str, secret: &str) -> Result<(u16, bool), Stranger> {
        if let Some(&number) = self.by_id.get(id) {
            let known = &mut self.all[usize::from(number)].secret;
            return match known {
                Some(known) if known == secret => Ok((number, false)),
                Some(_) => Err(Stranger::WrongSecret),
                None => {
                    *known = Some(secret.to_owned());
                    Ok((number, false))
                }
            };
        }
        match self.open {
            false => Err(Stranger::Unknown),
            true if self.all.len() >= MOST => Err(Stranger::TooMany),
            true => Ok((self.add(id.into(), Some(secret.to_owned())), true)),
        }
    }

    /// Registers a client that has shown no secret yet, where anybody may come.
    pub fn invite(&mut self, id: &str) -> Option<u16> {
        (self.open && self.all.len() < MOST).then(|| self.add(id.into(), None))
    }

    /// Registers a client under a name that nobody has yet, with the secret that goes with its number, or with none to show.
    pub fn welcome(&mut self, secret: Option<impl FnOnce(u16) -> String>) -> Option<(u16, Option<String>)> {
        if !self.open || self.all.len() >= MOST {
            return None;
        }
        let number = self.all.len() as u16;
        let free = (self.all.len()..)
            .map(|at| format!("client-{at}"))
            .find(|id| !self.by_id.contains_key(id.as_str()))?;
        let secret = secret.map(|make| make(number));
        // A client without a secret shows an empty one.
        self.add(free.into(), Some(secret.clone().unwrap_or_default()));
        Some((number, secret))
    }

    /// The client of this id, whatever its secret.
    pub fn find(&self, id: &str) -> Option<u16> {
        self.by_id.get(id).copied()
    }

    pub fn id(&self, client: u16) -> Arc<str> {
        let known = self.all.get(usize::from(client));
        known.map_or_else(|| Arc::from("?"), |client| Arc::clone(&client.id))
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn ids(&self) -> impl Iterator<Item = &Arc<str>> {
        self.all.iter().map(|client| &client.id)
    }
}

/// One process that calls, as far as it can be told from the others.
#[derive(Default)]
pub(super) struct Caller {
    pub name: Arc<str>,
    /// The token that it would send now: the last that it got, or used with success.
    pub holds: Option<u32>,
}

/// Callers by name, numbered in the order in which they came. The first stands for all that came too late to be told apart.
pub(super) struct Callers {
    all: Vec<Caller>,
    by_name: HashMap<Arc<str>, u32>,
}

impl Callers {
    pub fn new() -> Self {
        let mut callers = Self {
            all: Vec::new(),
            by_name: HashMap::new(),
        };
        callers.number("(others)");
        callers
    }

    pub fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.by_name.get(name) {
            return number;
        }
        if self.all.len() >= MOST {
            return 0;
        }
        let name: Arc<str> = name.into();
        let number = self.all.len() as u32;
        if let Entry::Vacant(place) = self.by_name.entry(Arc::clone(&name)) {
            place.insert(number);
            self.all.push(Caller { name, holds: None });
        }
        number
    }

    /// The number of a caller that has come.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn get(&self, number: u32) -> &Caller {
        &self.all[number as usize]
    }

    pub fn get_mut(&mut self, number: u32) -> &mut Caller {
        &mut self.all[number as usize]
    }

    pub fn name(&self, number: u32) -> Arc<str> {
        Arc::clone(&self.get(number).name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Caller> {
        self.all.iter()
    }

    /// Nobody holds anything any more.
    pub fn forget_tokens(&mut self) {
        for caller in &mut self.all {
            caller.holds = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_bound_by_its_first_use() {
        let mut clients = Clients::new([("known".to_owned(), Some("s".to_owned()))], true);
        assert_eq!(clients.enter("known", "s"), Ok((0, false)));
        assert_eq!(clients.enter("known", "t"), Err(Stranger::WrongSecret));
        assert_eq!(clients.enter("new", "one"), Ok((1, true)));
        assert_eq!(clients.enter("new", "two"), Err(Stranger::WrongSecret));
        clients.open = false;
        assert_eq!(clients.enter("late", "x"), Err(Stranger::Unknown));
    }

    #[test]
    fn callers_and_clients_are_bounded() {
        let (mut clients, mut callers) = (Clients::new([], true), Callers::new());
        for i in 0..MOST + 10 {
            assert_eq!(clients.enter(&format!("c{i}"), "s").is_ok(), i < MOST);
            assert_eq!(callers.number(&format!("p{i}")) == 0, i + 1 >= MOST);
        }
        assert_eq!(callers.number("p5"), 6);
    }
}
