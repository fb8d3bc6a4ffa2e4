//! Moments of jointly Gaussian signals by Wick's theorem.
//!
//! The moments of the isolated linear rule are sums over iterations, samples and units of products
//! of signal values, one `x` and one `d` at each of two or four (iteration, sample) vertices. Such
//! a product of Gaussian values has the mean of all ways to pair values up or leave them to their
//! means. Every pairing is a graph on the vertices, and on the unit labels; it contributes the
//! product of a sum over iterations, a count over samples and a count over units.
//!
//! Under a rule in time ([`Memory`]) a vertex stands for other values: the earlier of a pair of
//! iterations for the activity as the update of `W_0` takes it, the later for the error as it comes
//! back to that iteration.

use crate::matrix::{Matrix, Product};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One signal: exact covariance in time, the rest constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// `T x T` covariance of one unit of one sample, the mean taken off.
    pub covariance: Matrix<f64>,
    /// Mean of every value.
    pub mean: f64,
    /// Number of units.
    pub units: usize,
    /// Correlation between any two samples.
    pub batch_correlation: f64,
    /// Correlation between any two units.
    pub unit_correlation: f64,
}

/// Joint statistics of activity `X` and error `D`.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Activity, `P x n_0` per iteration.
    pub activity: Moment,
    /// Error, `P x n_2` per iteration.
    pub error: Moment,
    /// `E[x_s d_t]` of the same sample and unit, means taken off; between equal numbers of units
    /// with equal correlations across batch and units.
    pub cross: Option<Matrix<f64>>,
    /// Samples per iteration `P`.
    pub batch: usize,
    /// What stands for the signals under a rule in time.
    pub memory: Option<Memory>,
}

/// Covariances of what stands for the signals under a rule in time.
///
/// With `F` (`T x T`, lower triangular) what the update of `W_0` takes of the activity, `F X`, and
/// `H` what that of `W_1` takes of the hidden one, `G = sum_k (H X)_k^T D_k` and, as `H` acts on
/// the activity as its transpose does on the error,
///
/// ```text
/// M = sum_{s<i} D_s^T (F X)_s X_i^T (H^T D)_i
/// ```
///
/// so that in a pair `s < i` the earlier iteration has the values `F X` and `D`, the later one `X`
/// and `H^T D`. Both factors of `G = sum_i X_i^T (H^T D)_i` are of the later kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// `E[(F x)_s (F x)_t]`, and `E[(F x)_s x_t]`.
    activity: [Matrix<f64>; 2],
    /// `E[d_s (H' d)_t]`, and `E[(H' d)_s (H' d)_t]`.
    error: [Matrix<f64>; 2],
    /// `E[(F x)_s d_t]`, `E[(F x)_s (H' d)_t]` and `E[x_s (H' d)_t]`.
    cross: Option<[Matrix<f64>; 3]>,
    /// What `F x` and `H' d` have of the means.
    means: [Vec<f64>; 2],
}

/// Which iteration of a pair `s < i` a vertex is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Early,
    Late,
}

/// The turns of the vertices of `M_{s,i} M_{s',i'}`, and of those of `G` and `G`.
const PAIRS: [Turn; 4] = [Turn::Early, Turn::Late, Turn::Early, Turn::Late];
const LATE: [Turn; 4] = [Turn::Late; 4];

/// Means of what the unrolled rule is made of, `G = sum_t X_t^T D_t` and `M = sum_{s<t} D_s^T X_s
/// X_t^T D_t`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignalMoments {
    /// `E ||G||^2`.
    pub gradient: f64,
    /// `E tr M`.
    pub trace: f64,
    /// `E ||M||^2`.
    pub norm: f64,
    /// `E (tr M)^2`.
    pub squared_trace: f64,
    /// `E tr(M M)`.
    pub trace_of_square: f64,
}

/// Which of a vertex' two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Signal {
    X,
    D,
}

/// A value: `x` or `d` at a vertex.
type Value = (usize, Signal);

/// One way to pair values up; the rest is left to the means.
#[derive(Clone, Debug, Default)]
struct Pairing {
    edges: Vec<(Value, Value)>,
    leaves: Vec<Value>,
}

