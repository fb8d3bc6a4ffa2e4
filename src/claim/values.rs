//! What an expression gives: one value per repeat, or several of them, each at an iteration, a draw
//! or a place.

use crate::measure::pairs::groups;
use crate::measure::representation::rank_correlation;
use crate::measure::summary::{mean, sd};
use crate::spec::Function;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Values by repeat, in the order of repeats; `None` where one does not exist.
pub(super) type Repeats = Vec<Option<f64>>;

/// What several values of a repeat are at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// Iterations or draws: some of a repeat may be missing.
    Time,
    /// Layers, lags or conditions: where one is missing, so is what is made of all.
    Place,
}

/// What an expression gives.
#[derive(Clone, Debug)]
pub(super) enum Evaluated {
    /// The same for every repeat.
    Number(f64),
    /// One value per repeat.
    Repeats(Repeats),
    /// Several values per repeat, by where they are.
    Curve(Rc<BTreeMap<usize, Repeats>>, Axis),
}

/// Draws that a cell of angles has at least, in all repeats.
const LEAST_IN_CELL: usize = 50;
/// Width of a cell in degrees.
const CELL: f64 = 5.0;
/// Cells of an axis.
const CELLS: usize = 36;

impl Evaluated {
    /// The value of a function.
    pub fn call(function: Function, arguments: &[Self]) -> Self {
        if let Some(combined) = Self::combined(function, arguments) {
            return combined;
        }
        match (function, arguments) {
            (Function::Only, [of, condition]) => {
                Self::with(of, condition, &|value, holds| (holds != 0.0).then_some(value))
            }
            (Function::RankCorrelation, [a, b]) => Self::correlated(a, b),
            (Function::Rise, [of, Self::Number(step)]) => of.rise(*step as usize),
            (Function::AtLowest, [of, by]) => of.at_lowest(by),
            (Function::Spread, [of]) => Self::Repeats(spread(&of.present())),
            (Function::Variance, [of]) => Self::Repeats(half_squares(&of.repeats())),
            (Function::AboveAll, [of, others]) => {
                let highest = others.present().into_iter().fold(f64::NEG_INFINITY, f64::max);
                of.map(&|value| Some(f64::from(value > highest)))
            }
            (Function::Group, [first, second, Self::Number(number)]) => {
                let place = (*number as usize).saturating_sub(1);
                Self::with(first, second, &|a, b| {
                    groups(a, b).get(place).map(|&is_in| f64::from(is_in))
                })
            }
            (Function::Cells, [of, first, second]) => Self::cells([of, first, second]),
            (function, [of]) => of.reduced(function),
            _ => Self::Repeats(Vec::new()),
        }
    }

    /// A function of numbers, value by value; `None` for those that are of more.
    fn combined(function: Function, arguments: &[Self]) -> Option<Self> {
        let zeros: Vec<f64> = vec![0.0; arguments.len()];
        function.of_numbers(&zeros)?;
        match arguments {
            [a] => Some(a.map(&|a| function.of_numbers(&[a]))),
            [a, b] => Some(Self::with(a, b, &|a, b| function.of_numbers(&[a, b]))),
            _ => None,
        }
    }

    fn map(&self, function: &dyn Fn(f64) -> Option<f64>) -> Self {
        let each = |values: &Repeats| values.iter().map(|value| value.and_then(function)).collect();
        match self {
            Self::Number(number) => {
                function(*number).map_or(Self::Repeats(Vec::new()), Self::Number)
            }
            Self::Repeats(repeats) => Self::Repeats(each(repeats)),
            Self::Curve(curve, axis) => Self::Curve(
                Rc::new(curve.iter().map(|(k, values)| (*k, each(values))).collect()),
                *axis,
            ),
        }
    }

    /// A function of two, of the same repeat; where both are curves, at the same place.
    fn with(a: &Self, b: &Self, function: &dyn Fn(f64, f64) -> Option<f64>) -> Self {
        let pairs = |a: &Repeats, b: &Repeats| {
            a.iter().zip(b).map(|(a, b)| function((*a)?, (*b)?)).collect::<Repeats>()
        };
        match (a, b) {
            (Self::Number(a), b) => b.map(&|b| function(*a, b)),
            (a, Self::Number(b)) => a.map(&|a| function(a, *b)),
            (Self::Repeats(a), Self::Repeats(b)) => Self::Repeats(pairs(a, b)),
            (Self::Repeats(a), Self::Curve(curve, axis)) => {
                Self::Curve(Rc::new(curve.iter().map(|(k, b)| (*k, pairs(a, b))).collect()), *axis)
            }
            (Self::Curve(curve, axis), Self::Repeats(b)) => {
                Self::Curve(Rc::new(curve.iter().map(|(k, a)| (*k, pairs(a, b))).collect()), *axis)
            }
            (Self::Curve(a, axis), Self::Curve(b, _)) => {
                let both = a.iter().filter_map(|(k, a)| Some((*k, pairs(a, b.get(k)?))));
                Self::Curve(Rc::new(both.collect()), *axis)
            }
        }
    }

