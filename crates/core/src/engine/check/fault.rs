//! Fault budgets: which faults may happen in a run, and how often, so that every infinite run has a tail without faults.

use std::fmt;
use std::str::FromStr;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// A request or a response is lost.
    Drop,
    /// A node loses its memory and its calls, and starts anew; what it has sent stays under way.
    Crash,
    /// A lease ends while its holder still acts on it.
    Lapse,
    /// A token expires.
    Expiry,
    /// The timer of a planned renewal rings.
    Renewal,
    /// A time-out strikes while the answer is still under way.
    Late,
    /// The token endpoint answers that there are too many requests.
    Throttle,
    /// A leeway, an overlap or another period that the provider grants ends while something is under way.
    Elapse,
    /// A user logs in again: a call has failed for want of a grant.
    Login,
}

/// All kinds, with their names and a sentence each.
pub const FAULTS: [(Fault, &str, &str); 9] = [
    (Fault::Drop, "drop", "a request or a response is lost"),
    (Fault::Crash, "crash", "a node loses its memory and starts anew"),
    (Fault::Lapse, "lapse", "a lease ends while its holder still acts on it"),
    (Fault::Expiry, "expiry", "a token expires"),
    (Fault::Renewal, "renewal", "a planned renewal falls due"),
    (
        Fault::Late,
        "late",
        "a time-out strikes while the answer is still under way",
    ),
    (Fault::Throttle, "throttle", "the token endpoint answers 429"),
    (
        Fault::Elapse,
        "elapse",
        "a leeway or an overlap ends while something is under way",
    ),
    (
        Fault::Login,
        "login",
        "a user logs in again after a call failed for want of a grant",
    ),
];

impl Fault {
    /// Its name in a fault budget, such as `drop`.
    pub fn name(self) -> &'static str {
        FAULTS[self as usize].1
    }
}

/// How many faults of each kind there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultBudget([u8; FAULTS.len()]);

impl FaultBudget {
    /// No faults.
    pub const NONE: Self = Self([0; FAULTS.len()]);

    /// The same with so many faults of a kind.
    #[must_use]
    pub const fn with(mut self, fault: Fault, count: u8) -> Self {
        self.0[fault as usize] = count;
        self
    }

    /// Faults of this kind that may still happen.
    pub const fn left(&self, fault: Fault) -> u8 {
        self.0[fault as usize]
    }

    /// One fault of this kind has happened.
    pub(super) fn spend(&mut self, fault: Fault) {
        self.0[fault as usize] -= 1;
    }
}

/// As it is written: `drop=1,crash=1`; `none` for none.
impl fmt::Display for FaultBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (fault, name, _) in FAULTS.iter().filter(|(fault, ..)| self.left(*fault) > 0) {
            write!(f, "{separator}{name}={}", self.left(*fault))?;
            separator = ",";
        }
        if separator.is_empty() {
            f.write_str("none")
        } else {
            Ok(())
        }
    }
}

impl FromStr for FaultBudget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut budget = Self::NONE;
        if text == "none" {
            return Ok(budget);
        }
        for part in text.split(',') {
            let (name, count) = part.split_once('=').unwrap_or((part, "1"));
            let known = FAULTS.iter().find(|(_, known, _)| *known == name.trim());
            let Some((fault, ..)) = known else {
                let names: Vec<_> = FAULTS.iter().map(|(_, name, _)| *name).collect();
                return Err(format!(
                    "there is no fault `{name}`; write for example drop=1,crash=1, of: {}",
                    names.join(", ")
                ));
            };
            let count = count
                .trim()
                .parse()
                .map_err(|_| format!("`{count}` in `{part}` is no number from 0 to 255"))?;
            budget = budget.with(*fault, count);
        }
        Ok(budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_reads_as_it_is_written() {
        let budget = FaultBudget::NONE.with(Fault::Drop, 2).with(Fault::Late, 1);
        assert_eq!(budget.to_string(), "drop=2,late=1");
        assert_eq!(budget.to_string().parse(), Ok(budget));
        assert_eq!("none".parse(), Ok(FaultBudget::NONE));
        assert_eq!("crash".parse(), Ok(FaultBudget::NONE.with(Fault::Crash, 1)));
        for wrong in ["", "crush=1", "drop=x", "drop=-1", "drop=256"] {
            assert!(wrong.parse::<FaultBudget>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_table_is_in_the_order_of_the_kinds() {
        for (place, (fault, ..)) in FAULTS.iter().enumerate() {
            assert_eq!(*fault as usize, place);
        }
    }
}
