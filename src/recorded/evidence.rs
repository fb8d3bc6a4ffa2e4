//! What recorded signals say of the matrices between them: which of two readings turns activities
//! into activities, makes the steps, or carries the errors back. No activation has to be known for
//! it, only that it does not fall.

use super::stack::Stack;
use crate::array::ArrayError;
use crate::matrix::Matrix;
use crate::vmath::{dot, sum_squares};

/// Most iterations that are examined.
const LOOKS: usize = 12;
/// Samples later in a batch that each one is compared with.
const NEIGHBOURS: usize = 4;

/// Evenly spread iterations, the first and the last among them.
pub(super) fn looks(iterations: usize) -> Vec<usize> {
    let most = LOOKS.min(iterations);
    let mut looks: Vec<usize> =
        (0..most).map(|i| i * (iterations - 1) / (most - 1).max(1)).collect();
    looks.dedup();
    looks
}

/// How much of what was examined agrees with a reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Agreement {
    agreeing: f64,
    all: f64,
    number: f64,
    /// Sum of squares of weights.
    squares: f64,
    /// How many contradict, whatever their weight.
    against: f64,
}

impl Agreement {
    fn add(&mut self, agrees: bool, weight: f64) {
        self.agreeing += if agrees { weight } else { 0.0 };
        self.all += weight;
        self.squares += weight * weight;
        self.number += 1.0;
        self.against += f64::from(u8::from(!agrees));
    }

    fn plus(&mut self, other: Self) {
        *self = self.with(other);
    }

    /// Both together.
    pub fn with(self, other: Self) -> Self {
        let [agreeing, all] = [self.agreeing + other.agreeing, self.all + other.all];
        Self {
            agreeing,
            all,
            number: self.number + other.number,
            squares: self.squares + other.squares,
            against: self.against + other.against,
        }
    }

    /// The same shares of at most so many, and of no more than weigh something beside the largest:
    /// signs that follow from each other are no evidence beside each other.
    #[must_use]
    pub fn limited_to(self, most: f64) -> Self {
        let weighing = if self.squares > 0.0 { self.all * self.all / self.squares } else { 0.0 };
        let number = self.number.min(most).min(weighing);
        let share = if self.number > 0.0 { number / self.number } else { 0.0 };
        Self { number, against: share * self.against, ..self }
    }

    /// How many were examined.
    pub fn number(&self) -> f64 {
        self.number
    }

    /// Share that contradicts, whatever the weights.
    pub fn against(&self) -> f64 {
        if self.number > 0.0 { self.against / self.number } else { 0.0 }
    }

    /// Whether nothing contradicts, of many.
    pub fn is_without_contradiction(&self) -> bool {
        self.against == 0.0 && self.number >= 64.0
    }

    /// Whether far more contradicts this than `other`: three times the share, and four standard
    /// deviations.
    pub fn is_worse_than(&self, other: &Self) -> bool {
        let share = (self.against + other.against) / (self.number + other.number);
        let deviation = (share * (1.0 - share) * (1.0 / self.number + 1.0 / other.number)).sqrt();
        self.against() >= 3.0 * other.against()
            && self.against() - other.against() >= 4.0 * deviation
            && share > 0.0
    }

    /// Share that agrees, from 0 to 1; `None` of nothing.
    pub fn share(&self) -> Option<f64> {
        (self.all > 0.0).then(|| self.agreeing / self.all)
    }

    /// The same of signs that are limited to those that are evidence beside each other, and are few
    /// then: of 16 at least, more than nine tenths agree by chance once in 3,000 times.
    pub fn outweighs(&self, other: &Self) -> bool {
        let (Some(own), Some(others)) = (self.share(), other.share()) else { return false };
        own >= 0.9
            && 3.0 * (1.0 - own) <= 1.0 - others
            && self.number.min(other.number) >= 16.0
            && (1.0 - others) * other.number >= 5.0
    }

    /// Whether the other reading is ruled out: it has at least three times as many contradictions,
    /// and more than a few, and this one has hardly any.
    pub fn rules_out(&self, other: &Self) -> bool {
        let (Some(own), Some(others)) = (self.share(), other.share()) else { return false };
        own >= 0.9 && 3.0 * (1.0 - own) <= 1.0 - others && (1.0 - others) * other.number >= 8.0
    }
}

