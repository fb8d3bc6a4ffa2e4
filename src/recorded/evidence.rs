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

    fn drawn(stream: &mut Stream, rows: usize, columns: usize) -> Matrix<f64> {
        let mut matrix = Matrix::zeros(rows, columns);
        stream.fill_normal(matrix.as_mut_slice());
        matrix
    }

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
            let (w, b) = (drawn(&mut stream, units, units), drawn(&mut stream, units, units));
            let (mut weights, mut source, mut above, mut activity, mut delta) =
                (vec![w], vec![], vec![], vec![], vec![]);
            for k in 0..5 {
                let (x, e) = (drawn(&mut stream, 30, units), drawn(&mut stream, 30, units));
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
            let other = stack(&[drawn(&mut stream, units, units)]);
            assert_eq!(turned(&carriage(&delta, &above, &other).unwrap()), None);
            assert_eq!(turned(&order(&source, &other, None, &activity).unwrap()), None);
        }
    }

    #[test]
    fn backward_weights_that_learn_move_as_the_weights_do() {
        let mut stream = Stream::new(9, 0, Role::Probe);
        let (mut w, mut b) = (vec![drawn(&mut stream, 6, 6)], vec![drawn(&mut stream, 6, 6)]);
        for k in 0..5 {
            let step = drawn(&mut stream, 6, 6);
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
        let half = drawn(&mut stream, 5, 5);
        let mut whole = half.transpose();
        whole.as_mut_slice().iter_mut().zip(half.as_slice()).for_each(|(a, b)| *a += b);
        let (error, turned_over) = (drawn(&mut stream, 9, 5), stack(&[whole.clone()]));
        let delta = multiplied(&error, &whole, false).unwrap();
        assert_eq!(
            turned(&carriage(&stack(&[delta]), &stack(&[error]), &turned_over).unwrap()),
            None
        );
    }
}