impl Statistics {
    /// The statistics of the same signals where the updates of `W_0` take of the activity what
    /// `first` leaves of it lag by lag, and those of `W_1` what `second` leaves of the hidden one;
    /// both for as many lags as there are iterations.
    #[must_use]
    pub fn in_time(mut self, first: &[f64], second: &[f64]) -> Self {
        let [below, above] = [first, second].map(lower_triangular);
        let product = |a: Product<'_, f64>| a.to_matrix();
        let (x, d) = (&self.activity.covariance, &self.error.covariance);
        let ahead = product(&below * x);
        let back = product(d * &above);
        let cross = self.cross.as_ref().map(|both| {
            let early = product(&below * both);
            let late = product(&early * &above);
            [early, late, product(both * &above)]
        });
        let ones = vec![1.0; first.len()];
        let sums = |matrix: &Matrix<f64>| {
            (0..matrix.rows()).map(|t| crate::vmath::dot(matrix.row(t), &ones)).collect()
        };
        self.memory = Some(Memory {
            activity: [product(&ahead * below.t()), ahead],
            error: [back.clone(), product(above.t() * &back)],
            cross,
            means: [sums(&below), sums(&above.transpose())],
        });
        self
    }

    /// The moments, exact for Gaussian signals.
    pub fn moments(&self) -> SignalMoments {
        let two = self.pairings(2);
        let labels = [[0, 0], [1, 1]];
        let pairs = |graph: &TimeGraph, ordered: bool| {
            let turns = if ordered { PAIRS } else { LATE };
            let between = self.between(graph, (0, 1), &turns, ordered);
            between.as_slice().iter().sum::<f64>()
        };
        let second = |ordered: bool| -> f64 {
            let term = |p: &Pairing| {
                self.weight(p, 2)
                    * pairs(&TimeGraph::of(p), ordered)
                    * self.units(p, &labels.map(|l| l.to_vec()))
            };
            two.iter().map(term).sum()
        };

        let four = self.pairings(4);
        let sums = self.time_sums(&four);
        let fourth = |d_labels: [usize; 4]| -> f64 {
            let labels = [vec![0, 0, 1, 1], d_labels.map(|l| l + 2).to_vec()];
            let term = |p: &Pairing| {
                sums[&TimeGraph::of(p).canonical()] * self.weight(p, 4) * self.units(p, &labels)
            };
            four.iter().map(term).sum()
        };
        // Vertices s, k, s', k' of D_s^T X_s X_k^T D_k and its primed copy: the labels of the d
        // values are those of M_{jj'} M_{jj'}, M_{jj} M_{j'j'} and M_{jj'} M_{j'j}.
        SignalMoments {
            gradient: second(false),
            trace: second(true),
            norm: fourth([0, 1, 0, 1]),
            squared_trace: fourth([0, 0, 1, 1]),
            trace_of_square: fourth([0, 1, 1, 0]),
        }
    }

    fn signal(&self, signal: Signal) -> &Moment {
        match signal {
            Signal::X => &self.activity,
            Signal::D => &self.error,
        }
    }

    /// Every pairing of the values at `vertices` vertices that does not vanish.
    fn pairings(&self, vertices: usize) -> Vec<Pairing> {
        let values: Vec<Value> =
            (0..vertices).flat_map(|v| [(v, Signal::X), (v, Signal::D)]).collect();
        let mut all = Vec::new();
        self.extend(&values, Pairing::default(), &mut all);
        all
    }