/// `left right`, or with the transpose of `right`.
fn multiplied(left: &Matrix<f64>, right: &Matrix<f64>, turned: bool) -> Option<Matrix<f64>> {
    let rows = if turned { right.cols() } else { right.rows() };
    let right = if turned { right.t() } else { right.view() };
    (left.cols() == rows).then(|| (left * right).to_matrix())
}

/// The state of a stack in iteration `k`; of a single one it is that of all, whether of the start
/// or the end.
fn state(stack: &Stack, k: usize) -> Result<Matrix<f64>, ArrayError> {
    stack.matrix(if stack.len() == 1 { 0 } else { k.min(stack.len() - 1) })
}

/// Two readings of a matrix: as it is, and turned.
pub(super) type Both = [Agreement; 2];

/// Which of two readings is left: whether it is the turned one.
pub(super) fn turned(both: &Both) -> Option<bool> {
    left(both, Agreement::rules_out)
}

/// Whether the turned reading is left where one rules the other out, as `rules_out` says of the
/// first of two.
fn left(
    [as_is, turned]: &Both,
    rules_out: impl Fn(&Agreement, &Agreement) -> bool,
) -> Option<bool> {
    match (rules_out(as_is, turned), rules_out(turned, as_is)) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        _ => None,
    }
}

/// The order of activities against that of the pre-activations `source W + bias` by unit: of an
/// activation that does not fall they are the same.
pub(super) fn order(
    source: &Stack,
    weights: &Stack,
    bias: Option<&Stack>,
    activity: &Stack,
) -> Result<Both, ArrayError> {
    let mut found = Both::default();
    for k in looks_of(source, weights) {
        let (source, matrix, activity) =
            (source.matrix(k)?, state(weights, k)?, activity.matrix(k)?);
        let bias = bias.map(|bias| state(bias, k)).transpose()?;
        for (turned, found) in found.iter_mut().enumerate() {
            let Some(z) = multiplied(&source, &matrix, turned == 1) else { continue };
            if (z.rows(), z.cols()) == (activity.rows(), activity.cols()) {
                found.plus(concordance(&z, &activity, bias.as_ref()));
            }
        }
    }
    Ok(found)
}

/// Iterations to look at: the ends alone where weights were recorded once, as they are those of one
/// end.
fn looks_of(signal: &Stack, weights: &Stack) -> Vec<usize> {
    let iterations = if weights.len() > 1 { signal.len().min(weights.len()) } else { signal.len() };
    match (weights.len(), iterations) {
        (1, 2..) => vec![0, iterations - 1],
        _ => looks(iterations),
    }
}

/// Pairs of samples that a unit orders alike in `z` and `activity`; pairs of units where there is a
/// single sample.
fn concordance(z: &Matrix<f64>, activity: &Matrix<f64>, bias: Option<&Matrix<f64>>) -> Agreement {
    let mut found = Agreement::default();
    let mut compare = |z: f64, activity: f64| {
        if z != 0.0 && activity != 0.0 {
            found.add((z > 0.0) == (activity > 0.0), 1.0);
        }
    };
    let zero = |p: usize| activity.row(p).iter().all(|v| *v == 0.0);
    if z.rows() > 1 {
        for (p, q) in (0..z.rows())
            .flat_map(|p| (p + 1..z.rows().min(p + 1 + NEIGHBOURS)).map(move |q| (p, q)))
        {
            // Samples of zeros fill up short batches.
            if zero(p) || zero(q) {
                continue;
            }
            for unit in 0..z.cols() {
                compare(
                    z.row(p)[unit] - z.row(q)[unit],
                    activity.row(p)[unit] - activity.row(q)[unit],
                );
            }
        }
    } else if z.rows() == 1 {
        let bias = |unit: usize| bias.map_or(0.0, |bias| bias.as_slice()[unit]);
        let (z, activity) = (z.row(0), activity.row(0));
        for (i, j) in
            (0..z.len()).flat_map(|i| (i + 1..z.len().min(i + 1 + NEIGHBOURS)).map(move |j| (i, j)))
        {
            compare(z[i] + bias(i) - z[j] - bias(j), activity[i] - activity[j]);
        }
    }
    found
}

