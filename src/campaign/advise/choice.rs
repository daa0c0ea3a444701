//! The rule by which one of the candidates is recommended: criteria in order of weight, each with a margin within which values count as
//! the same.

use std::cmp::Ordering;

use crate::record::advice::{CanHappen, Candidate, Criterion, CriterionKind, Ever, Needed};

/// What the rule knows of a candidate.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub name: String,
    /// The scenario has it already.
    pub own: bool,
    /// By the criteria of [`KINDS`]; none for what has no value, which counts as the worst.
    pub values: [Option<f64>; KINDS.len()],
    pub needs: Needed,
    /// Properties broken that leave lasting harm.
    pub lasting: Vec<String>,
}

impl Standing {
    /// What the rule looks at of a candidate.
    pub fn of(candidate: &Candidate) -> Self {
        let lasting = |row: &&CanHappen| row.lasting && row.verdict == Ever::Can;
        let lasting = candidate.can_happen.iter().filter(lasting);
        Self {
            name: candidate.name.clone(),
            own: candidate.own,
            values: KINDS.map(|kind| candidate.value(kind)),
            needs: candidate.needs,
            lasting: lasting.map(|row| row.property.clone()).collect(),
        }
    }
}

/// The criteria, in their order.
pub(super) const KINDS: [CriterionKind; 10] = [
    CriterionKind::Failures,
    CriterionKind::GrantsLost,
    CriterionKind::LastingHarm,
    CriterionKind::Rejections,
    CriterionKind::AddedLatency,
    CriterionKind::Elsewhere,
    CriterionKind::Infrastructure,
    CriterionKind::TokenRequests,
    CriterionKind::Peak,
    CriterionKind::Broken,
];

/// Values that are worse than the best by no more than this count as the same.
fn margin(kind: CriterionKind, best: f64) -> f64 {
    match kind {
        CriterionKind::Failures => 0.001,
        CriterionKind::GrantsLost => 0.05,
        CriterionKind::Rejections | CriterionKind::AddedLatency | CriterionKind::Elsewhere => 0.01,
        CriterionKind::TokenRequests => 0.001 + best / 10.0,
        CriterionKind::Peak => 1.0 + best / 2.0,
        CriterionKind::LastingHarm | CriterionKind::Infrastructure | CriterionKind::Broken => 0.0,
    }
}

/// The outcome of the rule.
pub(super) struct Choice {
    pub criteria: Vec<Criterion>,
    /// All, from the one that is recommended down: places in the list.
    pub ranking: Vec<usize>,
    /// How many at its head come out as well.
    pub tied: usize,
}

/// Applies the rule. `unsure` says of the second candidate whether chance may have made it worse than the first by a criterion.
pub(super) fn choose(standings: &[Standing], unsure: &dyn Fn(CriterionKind, usize, usize) -> bool) -> Choice {
    let mut left: Vec<usize> = (0..standings.len()).collect();
    let mut criteria = Vec::new();
    let mut fallen: Vec<usize> = Vec::new();
    for (place, &kind) in KINDS.iter().enumerate() {
        if left.len() < 2 {
            break;
        }
        let value = |of: &usize| standings[*of].values[place].unwrap_or(f64::INFINITY);
        let Some(&first) = left.iter().min_by(|a, b| value(a).total_cmp(&value(b))) else {
            break;
        };
        let best = value(&first);
        let margin = if best.is_finite() { margin(kind, best) } else { 0.0 };
        let (stay, mut out): (Vec<_>, Vec<_>) = left.iter().partition(|one| value(one) <= best + margin);
        out.sort_by(|a: &usize, b: &usize| value(a).total_cmp(&value(b)));
        let named = |places: &[usize]| places.iter().map(|&at| standings[at].name.clone()).collect();
        let by_chance: Vec<usize> = out.iter().copied().filter(|&one| unsure(kind, first, one)).collect();
        criteria.push(Criterion {
            by: kind,
            best: best.is_finite().then_some(best),
            margin,
            left: named(&stay),
            unsure: named(&by_chance),
            out: named(&out),
        });
        fallen.splice(0..0, out);
        left = stay;
    }
    // Who is dominated by another that is left comes after it; what the scenario has comes first; then the exact figures decide.
    let key = |at: usize| {
        let dominated = left.iter().any(|&other| dominates(&standings[other], &standings[at]));
        let values = standings[at].values.map(|value| value.unwrap_or(f64::INFINITY));
        ((dominated, !standings[at].own), values)
    };
    let mut ordered = left.clone();
    ordered.sort_by(|&a, &b| {
        let ((a, ours), (b, theirs)) = (key(a), key(b));
        let values = ours.iter().zip(&theirs).map(|(ours, theirs)| ours.total_cmp(theirs));
        a.cmp(&b).then(values.fold(Ordering::Equal, Ordering::then))
    });
    let tied = ordered.len();
    ordered.extend(fallen);
    Choice {
        criteria,
        ranking: ordered,
        tied,
    }
}