    fn extend(&self, open: &[Value], partial: Pairing, all: &mut Vec<Pairing>) {
        let Some((&first, rest)) = open.split_first() else {
            all.push(partial);
            return;
        };
        if self.signal(first.1).mean != 0.0 {
            let mut longer = partial.clone();
            longer.leaves.push(first);
            self.extend(rest, longer, all);
        }
        for (at, &second) in rest.iter().enumerate() {
            if first.1 != second.1 && self.cross.is_none() {
                continue;
            }
            let mut longer = partial.clone();
            longer.edges.push((first, second));
            let others: Vec<Value> =
                rest.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, v)| *v).collect();
            self.extend(&others, longer, all);
        }
    }

    /// Means of the values left over, times the count over samples.
    fn weight(&self, pairing: &Pairing, vertices: usize) -> f64 {
        let means: f64 =
            pairing.leaves.iter().map(|(_, signal)| self.signal(*signal).mean).product();
        let mut graph = Components::new(&vec![self.batch; vertices]);
        for ((u, signal), (v, _)) in &pairing.edges {
            graph.join(*u, *v, self.signal(*signal).batch_correlation);
        }
        pairing.leaves.iter().for_each(|(v, _)| graph.open(*v));
        means * graph.count()
    }

    /// Count over units, the values of one label being of one unit; `labels` are those of the x and
    /// d values by vertex.
    fn units(&self, pairing: &Pairing, labels: &[Vec<usize>; 2]) -> f64 {
        let label = |&(v, signal): &Value| labels[usize::from(signal == Signal::D)][v];
        let count = labels.iter().flatten().max().map_or(0, |max| max + 1);
        let mut sizes = vec![self.activity.units; count];
        labels[1].iter().for_each(|&l| sizes[l] = self.error.units);
        let mut graph = Components::new(&sizes);
        for (first, second) in &pairing.edges {
            graph.join(label(first), label(second), self.signal(first.1).unit_correlation);
        }
        pairing.leaves.iter().for_each(|value| graph.open(label(value)));
        graph.count()
    }

    /// Sums over iterations `s < k`, `s' < k'` of every distinct graph, in parallel.
    fn time_sums(&self, pairings: &[Pairing]) -> BTreeMap<TimeGraph, f64> {
        let mut graphs: Vec<TimeGraph> =
            pairings.iter().map(|p| TimeGraph::of(p).canonical()).collect();
        graphs.sort_unstable();
        graphs.dedup();
        graphs.into_par_iter().map(|graph| (graph, self.time_sum(&graph))).collect()
    }

    /// Product of all edges between vertices `u < v` and, at their own iterations, of the edges
    /// from `x` to `d` of one vertex: a `T x T` matrix of their two iterations; 0 where `t_u >=
    /// t_v` if they are ordered.
    fn between(
        &self,
        graph: &TimeGraph,
        (u, v): (usize, usize),
        turns: &[Turn; 4],
        ordered: bool,
    ) -> Matrix<f64> {
        let mut out = self.edge(graph, (u, v), turns);
        let loop_at = |v: usize, t: usize| match self.cross_of(turns[v], turns[v]) {
            Some(cross) if graph.loops[v] => cross.row(t)[t],
            _ => self.share_of_means(graph, v, turns[v], t),
        };
        let length = out.cols();
        let columns: Vec<f64> = (0..length).map(|t| loop_at(v, t)).collect();
        for s in 0..length {
            let first = loop_at(u, s);
            let row = out.row_mut(s);
            if ordered {
                row[..=s].fill(0.0);
            }
            row.iter_mut().zip(&columns).for_each(|(x, &c)| *x *= first * c);
        }
        out
    }

    /// What is left of the means of the values of a vertex that are not paired up, over the means
    /// of the signals.
    fn share_of_means(&self, graph: &TimeGraph, v: usize, turn: Turn, t: usize) -> f64 {
        let Some(Memory { means, .. }) = &self.memory else { return 1.0 };
        let [x, d] = graph.paired(v);
        match turn {
            Turn::Early if !x => means[0][t],
            Turn::Late if !d => means[1][t],
            _ => 1.0,
        }
    }

    /// `E[x_s x_t]` of vertices of these turns.
    fn activity_of(&self, u: Turn, v: Turn) -> Cow<'_, Matrix<f64>> {
        match (&self.memory, u, v) {
            (None, ..) | (_, Turn::Late, Turn::Late) => Cow::Borrowed(&self.activity.covariance),
            (Some(memory), Turn::Early, Turn::Early) => Cow::Borrowed(&memory.activity[0]),
            (Some(memory), Turn::Early, Turn::Late) => Cow::Borrowed(&memory.activity[1]),
            (Some(memory), Turn::Late, Turn::Early) => Cow::Owned(memory.activity[1].transpose()),
        }
    }

    /// `E[d_s d_t]`.
    fn error_of(&self, u: Turn, v: Turn) -> Cow<'_, Matrix<f64>> {
        match (&self.memory, u, v) {
            (None, ..) | (_, Turn::Early, Turn::Early) => Cow::Borrowed(&self.error.covariance),
            (Some(memory), Turn::Early, Turn::Late) => Cow::Borrowed(&memory.error[0]),
            (Some(memory), Turn::Late, Turn::Late) => Cow::Borrowed(&memory.error[1]),
            (Some(memory), Turn::Late, Turn::Early) => Cow::Owned(memory.error[0].transpose()),
        }
    }

    /// `E[x_s d_t]`, where the two are correlated.
    fn cross_of(&self, x: Turn, d: Turn) -> Option<&Matrix<f64>> {
        let plain = self.cross.as_ref()?;
        let Some(memory) = &self.memory else { return Some(plain) };
        let [early, both, late] = memory.cross.as_ref()?;
        Some(match (x, d) {
            (Turn::Early, Turn::Early) => early,
            (Turn::Early, Turn::Late) => both,
            (Turn::Late, Turn::Early) => plain,
            (Turn::Late, Turn::Late) => late,
        })
    }

    /// Product of the edges between two vertices alone; ones where there are none.
    fn edge(&self, graph: &TimeGraph, (u, v): (usize, usize), turns: &[Turn; 4]) -> Matrix<f64> {
        let length = self.activity.covariance.rows();
        let mut out = Matrix::from_vec(length, length, vec![1.0; length * length]);
        let edges = graph.pairs[pair_index(u, v)];
        let mut multiply =
            |factor: &[f64]| out.as_mut_slice().iter_mut().zip(factor).for_each(|(x, &f)| *x *= f);
        if edges.xx {
            multiply(self.activity_of(turns[u], turns[v]).as_slice());
        }
        if edges.dd {
            multiply(self.error_of(turns[u], turns[v]).as_slice());
        }
        if let Some(cross) = self.cross_of(turns[u], turns[v]).filter(|_| edges.xd) {
            multiply(cross.as_slice());
        }
        if let Some(cross) = self.cross_of(turns[v], turns[u]).filter(|_| edges.dx) {
            multiply(cross.transpose().as_slice());
        }
        out
    }

    /// Sum over `s < k` and `s' < k'` (vertices 0 to 3) of the edges of a graph.
    fn time_sum(&self, graph: &TimeGraph) -> f64 {
        let (early, late) =
            (self.between(graph, (0, 1), &PAIRS, true), self.between(graph, (2, 3), &PAIRS, true));
        let across = [(0, 2), (0, 3), (1, 2), (1, 3)];
        let joined: Vec<(usize, usize)> =
            across.into_iter().filter(|&(u, v)| graph.joins(u, v)).collect();
        let edge = |u: usize, v: usize| self.edge(graph, (u, v), &PAIRS);
        match joined[..] {
            [] => sum(&early) * sum(&late),
            [(u, v)] => {
                let (left, right) = (margin(&early, u == 0), margin(&late, v == 2));
                let edge = edge(u, v);
                left.iter()
                    .enumerate()
                    .map(|(t, l)| l * crate::vmath::dot(edge.row(t), &right))
                    .sum()
            }
            // One vertex joined to both of the other pair.
            [(u, 2), (w, 3)] if u == w => {
                let weights = margin(&early, u == 0);
                weighted_dot(&weights, &(&edge(u, 2) * &late).to_matrix(), &edge(u, 3))
            }
            [(0, v), (1, w)] if v == w => {
                let weights = margin(&late, v == 2);
                let mut scaled = edge(0, v);
                for s in 0..scaled.rows() {
                    scaled
                        .row_mut(s)
                        .iter_mut()
                        .zip(&weights)
                        .for_each(|(x, &weight)| *x *= weight);
                }
                (&scaled * &edge(1, v).transpose()).to_matrix().inner(&early)
            }
            [(0, 2), (1, 3)] => {
                let [first, second] =
                    [&early * &edge(1, 3), &edge(0, 2) * &late].map(Product::to_matrix);
                first.inner(&second)
            }
            [(0, 3), (1, 2)] => {
                let [first, second] =
                    [&early * &edge(1, 2), &edge(0, 3) * &late.transpose()].map(Product::to_matrix);
                first.inner(&second)
            }
            [_, _, _] => self.path_sum(graph, &early, &late),
            _ => cycle_sum([edge(0, 2), edge(0, 3), edge(1, 2), edge(1, 3)]),
        }
    }

    /// Three edges across: with `(u, v)` the pair that is not joined, and `u'`, `v'` the other two,
    /// `sum E(u',v') [sum_u F(u',u) E(u,v')] [sum_v E(u',v) F(v,v')]`.
    fn path_sum(&self, graph: &TimeGraph, early: &Matrix<f64>, late: &Matrix<f64>) -> f64 {
        let u = if graph.joins(0, 2) && graph.joins(0, 3) { 1 } else { 0 };
        let v = if graph.joins(u, 2) { 3 } else { 2 };
        let (other_u, other_v) = (1 - u, 5 - v);
        let early = if u == 1 { early.clone() } else { early.transpose() };
        let late = if v == 2 { late.clone() } else { late.transpose() };
        let edge = |u: usize, v: usize| self.edge(graph, (u, v), &PAIRS);
        let first = (&early * &edge(u, other_v)).to_matrix();
        let mut second = (&edge(other_u, v) * &late).to_matrix();
        second.as_mut_slice().iter_mut().zip(first.as_slice()).for_each(|(x, &f)| *x *= f);
        second.inner(&edge(other_u, other_v))
    }
}