    /// One value per repeat of those that a repeat has.
    fn reduced(&self, function: Function) -> Self {
        let Self::Curve(curve, axis) = self else { return self.clone() };
        let repeats = curve.values().map(Vec::len).max().unwrap_or(0);
        let reduced = |repeat: usize| -> Option<f64> {
            let values: Vec<f64> =
                curve.values().filter_map(|values| *values.get(repeat)?).collect();
            let is_whole = *axis == Axis::Time || values.len() == curve.len();
            let least = if function == Function::Deviation { 2 } else { 1 };
            (is_whole && values.len() >= least).then(|| reduce(function, &values)).flatten()
        };
        Self::Repeats((0..repeats).map(reduced).collect())
    }

    /// One value per repeat: the rank correlation of both over what a repeat has of both.
    fn correlated(a: &Self, b: &Self) -> Self {
        let (Self::Curve(a, _), Self::Curve(b, _)) = (a, b) else {
            return Self::Repeats(Vec::new());
        };
        let repeats = a.values().chain(b.values()).map(Vec::len).max().unwrap_or(0);
        let of_repeat = |repeat: usize| {
            let at = |row: &Repeats| row.get(repeat).copied().flatten();
            let pairs = a.iter().filter_map(|(k, row)| Some((at(row)?, at(b.get(k)?)?)));
            let (a, b): (Vec<f64>, Vec<f64>) = pairs.unzip();
            rank_correlation(&a, &b)
        };
        Self::Repeats((0..repeats).map(of_repeat).collect())
    }

    /// Change over `step` iterations, at those that are so many apart.
    fn rise(&self, step: usize) -> Self {
        let Self::Curve(curve, axis) = self else { return Self::Repeats(Vec::new()) };
        let Some(&first) = curve.keys().next() else { return self.clone() };
        let starts = curve.iter().filter(|(k, _)| step > 0 && (*k - first).is_multiple_of(step));
        let change = |(k, before): (&usize, &Repeats)| {
            let after = curve.get(&(k + step))?;
            Some((
                *k,
                before
                    .iter()
                    .zip(after)
                    .map(|(before, after)| Some((*after)? - (*before)?))
                    .collect(),
            ))
        };
        Self::Curve(Rc::new(starts.filter_map(change).collect()), *axis)
    }

    /// Values at the place where the mean of `by` over repeats is lowest.
    fn at_lowest(&self, by: &Self) -> Self {
        let (Self::Curve(curve, _), Self::Curve(by, _)) = (self, by) else {
            return Self::Repeats(Vec::new());
        };
        let means = by
            .iter()
            .map(|(k, values)| (*k, values.iter().copied().flatten().collect::<Vec<f64>>()));
        let means =
            means.filter(|(_, values)| !values.is_empty()).map(|(k, values)| (k, mean(&values)));
        let lowest = means.min_by(|a, b| a.1.total_cmp(&b.1));
        Self::Repeats(lowest.and_then(|(k, _)| curve.get(&k).cloned()).unwrap_or_default())
    }

    /// Means of the first in cells of the two others.
    fn cells(curves: [&Self; 3]) -> Self {
        let [Self::Curve(values, _), Self::Curve(first, _), Self::Curve(second, _)] = curves else {
            return Self::Repeats(Vec::new());
        };
        let repeats = values.values().map(Vec::len).max().unwrap_or(0);
        let mut cells: BTreeMap<usize, Vec<Vec<f64>>> = BTreeMap::new();
        let cell = |angle: f64| ((angle / CELL) as usize).min(CELLS - 1);
        for (draw, row) in values.iter() {
            let (Some(a), Some(b)) = (first.get(draw), second.get(draw)) else { continue };
            for repeat in 0..row.len() {
                if let [Some(value), Some(a), Some(b)] =
                    [row, a, b].map(|row| row.get(repeat).copied().flatten())
                {
                    let cell = cells
                        .entry(cell(a) * CELLS + cell(b))
                        .or_insert_with(|| vec![Vec::new(); repeats]);
                    cell[repeat].push(value);
                }
            }
        }
        cells.retain(|_, cell| cell.iter().map(Vec::len).sum::<usize>() >= LEAST_IN_CELL);
        let means = |cell: Vec<Vec<f64>>| {
            cell.iter().map(|repeat| (!repeat.is_empty()).then(|| mean(repeat))).collect()
        };
        Self::Curve(
            Rc::new(cells.into_iter().map(|(place, cell)| (place, means(cell))).collect()),
            Axis::Time,
        )
    }