/// Squared cosine of the steps of the weights to `activity^T delta`, all steps looked at together.
pub(super) fn steps(weights: &Stack, activity: &Stack, delta: &Stack) -> Result<Both, ArrayError> {
    let mut inner = [0.0; 2];
    let (mut steps, mut rules, mut number) = (0.0, 0.0, 0.0);
    for k in looks(activity.len().min(weights.len().saturating_sub(1))) {
        let (step, activity, delta) = (weights.step(k)?, activity.matrix(k)?, delta.matrix(k)?);
        let rule = (activity.t() * &delta).to_matrix();
        if (rule.rows(), rule.cols()) == (step.rows(), step.cols()) {
            inner[0] += dot(rule.as_slice(), step.as_slice());
        }
        if (rule.cols(), rule.rows()) == (step.rows(), step.cols()) {
            inner[1] += dot(rule.transpose().as_slice(), step.as_slice());
        }
        steps += sum_squares(step.as_slice());
        rules += sum_squares(rule.as_slice());
        number += step.as_slice().len() as f64;
    }
    let agreement = |inner: f64| Agreement {
        agreeing: inner * inner,
        all: steps * rules,
        number,
        squares: 0.0,
        against: 0.0,
    };
    Ok(inner.map(agreement))
}

/// Which reading of the weights the steps are left with. With momentum, decay or Adam these are not
/// the rule's alone, and the cosine is below 1: it is still far above that of the other reading.
pub(super) fn turned_by_steps(both: &Both) -> Option<bool> {
    left(both, |own, other| {
        let (Some(a), Some(b)) = (own.share(), other.share()) else { return false };
        own.rules_out(other) || (a >= 0.1 && a >= 4.0 * b && own.number >= 64.0)
    })
}

/// Squared cosine of the steps of backward weights to those of the transposed weights, all steps
/// looked at together. Rules by which they learn or follow move them the same way.
pub(super) fn moves(weights: &Stack, backward: &Stack) -> Result<Both, ArrayError> {
    let mut inner = [0.0; 2];
    let (mut forward, mut back, mut number) = (0.0, 0.0, 0.0);
    for k in looks(weights.len().min(backward.len()).saturating_sub(1)) {
        let (w, b) = (weights.step(k)?, backward.step(k)?);
        if w.as_slice().len() != b.as_slice().len() {
            return Ok(Both::default());
        }
        inner[0] += dot(w.transpose().as_slice(), b.as_slice());
        inner[1] += dot(w.as_slice(), b.as_slice());
        forward += sum_squares(w.as_slice());
        back += sum_squares(b.as_slice());
        number += w.as_slice().len() as f64;
    }
    Ok(inner.map(|inner| Agreement {
        agreeing: inner * inner,
        all: forward * back,
        number,
        squares: 0.0,
        against: 0.0,
    }))
}

/// Most rows whose directions are examined.
const DIRECTIONS: usize = 64;

/// In how many independent directions the rows of a signal point, from 1 to their length: the
/// participation ratio of their second moments, each row counted alike. All that a matrix makes of
/// rows along one direction follows from what it makes of one of them.
pub(super) fn directions(signal: &Stack) -> Result<f64, ArrayError> {
    let looks = looks(signal.len());
    let each = DIRECTIONS.div_ceil(looks.len().max(1));
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for k in looks {
        let matrix = signal.matrix(k)?;
        let spread = (0..matrix.rows()).step_by(matrix.rows().div_ceil(each).max(1));
        for row in spread.map(|p| matrix.row(p)) {
            let norm = sum_squares(row).sqrt();
            if norm > 0.0 {
                rows.push(row.iter().map(|v| v / norm).collect());
            }
        }
    }
    let squares: f64 = rows.iter().flat_map(|a| rows.iter().map(move |b| dot(a, b).powi(2))).sum();
    Ok(if squares > 0.0 { (rows.len() * rows.len()) as f64 / squares } else { 0.0 })
}

/// Signs of `delta` against those of `error M`, weighted by their sizes: an activation that does
/// not fall keeps them.
pub(super) fn signs(
    delta: &Matrix<f64>,
    error: &Matrix<f64>,
    matrix: &Matrix<f64>,
    turned: bool,
) -> Agreement {
    let mut found = Agreement::default();
    let Some(made) = multiplied(error, matrix, turned)
        .filter(|made| made.as_slice().len() == delta.as_slice().len())
    else {
        return found;
    };
    for (delta, made) in
        delta.as_slice().iter().zip(made.as_slice()).filter(|(d, m)| **d != 0.0 && **m != 0.0)
    {
        found.add((*delta > 0.0) == (*made > 0.0), (delta * made).abs());
    }
    found
}

