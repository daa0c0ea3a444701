//! The house rules that a compiler does not check: who may know whom, how large a thing may grow, what it may be called.

mod circles;
mod fences;
mod layers;
mod names;
mod paths;
mod sizes;
mod source;
mod strategies;
