//! The verdict rule: how much evidence there is that a claim holds, and that it does not.
//!
//! A claim holds if every part does: the evidence for it is the least over its parts (an
//! intersection-union test, Berger 1982, which needs no correction over parts). It is refuted by
//! any part: the evidence against it is the mean over its parts, which is an e-process again (Vovk
//! & Wang 2021, "E-values: calibration, combination and applications", Annals of Statistics 49).
//! Each is decided where it reaches `m / alpha`, `m` the size of the family that the spec states,
//! so that the probability of any wrong verdict in the family is at most `alpha`, whenever one
//! looks, and whatever else is judged (Bonferroni's inequality).

use super::eprocess::{Side, bounded, every, gaussian, mean_of_logs, share};
use super::values::Repeats;
use crate::spec::{Asked, Criterion, ValueKind};
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

/// Probability of any wrong verdict in a family.
pub const ALPHA: f64 = 0.05;

/// What is concluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every part is inside its criterion.
    Holds,
    /// A part is outside.
    Fails,
    /// What there is lies within a registered distance of the bound: it can neither be said to be
    /// inside nor outside.
    AtTheBound,
    /// There is not enough evidence.
    Undecided,
    /// The criterion was set for other settings.
    Refused,
}

impl Verdict {
    /// As printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "FAILS",
            Self::AtTheBound => "at the bound",
            Self::Undecided => "undecided",
            Self::Refused => "not judged",
        }
    }
}

/// Logarithms of the evidence after each repeat.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Evidence {
    /// That it holds: the largest so far.
    pub holds: Vec<f64>,
    /// That it does not.
    pub fails: Vec<f64>,
}

/// Evidence about a part whose values are `rows`: one, or several of which every one has to be
/// inside, or some.
pub(super) fn evidence(asked: &Asked, rows: &[Repeats], bounds: Bounds) -> Evidence {
    let length = rows.iter().map(Vec::len).max().unwrap_or(0);
    if length == 0 {
        return Evidence::default();
    }
    let each: Vec<Evidence> = rows.iter().map(|row| of_row(row, asked.values, bounds)).collect();
    // A row that ends early stays at what it was worth.
    let at = |path: &[f64], n: usize| path.get(n).or(path.last()).copied().unwrap_or(0.0);
    let over = |path: &dyn Fn(&Evidence) -> &Vec<f64>, least: bool| -> Vec<f64> {
        let all = |n: usize| each.iter().map(move |row| at(path(row), n));
        (0..length)
            .map(
                |n| if least { all(n).fold(f64::INFINITY, f64::min) } else { mean_of_logs(all(n)) },
            )
            .collect()
    };
    if asked.some {
        Evidence {
            holds: largest_so_far(over(&|row| &row.holds, false)),
            fails: over(&|row| &row.fails, true),
        }
    } else {
        let each_largest: Vec<Vec<f64>> =
            each.iter().map(|row| largest_so_far(row.holds.clone())).collect();
        let least = |n| each_largest.iter().map(|path| at(path, n)).fold(f64::INFINITY, f64::min);
        Evidence { holds: (0..length).map(least).collect(), fails: over(&|row| &row.fails, false) }
    }
}

/// The bounds that count: a criterion, moved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// What has to be shown for "holds".
    pub inside: Criterion,
    /// Beyond what has to be shown for "fails".
    pub outside: Criterion,
}

impl Bounds {
    /// Those of a part. Where they lie around a published value, its error is added on the side of
    /// doubt: it is off by no more but with half the probability of a wrong verdict.
    pub fn of(asked: &Asked, family: usize) -> Self {
        let reach = published_reach(asked, family);
        Self { inside: moved(asked.criterion, -reach), outside: moved(asked.criterion, reach) }
    }

    /// Those that say that it is at the bound: it is inside wider ones, and outside narrower ones.
    pub fn beside(asked: &Asked, family: usize) -> Self {
        let reach = published_reach(asked, family);
        let (wider, narrower) = (asked.epsilon - reach, reach - asked.epsilon);
        Self { inside: moved(asked.criterion, wider), outside: moved(asked.criterion, narrower) }
    }
}

fn published_reach(asked: &Asked, family: usize) -> f64 {
    if asked.published_error == 0.0 {
        return 0.0;
    }
    let normal = Normal::new(0.0, 1.0);
    let tail = ALPHA / (2.0 * family.max(1) as f64) / 2.0;
    normal.map_or(f64::INFINITY, |normal| -normal.inverse_cdf(tail)) * asked.published_error
}

