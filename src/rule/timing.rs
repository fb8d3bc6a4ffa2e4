//! The rule in time: errors that come late, activities that leave a trace, units that leak.
//!
//! At iteration `k` the error meets the activity of `delay` iterations before, or an average over
//! the past that ends there:
//!
//! ```text
//! Z_l(k)  = m Z_l(k-1) + (1-m) (L_{l-1}(k) W_{l-1}(k) + b_l),   L_l(k) = f(Z_l(k))    leak, m = exp(-1/tau)
//! L'_l(k) = r L'_l(k-1) + (1-r) L_l(k - delay)                                        trace, r = exp(-1/tau)
//! delta_l = f'(Z_l(k - delay)) o (delta_{l+1} B_l),   delta_D = the error of iteration k
//! W_l    += eta L'_l(k)^T delta_{l+1}
//! ```
//!
//! Activities are those of their time: of the weights there were. Before the start nothing is
//! active: there `Z` and `L` are 0.

use super::{Layers, Pass};
use crate::matrix::Matrix;
use crate::real::Real;

/// When and for how long an activity meets errors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Iterations by which the error comes after the activity that it meets.
    pub delay: usize,
    /// Time constant of the trace of activities in iterations, if there is one.
    pub trace: Option<f64>,
    /// Time constant of the units in iterations, if they leak.
    pub leak: Option<f64>,
}

impl Timing {
    /// Every error meets the activity of its own iteration.
    pub const INSTANT: Self = Self { delay: 0, trace: None, leak: None };

    /// Share of a trace, and of a pre-activation, that is left after an iteration.
    fn kept(time_constant: Option<f64>) -> f64 {
        time_constant.map_or(0.0, |time| (-1.0 / time).exp())
    }

    /// What a linear unit leaves of a signal, from lag 0 to `lags - 1`: the delay and the trace,
    /// and with `leaky` units the leak as well.
    pub fn response(&self, lags: usize, leaky: bool) -> Vec<f64> {
        let average = |kept: f64, input: &[f64]| {
            let mut now = 0.0;
            input
                .iter()
                .map(|x| {
                    now = kept * now + (1.0 - kept) * x;
                    now
                })
                .collect::<Vec<f64>>()
        };
        let impulse: Vec<f64> =
            (0..lags).map(|lag| if lag == self.delay { 1.0 } else { 0.0 }).collect();
        let traced = average(Self::kept(self.trace), &impulse);
        if leaky { average(Self::kept(self.leak), &traced) } else { traced }
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self::INSTANT
    }
}

/// `out = kept * past + (1 - kept) * now`; `now` where there is no `past`.
fn average<T: Real>(out: &mut Matrix<T>, kept: f64, past: &Matrix<T>, now: &Matrix<T>) {
    let (kept, new) = (T::from_f64(kept), T::from_f64(1.0 - kept));
    let values = past.as_slice().iter().zip(now.as_slice());
    out.as_mut_slice()
        .iter_mut()
        .zip(values)
        .for_each(|(out, (&past, &now))| *out = kept * past + new * now);
}

/// The latest values of what comes every iteration.
#[derive(Clone, Debug)]
struct Line<V> {
    values: Vec<V>,
    next: usize,
    count: usize,
}

impl<V: Clone> Line<V> {
    /// Room for as many as `length`, of the shape of `value`.
    fn new(length: usize, value: &V) -> Self {
        Self { values: vec![value.clone(); length], next: 0, count: 0 }
    }

    /// The value of as many pushes before as it has room for, or `now` if it has none; nothing
    /// where there were fewer.
    fn last<'a>(&'a self, now: &'a V) -> Option<&'a V> {
        match self.values.len() {
            0 => Some(now),
            length => (self.count >= length).then(|| &self.values[self.next]),
        }
    }

    /// Takes `now` in the place of the oldest.
    fn push(&mut self, now: &V) {
        self.count += 1;
        if let Some(place) = self.values.get_mut(self.next) {
            place.clone_from(now);
            self.next = (self.next + 1) % self.values.len();
        }
    }
}

/// What linear units and their trace make of a signal that comes iteration by iteration.
#[derive(Clone, Debug)]
pub struct Filter {
    leak: f64,
    trace: f64,
    unit: Matrix<f64>,
    line: Line<Matrix<f64>>,
    traced: Matrix<f64>,
    leaked: Matrix<f64>,
}

impl Filter {
    /// Of a signal of `shape`; of one that units do not hold back unless they are `leaky`.
    pub fn new(timing: &Timing, shape: [usize; 2], leaky: bool) -> Self {
        let zeros = Matrix::zeros(shape[0], shape[1]);
        Self {
            leak: if leaky { Timing::kept(timing.leak) } else { 0.0 },
            trace: Timing::kept(timing.trace),
            line: Line::new(timing.delay, &zeros),
            unit: zeros.clone(),
            leaked: zeros.clone(),
            traced: zeros,
        }
    }

    /// What the error of this iteration meets, after `signal` has come.
    pub fn next(&mut self, signal: &Matrix<f64>) -> &Matrix<f64> {
        average(&mut self.leaked, self.leak, &self.unit, signal);
        std::mem::swap(&mut self.unit, &mut self.leaked);
        self.traced.scale(self.trace);
        if let Some(late) = self.line.last(&self.unit) {
            let new = 1.0 - self.trace;
            self.traced += new * late.view();
        }
        self.line.push(&self.unit);
        &self.traced
    }
}

