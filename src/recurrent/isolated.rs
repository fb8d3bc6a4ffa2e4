//! The rule in isolation: inputs and errors that come from nowhere, and an update at every
//! iteration.

use super::{Credit, Feedback, Network, Path, Trajectory, Updates, carry_back};
use crate::matrix::{Matrix, add_scaled};
use crate::real::Real;
use crate::rule::Activation;
use std::collections::VecDeque;

/// Eligibility traces `p_t = (1 - alpha) p_{t-1} + alpha f'(u_t) s_t` of the synapses of one
/// matrix, `s_t` being what these are driven by.
#[derive(Clone, Debug)]
enum Traces<T> {
    /// Of linear units they are those of `s_t`, whatever the unit: `P x n`.
    OfSource(Matrix<T>),
    /// Of every synapse: by sample, then row after row of the matrix.
    OfSynapse(Vec<T>),
}

impl<T: Real> Traces<T> {
    fn new(activation: Activation, samples: usize, [sources, units]: [usize; 2]) -> Self {
        match activation {
            Activation::Linear => Self::OfSource(Matrix::zeros(samples, sources)),
            _ => Self::OfSynapse(vec![T::zero(); samples * sources * units]),
        }
    }

    /// Moves on by an iteration: `source` is `P x n`, `slopes` are `alpha f'(u_t)`, `P x N`.
    fn advance(&mut self, source: &Matrix<T>, slopes: &Matrix<T>, leak: T) {
        let kept = T::one() - leak;
        match self {
            Self::OfSource(trace) => {
                trace.scale(kept);
                *trace += leak * source.view();
            }
            Self::OfSynapse(traces) => {
                let units = slopes.cols();
                let mut rows = traces.chunks_exact_mut(units);
                for sample in 0..source.rows() {
                    let slopes = slopes.row(sample);
                    for (&active, row) in source.row(sample).iter().zip(&mut rows) {
                        for (trace, &slope) in row.iter_mut().zip(slopes) {
                            *trace = kept * *trace + active * slope;
                        }
                    }
                }
            }
        }
    }

    /// `out += sum over samples of p_t (e_t F)`, for `credit = e_t F` (`P x N`).
    fn add_update(&self, out: &mut Matrix<T>, credit: &Matrix<T>) {
        match self {
            Self::OfSource(trace) => *out += trace.t() * credit,
            Self::OfSynapse(traces) => {
                let units = credit.cols();
                for (sample, traces) in traces.chunks_exact(out.rows() * units).enumerate() {
                    let rows = out.as_mut_slice().chunks_exact_mut(units);
                    for (row, traces) in rows.zip(traces.chunks_exact(units)) {
                        let pairs = traces.iter().zip(credit.row(sample));
                        row.iter_mut().zip(pairs).for_each(|(out, (&p, &e))| *out += p * e);
                    }
                }
            }
        }
    }
}

/// The latest iterations, on which updates are compared with those of BPTT.
#[derive(Clone, Debug)]
struct Latest<T> {
    trajectory: Trajectory<T>,
    inputs: VecDeque<Matrix<T>>,
    errors: VecDeque<Matrix<T>>,
    most: usize,
}

/// A recurrent network driven by inputs and errors that come from nowhere, whose local rule
/// ([`Credit::is_local`]) updates all weights at every iteration. Its output has no effect on what
/// it learns.
#[derive(Clone, Debug)]
pub struct Isolated<T> {
    /// Weights.
    pub network: Network<T>,
    /// What carries errors back.
    pub feedback: Feedback<T>,
    credit: Credit,
    state: Matrix<T>,
    before: Matrix<T>,
    drive: Matrix<T>,
    activity: Matrix<T>,
    slopes: Matrix<T>,
    traces: [Traces<T>; 2],
    /// Trace of the states before, `P x N`: what the traces are with slopes of 1.
    traced_state: Matrix<T>,
    credited: Matrix<T>,
    updates: Updates<T>,
    /// `sum eta G` so far, `N x n_out`: see [`Updates::source`].
    source: Matrix<T>,
    latest: Latest<T>,
}