/// A criterion with its bounds moved outwards.
fn moved(criterion: Criterion, by: f64) -> Criterion {
    Criterion { low: criterion.low - by, high: criterion.high + by }
}

/// Evidence about one row of repeats; not yet the largest so far.
fn of_row(row: &Repeats, values: ValueKind, bounds: Bounds) -> Evidence {
    let beyond = |bound: f64, side: Side| -> Vec<f64> {
        match values {
            ValueKind::Gaussian => gaussian(row, bound, side),
            // Values that were said not to spread, and do: what was said is worth nothing.
            ValueKind::Bounded { reach: 0.0, .. } if spreads(row) => vec![0.0; row.len()],
            // A reach that is lost beside a bound says nothing of values there.
            ValueKind::Bounded { reach, .. }
                if reach > 0.0 && (bound - reach == bound || bound + reach == bound) =>
            {
                vec![0.0; row.len()]
            }
            ValueKind::Bounded { range: [low, high], reach } => {
                bounded(row, [low.max(bound - reach), high.min(bound + reach)], bound, side)
            }
            ValueKind::Share | ValueKind::Every(_) => share(row, bound, side),
            ValueKind::Exact => Vec::new(),
        }
    };
    match values {
        ValueKind::Every(least) => {
            let refuted = refuted_by(row, &|value| value == 0.0);
            Evidence { holds: every(row, least), fails: refuted }
        }
        ValueKind::Exact => {
            let Criterion { low, high } = bounds.outside;
            let fails = refuted_by(row, &|value| value < low || value > high);
            let seen = |(place, path): (usize, &f64)| {
                let any = row.iter().take(place + 1).any(Option::is_some);
                if any && *path < 0.0 { f64::INFINITY } else { f64::NEG_INFINITY }
            };
            Evidence { holds: fails.iter().enumerate().map(seen).collect(), fails }
        }
        _ => {
            let (inside, outside) = (bounds.inside, bounds.outside);
            let paths = |ends: [(f64, Side); 2]| -> Vec<Vec<f64>> {
                let finite = ends.into_iter().filter(|(bound, _)| bound.is_finite());
                finite.map(|(bound, side)| beyond(bound, side)).collect()
            };
            let within = paths([(inside.low, Side::Above), (inside.high, Side::Below)]);
            let without = paths([(outside.low, Side::Below), (outside.high, Side::Above)]);
            let least = |n: usize| within.iter().map(|path| path[n]).fold(f64::INFINITY, f64::min);
            let mean = |n: usize| mean_of_logs(without.iter().map(|path| path[n]));
            Evidence {
                holds: (0..row.len()).map(least).collect(),
                fails: (0..row.len()).map(mean).collect(),
            }
        }
    }
}

/// Whether values differ.
fn spreads(row: &Repeats) -> bool {
    let mut present = row.iter().flatten();
    present.next().is_some_and(|first| present.any(|value| value != first))
}

/// Certain from the first value on that refutes, and before it nothing.
fn refuted_by(row: &Repeats, refutes: &dyn Fn(f64) -> bool) -> Vec<f64> {
    let mut log = f64::NEG_INFINITY;
    let each = |value: &Option<f64>| {
        if value.is_some_and(refutes) {
            log = f64::INFINITY;
        }
        log
    };
    row.iter().map(each).collect()
}

fn largest_so_far(mut path: Vec<f64>) -> Vec<f64> {
    let mut most = f64::NEG_INFINITY;
    for log in &mut path {
        most = most.max(*log);
        *log = most;
    }
    path
}

/// Evidence about a claim from that about its parts.
pub(super) fn of_claim(parts: &[Evidence]) -> Evidence {
    let length = parts.iter().map(|part| part.holds.len()).max().unwrap_or(0);
    if parts.iter().any(|part| part.holds.is_empty()) {
        return Evidence::default();
    }
    let at = |path: &[f64], n: usize| path.get(n).or(path.last()).copied().unwrap_or(0.0);
    let holds = |n| parts.iter().map(|part| at(&part.holds, n)).fold(f64::INFINITY, f64::min);
    let fails = |n| mean_of_logs(parts.iter().map(move |part| at(&part.fails, n)));
    Evidence { holds: (0..length).map(holds).collect(), fails: (0..length).map(fails).collect() }
}

