//! The answer in a sentence: who serves best, who worst, and why.

use super::{Figure, Figures, Sweep, number, quoted, reasons};
use crate::record::Record;

/// A strategy with the figures that rank it.
struct Ranked<'a> {
    name: &'a str,
    failed: Figure,
    first_refused: Option<f64>,
    requests: Option<f64>,
    issued: Option<f64>,
}

impl<'a> Ranked<'a> {
    fn at(figures: &Figures<'_>, name: &'a str, point: &str) -> Option<Self> {
        Some(Self {
            name,
            failed: figures.get(name, point, "failure_rate")?,
            first_refused: figures.mean(name, point, "first_attempt_rejection_rate"),
            requests: figures.mean(name, point, "token_requests_per_call"),
            issued: figures.mean(name, point, "issuances_per_hour"),
        })
    }

    /// What decides between those that fail alike: token requests, then refused first attempts.
    fn effort(&self) -> (f64, f64) {
        let known = |figure: Option<f64>| figure.unwrap_or(f64::INFINITY);
        (known(self.requests), known(self.first_refused))
    }

    fn fails(&self) -> String {
        match self.failed.mean {
            0.0 => "fails no call".to_owned(),
            1.0 => "fails every call".to_owned(),
            share => format!("fails {} of its calls", number::percent(share)),
        }
    }
}

/// The best first: by failed calls where they can be told apart, else by what it costs.
fn best_and_worst<'a>(ranked: &'a [Ranked<'a>]) -> Option<(&'a Ranked<'a>, &'a Ranked<'a>)> {
    let least = ranked.iter().min_by(|a, b| a.failed.mean.total_cmp(&b.failed.mean))?;
    let most = ranked.iter().max_by(|a, b| a.failed.mean.total_cmp(&b.failed.mean))?;
    let by_effort = |a: &&Ranked<'_>, b: &&Ranked<'_>| {
        let ((a, a2), (b, b2)) = (a.effort(), b.effort());
        a.total_cmp(&b).then(a2.total_cmp(&b2))
    };
    let alike = |of: &Ranked<'_>| {
        let of = of.failed;
        ranked.iter().filter(move |other| other.failed.overlaps(of))
    };
    let best = alike(least).min_by(by_effort)?;
    let worst = alike(most).filter(|other| other.name != best.name).max_by(by_effort);
    Some((best, worst.unwrap_or(best)))
}

/// The answer, and what it rests on; nothing where no share of failed calls was measured.
pub(super) fn answer(record: &Record) -> Option<String> {
    let figures = Figures::of(record);
    let sweep = Sweep::of(record);
    // Of a sweep the point at which the strategies differ most, of equal ones the last.
    let spread = |point: &String| {
        let failed = record
            .strategies
            .iter()
            .filter_map(|s| figures.mean(s, point, "failure_rate"));
        let (low, high) = failed.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), f| (l.min(f), h.max(f)));
        high - low
    };
    let known = record
        .points
        .iter()
        .enumerate()
        .filter(|(_, point)| spread(point).is_finite());
    let (at, point) = known.max_by(|a, b| spread(a.1).total_cmp(&spread(b.1)))?;
    let ranked: Vec<Ranked<'_>> = record
        .strategies
        .iter()
        .filter_map(|name| Ranked::at(&figures, name, point))
        .collect();
    let (best, worst) = best_and_worst(&ranked)?;
    let mut text = String::new();
    if !sweep.keys.is_empty() {
        text.push_str(&format!("At {}: ", sweep.point(at)));
    }
    text.push_str(&format!("{} {}{}", quoted(best.name), best.fails(), costs(best)));
    if worst.name == best.name {
        text.push('.');
        return Some(text);
    }
    let because = match reasons::refusal(&figures, worst.name, point) {
        Some(why) if worst.first_refused.is_some_and(|share| share > 0.0) => format!(", because {why}"),
        _ => String::new(),
    };
    let first = match worst.first_refused {
        Some(share) if share > 0.0 => {
            format!(
                " and has {} of its first attempts refused{because}",
                number::percent(share)
            )
        }
        _ => String::new(),
    };
    text.push_str(&format!(
        "; {} {}{}{first}.",
        quoted(worst.name),
        worst.fails(),
        costs(worst)
    ));
    if best.failed.overlaps(worst.failed) {
        text.push_str(" Their shares of failed calls cannot be told apart: what differs is the effort.");
    }
    Some(text)
}

fn costs(of: &Ranked<'_>) -> String {
    of.issued.map_or(String::new(), |issued| {
        let told = number::short(issued);
        format!(
            " with {told} token{} issued an hour",
            if told == "1" { "" } else { "s" }
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;

    #[test]
    fn the_answer_names_the_best_and_the_worst_and_why() {
        let mut record = fake::dozen();
        let told = answer(&record).unwrap();
        assert!(
            told.starts_with("“") && told.contains("fails 87.1 % of its calls") && told.ends_with('.'),
            "{told}"
        );
        record.readings.clear();
        assert_eq!(answer(&record), None);
    }

    #[test]
    fn of_a_sweep_the_point_is_told_at_which_they_differ_most() {
        let told = answer(&fake::sweep(&[1.0, 8.0])).unwrap();
        assert!(told.starts_with("At nodes = "), "{told}");
        let alone = answer(&fake::single()).unwrap();
        assert_eq!(
            alone,
            "“lease (10 s)” fails 0.031 % of its calls with 49.2 tokens issued an hour."
        );
    }
}