/// Signs of the error signals of a layer against what a matrix makes of those above, in the
/// iterations looked at.
pub(super) fn carriage(delta: &Stack, error: &Stack, matrix: &Stack) -> Result<Both, ArrayError> {
    let mut found = Both::default();
    for k in looks_of(delta, matrix) {
        let (delta, error, matrix) = (delta.matrix(k)?, error.matrix(k)?, state(matrix, k)?);
        found[0].plus(signs(&delta, &error, &matrix, false));
        found[1].plus(signs(&delta, &error, &matrix, true));
    }
    Ok(found)
}

/// How many of these relations hold, less those that are contradicted.
pub(super) fn score(relations: &[Both]) -> i32 {
    let vote = |both: &Both| {
        let shares = both.iter().filter_map(Agreement::share);
        match shares.reduce(f64::max) {
            Some(best) if best >= 0.9 => 1,
            Some(_) => -1,
            None => 0,
        }
    };
    relations.iter().map(vote).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Role, Stream};
    use crate::rule::normal_matrix;

    fn stack(matrices: &[Matrix<f64>]) -> Stack {
        Stack::of(matrices)
    }

    #[test]
    fn iterations_looked_at_span_the_run() {
        assert_eq!(looks(0), Vec::<usize>::new());
        assert_eq!(looks(1), [0]);
        assert_eq!(looks(5), [0, 1, 2, 3, 4]);
        let many = looks(1000);
        assert_eq!((many.len(), many[0], many[11]), (12, 0, 999));
    }

    #[test]
    fn every_relation_tells_a_matrix_from_its_transpose() {
        let mut stream = Stream::new(7, 0, Role::Probe);
        for units in [3, 6, 20] {
            let (w, b) = (
                normal_matrix(&mut stream, units, units, 1.0),
                normal_matrix(&mut stream, units, units, 1.0),
            );
            let (mut weights, mut source, mut above, mut activity, mut delta) =
                (vec![w], vec![], vec![], vec![], vec![]);
            for k in 0..5 {
                let (x, e) = (
                    normal_matrix(&mut stream, 30, units, 1.0),
                    normal_matrix(&mut stream, 30, units, 1.0),
                );
                let mut made = multiplied(&x, &weights[k], false).unwrap();
                let mut carried = multiplied(&e, &b, false).unwrap();
                // Softplus, whose derivative is logistic: nothing here knows what f is.
                carried
                    .as_mut_slice()
                    .iter_mut()
                    .zip(made.as_slice())
                    .for_each(|(d, z)| *d /= 1.0 + (-z).exp());
                made.as_mut_slice().iter_mut().for_each(|z| *z = z.exp().ln_1p());
                let mut next = weights[k].clone();
                let rate = 0.01;
                next += rate * x.t() * &e;
                weights.push(next);
                source.push(x);
                above.push(e);
                activity.push(made);
                delta.push(carried);
            }
            let [weights, source, above, activity, delta] =
                [weights, source, above, activity, delta].map(|m| stack(&m));
            let b = stack(&[b]);
            for (transposed, expected) in [(false, Some(false)), (true, Some(true))] {
                let turn = |matrices: &Stack| {
                    if transposed { matrices.clone().turned() } else { matrices.clone() }
                };
                assert_eq!(
                    turned(&order(&source, &turn(&weights), None, &activity).unwrap()),
                    expected
                );
                assert_eq!(
                    turned_by_steps(&steps(&turn(&weights), &source, &above).unwrap()),
                    expected
                );
                assert_eq!(turned(&carriage(&delta, &above, &turn(&b)).unwrap()), expected);
            }
            // Of another matrix neither reading is right.
            let other = stack(&[normal_matrix(&mut stream, units, units, 1.0)]);
            assert_eq!(turned(&carriage(&delta, &above, &other).unwrap()), None);
            assert_eq!(turned(&order(&source, &other, None, &activity).unwrap()), None);
        }
    }

    #[test]
    fn backward_weights_that_learn_move_as_the_weights_do() {
        let mut stream = Stream::new(9, 0, Role::Probe);
        let (mut w, mut b) = (
            vec![normal_matrix(&mut stream, 6, 6, 1.0)],
            vec![normal_matrix(&mut stream, 6, 6, 1.0)],
        );
        for k in 0..5 {
            let step = normal_matrix(&mut stream, 6, 6, 1.0);
            let moved = |matrix: &Matrix<f64>, by: &Matrix<f64>| {
                let values = matrix
                    .as_slice()
                    .iter()
                    .zip(by.as_slice())
                    .map(|(a, b)| 0.99 * a + 0.1 * b)
                    .collect();
                Matrix::from_vec(6, 6, values)
            };
            w.push(moved(&w[k], &step));
            b.push(moved(&b[k], &step.transpose()));
        }
        let (w, b) = (stack(&w), stack(&b));
        assert_eq!(turned_by_steps(&moves(&w, &b).unwrap()), Some(false));
        assert_eq!(turned_by_steps(&moves(&w, &b.clone().turned()).unwrap()), Some(true));
        assert_eq!(turned_by_steps(&moves(&w.turned(), &b.turned()).unwrap()), Some(false));
    }

    #[test]
    fn nothing_is_read_out_of_nothing() {
        let zeros = stack(&[Matrix::zeros(4, 4), Matrix::zeros(4, 4)]);
        assert_eq!(turned(&order(&zeros, &zeros, None, &zeros).unwrap()), None);
        assert_eq!(turned_by_steps(&steps(&zeros, &zeros, &zeros).unwrap()), None);
        assert_eq!(turned(&carriage(&zeros, &zeros, &zeros).unwrap()), None);
        // Symmetric matrices are their transposes.
        let mut stream = Stream::new(8, 0, Role::Probe);
        let half = normal_matrix(&mut stream, 5, 5, 1.0);
        let mut whole = half.transpose();
        whole.as_mut_slice().iter_mut().zip(half.as_slice()).for_each(|(a, b)| *a += b);
        let (error, turned_over) = (normal_matrix(&mut stream, 9, 5, 1.0), stack(&[whole.clone()]));
        let delta = multiplied(&error, &whole, false).unwrap();
        assert_eq!(
            turned(&carriage(&stack(&[delta]), &stack(&[error]), &turned_over).unwrap()),
            None
        );
    }

    /// So many that agree and so many that do not, of weight 1 each.
    fn agreement(agreeing: usize, against: usize) -> Agreement {
        let mut found = Agreement::default();
        (0..agreeing).for_each(|_| found.add(true, 1.0));
        (0..against).for_each(|_| found.add(false, 1.0));
        found
    }

    #[test]
    fn contradictions_are_counted_whatever_their_weight() {
        let mut found = agreement(0, 0);
        assert_eq!((found.against(), found.share()), (0.0, None));
        [(true, 3.0), (true, 2.0), (true, 4.0), (false, 1.0)]
            .iter()
            .for_each(|(agrees, weight)| found.add(*agrees, *weight));
        assert_eq!((found.against(), found.share(), found.number()), (0.25, Some(0.9), 4.0));
        let both = found.with(agreement(1, 1));
        assert_eq!((both.against(), both.share()), (2.0 / 6.0, Some(10.0 / 12.0)));
        assert!(agreement(64, 0).is_without_contradiction());
        assert!(!agreement(63, 0).is_without_contradiction());
        assert!(!agreement(64, 1).is_without_contradiction());
    }

    #[test]
    fn signs_that_follow_from_others_are_not_counted_beside_them() {
        // Ten of 30 are left, a fifth of which contradicts as before.
        let limited = agreement(24, 6).limited_to(10.0);
        assert_eq!((limited.number(), limited.against(), limited.share()), (10.0, 0.2, Some(0.8)));
        assert_eq!(agreement(24, 6).limited_to(100.0), agreement(24, 6));
        // Weights 3 and 1 are worth (3 + 1)^2 / (9 + 1) that are alike.
        let mut uneven = agreement(0, 1);
        uneven.add(true, 3.0);
        let limited = uneven.limited_to(100.0);
        assert_eq!((limited.number(), limited.against()), (1.6, 0.5));
        // What weighs nothing is no evidence, and nothing stays nothing.
        let mut weightless = agreement(0, 0);
        weightless.add(false, 0.0);
        assert_eq!(weightless.limited_to(100.0).number(), 0.0);
        assert_eq!(agreement(0, 0).limited_to(100.0), agreement(0, 0));
    }

    #[test]
    fn one_is_worse_than_another_by_three_times_and_four_standard_deviations() {
        // By the standard error of the difference of two proportions under the pooled one: of 6 of
        // 40 against 10 of 400 it is 0.0310 and the difference 0.1250; of 5 of 40, 0.0301 and 0.1.
        let other = agreement(390, 10);
        assert!(agreement(34, 6).is_worse_than(&other));
        assert!(!agreement(35, 5).is_worse_than(&other));
        // Of 60 of 400 against none of 40, 0.0569 and 0.15; of 120, 0.0739 and 0.3.
        assert!(agreement(280, 120).is_worse_than(&agreement(40, 0)));
        assert!(!agreement(340, 60).is_worse_than(&agreement(40, 0)));
        // Eight standard deviations of 0.0187, but twice the share.
        assert!(!agreement(700, 300).is_worse_than(&agreement(850, 150)));
        assert!(agreement(700, 300).is_worse_than(&agreement(910, 90)));
        for [own, other] in [[100, 100], [100, 0], [0, 100], [0, 0]] {
            assert!(!agreement(own, 0).is_worse_than(&agreement(other, 0)), "{own}, {other}");
        }
    }

    #[test]
    fn a_reading_outweighs_one_of_three_times_the_contradictions_and_more_than_a_few() {
        let outweighs = |own: [usize; 2], other: [usize; 2]| {
            agreement(own[0], own[1]).outweighs(&agreement(other[0], other[1]))
        };
        assert!(outweighs([95, 5], [80, 20]));
        assert!(!outweighs([95, 5], [90, 10]), "twice the contradictions");
        assert!(!outweighs([85, 15], [50, 50]), "too many of its own");
        assert!(outweighs([20, 0], [14, 6]));
        assert!(!outweighs([20, 0], [16, 4]), "four contradictions");
        assert!(outweighs([16, 0], [0, 16]));
        assert!(!outweighs([15, 0], [0, 16]), "too few");
        assert!(!outweighs([16, 0], [0, 0]), "nothing to outweigh");
        let rules_out = |own: [usize; 2], other: [usize; 2]| {
            agreement(own[0], own[1]).rules_out(&agreement(other[0], other[1]))
        };
        assert!(rules_out([95, 5], [80, 20]));
        assert!(!rules_out([95, 5], [90, 10]), "twice the contradictions");
        assert!(rules_out([8, 0], [0, 8]) && !rules_out([8, 0], [0, 7]));
    }

    #[test]
    fn relations_vote_for_what_they_hold_for_and_against_what_they_contradict() {
        let (holds, fails, says) = (agreement(9, 1), agreement(8, 2), agreement(0, 0));
        assert_eq!(score(&[[holds, fails]]), 1);
        assert_eq!(score(&[[fails, fails]]), -1);
        assert_eq!(score(&[[says, says]]), 0);
        assert_eq!(score(&[[fails, holds], [fails, fails], [says, holds], [holds, holds]]), 2);
    }

    fn row(values: &[f64]) -> Matrix<f64> {
        Matrix::from_vec(1, values.len(), values.to_vec())
    }

    #[test]
    fn samples_are_compared_with_the_next_four_and_zeros_fill_up_batches() {
        // Seven samples of a unit that keeps their order, and of one that turns it round.
        let z: Vec<f64> = (0..7).flat_map(|p| [f64::from(p); 2]).collect();
        let activity: Vec<f64> = (0..7).flat_map(|p| [f64::from(p), f64::from(9 - p)]).collect();
        let [z, activity] = [z, activity].map(|values| Matrix::from_vec(7, 2, values));
        let found = concordance(&z, &activity, None);
        assert_eq!(
            (found.number(), found.share()),
            (2.0 * (4 + 4 + 4 + 3 + 2 + 1) as f64, Some(0.5))
        );
        // What is equal orders nothing, and a sample of zeros is none.
        let z = Matrix::from_vec(4, 1, vec![1.0, 1.0, 2.0, 3.0]);
        let activity = Matrix::from_vec(4, 1, vec![0.5, 0.7, 0.7, 0.0]);
        let found = concordance(&z, &activity, None);
        assert_eq!((found.number(), found.share()), (1.0, Some(1.0)));
    }

    #[test]
    fn units_of_a_single_sample_are_compared_by_what_their_biases_make_of_them() {
        let (z, bias) = ([-1.0f64, 2.0, -2.0, 0.0], [4.0, -3.0, 0.5, 5.0]);
        // An activation that rises, of 3, -1, -1.5 and 5.
        let activity: Vec<f64> = z.iter().zip(bias).map(|(z, b)| (z + b).exp()).collect();
        let found = concordance(&row(&z), &row(&activity), Some(&row(&bias)));
        assert_eq!((found.number(), found.share()), (6.0, Some(1.0)));
        // Without them the second stands before the first and the fourth, and not after.
        let found = concordance(&row(&z), &row(&activity), None);
        assert_eq!((found.number(), found.share()), (6.0, Some(4.0 / 6.0)));
        let many: Vec<f64> = (0..7).map(f64::from).collect();
        assert_eq!(concordance(&row(&many), &row(&many), None).number(), 18.0);
    }

    #[test]
    fn signs_weigh_as_much_as_the_errors_do() {
        // An error of 1 makes 1, 2, 5 and 0: of the second the sign is wrong, and two say nothing.
        let (delta, matrix) = (row(&[2.0, -1.0, 0.0, 3.0]), row(&[1.0, 2.0, 5.0, 0.0]));
        let error = Matrix::from_vec(1, 1, vec![1.0]);
        for found in [
            signs(&delta, &error, &matrix, false),
            signs(&delta, &error, &matrix.transpose(), true),
        ] {
            assert_eq!((found.number(), found.against(), found.share()), (2.0, 0.5, Some(0.5)));
        }
        assert_eq!(signs(&delta, &error, &row(&[1.0]), false), Agreement::default());
    }

    #[test]
    fn steps_of_both_readings_are_compared_by_their_squared_cosines() {
        let zeros = Matrix::zeros(2, 2);
        let (w, b) = ([1.0, 2.0, 3.0, 4.0], [2.0, 6.0, 4.0, 8.0]);
        let moved = |by: [f64; 4]| stack(&[zeros.clone(), Matrix::from_vec(2, 2, by.to_vec())]);
        // Of 1 2 3 4 and its transpose 1 3 2 4 the inner product is 29, and both squares are 30.
        let [as_is, turned] = moves(&moved(w), &moved(b)).unwrap();
        assert_eq!((as_is.share(), as_is.number()), (Some(1.0), 4.0));
        assert_eq!(turned.share(), Some(58.0 * 58.0 / (30.0 * 120.0)));
        // What has another number of entries moves in no way that can be compared.
        let other = stack(&[Matrix::zeros(2, 3), Matrix::zeros(2, 3)]);
        assert_eq!(moves(&moved(w), &other).unwrap(), Both::default());
    }

    #[test]
    fn rows_point_in_as_many_directions_as_are_independent() {
        let rows = |values: &[f64]| {
            directions(&stack(&[Matrix::from_vec(values.len() / 2, 2, values.to_vec())])).unwrap()
        };
        assert_eq!(rows(&[3.0, 0.0, 0.0, 0.5, 0.0, 0.0]), 2.0);
        assert_eq!(rows(&[3.0, 0.0, -0.5, 0.0, 0.0, 0.0]), 1.0);
        assert_eq!(rows(&[0.0, 0.0]), 0.0);
    }

    #[test]
    fn of_weights_recorded_once_the_ends_alone_are_looked_at() {
        let of = |length: usize| stack(&vec![Matrix::zeros(1, 1); length]);
        assert_eq!(looks_of(&of(100), &of(1)), [0, 99]);
        assert_eq!(looks_of(&of(1), &of(1)), [0]);
        assert_eq!(looks_of(&of(100), &of(101)), looks(100));
        assert_eq!(looks_of(&of(100), &of(50)), looks(50));
        // Biases may have fewer states than there are iterations; one is that of all.
        let states: Vec<Matrix<f64>> = (0..3).map(|k| row(&[f64::from(k)])).collect();
        let at = |states: &[Matrix<f64>], k| state(&stack(states), k).unwrap().as_slice()[0];
        assert_eq!([1, 2, 7].map(|k| at(&states, k)), [1.0, 2.0, 2.0]);
        assert_eq!(at(&states[1..2], 7), 1.0);
    }
}