impl Evidence {
    /// What is decided at a level, after how many repeats. A counterexample to what would have to
    /// be so in every repeat refutes whatever was shown before.
    pub fn decided(&self, level: f64) -> Option<(Verdict, usize)> {
        let first = |path: &[f64]| path.iter().position(|log| *log >= level).map(|place| place + 1);
        match (first(&self.holds), first(&self.fails)) {
            (_, Some(fails)) if self.fails.contains(&f64::INFINITY) => {
                Some((Verdict::Fails, fails))
            }
            (Some(holds), fails) if fails.is_none_or(|fails| holds < fails) => {
                Some((Verdict::Holds, holds))
            }
            (holds, Some(fails)) if holds.is_none_or(|holds| fails < holds) => {
                Some((Verdict::Fails, fails))
            }
            _ => None,
        }
    }

    /// The largest evidence seen: that it holds, and that it does not.
    pub fn largest(&self) -> [f64; 2] {
        [&self.holds, &self.fails]
            .map(|path| path.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked([low, high]: [f64; 2], values: ValueKind) -> Asked {
        Asked {
            statistic: String::new(),
            criterion: Criterion { low, high },
            some: false,
            values,
            range: None,
            epsilon: 0.0,
            published_error: 0.0,
        }
    }

    #[test]
    fn what_is_shown_first_is_decided_and_a_counterexample_refutes_what_was_shown() {
        let decided = |holds: &[f64], fails: &[f64]| {
            Evidence { holds: holds.into(), fails: fails.into() }.decided(3.0)
        };
        assert_eq!(decided(&[1.0, 3.0, 9.0], &[0.0, 0.0, 2.9]), Some((Verdict::Holds, 2)));
        assert_eq!(decided(&[0.0, 2.9], &[1.0, 3.0]), Some((Verdict::Fails, 2)));
        assert_eq!(decided(&[0.0, 3.0, 3.0], &[0.0, 0.0, 4.0]), Some((Verdict::Holds, 2)));
        assert_eq!(decided(&[0.0, 0.0, 3.0], &[0.0, 4.0, 4.0]), Some((Verdict::Fails, 2)));
        // Of both at once neither is told.
        assert_eq!(decided(&[0.0, 3.0], &[0.0, 3.0]), None);
        assert_eq!(decided(&[2.9], &[2.9]), None);
        let refuted = decided(&[0.0, 5.0, 5.0], &[0.0, 0.0, f64::INFINITY]);
        assert_eq!(refuted, Some((Verdict::Fails, 3)));
    }

    #[test]
    fn the_error_of_a_published_value_takes_from_what_counts_as_at_the_bound() {
        let mut part = asked([10.0, 20.0], ValueKind::Gaussian);
        (part.epsilon, part.published_error) = (1.0, 0.1);
        // Half of the level of a family of one, on two sides: 2.24 standard errors.
        let reach = 0.224_140_27;
        let Bounds { inside, outside } = Bounds::beside(&part, 1);
        for (found, expected) in [
            (inside.low, 10.0 - (1.0 - reach)),
            (inside.high, 20.0 + (1.0 - reach)),
            (outside.low, 10.0 + (1.0 - reach)),
            (outside.high, 20.0 - (1.0 - reach)),
        ] {
            assert!((found - expected).abs() < 1e-7, "{found} beside {expected}");
        }
    }

    #[test]
    fn values_that_were_said_not_to_spread_are_evidence_unless_they_do() {
        let range = [f64::NEG_INFINITY, f64::INFINITY];
        let part = asked([1.0, f64::INFINITY], ValueKind::Bounded { range, reach: 0.0 });
        let of = |row: &[f64]| {
            let row = row.iter().map(|value| Some(*value)).collect();
            evidence(&part, &[row], Bounds::of(&part, 1)).holds
        };
        assert_eq!(of(&[2.0, 2.0]), [f64::INFINITY; 2]);
        assert_eq!(of(&[2.0, 3.0]), [0.0; 2]);
        assert_eq!(of(&[2.0, 2.0, 3.0]), [0.0; 3]);
    }

    #[test]
    fn what_has_to_be_exact_may_be_at_its_bounds_and_not_beyond() {
        let part = asked([0.0, 1.0], ValueKind::Exact);
        let of = |row: &[Option<f64>]| evidence(&part, &[row.to_vec()], Bounds::of(&part, 1));
        let (sure, none) = (f64::INFINITY, f64::NEG_INFINITY);
        let inside = of(&[None, Some(0.0), Some(1.0)]);
        assert_eq!((inside.holds, inside.fails), (vec![none, sure, sure], vec![none; 3]));
        for beyond in [-0.5, 1.5] {
            assert_eq!(of(&[Some(0.5), Some(beyond)]).fails, [none, sure]);
        }
    }
}