/// Measures of the front that are figures; infrastructure and harm are compared part by part.
const MEASURED: [usize; 4] = [0, 3, 4, 7];

/// A value in steps of its margin, so that "as good as" is the same whichever way one looks.
fn grade(place: usize, value: Option<f64>) -> i64 {
    let Some(value) = value.filter(|value| value.is_finite()) else {
        return i64::MAX;
    };
    match KINDS[place] {
        CriterionKind::TokenRequests => ((value + 0.001).ln() / 1.1_f64.ln()).round() as i64,
        kind => (value / margin(kind, 0.0)).round() as i64,
    }
}

/// Whether the first is as good by every measure and better by one: failures, first attempts refused, latency, token requests, what it
/// needs, lasting harm.
pub(super) fn dominates(one: &Standing, other: &Standing) -> bool {
    let grades = MEASURED.map(|place| (grade(place, one.values[place]), grade(place, other.values[place])));
    let figures = grades.iter().all(|(one, other)| one <= other);
    let needs = needs_no_more(one.needs, other.needs);
    let harm = one.lasting.iter().all(|name| other.lasting.contains(name));
    let better = grades.iter().any(|(one, other)| one < other)
        || !needs_no_more(other.needs, one.needs)
        || one.lasting.len() < other.lasting.len();
    figures && needs && harm && better
}

fn needs_no_more(one: Needed, other: Needed) -> bool {
    one.store <= other.store
        && one.gateway <= other.gateway
        && one.peers <= other.peers
        && one.one_machine <= other.one_machine
        && one.slots <= other.slots
        && one.apps <= other.apps
}

/// One of the front that dominates each; none on the front.
pub(super) fn dominators(standings: &[Standing]) -> Vec<Option<usize>> {
    let beats = |other: usize, at: usize| dominates(&standings[other], &standings[at]);
    let all = 0..standings.len();
    let front: Vec<usize> = all
        .clone()
        .filter(|&at| !all.clone().any(|other| beats(other, at)))
        .collect();
    all.map(|at| front.iter().copied().find(|&other| beats(other, at)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(name: &str, failures: f64, rejections: f64, needs: Needed) -> Standing {
        Standing {
            name: name.to_owned(),
            own: false,
            values: [
                Some(failures),
                Some(0.0),
                Some(0.0),
                Some(rejections),
                Some(0.0),
                None,
                Some(f64::from(needs.points())),
                Some(0.1),
                Some(1.0),
                Some(0.0),
            ],
            needs,
            lasting: Vec::new(),
        }
    }

    const STORE: Needed = Needed {
        store: true,
        gateway: false,
        peers: false,
        one_machine: false,
        slots: 0,
        apps: 0,
    };

    #[test]
    fn what_fails_falls_out_before_anything_else_is_asked() {
        let bare = Needed::default();
        let all = [
            standing("naive", 0.2, 0.8, bare),
            standing("jitter", 0.0005, 0.8, bare),
            standing("lease", 0.0, 0.003, STORE),
            standing("gateway", 0.0, 0.0, Needed { gateway: true, ..bare }),
        ];
        let choice = choose(&all, &|_, _, _| false);
        assert_eq!(choice.ranking, [2, 3, 1, 0], "{:?}", choice.criteria);
        assert_eq!(choice.criteria[0].out, ["naive"]);
        assert_eq!(
            choice.criteria[0].left.len(),
            3,
            "half of a thousandth is no difference"
        );
        assert_eq!(choice.tied, 1);
        assert_eq!(choice.criteria.last().unwrap().by, CriterionKind::Infrastructure);
    }

    #[test]
    fn what_has_no_value_is_the_worst_and_equals_tie() {
        let bare = Needed::default();
        let mut none = standing("none", 0.0, 0.0, bare);
        none.values[4] = None;
        let all = [none, standing("b", 0.0, 0.0, bare), standing("a", 0.0, 0.0, bare)];
        let choice = choose(&all, &|_, _, _| true);
        assert_eq!((choice.ranking[2], choice.tied), (0, 2));
        let fell = choice
            .criteria
            .iter()
            .find(|criterion| !criterion.out.is_empty())
            .unwrap();
        assert_eq!((fell.by, fell.unsure.len()), (CriterionKind::AddedLatency, 1));
    }

    #[test]
    fn the_front_is_what_nothing_dominates() {
        let bare = Needed::default();
        let mut trapped = standing("trapped", 0.0, 0.003, STORE);
        trapped.lasting.push("L1".to_owned());
        let all = [
            standing("naive", 0.2, 0.8, bare),
            standing("lease", 0.0, 0.003, STORE),
            standing("worse lease", 0.1, 0.003, STORE),
            trapped,
        ];
        assert_eq!(dominators(&all), [None, None, Some(1), Some(1)]);
        let fewer = dominates(&all[1], &all[0]);
        assert!(!fewer, "a store is no better than none");
    }
}
