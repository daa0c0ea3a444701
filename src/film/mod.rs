//! One run as a film: what happens step by step, and a picture of everybody after each step.
//!
//! A film is made of one replication of one strategy, the very one that a campaign counts under this seed, or of a counterexample of
//! the checker ([`film_of`]). It is plain data with a JSON form that stays ([`FORM`]), so that a page can play it and whoever asks can
//! be told what led to a failure.
//!
//! A long run is filmed in two passes: a [`survey`] finds the marks (the first failed call, a storm's onset) and counts the steps, and
//! [`shoot`] keeps the steps of a window around one of them. What was left out is said in the film.
//!
//! ```
//! use std::path::Path;
//! use tokenstorm::film::{Film, FilmSubject, FilmWindow, StepKind, shoot, survey};
//! use tokenstorm::scenario::Scenario;
//!
//! let text = r#"
//!     name = "two"
//!     summary = "Two processes, each with a token of its own"
//!     source = "an example"
//!     run = { duration = "5min", warmup = "1min" }
//!     provider = { profile = "zoom-s2s-2022" }
//!     app = [{ name = "main" }]
//!     fleet = [{ name = "web", nodes = 2, app = "main", workload = [{ kind = "user", arrivals = { poisson = "6/min" } }] }]
//!     strategy = [{ name = "naive", coordination = "naive" }]
//! "#;
//! let scenario = Scenario::parse("two.toml", text, Path::new("."))?;
//! let (point, at_point) = &scenario.points()[0];
//! let subject = FilmSubject::new((point, at_point), &scenario.file.strategy[0], 1, 0)?;
//! let survey = survey(&subject)?;
//! let refused = survey.marks.first_refusal.as_ref().expect("they kill each other's tokens");
//! let film = shoot(&subject, &survey, FilmWindow::around(refused.step, 20, 20))?;
//!
//! // Whose token request killed the token that was refused?
//! let step = film.step(refused.step).expect("it is in the window");
//! let token = film.token(step.token.expect("an attempt has a token")).expect("a step names it");
//! let killer = &film.parties[token.killed_by.expect("a newer token took its place")];
//! assert_eq!(step.kind, StepKind::AttemptArrives);
//! assert_ne!(token.killed_by, Some(step.from), "{} has killed it", killer.name);
//!
//! let text = serde_json::to_string(&film)?;
//! assert_eq!(serde_json::from_str::<Film>(&text)?, film);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **The form.** [`Film`] says who takes part (`parties`, the columns of a diagram), shows everybody before the first step (`opening`),
//! and then tells each step: when, from which party to which, what happens in words, about which call and which token, in which step
//! that was sent which arrives, whether it is lost or a fault, and what it changes in the picture. A [`Change`] holds the whole of what
//! it replaces, so that a player puts it in place of what it has: [`Picture::apply`]. Whether the provider would accept a token follows
//! from its life ([`TokenLife::is_over`]). A step is the arrival of something, with all that follows in the same instant: what is
//! sent in it is another step when it arrives.
//!
//! Does not know how a film is shown.

mod acts;
mod apply;
pub mod chain;
mod explanation;
mod flights;
mod form;
mod life;
mod marks;
mod narration;
mod numbering;
mod parties;
mod perfetto;
mod phrases;
mod picture;
mod recorder;
mod roll;
mod sentences;
mod stated;
mod story;
mod tokens;
mod window;
mod words;

pub use explanation::Explanation;
pub use form::{Change, FORM, Film, FilmParty, LeftOut, PartyKind, Step, StepKind};
pub use life::{Death, TokenLife};
pub use marks::{CallMark, FilmMarks, MOST_MARKS};
pub use perfetto::perfetto;
pub use phrases::span;
pub use picture::{CallPhase, CallPicture, NodePicture, Picture, SlotsPicture, StorePicture};
pub use roll::{FilmError, FilmSubject, Survey, shoot, survey, survey_for};
pub use story::{film_of, story_of};
pub use window::{FilmWindow, MOST_STEPS};

#[cfg(test)]
mod tests;
