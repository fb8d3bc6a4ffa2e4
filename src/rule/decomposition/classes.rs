//! The alignment term by pairs of samples: of the same class, and of different ones.

use super::literal::{carried_back, check_all, masked};
use super::{DecompositionError, Earlier, Now, Samples, check_samples, check_shape, mask_values};
use crate::matrix::Matrix;
use crate::real::Real;

/// An alignment term over pairs of a sample at `k-o` and one at `k`, both `n_l x n_{l+1}`. Their
/// sum is the term.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassSplit<T> {
    /// Pairs of the same class.
    pub within: Matrix<T>,
    /// Pairs of different classes.
    pub between: Matrix<T>,
}

/// Splits the [literal](super::literal_term) term of one lag. `classes_then` and `classes_now` have
/// one class per sample, in the order of the samples, parts one after the other.
///
/// # Errors
/// If shapes do not fit, or the number of classes is not that of the samples.
pub fn split_by_class<T: Real>(
    weights: &Matrix<T>,
    then: (&[Earlier<'_, T>], &[u8]),
    now: (&Now<'_, T>, &[u8]),
    backward: &Matrix<T>,
) -> Result<ClassSplit<T>, DecompositionError> {
    let ((then, classes_then), (now, classes_now)) = (then, now);
    let [inputs, units, outputs] = check_all(weights, then, now, backward)?;
    let samples: Vec<Samples<'_, T>> = then.iter().map(|part| part.samples).collect();
    check_classes("classes at k-o", &samples, classes_then)?;
    check_classes("classes at k", now.samples, classes_now)?;
    // The sources at k-o, and what each of their samples contributes to the step of the weights.
    let sources: Vec<&Matrix<T>> = samples.iter().map(|part| part.source).collect();
    let deltas: Vec<Matrix<T>> =
        then.iter().map(|part| carried_back(part, now.activation, backward)).collect();
    let deltas: Vec<&Matrix<T>> = deltas.iter().collect();
    let (sources_now, deltas_now) = columns_of(now.samples);
    let masks: Option<Vec<&Matrix<T>>> = now.samples.iter().map(|part| part.mask).collect();
    let mut split = ClassSplit {
        within: Matrix::zeros(units, outputs),
        between: Matrix::zeros(units, outputs),
    };
    for class in distinct(classes_now) {
        let source = select(&sources_now, classes_now, |c| c == class, inputs);
        let delta = select(&deltas_now, classes_now, |c| c == class, outputs);
        let mask = masks.as_ref().map(|masks| select(masks, classes_now, |c| c == class, units));
        for (same, out) in [(true, &mut split.within), (false, &mut split.between)] {
            let chosen = |c: u8| (c == class) == same;
            let earlier = select(&sources, classes_then, chosen, inputs);
            let error = select(&deltas, classes_then, chosen, units);
            let step = (now.eta * earlier.t() * &error).to_matrix();
            let mut shift = masked(weights, &source, now, &step);
            mask_values(&mut shift, mask.as_ref());
            *out += now.eta * shift.t() * &delta;
        }
    }
    Ok(split)
}

/// Splits the [linear](super::linear_term) term of one lag, through sums over classes: with `D`,
/// `L` the rows of `delta_{l+1}`, `L_{l-1}` of class `c`, the part within classes is `eta^2 B_l^T
/// sum_c (D_c(k-o)^T L_c(k-o)) (L_c(k)^T D_c(k))`.
///
/// # Errors
/// As for [`split_by_class`].
pub fn split_linear_by_class<T: Real>(
    then: (&[Samples<'_, T>], &[u8]),
    now: (&[Samples<'_, T>], &[u8]),
    backward: &Matrix<T>,
    eta: T,
) -> Result<ClassSplit<T>, DecompositionError> {
    let first = now.0.first().ok_or(DecompositionError::NoSamples)?;
    let (inputs, outputs, units) = (first.source.cols(), first.delta.cols(), backward.cols());
    check_shape("B_l", (backward.rows(), backward.cols()), (outputs, units))?;
    for (what, (samples, classes)) in [("classes at k-o", then), ("classes at k", now)] {
        check_samples(samples, inputs, outputs)?;
        check_classes(what, samples, classes)?;
    }
    let correlation = |(samples, classes): (&[Samples<'_, T>], &[u8]),
                       chosen: &dyn Fn(u8) -> bool| {
        let (sources, deltas) = columns_of(samples);
        let (source, delta) =
            (select(&sources, classes, chosen, inputs), select(&deltas, classes, chosen, outputs));
        (source.t() * &delta).to_matrix()
    };
    let mut transformations = [Matrix::zeros(outputs, outputs), Matrix::zeros(outputs, outputs)];
    for class in distinct(now.1) {
        let present = correlation(now, &|c| c == class);
        for (same, out) in [true, false].into_iter().zip(&mut transformations) {
            let past = correlation(then, &|c| (c == class) == same);
            *out += past.t() * &present;
        }
    }
    let [within, between] = transformations.map(|m| (eta * eta * backward.t() * &m).to_matrix());
    Ok(ClassSplit { within, between })
}

fn check_classes<T: Real>(
    what: &'static str,
    samples: &[Samples<'_, T>],
    classes: &[u8],
) -> Result<(), DecompositionError> {
    let rows: usize = samples.iter().map(|part| part.source.rows()).sum();
    check_shape(what, (classes.len(), 1), (rows, 1))
}

fn columns_of<'a, T>(samples: &[Samples<'a, T>]) -> (Vec<&'a Matrix<T>>, Vec<&'a Matrix<T>>) {
    samples.iter().map(|part| (part.source, part.delta)).unzip()
}

fn distinct(classes: &[u8]) -> Vec<u8> {
    let mut classes = classes.to_vec();
    classes.sort_unstable();
    classes.dedup();
    classes
}

/// Rows of the chosen classes, of matrices with `cols` columns.
fn select<T: Real>(
    parts: &[&Matrix<T>],
    classes: &[u8],
    chosen: impl Fn(u8) -> bool,
    cols: usize,
) -> Matrix<T> {
    let rows = parts.iter().flat_map(|part| (0..part.rows()).map(|row| part.row(row)));
    let values: Vec<T> = rows
        .zip(classes)
        .filter(|&(_, &class)| chosen(class))
        .flat_map(|(row, _)| row)
        .copied()
        .collect();
    let rows = classes.iter().filter(|&&class| chosen(class)).count();
    Matrix::from_vec(rows, cols, values)
}
