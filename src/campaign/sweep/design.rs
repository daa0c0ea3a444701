//! The points of a sweep by their numbers: each is worked out when its turn comes, and none is kept.

use std::str::FromStr;

use super::axis::SweptAxis;
use crate::base::{Dice, mix};

/// So many points by chance: `lhs:200`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepSample(u64);

impl FromStr for SweepSample {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let count = text.strip_prefix("lhs:").and_then(|count| count.trim().parse().ok());
        match count {
            Some(count) if count > 0 => Ok(Self(count)),
            _ => Err("write lhs:N, a Latin hypercube of N points, such as lhs:200".to_owned()),
        }
    }
}

impl std::fmt::Display for SweepSample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "lhs:{}", self.0)
    }
}

/// Points up to which each is looked at before the first is run.
const LOOKED_AT: u64 = 1000;

/// Which values stand in which places at which point.
#[derive(Clone, Debug)]
pub struct SweepDesign {
    axes: Vec<SweptAxis>,
    sample: Option<SweepSample>,
    dice: Dice,
}

impl SweepDesign {
    /// The values of a scenario's own sweep, multiplied with those of the parameters (`KEY=V1,V2` or `KEY=FROM..TO:STEPS`); a parameter
    /// takes the place of what the scenario has for its key.
    ///
    /// # Errors
    /// With what is wrong, in words.
    pub fn new(
        own: Vec<(String, Vec<String>)>,
        params: &[String],
        sample: Option<SweepSample>,
        seed: u64,
    ) -> Result<Self, String> {
        let given = params
            .iter()
            .map(|text| SweptAxis::parse(text))
            .collect::<Result<Vec<_>, _>>()?;
        for (at, axis) in given.iter().enumerate() {
            if given[..at].iter().any(|other| other.key == axis.key) {
                return Err(format!(
                    "--param names `{}` twice; give all its values at once",
                    axis.key
                ));
            }
            if axis.len().is_none() && sample.is_none() {
                let (key, written) = (&axis.key, &axis.written);
                return Err(format!(
                    "--param `{key}={written}`: say in how many steps, such as {key}={written}:10, or take a sample of all with \
                     --sample lhs:N"
                ));
            }
        }
        let own = own.into_iter().map(|(key, values)| SweptAxis::of_scenario(key, values));
        let own = own.filter(|axis| given.iter().all(|other| other.key != axis.key));
        let axes: Vec<SweptAxis> = own.chain(given.iter().cloned()).collect();
        if axes.is_empty() {
            return Err("nothing is swept over: give --param KEY=V1,V2, or a scenario that has a [sweep]".to_owned());
        }
        let dice = Dice::new(mix(seed ^ 0x6c68_735f_6178_6573));
        let design = Self { axes, sample, dice };
        if let (Some(SweepSample(wanted)), Some(all)) = (sample, design.combinations())
            && wanted > all
        {
            return Err(format!(
                "--sample lhs:{wanted}: there are only {all} combinations of values; leave --sample out to have each once"
            ));
        }
        Ok(design)
    }

    /// Combinations of all values; none where they are without number.
    fn combinations(&self) -> Option<u64> {
        let mut lengths = self.axes.iter().map(SweptAxis::len);
        lengths.try_fold(1u64, |count, length| Some(count.saturating_mul(length?)))
    }

    /// How many points there are; what is beyond all counting is the greatest number.
    pub fn points(&self) -> u64 {
        match self.sample {
            Some(SweepSample(count)) => count,
            None => self.combinations().unwrap_or(u64::MAX),
        }
    }

    /// The swept keys, each with its values as they were asked for.
    pub fn written(&self) -> impl Iterator<Item = (&str, &str)> {
        self.axes.iter().map(|axis| (axis.key.as_str(), axis.written.as_str()))
    }

    /// Keys and values of a point: of a grid the last key varies fastest.
    pub fn point(&self, number: u64) -> Vec<(String, String)> {
        let pair = |axis: &SweptAxis, value: String| (axis.key.clone(), value);
        if let Some(SweepSample(count)) = self.sample {
            let axes = self.axes.iter().zip(0u64..);
            let value = |(axis, at): (&SweptAxis, u64)| pair(axis, axis.at(self.share(number, at, count)));
            return axes.map(value).collect();
        }
        let mut rest = number;
        let mut values = Vec::with_capacity(self.axes.len());
        for axis in self.axes.iter().rev() {
            let length = axis.len().unwrap_or(1);
            values.push(pair(axis, axis.value(rest % length)));
            rest /= length;
        }
        values.reverse();
        values
    }

    /// Where a point of a sample lies on an axis: each of so many equal parts of the axis has one point, at a place of chance in it.
    fn share(&self, number: u64, axis: u64, count: u64) -> f64 {
        let part = shuffled(number, count, |round, half| self.dice.draw(axis, round, half));
        let within = self.dice.draw(axis, u64::MAX, number) >> 11;
        let within = within as f64 / (1u64 << 53) as f64;
        // The greatest float below one, where rounding comes to one.
        ((part as f64 + within) / count as f64).min(1.0 - f64::EPSILON)
    }

    /// Points to look at before the first is run: each, or where there are too many, each telling value beside the first ones of the others.
    pub(super) fn telling(&self) -> Box<dyn Iterator<Item = Vec<(String, String)>> + '_> {
        if self.points() <= LOOKED_AT {
            return Box::new((0..self.points()).map(|number| self.point(number)));
        }
        let first: Vec<(String, String)> = self
            .axes
            .iter()
            .map(|axis| (axis.key.clone(), axis.telling().swap_remove(0)))
            .collect();
        let all = self.axes.iter().enumerate();
        Box::new(all.flat_map(move |(at, axis)| {
            let first = first.clone();
            axis.telling().into_iter().map(move |value| {
                let mut point = first.clone();
                point[at].1 = value;
                point
            })
        }))
    }
}

