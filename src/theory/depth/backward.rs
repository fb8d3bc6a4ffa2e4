//! What the theory of depth knows of backward weights: drawn ones, or their infinite-width form.

use crate::matrix::Matrix;

/// By layer `1 .. D`, the class of every unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classes(pub(super) Vec<Vec<usize>>);

impl Classes {
    /// One class in every layer.
    pub fn one(sizes: &[usize]) -> Self {
        Self(sizes[1..].iter().map(|&n| vec![0; n]).collect())
    }
}

/// `C_1 .. C_D`, `n_D x n_l`: `C_D = I`, `C_l = C_{l+1} B_l`.
pub(super) fn carriers(backward: &[Matrix<f64>], outputs: usize) -> Vec<Matrix<f64>> {
    let mut all = vec![Matrix::identity(outputs)];
    for b in backward.iter().rev() {
        all.push((&all[all.len() - 1] * b).to_matrix());
    }
    all.reverse();
    all
}

/// Inner products of backward weights. Index 0 of every list belongs to layer 1.
#[derive(Clone, Debug)]
pub struct BackwardTheory {
    outputs: usize,
    /// Number of units of every class, by layer.
    classes: Vec<Vec<usize>>,
    /// `S_l = C_l C_l^T` with `C_l` cut into classes of units: block-diagonal, `m_l n_D` squared.
    grams: Vec<Matrix<f64>>,
    /// The same of whole layers, `n_D` squared.
    whole: Vec<Matrix<f64>>,
    /// `C_l (C_{l+1} B_l)^T` with both cut into classes, `m_l n_D x m_{l+1} n_D`: what `<W_l,
    /// B_l^T>` is read by.
    pairings: Vec<Matrix<f64>>,
    /// `||B_l||^2`.
    squared_norms: Vec<f64>,
    /// `C_D = I` cut into classes, `m_D n_D x n_D`.
    top: Matrix<f64>,
}

impl BackwardTheory {
    /// Of these `B_1 .. B_{D-1}`, `B_l` of shape `n_{l+1} x n_l`: all effects of their finite size
    /// are kept.
    pub fn drawn(backward: &[Matrix<f64>], outputs: usize, classes: &Classes) -> Self {
        let carriers = carriers(backward, outputs);
        let cut: Vec<Matrix<f64>> =
            carriers.iter().zip(&classes.0).map(|(c, class)| cut(c, class)).collect();
        // C_l (C_{l+1} B_l)^T
        let pairing = |(b, cut): (&Matrix<f64>, &[Matrix<f64>])| {
            (&cut[0] * (&cut[1] * b).to_matrix().t()).to_matrix()
        };
        let gram = |c: &Matrix<f64>| (c * c.t()).to_matrix();
        Self {
            outputs,
            classes: classes.0.iter().map(|class| counts(class)).collect(),
            pairings: backward.iter().zip(cut.windows(2)).map(pairing).collect(),
            grams: cut.iter().map(gram).collect(),
            whole: carriers.iter().map(gram).collect(),
            squared_norms: backward.iter().map(Matrix::squared_norm).collect(),
            top: cut.into_iter().next_back().unwrap_or_else(|| Matrix::identity(outputs)),
        }
    }

    /// At infinite width, for layers of `sizes` with `B_l ~ N(0, b_std^2)`: `S_l = c_l I`, `c_l`
    /// the product of `n_j b_std^2` over `j` from `l` to `D-1`.
    pub fn wide(sizes: &[usize], b_std: &[f64]) -> Self {
        let depth = sizes.len() - 1;
        let outputs = sizes[depth];
        let square = |l: usize| sizes[l] as f64 * b_std[l - 1].powi(2);
        let grams: Vec<Matrix<f64>> = (1..=depth)
            .map(|l| {
                let mut gram = Matrix::identity(outputs);
                gram.scale((l..depth).map(square).product());
                gram
            })
            .collect();
        Self {
            outputs,
            classes: sizes[1..].iter().map(|&n| vec![n]).collect(),
            pairings: grams[..depth - 1].to_vec(),
            whole: grams.clone(),
            squared_norms: (1..depth).map(|l| square(l) * sizes[l + 1] as f64).collect(),
            top: Matrix::identity(outputs),
            grams,
        }
    }

    /// Units of every class of layer `l`, 0 < `l`.
    pub(super) fn classes(&self, l: usize) -> &[usize] {
        &self.classes[l - 1]
    }

    /// Rows of the blocks of layer `l`: classes times outputs.
    pub(super) fn width(&self, l: usize) -> usize {
        self.classes[l - 1].len() * self.outputs
    }

    pub(super) fn gram(&self, l: usize) -> &Matrix<f64> {
        &self.grams[l - 1]
    }

    pub(super) fn whole(&self, l: usize) -> &Matrix<f64> {
        &self.whole[l - 1]
    }

    pub(super) fn pairing(&self, l: usize) -> &Matrix<f64> {
        &self.pairings[l - 1]
    }

    pub(super) fn squared_norm(&self, l: usize) -> f64 {
        self.squared_norms[l - 1]
    }

    pub(super) fn top(&self) -> &Matrix<f64> {
        &self.top
    }
}

fn counts(class: &[usize]) -> Vec<usize> {
    let mut counts = vec![0; class.iter().max().map_or(0, |most| most + 1)];
    class.iter().for_each(|&k| counts[k] += 1);
    counts
}

/// A matrix over units, once per class below each other, with zeros for the units of other classes.
fn cut(matrix: &Matrix<f64>, class: &[usize]) -> Matrix<f64> {
    let (classes, rows) = (counts(class).len(), matrix.rows());
    let mut out = Matrix::zeros(classes * rows, matrix.cols());
    for i in 0..rows {
        for (unit, &value) in matrix.row(i).iter().enumerate() {
            out.row_mut(class[unit] * rows + i)[unit] = value;
        }
    }
    out
}
