//! How alike two representations of the same samples are, whatever their axes and units: centred
//! kernel alignment, and representational similarity analysis.

use crate::matrix::Matrix;

/// Linear centred kernel alignment of two representations, samples by units (Kornblith et al.
/// 2019), by the unbiased estimator of the independence criterion (Song et al. 2012; Nguyen et al.
/// 2021):
///
/// ```text
/// CKA = h(K, L) / sqrt(h(K, K) h(L, L)),   K = X X^T, L = Y Y^T, both with a diagonal of zeros
/// h(K, L) = tr(K L) + (1^T K 1)(1^T L 1) / ((n - 1)(n - 2)) - 2 / (n - 2) 1^T K L 1
/// ```
///
/// 1 of representations that are alike but for rotation and size, about 0 of independent ones,
/// however many units they have: it may fall below. `None` of fewer than four samples, of other
/// numbers of them, and where one does not vary.
pub fn cka(x: &Matrix<f64>, y: &Matrix<f64>) -> Option<f64> {
    let n = x.rows();
    if n < 4 || y.rows() != n {
        return None;
    }
    let [k, l] = [x, y].map(gram);
    let (own, other) = (criterion(&k, &k), criterion(&l, &l));
    let value = criterion(&k, &l) / (own * other).sqrt();
    (own > 0.0 && other > 0.0 && value.is_finite()).then_some(value)
}

/// Inner products of samples less their mean, with a diagonal of zeros.
///
/// Taking the mean off first changes no criterion, and keeps what is left of large means exact.
fn gram(x: &Matrix<f64>) -> Matrix<f64> {
    let mut centred = x.clone();
    let mut mean = vec![0.0; x.cols()];
    for p in 0..x.rows() {
        mean.iter_mut().zip(x.row(p)).for_each(|(sum, value)| *sum += value);
    }
    mean.iter_mut().for_each(|sum| *sum /= -(x.rows() as f64));
    centred.add_to_rows(&mean);
    let mut gram = (&centred * centred.t()).to_matrix();
    (0..gram.rows()).for_each(|i| gram.row_mut(i)[i] = 0.0);
    gram
}

/// `h(K, L)`: `n (n - 3)` times the unbiased estimate of the criterion.
fn criterion(k: &Matrix<f64>, l: &Matrix<f64>) -> f64 {
    let n = k.rows() as f64;
    let sums = |m: &Matrix<f64>| (0..m.rows()).map(|i| m.row(i).iter().sum()).collect::<Vec<f64>>();
    let (of_k, of_l) = (sums(k), sums(l));
    let all = of_k.iter().sum::<f64>() * of_l.iter().sum::<f64>();
    let between = of_k.iter().zip(&of_l).map(|(a, b)| a * b).sum::<f64>();
    k.inner(l) + all / ((n - 1.0) * (n - 2.0)) - 2.0 / (n - 2.0) * between
}

/// Representational similarity analysis (Kriegeskorte et al. 2008): Spearman's rank correlation,
/// over all pairs of samples, of the Euclidean distances in one representation and in the other. 1
/// where these have one order. `None` of fewer than three samples, of other numbers of them, where
/// a distance is not finite, and where all are alike.
pub fn rsa(x: &Matrix<f64>, y: &Matrix<f64>) -> Option<f64> {
    if x.rows() < 3 || y.rows() != x.rows() {
        return None;
    }
    let [a, b] = [x, y].map(distances);
    rank_correlation(&a, &b)
}

/// Spearman's rank correlation of pairs of values: 1 where both have one order, -1 where one has that
/// of the other backwards. Equal values share the mean of their ranks. `None` of fewer than three
/// pairs, of other numbers of values, where one is not finite, and where all are equal.
pub fn rank_correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() < 3 || a.len() != b.len() {
        return None;
    }
    let (a, b) = (ranks(a)?, ranks(b)?);
    let middle = (a.len() as f64 + 1.0) / 2.0;
    let sum = |a: &[f64], b: &[f64]| {
        a.iter().zip(b).map(|(a, b)| (a - middle) * (b - middle)).sum::<f64>()
    };
    let norms = (sum(&a, &a) * sum(&b, &b)).sqrt();
    (norms > 0.0).then(|| sum(&a, &b) / norms)
}

/// Squared distances of all pairs of rows, which have the order of the distances.
fn distances(x: &Matrix<f64>) -> Vec<f64> {
    let distance = |i: usize, j: usize| {
        x.row(i).iter().zip(x.row(j)).map(|(a, b)| (a - b) * (a - b)).sum::<f64>()
    };
    (0..x.rows()).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| distance(i, j)).collect()
}