/// Edges between two vertices `u < v`: which value of `u` is joined to which of `v`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Edges {
    xx: bool,
    dd: bool,
    xd: bool,
    dx: bool,
}

/// What of a pairing decides its sum over iterations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct TimeGraph {
    pairs: [Edges; 6],
    /// Whether `x` and `d` of a vertex are joined to each other.
    loops: [bool; 4],
}

/// Index of an unordered pair `u < v` of four vertices.
fn pair_index(u: usize, v: usize) -> usize {
    match (u, v) {
        (0, 1) => 0,
        (2, 3) => 1,
        (0, 2) => 2,
        (1, 3) => 3,
        (0, 3) => 4,
        _ => 5,
    }
}

impl TimeGraph {
    fn of(pairing: &Pairing) -> Self {
        let mut graph = Self::default();
        for &((u, a), (v, b)) in &pairing.edges {
            graph.add((u, a), (v, b));
        }
        graph
    }

    fn add(&mut self, (u, a): Value, (v, b): Value) {
        if u == v {
            self.loops[u] = true;
            return;
        }
        let (u, a, v, b) = if u < v { (u, a, v, b) } else { (v, b, u, a) };
        let edges = &mut self.pairs[pair_index(u, v)];
        match (a, b) {
            (Signal::X, Signal::X) => edges.xx = true,
            (Signal::D, Signal::D) => edges.dd = true,
            (Signal::X, Signal::D) => edges.xd = true,
            (Signal::D, Signal::X) => edges.dx = true,
        }
    }