impl<T: Real> Isolated<T> {
    /// At rest, for batches of `samples`; updates can be compared over the latest `window`
    /// iterations. Of a credit that is not local, the local part is taken.
    pub fn new(
        network: Network<T>,
        feedback: Feedback<T>,
        credit: Credit,
        samples: usize,
        window: usize,
    ) -> Self {
        let [inputs, units, outputs] = network.sizes();
        let zeros = || Matrix::zeros(samples, units);
        let traces = [inputs, units]
            .map(|sources| Traces::new(network.activation, samples, [sources, units]));
        Self {
            state: zeros(),
            before: zeros(),
            drive: zeros(),
            activity: zeros(),
            slopes: zeros(),
            traces,
            traced_state: zeros(),
            credited: zeros(),
            updates: Updates::zeros(network.sizes()),
            source: Matrix::zeros(units, outputs),
            latest: Latest {
                trajectory: Trajectory::new(0, samples, units),
                inputs: VecDeque::new(),
                errors: VecDeque::new(),
                most: window,
            },
            network,
            feedback,
            credit,
        }
    }

    /// First half of an iteration, with input `P x n_in` and error `P x n_out`: the units move on,
    /// and the update is prepared. Leaves the weights alone.
    pub fn carry(&mut self, input: &Matrix<T>, error: &Matrix<T>) {
        let leak = T::from_f64(self.network.leak);
        std::mem::swap(&mut self.before, &mut self.state);
        let room = [&mut self.drive, &mut self.activity, &mut self.state];
        self.network.advance(input, &self.before, room);
        self.slopes.as_mut_slice().fill(leak);
        self.network.activation.multiply_derivative(
            self.drive.as_slice(),
            self.activity.as_slice(),
            self.slopes.as_mut_slice(),
        );
        self.traced_state.scale(T::one() - leak);
        self.traced_state += leak * self.before.view();
        self.traces[0].advance(input, &self.slopes, leak);
        self.traces[1].advance(&self.before, &self.slopes, leak);
        match self.credit.through_readout() {
            Path::Transpose => self.credited.assign(error * self.network.readout.t()),
            _ => self.credited.assign(error * &self.feedback.readout),
        }
        let Updates { input: of_input, recurrent, readout, source } = &mut self.updates;
        for (out, traces) in [of_input, recurrent].into_iter().zip(&self.traces) {
            out.as_mut_slice().fill(T::zero());
            traces.add_update(out, &self.credited);
        }
        readout.assign(self.state.t() * error);
        source.assign(self.traced_state.t() * error);
        self.remember(input, error);
    }

    /// Second half: `W += eta dW`.
    pub fn apply(&mut self, eta: f64) {
        self.updates.apply(&mut self.network, eta);
        add_scaled(self.source.as_mut_slice(), self.updates.source.as_slice(), T::from_f64(eta));
    }

    /// One iteration.
    pub fn step(&mut self, input: &Matrix<T>, error: &Matrix<T>, eta: f64) {
        self.carry(input, error);
        self.apply(eta);
    }

    /// `h_t` of the latest iteration, `P x N`.
    pub fn state(&self) -> &Matrix<T> {
        &self.state
    }

    /// `h_{t-1}`, `P x N`.
    pub fn before(&self) -> &Matrix<T> {
        &self.before
    }

    /// `alpha f'(u_t)` of the latest iteration, `P x N`.
    pub fn slopes(&self) -> &Matrix<T> {
        &self.slopes
    }

    /// `e_t F` of the latest iteration, `P x N`.
    pub fn credited(&self) -> &Matrix<T> {
        &self.credited
    }

    /// The update that [`Self::carry`] prepared, before the learning rate.
    pub fn updates(&self) -> &Updates<T> {
        &self.updates
    }

    /// `sum eta G` over the updates so far, `N x n_out`.
    pub fn source(&self) -> &Matrix<T> {
        &self.source
    }

    /// What the errors of the latest iterations change by this rule, and by BPTT with the present
    /// weights, each over the same iterations and from the state before them.
    pub fn compared(&self) -> [Updates<T>; 2] {
        let Latest { trajectory, inputs, errors, .. } = &self.latest;
        let (inputs, errors): (Vec<_>, Vec<_>) =
            (inputs.iter().cloned().collect(), errors.iter().cloned().collect());
        let local = if self.credit.is_local() { self.credit } else { Credit::Rflo };
        [local, Credit::Bptt].map(|credit| {
            carry_back(&self.network, &self.feedback, credit, &inputs, trajectory, &errors)
        })
    }

    fn remember(&mut self, input: &Matrix<T>, error: &Matrix<T>) {
        let Latest { trajectory, inputs, errors, most } = &mut self.latest;
        if *most == 0 {
            return;
        }
        trajectory.push(&self.before, [&self.drive, &self.activity, &self.state], *most);
        inputs.push_back(input.clone());
        errors.push_back(error.clone());
        if inputs.len() > *most {
            inputs.pop_front();
            errors.pop_front();
        }
    }
}