/// Ranks from 1, those of equal values their mean; `None` where a value is not finite.
fn ranks(values: &[f64]) -> Option<Vec<f64>> {
    if values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0.0;
    for equal in order.chunk_by(|&i, &j| values[i] == values[j]) {
        let rank = below + (equal.len() as f64 + 1.0) / 2.0;
        equal.iter().for_each(|&i| ranks[i] = rank);
        below += equal.len() as f64;
    }
    Some(ranks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::spectrum::Svd;
    use crate::random::{Role, Stream};

    fn normal(stream: &mut Stream, rows: usize, columns: usize) -> Matrix<f64> {
        let mut matrix = Matrix::zeros(rows, columns);
        stream.fill_normal(matrix.as_mut_slice());
        matrix
    }

    /// The estimator is the mean over all quadruples of samples of its definition.
    #[test]
    fn the_criterion_is_its_u_statistic() {
        let mut stream = Stream::new(1, 0, Role::Probe);
        let (x, y) = (normal(&mut stream, 6, 2), normal(&mut stream, 6, 3));
        let (k, l) = (gram(&x), gram(&y));
        let (mut sum, mut count) = (0.0, 0.0);
        let n = 6;
        for i in 0..n {
            for j in (0..n).filter(|&j| j != i) {
                for q in (0..n).filter(|q| ![i, j].contains(q)) {
                    for r in (0..n).filter(|r| ![i, j, q].contains(r)) {
                        sum += k.row(i)[j] * (l.row(i)[j] + l.row(q)[r] - 2.0 * l.row(i)[q]);
                        count += 1.0;
                    }
                }
            }
        }
        let expected = 6.0 * 3.0 * sum / count;
        assert!((criterion(&k, &l) - expected).abs() < 1e-12 * expected.abs().max(1.0));
    }

    #[test]
    fn rotations_sizes_and_shifts_change_nothing() {
        let mut stream = Stream::new(2, 0, Role::Probe);
        let x = normal(&mut stream, 30, 5);
        let turn = Svd::new(&normal(&mut stream, 5, 5)).unwrap().nearest_orthonormal();
        let mut other = (&x * &turn).to_matrix();
        other.scale(3.0);
        other.add_to_rows(&[7.0, -1.0, 0.0, 100.0, 2.0]);
        assert!((cka(&x, &other).unwrap() - 1.0).abs() < 1e-12);
        assert!((rsa(&x, &other).unwrap() - 1.0).abs() < 1e-12);
        let y = normal(&mut stream, 30, 40);
        for measure in [cka, rsa] {
            let between = measure(&x, &y).unwrap();
            assert!((measure(&other, &y).unwrap() - between).abs() < 1e-9);
            assert!((measure(&y, &x).unwrap() - between).abs() < 1e-12);
        }
    }

    /// More units than samples, where the biased estimator has about a half.
    #[test]
    fn independent_representations_have_none() {
        let mut stream = Stream::new(3, 0, Role::Probe);
        for measure in [cka, rsa] {
            let draws: Vec<f64> = (0..200)
                .map(|_| measure(&normal(&mut stream, 20, 30), &normal(&mut stream, 20, 30)))
                .map(Option::unwrap)
                .collect();
            let mean = draws.iter().sum::<f64>() / 200.0;
            let squares = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
            let error = (squares / (200.0 * 199.0)).sqrt();
            assert!(mean.abs() < 4.0 * error, "{mean} {error}");
        }
    }

    #[test]
    fn ranks_are_those_of_spearman_and_nothing_has_none() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]).unwrap(), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(ranks(&[1.0, f64::NAN]), None);
        // Distances 1, 3, 2 and 4, 9, 1: ranks 1, 3, 2 and 2, 3, 1, of correlation 1/2.
        let x = Matrix::from_vec(3, 1, vec![0.0, 1.0, 3.0]);
        let y = Matrix::from_vec(3, 1, vec![0.0, 2.0, 3.0]);
        assert!((rsa(&x, &y).unwrap() - 0.5).abs() < 1e-15);
        let flat = Matrix::zeros(5, 2);
        let some = Matrix::from_vec(5, 1, vec![1.0, 2.0, 4.0, 3.0, 0.0]);
        for measure in [cka, rsa] {
            assert_eq!((measure(&flat, &some), measure(&some, &x)), (None, None));
        }
    }
}