    /// Whether `x` and `d` of a vertex are joined to anything.
    fn paired(&self, v: usize) -> [bool; 2] {
        let mut found = [self.loops[v]; 2];
        for (a, b) in [(0, 1), (2, 3), (0, 2), (1, 3), (0, 3), (1, 2)] {
            let edges = self.pairs[pair_index(a, b)];
            if a == v {
                found[0] |= edges.xx || edges.xd;
                found[1] |= edges.dd || edges.dx;
            } else if b == v {
                found[0] |= edges.xx || edges.dx;
                found[1] |= edges.dd || edges.xd;
            }
        }
        found
    }

    fn joins(&self, u: usize, v: usize) -> bool {
        self.pairs[pair_index(u, v)] != Edges::default()
    }

    /// The same sum has the graph in which the two pairs of vertices are exchanged: one of the two
    /// stands for both.
    fn canonical(self) -> Self {
        let turn = |e: Edges| Edges { xd: e.dx, dx: e.xd, ..e };
        let [p01, p23, p02, p13, p03, p12] = self.pairs;
        let [l0, l1, l2, l3] = self.loops;
        // 0 <-> 2, 1 <-> 3: the pairs (0,2) and (1,3) change direction; (0,3) and (1,2) change
        // places and direction.
        let exchanged = Self {
            pairs: [p23, p01, turn(p02), turn(p13), turn(p12), turn(p03)],
            loops: [l2, l3, l0, l1],
        };
        self.min(exchanged)
    }
}

/// Connected components of a graph whose edges are equicorrelation matrices: sums over the indices
/// of all nodes.
struct Components {
    parent: Vec<usize>,
    sizes: Vec<usize>,
    /// By root: products of the eigenvalues on the constant vector and on all others; whether a
    /// mean ends it.
    first: Vec<f64>,
    rest: Vec<f64>,
    open: Vec<bool>,
}

impl Components {
    fn new(sizes: &[usize]) -> Self {
        let n = sizes.len();
        let parent = (0..n).collect();
        Self {
            parent,
            sizes: sizes.to_vec(),
            first: vec![1.0; n],
            rest: vec![1.0; n],
            open: vec![false; n],
        }
    }

    fn root(&self, mut node: usize) -> usize {
        while self.parent[node] != node {
            node = self.parent[node];
        }
        node
    }

    fn join(&mut self, a: usize, b: usize, correlation: f64) {
        let (a, b) = (self.root(a), self.root(b));
        let n = self.sizes[a] as f64;
        self.first[a] *= 1.0 + (n - 1.0) * correlation;
        self.rest[a] *= 1.0 - correlation;
        if a != b {
            self.first[a] *= self.first[b];
            self.rest[a] *= self.rest[b];
            self.open[a] |= self.open[b];
            self.parent[b] = a;
        }
    }