    /// One value per repeat; none of a number or a curve.
    fn repeats(&self) -> Repeats {
        if let Self::Repeats(repeats) = self { repeats.clone() } else { Vec::new() }
    }

    /// Values that exist, of one per repeat.
    fn present(&self) -> Vec<f64> {
        self.repeats().into_iter().flatten().collect()
    }

    /// Every row of repeats, with where it is.
    pub fn rows(self) -> Vec<(Option<usize>, Repeats)> {
        match self {
            Self::Number(_) => Vec::new(),
            Self::Repeats(repeats) => vec![(None, repeats)],
            Self::Curve(curve, _) => {
                curve.iter().map(|(k, values)| (Some(*k), values.clone())).collect()
            }
        }
    }
}

fn reduce(function: Function, values: &[f64]) -> Option<f64> {
    Some(match function {
        Function::Mean => mean(values),
        Function::Deviation => sd(values),
        Function::Smallest => values.iter().copied().fold(f64::INFINITY, f64::min),
        Function::Largest => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Function::Sum => values.iter().sum(),
        Function::Product => values.iter().product(),
        _ => return None,
    })
}

/// Jackknife pseudo-values of the standard deviation: their mean estimates it and their spread its
/// error.
fn spread(values: &[f64]) -> Repeats {
    let n = values.len() as f64;
    if values.len() < 3 {
        return Vec::new();
    }
    let whole = sd(values);
    let without = |i: usize| sd(&[&values[..i], &values[i + 1..]].concat());
    (0..values.len()).map(|i| Some(n * whole - (n - 1.0) * without(i))).collect()
}