/// Where a number below `count` goes when they are all shuffled: a Feistel network over the next power of four, walked until it leads back
/// below `count`. No two numbers go to one place, and no table is needed.
fn shuffled(number: u64, count: u64, draw: impl Fn(u64, u64) -> u64) -> u64 {
    const ROUNDS: u64 = 6;
    let bits = (u64::BITS - count.saturating_sub(1).leading_zeros()).div_ceil(2).max(1);
    let mask = (1u64 << bits) - 1;
    let mut at = number;
    loop {
        let (mut left, mut right) = (at >> bits, at & mask);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ (draw(round, right) & mask));
        }
        at = (left << bits) | right;
        if at < count {
            return at;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn design(params: &[&str], sample: Option<&str>, seed: u64) -> Result<SweepDesign, String> {
        let params: Vec<String> = params.iter().map(|param| (*param).to_owned()).collect();
        let own = vec![("own".to_owned(), vec!["x".to_owned(), "y".to_owned()])];
        SweepDesign::new(own, &params, sample.map(|sample| sample.parse().unwrap()), seed)
    }

    fn shown(design: &SweepDesign, number: u64) -> String {
        let pairs = design.point(number).into_iter();
        pairs
            .map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn a_grid_multiplies_the_scenarios_own_sweep_and_the_last_key_varies_fastest() {
        let grid = design(&["a=1,2", "b=1s..3s:3"], None, 1).unwrap();
        assert_eq!(grid.points(), 12);
        let all: Vec<_> = (0..4).chain([11]).map(|number| shown(&grid, number)).collect();
        assert_eq!(
            all,
            [
                "own=x a=1 b=1s",
                "own=x a=1 b=2s",
                "own=x a=1 b=3s",
                "own=x a=2 b=1s",
                "own=y a=2 b=3s"
            ]
        );
        let taken = design(&["own=z"], None, 1).unwrap();
        assert_eq!((taken.points(), shown(&taken, 0)), (1, "own=z".to_owned()));
    }

    #[test]
    fn each_part_of_each_axis_has_one_point_of_a_sample() {
        let count = 50;
        let sample = design(&["a=0.0..1.0", "b=1..50", "c=p,q"], Some("lhs:50"), 7).unwrap();
        let points: Vec<_> = (0..count).map(|number| sample.point(number)).collect();
        let column = |at: usize| points.iter().map(move |point| point[at].1.as_str());
        let parts: BTreeSet<u64> = column(1)
            .map(|value| (value.parse::<f64>().unwrap() * 50.0) as u64)
            .collect();
        assert_eq!(parts.len() as u64, count, "one in each fiftieth");
        assert_eq!(
            column(2).collect::<BTreeSet<_>>().len() as u64,
            count,
            "each whole number once"
        );
        assert_eq!(
            column(3).filter(|value| *value == "p").count(),
            25,
            "lists are dealt evenly"
        );
        assert_eq!(column(0).filter(|value| *value == "x").count(), 25);
        // The axes are shuffled apart, and another seed shuffles otherwise.
        let order = |seed| {
            let sample = design(&["a=1..50", "b=1..50"], Some("lhs:50"), seed).unwrap();
            (0..count)
                .map(|number| sample.point(number))
                .map(|point| (point[1].1.clone(), point[2].1.clone()))
                .collect::<Vec<_>>()
        };
        let (one, other) = (order(7), order(8));
        assert!(one.iter().any(|(a, b)| a != b) && one != other && one == order(7));
    }

    #[test]
    fn a_shuffle_goes_everywhere_once() {
        let dice = Dice::new(3);
        for count in [1, 2, 3, 5, 64, 65, 1000] {
            let places: BTreeSet<u64> = (0..count)
                .map(|number| shuffled(number, count, |a, b| dice.draw(0, a, b)))
                .collect();
            assert_eq!((places.len() as u64, places.last()), (count, Some(&(count - 1))));
        }
    }

    #[test]
    fn what_cannot_be_swept_over_says_why() {
        for (params, sample, why) in [
            (&["a=1..9"][..], None, "say in how many steps, such as a=1..9:10"),
            (&["a=1", "a=2"], None, "names `a` twice"),
            (&["a=1,2,3"], Some("lhs:7"), "only 6 combinations"),
        ] {
            let error = design(params, sample, 1).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        let error = SweepDesign::new(Vec::new(), &[], None, 1).unwrap_err();
        assert!(error.contains("nothing is swept over"), "{error}");
        assert!("lhs:0".parse::<SweepSample>().is_err() && "10".parse::<SweepSample>().is_err());
    }

    #[test]
    fn a_billion_points_take_no_room() {
        let huge = design(&["a=1..1000:1000", "b=1..1000:1000", "c=1..1000:1000"], None, 1).unwrap();
        assert_eq!(huge.points(), 2_000_000_000);
        assert_eq!(shown(&huge, 1_999_999_999), "own=y a=1000 b=1000 c=1000");
        assert_eq!(huge.telling().count(), 2 + 3 * 2);
        let more = design(
            &[
                "a=1..1000000:1000000",
                "b=1..1000000:1000000",
                "c=1..1000000:1000000",
                "d=1..1000000:1000000",
            ],
            None,
            1,
        );
        assert_eq!(more.unwrap().points(), u64::MAX);
    }
}