    fn open(&mut self, node: usize) {
        let root = self.root(node);
        self.open[root] = true;
    }

    /// Every node has two ends, so a component is a cycle, whose sum is a trace, or a path between
    /// two means, whose sum is that of all entries.
    fn count(&self) -> f64 {
        let roots = (0..self.parent.len()).filter(|&node| self.parent[node] == node);
        let value = |root: usize| {
            let n = self.sizes[root] as f64;
            if self.open[root] {
                n * self.first[root]
            } else {
                self.first[root] + (n - 1.0) * self.rest[root]
            }
        };
        roots.map(value).product()
    }
}

/// `T x T` with `response[s - t]` at `(s, t)`, `t <= s`.
fn lower_triangular(response: &[f64]) -> Matrix<f64> {
    let length = response.len();
    let mut out = Matrix::zeros(length, length);
    for s in 0..length {
        let row = out.row_mut(s)[..=s].iter_mut();
        row.zip(response[..=s].iter().rev()).for_each(|(value, &left)| *value = left);
    }
    out
}

fn sum(a: &Matrix<f64>) -> f64 {
    a.as_slice().iter().sum()
}

/// `sum_t w_t <a_t, b_t>` over rows.
fn weighted_dot(weights: &[f64], a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    weights.iter().enumerate().map(|(t, w)| w * crate::vmath::dot(a.row(t), b.row(t))).sum()
}

/// Sums of rows, or of columns.
fn margin(matrix: &Matrix<f64>, of_rows: bool) -> Vec<f64> {
    if of_rows {
        return (0..matrix.rows()).map(|t| matrix.row(t).iter().sum()).collect();
    }
    let mut sums = vec![0.0; matrix.cols()];
    for t in 0..matrix.rows() {
        sums.iter_mut().zip(matrix.row(t)).for_each(|(s, &x)| *s += x);
    }
    sums
}

/// Iterations taken at a time in [`cycle_sum`].
const BLOCK: usize = 32;