/// Half the squared difference of every two successive repeats: independent of each other, with the
/// variance as their mean.
fn half_squares(values: &[Option<f64>]) -> Repeats {
    let half_square = |pair: &[Option<f64>]| Some((pair[0]? - pair[1]?).powi(2) / 2.0);
    values.chunks_exact(2).map(half_square).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(rows: &[(usize, &[f64])]) -> Evaluated {
        let rows = rows.iter().map(|(k, v)| (*k, v.iter().map(|v| Some(*v)).collect()));
        Evaluated::Curve(Rc::new(rows.collect()), Axis::Time)
    }

    fn repeats(values: &[f64]) -> Evaluated {
        Evaluated::Repeats(values.iter().map(|v| Some(*v)).collect())
    }

    fn present(values: &Evaluated) -> Vec<f64> {
        values.present()
    }

    #[test]
    fn functions_of_a_curve() {
        let s = curve(&[
            (0, &[90.0, 91.0]),
            (10, &[80.0, 82.0]),
            (20, &[81.0, 82.0]),
            (30, &[70.0, 75.0]),
        ]);
        let rows = Evaluated::call(Function::Rise, &[s.clone(), Evaluated::Number(10.0)]).rows();
        let changes: Vec<_> =
            rows.into_iter().map(|(k, row)| (k.unwrap(), row[0].unwrap())).collect();
        assert_eq!(changes, [(0, -10.0), (10, 1.0), (20, -11.0)]);
        assert_eq!(
            present(&Evaluated::call(Function::AtLowest, &[s.clone(), s.clone()])),
            [70.0, 75.0]
        );
        assert_eq!(present(&s.reduced(Function::Mean)), [80.25, 82.5]);
        assert_eq!(present(&s.reduced(Function::Largest)), [90.0, 91.0]);
        let above = Evaluated::call(Function::Greater, &[s.clone(), Evaluated::Number(81.0)]);
        let only = Evaluated::call(Function::Only, &[s.clone(), above]);
        assert_eq!(present(&only.reduced(Function::Mean)), [90.0, 85.0]);
        let shifted = Evaluated::call(Function::Subtract, &[s, repeats(&[70.0, 75.0])]);
        assert_eq!(present(&shifted.reduced(Function::Smallest)), [0.0, 0.0]);
    }

    #[test]
    fn cells_are_of_five_degrees_and_hold_what_lies_in_them() {
        // Fifty draws in the cell of 5 to 10 by 10 to 15 degrees, 49 in that of 20 to 25 by 0 to 5.
        let draws = |of: fn(usize) -> f64| -> Evaluated {
            let rows = (0..99).map(|draw| (draw, vec![Some(of(draw))]));
            Evaluated::Curve(Rc::new(rows.collect()), Axis::Time)
        };
        let first = draws(|draw| if draw < 50 { 5.0 } else { 24.9 });
        let second = draws(|draw| if draw < 50 { 14.9 } else { 0.0 });
        let values = draws(|draw| draw as f64);
        let cells = Evaluated::call(Function::Cells, &[values, first, second]).rows();
        let (place, found) = &cells[0];
        assert_eq!((cells.len(), *place, &found[..]), (1, Some(CELLS + 2), &[Some(24.5)][..]));
    }

    #[test]
    fn pseudo_values_of_a_spread_estimate_it_without_each_value() {
        let found: Vec<f64> = spread(&[0.0, 1.0, 5.0]).into_iter().flatten().collect();
        let whole = 7.0_f64.sqrt();
        for (value, without) in found.iter().zip([8.0, 12.5, 0.5]) {
            assert!((value - (3.0 * whole - 2.0 * f64::sqrt(without))).abs() < 1e-12, "{found:?}");
        }
        assert!(spread(&[0.0, 1.0]).is_empty());
    }

    #[test]
    fn rank_correlations_are_of_each_repeat_over_what_it_has() {
        let a = curve(&[(0, &[1.0, 9.0]), (1, &[2.0, 5.0]), (2, &[7.0, 1.0]), (3, &[8.0, 0.0])]);
        let b = curve(&[(0, &[0.1, 3.0]), (1, &[0.2, 3.0]), (2, &[0.2, 7.0]), (3, &[4.0, 8.0])]);
        let found = present(&Evaluated::call(Function::RankCorrelation, &[a.clone(), b]));
        // Of the first repeat two values of b are equal: ranks 1, 2.5, 2.5, 4 beside 1, 2, 3, 4.
        assert!((found[0] - 4.5 / (5.0f64 * 4.5).sqrt()).abs() < 1e-15, "{found:?}");
        assert!((found[1] + 4.5 / (5.0f64 * 4.5).sqrt()).abs() < 1e-15, "{found:?}");
        let holed = BTreeMap::from([
            (0, vec![Some(5.0), Some(1.0)]),
            (1, vec![Some(6.0), None]),
            (3, vec![Some(7.0), Some(2.0)]),
        ]);
        let holed = Evaluated::Curve(Rc::new(holed), Axis::Place);
        let found = Evaluated::call(Function::RankCorrelation, &[a.clone(), holed]);
        assert_eq!(found.repeats(), [Some(1.0), None], "two places are too few");
        let single = Evaluated::call(Function::RankCorrelation, &[a, repeats(&[1.0, 2.0])]);
        assert!(single.repeats().is_empty(), "one value per repeat has no order");
    }

    #[test]
    fn absent_values_keep_their_repeat() {
        let holed = Evaluated::Repeats(vec![Some(1.0), None, Some(3.0)]);
        let quotients = Evaluated::call(Function::Divide, &[repeats(&[9.0, 8.0, 7.0]), holed]);
        assert_eq!(quotients.repeats(), [Some(9.0), None, Some(7.0 / 3.0)]);
        let places = BTreeMap::from([(0, vec![Some(1.0), Some(2.0)]), (1, vec![None, Some(4.0)])]);
        let of_places = |axis| {
            Evaluated::Curve(Rc::new(places.clone()), axis).reduced(Function::Mean).repeats()
        };
        assert_eq!(of_places(Axis::Place), [None, Some(3.0)], "a layer is missing");
        assert_eq!(of_places(Axis::Time), [Some(1.0), Some(3.0)], "an iteration is");
    }

    #[test]
    fn spreads_estimate_what_they_say() {
        let values: Vec<f64> = (0..200).map(|i| (f64::from(i) * 0.7).sin()).collect();
        let pseudo: Vec<f64> = spread(&values).into_iter().flatten().collect();
        assert!((mean(&pseudo) - 0.7089).abs() < 2e-3, "{}", mean(&pseudo));
        assert!(spread(&[1.0, 2.0]).is_empty());
        assert_eq!(
            half_squares(&[Some(1.0), Some(3.0), None, Some(1.0), Some(7.0)]),
            [Some(2.0), None]
        );
        let above =
            Evaluated::call(Function::AboveAll, &[repeats(&[3.0, 1.0]), repeats(&[2.0, 1.5])]);
        assert_eq!(present(&above), [1.0, 0.0]);
    }
}