/// An iteration's input, and what the layers made of it.
#[derive(Clone, Debug)]
struct Moment<T> {
    input: Matrix<T>,
    z: Vec<Matrix<T>>,
    activity: Vec<Matrix<T>>,
}

/// The past of a network under a rule in time: what its next error will meet.
#[derive(Clone, Debug)]
pub(super) struct Past<T> {
    timing: Timing,
    /// The iteration under way.
    now: Moment<T>,
    line: Line<Moment<T>>,
    /// `Z_l` and `L'_l` of the iteration before, and `L'_l` of the one under way.
    z: Vec<Matrix<T>>,
    traced: Vec<Matrix<T>>,
    sources: Vec<Matrix<T>>,
}

impl<T: Real> Past<T> {
    /// Before the first iteration, for layers of `sizes` and `batch` samples.
    pub fn new(timing: Timing, sizes: &[usize], batch: usize) -> Self {
        let zeros =
            |sizes: &[usize]| sizes.iter().map(|&n| Matrix::zeros(batch, n)).collect::<Vec<_>>();
        let now = Moment {
            input: Matrix::zeros(batch, sizes[0]),
            z: zeros(&sizes[1..]),
            activity: zeros(&sizes[1..]),
        };
        let below = &sizes[..sizes.len() - 1];
        let traced = if timing.trace.is_some() { zeros(below) } else { Vec::new() };
        let z = if timing.leak.is_some() { zeros(&sizes[1..]) } else { Vec::new() };
        Self {
            line: Line::new(timing.delay, &now),
            now,
            z,
            sources: traced.clone(),
            traced,
            timing,
        }
    }

    /// Forward pass of the iteration under way. Leaves in `pass` the pre-activations and activities
    /// that its error meets: 0 where the error comes before there were any. May be asked for again
    /// and again.
    pub fn forward(&mut self, layers: &Layers<T>, input: &Matrix<T>, pass: &mut Pass<T>) {
        let Moment { input: kept, z, activity } = &mut self.now;
        kept.clone_from(input);
        for l in 0..layers.depth() {
            let (below, above) = activity.split_at_mut(l);
            let source = if l == 0 { input } else { &below[l - 1] };
            z[l].assign(source * &layers.weights[l]);
            if !layers.biases[l].is_empty() {
                z[l].add_to_rows(&layers.biases[l]);
            }
            if let Some(before) = self.z.get(l) {
                let drive = z[l].clone();
                average(&mut z[l], Timing::kept(self.timing.leak), before, &drive);
            }
            layers.activations[l].apply(z[l].as_slice(), above[0].as_mut_slice());
        }
        let met = self.line.last(&self.now);
        for l in 0..layers.depth() {
            let take = |to: &mut Matrix<T>, from: Option<&Matrix<T>>| match from {
                Some(from) => to.as_mut_slice().copy_from_slice(from.as_slice()),
                None => to.as_mut_slice().fill(T::zero()),
            };
            take(&mut pass.z[l], met.map(|met| &met.z[l]));
            take(&mut pass.activity[l], met.map(|met| &met.activity[l]));
        }
        let new = T::from_f64(1.0 - Timing::kept(self.timing.trace));
        for (l, (source, traced)) in self.sources.iter_mut().zip(&self.traced).enumerate() {
            source.clone_from(traced);
            source.scale(T::from_f64(Timing::kept(self.timing.trace)));
            if let Some(met) = met {
                *source += new * (if l == 0 { &met.input } else { &met.activity[l - 1] }).view();
            }
        }
    }

    /// Whether there is an activity that the error of this iteration meets, or has met so far.
    pub fn has_begun(&self) -> bool {
        self.line.last(&self.now).is_some()
    }

    /// `L'_l` of this iteration: what the update of `W_l` takes, `l` from 0.
    pub fn source<'a>(&'a self, pass: &'a Pass<T>, l: usize) -> Option<&'a Matrix<T>> {
        match (self.sources.get(l), l) {
            (Some(traced), _) => Some(traced),
            (None, 0) => self.line.last(&self.now).map(|met| &met.input),
            (None, l) => pass.activity.get(l - 1),
        }
    }

    /// The iteration under way becomes the past.
    pub fn advance(&mut self) {
        self.line.push(&self.now);
        if !self.z.is_empty() {
            self.z.clone_from_slice(&self.now.z);
        }
        std::mem::swap(&mut self.traced, &mut self.sources);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(value: f64) -> Matrix<f64> {
        Matrix::from_vec(1, 1, vec![value])
    }

    #[test]
    fn filters_have_the_response_that_is_said() {
        for timing in [
            Timing::INSTANT,
            Timing { delay: 3, ..Timing::INSTANT },
            Timing { delay: 2, trace: Some(4.0), leak: Some(1.5) },
            Timing { trace: Some(0.3), ..Timing::INSTANT },
        ] {
            for leaky in [false, true] {
                let mut filter = Filter::new(&timing, [1, 1], leaky);
                let response = timing.response(12, leaky);
                for (lag, expected) in response.iter().enumerate() {
                    let found = filter.next(&scalar(if lag == 0 { 1.0 } else { 0.0 })).row(0)[0];
                    assert!(
                        (found - expected).abs() < 1e-15,
                        "{timing:?} {leaky} {lag}: {found} {expected}"
                    );
                }
            }
        }
        // A trace and a leak are averages: nothing is lost but what is still to come.
        let slow = Timing { delay: 5, trace: Some(3.0), leak: Some(2.0) };
        assert!((slow.response(200, true).iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
