//! An endpoint's manners before it looks at a request: outages, quotas, and servers with a queue.

use std::hash::{Hash, Hasher};

use super::quota::Quota;
use super::window::Window;
use crate::base::{Chance, Millis, clone_in_place};
use crate::oauth::{AnswerKind, Reply};

/// How an endpoint is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outage {
    /// It answers with an error.
    Errors,
    /// It does not answer.
    Silent,
    /// It turns every request away as one too many, and asks to wait for so long; zero where it does not say.
    Throttled(Millis),
    /// What stands before it turns every request away, with a page.
    Forbidden,
    /// Every request gets a page to log in on.
    LoginPage,
    /// Every request is sent on to such a page.
    Redirected,
}

impl Outage {
    /// What a request is answered; none where it is not.
    pub const fn reply<T>(self) -> Option<Reply<T>> {
        Some(Reply::refused(match self {
            Self::Silent => return None,
            Self::Throttled(wait) => {
                return Some(Reply::Refused {
                    kind: AnswerKind::Throttled,
                    wait,
                });
            }
            Self::Errors => AnswerKind::ServerError,
            Self::Forbidden => AnswerKind::Forbidden,
            Self::LoginPage => AnswerKind::LoginPage,
            Self::Redirected => AnswerKind::Redirected,
        }))
    }
}

/// One endpoint; without limits it serves every request in the instant of its arrival.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// How it is down, while it is.
    pub outage: Option<Outage>,
    /// A request fails with a 5xx at this rate.
    pub errors: Chance,
    /// Requests served at once; none for any number.
    pub servers: Option<u32>,
    /// Requests that may wait for a server.
    pub queue: u32,
    /// Its limits on requests; each counts every request that it is about.
    pub quotas: Vec<Window>,
    /// Its requests are counted in the pool of both endpoints too.
    pub pooled: bool,
    /// Servers that are busy now.
    pub busy: u32,
    /// Requests that wait for a server now.
    pub waiting: u32,
}

clone_in_place!(Endpoint {
    outage,
    errors,
    servers,
    queue,
    quotas,
    pooled,
    busy,
    waiting
});

/// Without `pooled`, which is the same in all states.
impl Hash for Endpoint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.outage, self.errors, self.servers, self.queue).hash(state);
        self.quotas.hash(state);
        (self.busy, self.waiting).hash(state);
    }
}

/// Whether a request may be served now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// At once, without occupying a server.
    Free,
    /// It occupies a server from now on.
    Serve,
    /// It waits for a server.
    Wait,
    /// The queue is full: 503.
    TurnedAway,
}

impl Endpoint {
    /// The same with these quotas beside those that it has.
    pub fn with_quotas(mut self, quotas: impl IntoIterator<Item = Quota>) -> Self {
        self.quotas.extend(quotas.into_iter().map(Window::new));
        self
    }

    /// Whether some quota counts its requests.
    #[inline]
    pub fn is_counted(&self) -> bool {
        self.pooled || !self.quotas.is_empty()
    }

    /// Whether it serves every request as it comes.
    #[inline(always)]
    pub fn is_open(&self) -> bool {
        self.outage.is_none() && self.errors.is_never() && self.servers.is_none() && !self.is_counted()
    }

    /// Whether a request leaves no mark on it.
    pub fn is_unlimited(&self) -> bool {
        self.servers.is_none() && !self.is_counted()
    }

    /// Takes a request in.
    #[inline]
    pub fn admit(&mut self) -> Admission {
        let Some(servers) = self.servers else {
            return Admission::Free;
        };
        if self.busy < servers {
            self.busy += 1;
            Admission::Serve
        } else if self.waiting < self.queue {
            self.waiting += 1;
            Admission::Wait
        } else {
            Admission::TurnedAway
        }
    }

    /// A server has finished; whether it takes the next request from the queue.
    pub fn finished(&mut self) -> bool {
        if self.waiting > 0 {
            self.waiting -= 1;
            true
        } else {
            self.busy -= 1;
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_fill_then_the_queue_then_the_door_shuts() {
        let mut endpoint = Endpoint {
            servers: Some(1),
            queue: 1,
            ..Endpoint::default()
        };
        assert_eq!(
            [endpoint.admit(), endpoint.admit(), endpoint.admit()],
            [Admission::Serve, Admission::Wait, Admission::TurnedAway]
        );
        assert!(endpoint.finished(), "the waiting request is next");
        assert!(!endpoint.finished());
        assert_eq!(endpoint.admit(), Admission::Serve);
        assert_eq!(Endpoint::default().admit(), Admission::Free);
    }
}
