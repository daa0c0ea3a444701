//! What is to be expected of a run in which each step that can come next is as likely as any other.

use super::graph::Graph;

/// Larger graphs would take longer than their search.
const MOST_STATES: usize = 300_000;

/// Sweeps over the graph; what has not settled by then has no end worth waiting for.
const MOST_SWEEPS: usize = 5_000;

/// A sweep that moves nothing by more than this share is the last.
const SETTLED: f64 = 1e-10;

impl Graph {
    /// How many tokens a run issues in the mean, faults among its steps where there may be any; none where the search was given up, the graph
    /// is too large, or a run goes on issuing for ever.
    pub fn mean_issuances(&self) -> Option<f64> {
        if self.unknown.is_some() || self.count() > MOST_STATES {
            return None;
        }
        let mut ahead = vec![0.0f64; self.count()];
        for _ in 0..MOST_SWEEPS {
            let mut moved = 0.0f64;
            // Later states are further from the start: what lies ahead is known before it is asked for.
            for from in (0..ahead.len()).rev() {
                let edges = self.edges(from as u32);
                if edges.is_empty() {
                    continue;
                }
                let sum: f64 = edges
                    .iter()
                    .map(|edge| f64::from(edge.marks.issuances()) + ahead[edge.to as usize])
                    .sum();
                let mean = sum / edges.len() as f64;
                moved = moved.max((mean - ahead[from]).abs() / (1.0 + mean));
                ahead[from] = mean;
            }
            if moved < SETTLED {
                return ahead.first().copied();
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Permutation;
    use crate::engine::check::{Edge, Marks, Standing};

    fn edge(to: u32, issuances: u8) -> Edge {
        Edge {
            to,
            label: 0,
            marks: Marks::new(0, issuances, false),
            places: Permutation::IDENTITY,
        }
    }

    /// A walk that goes on in two cases of three and issues a token each time, or ends: two tokens in the mean.
    #[test]
    fn a_chain_is_solved_as_by_hand() {
        let mut graph = Graph::default();
        graph.push(Standing::default(), [edge(0, 1), edge(0, 1), edge(1, 0)]);
        graph.push(Standing::default(), []);
        assert!((graph.mean_issuances().unwrap() - 2.0).abs() < 1e-6);
    }

    #[test]
    fn what_never_ends_has_no_mean() {
        let mut graph = Graph::default();
        graph.push(Standing::default(), [edge(0, 1)]);
        assert_eq!(graph.mean_issuances(), None);
        let mut given_up = Graph::default();
        given_up.push(Standing::default(), [edge(1, 1)]);
        given_up.give_up(2);
        assert_eq!(given_up.mean_issuances(), None);
    }
}