/// `sum over s < k, s' < k' of a(s,s') b(s,k') c(k,s') e(k,k')`: four edges across, the one sum
/// that is no product of matrices. With `H(s',k') = sum over k > s of c(k,s') e(k,k')` it is `sum_s
/// a_s^T (U o H) b_s`; blocks of `s`, from the last down, leave almost all of it to matrix
/// products.
fn cycle_sum([a, b, c, e]: [Matrix<f64>; 4]) -> f64 {
    let length = a.rows();
    let mut later = Matrix::zeros(length, length);
    let mut total = 0.0;
    for start in (0..length).step_by(BLOCK).rev() {
        let end = (start + BLOCK).min(length);
        let block = |m: &Matrix<f64>| {
            let values = m.as_slice()[start * length..end * length].to_vec();
            Matrix::from_vec(end - start, length, values)
        };
        let (a, b, c, e) = (block(&a), block(&b), block(&c), block(&e));
        total += (&a * &later).to_matrix().inner(&b);
        for s in 0..end - start {
            for k in s + 1..end - start {
                let (mut before, mut inner) = (0.0, 0.0);
                for t in 0..length {
                    inner += before * b.row(s)[t] * e.row(k)[t];
                    before += a.row(s)[t] * c.row(k)[t];
                }
                total += inner;
            }
        }
        // `later` is kept strictly upper triangular: s' < k'.
        later += c.t() * &e;
        for s in 0..length {
            later.row_mut(s)[..=s].fill(0.0);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Role, Stream};

    /// A joint covariance of `2 T` values, positive definite, with its blocks.
    fn statistics(length: usize, cross: bool, means: [f64; 2]) -> Statistics {
        let mut stream = Stream::new(5, length as u64, Role::Probe);
        let mut root = Matrix::<f64>::zeros(2 * length, 2 * length);
        stream.fill_normal(root.as_mut_slice());
        let joint = (&root * root.t()).to_matrix();
        let block = |r: usize, c: usize| {
            let at = |s: usize, t: usize| joint.row(r * length + s)[c * length + t] / length as f64;
            Matrix::from_vec(
                length,
                length,
                (0..length * length).map(|i| at(i / length, i % length)).collect(),
            )
        };
        let moment = |index: usize, mean: f64| Moment {
            covariance: block(index, index),
            mean,
            units: 3,
            batch_correlation: 0.3,
            unit_correlation: -0.2,
        };
        Statistics {
            activity: moment(0, means[0]),
            error: moment(1, means[1]),
            cross: cross.then(|| block(0, 1)),
            batch: 2,
            memory: None,
        }
    }

    /// A value: turn and iteration of its vertex, sample, unit, signal.
    type V = (Turn, usize, usize, usize, Signal);

    /// Every sum written out: over pairings, iterations, samples and units.
    struct Sums<'a> {
        stats: &'a Statistics,
        responses: Option<[&'a [f64]; 2]>,
    }

    impl Sums<'_> {
        fn moments(&self) -> SignalMoments {
            SignalMoments {
                gradient: self.over_two(false),
                trace: self.over_two(true),
                norm: self.over_four([0, 1, 0, 1]),
                squared_trace: self.over_four([0, 0, 1, 1]),
                trace_of_square: self.over_four([0, 1, 1, 0]),
            }
        }

        /// What a value at a vertex is made of: shares of the signal at other iterations.
        fn made_of(&self, (turn, t, _, _, signal): V) -> Vec<(f64, usize)> {
            let left = |which: usize, lag: Option<usize>| Some(self.responses?[which][lag?]);
            let share = |u: usize| match (turn, signal) {
                _ if self.responses.is_none() => (u == t).then_some(1.0),
                (Turn::Early, Signal::X) => left(0, t.checked_sub(u)),
                (Turn::Late, Signal::D) => left(1, u.checked_sub(t)),
                _ => (u == t).then_some(1.0),
            };
            (0..self.length()).filter_map(|u| Some((share(u)?, u))).collect()
        }

        fn length(&self) -> usize {
            self.stats.activity.covariance.rows()
        }

        fn mean(&self, v: V) -> f64 {
            self.stats.signal(v.4).mean
                * self.made_of(v).iter().map(|(share, _)| share).sum::<f64>()
        }

        fn covariance(&self, first: V, second: V) -> f64 {
            let stats = self.stats;
            let ((_, _, p, i, a), (_, _, q, j, b)) = (first, second);
            let m = stats.signal(a);
            let base = |s: usize, t: usize| match (a, b) {
                (Signal::X, Signal::X) => stats.activity.covariance.row(s)[t],
                (Signal::D, Signal::D) => stats.error.covariance.row(s)[t],
                (Signal::X, Signal::D) => stats.cross.as_ref().map_or(0.0, |c| c.row(s)[t]),
                (Signal::D, Signal::X) => stats.cross.as_ref().map_or(0.0, |c| c.row(t)[s]),
            };
            let (left, right) = (self.made_of(first), self.made_of(second));
            let time: f64 = left
                .iter()
                .map(|&(c, s)| right.iter().map(|&(d, t)| c * d * base(s, t)).sum::<f64>())
                .sum();
            let over = |r: f64, same: bool| if same { 1.0 } else { r };
            time * over(m.batch_correlation, p == q) * over(m.unit_correlation, i == j)
        }

        /// The mean of the product of values: over all pairings of them.
        fn product(&self, values: &[V]) -> f64 {
            let Some((&first, rest)) = values.split_first() else { return 1.0 };
            let mut total = self.mean(first) * self.product(rest);
            for (at, &second) in rest.iter().enumerate() {
                let others: Vec<V> =
                    rest.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, v)| *v).collect();
                let c = self.covariance(first, second);
                if c != 0.0 {
                    total += c * self.product(&others);
                }
            }
            total
        }

        /// Over four vertices, whose errors are of units with these labels.
        fn over_four(&self, labels: [usize; 4]) -> f64 {
            let (n, batch, length) = (self.stats.activity.units, self.stats.batch, self.length());
            let mut total = 0.0;
            for code in 0..(length * batch).pow(4) {
                let at = |v: u32| (code / (length * batch).pow(v)) % (length * batch);
                let vertex = [0, 1, 2, 3].map(|v| (at(v) / batch, at(v) % batch));
                if vertex[0].0 >= vertex[1].0 || vertex[2].0 >= vertex[3].0 {
                    continue;
                }
                for units in 0..n.pow(4) {
                    let unit = |l: usize| (units / n.pow(l as u32)) % n;
                    let values: Vec<V> = (0..4)
                        .flat_map(|v| {
                            let (t, p) = vertex[v];
                            let turn = PAIRS[v];
                            [
                                (turn, t, p, unit(v / 2), Signal::X),
                                (turn, t, p, unit(labels[v] + 2), Signal::D),
                            ]
                        })
                        .collect();
                    total += self.product(&values);
                }
            }
            total
        }

        /// Over two vertices, the first before the second or both at any time.
        fn over_two(&self, ordered: bool) -> f64 {
            let (n, batch, length) = (self.stats.activity.units, self.stats.batch, self.length());
            let mut total = 0.0;
            for code in 0..(length * batch).pow(2) {
                let (first, second) = (code / (length * batch), code % (length * batch));
                let [(s, p), (t, q)] = [first, second].map(|v| (v / batch, v % batch));
                if ordered && s >= t {
                    continue;
                }
                let [u, v] = if ordered { [Turn::Early, Turn::Late] } else { [Turn::Late; 2] };
                for (i, j) in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))) {
                    let values = [
                        (u, s, p, i, Signal::X),
                        (u, s, p, j, Signal::D),
                        (v, t, q, i, Signal::X),
                        (v, t, q, j, Signal::D),
                    ];
                    total += self.product(&values);
                }
            }
            total
        }
    }

    fn brute_force(stats: &Statistics, responses: Option<[&[f64]; 2]>) -> SignalMoments {
        Sums { stats, responses }.moments()
    }

    fn assert_close(ours: SignalMoments, theirs: SignalMoments) {
        let list =
            |m: SignalMoments| [m.gradient, m.trace, m.norm, m.squared_trace, m.trace_of_square];
        let scale = theirs.norm.abs();
        for (a, b) in list(ours).iter().zip(list(theirs)) {
            assert!((a - b).abs() < 1e-12 * (b.abs() + 1e-3 * scale), "{ours:?}\n{theirs:?}");
        }
    }

    #[test]
    fn equal_to_every_sum_written_out() {
        for (cross, means) in [(false, [0.0; 2]), (true, [0.0; 2]), (false, [0.7, -0.4])] {
            let stats = statistics(3, cross, means);
            assert_close(stats.moments(), brute_force(&stats, None));
        }
        let mut both = statistics(2, true, [0.7, -0.4]);
        both.activity.units = 2;
        both.error.units = 2;
        assert_close(both.moments(), brute_force(&both, None));
    }

    #[test]
    fn equal_to_every_sum_written_out_in_time() {
        // Any responses will do: what is left at lags 0, 1 and 2.
        let [first, second] = [[0.5, 0.3, -0.2], [0.1, 0.7, 0.4]];
        for (cross, means) in [(false, [0.0; 2]), (true, [0.0; 2]), (false, [0.7, -0.4])] {
            let stats = statistics(3, cross, means);
            let expected = brute_force(&stats, Some([&first, &second]));
            assert_close(stats.in_time(&first, &second).moments(), expected);
        }
        let mut both = statistics(2, true, [0.7, -0.4]);
        both.activity.units = 2;
        both.error.units = 2;
        let expected = brute_force(&both, Some([&first[..2], &second[..2]]));
        assert_close(both.in_time(&first[..2], &second[..2]).moments(), expected);
        // Nothing is left out, and nothing late: the rule without a memory.
        let stats = statistics(3, true, [0.0; 2]);
        let instant = [1.0, 0.0, 0.0];
        assert_close(stats.clone().in_time(&instant, &instant).moments(), stats.moments());
    }

    #[test]
    fn pairings_are_counted() {
        assert_eq!(statistics(2, false, [0.0; 2]).pairings(4).len(), 9);
        assert_eq!(statistics(2, true, [0.0; 2]).pairings(4).len(), 105);
        assert_eq!(statistics(2, false, [1.0, 1.0]).pairings(4).len(), 100);
        assert_eq!(statistics(2, true, [1.0, 1.0]).pairings(4).len(), 764);
    }

    #[test]
    fn the_cycle_does_not_depend_on_blocks() {
        let length = 2 * BLOCK + 7;
        let mut stream = Stream::new(3, 0, Role::Probe);
        let mut draw = || {
            let mut m = Matrix::<f64>::zeros(length, length);
            stream.fill_normal(m.as_mut_slice());
            m
        };
        let [a, b, c, e] = [draw(), draw(), draw(), draw()];
        let mut plain = 0.0;
        for s in 0..length {
            for k in s + 1..length {
                let mut before = 0.0;
                for t in 0..length {
                    plain += before * b.row(s)[t] * e.row(k)[t];
                    before += a.row(s)[t] * c.row(k)[t];
                }
            }
        }
        let blocked = cycle_sum([a, b, c, e]);
        assert!((blocked - plain).abs() < 1e-9 * plain.abs().max(1e3), "{blocked} {plain}");
    }
}
