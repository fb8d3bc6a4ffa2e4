//! Samplers: one process, one iteration at a time.

use super::form::{Form, Process};
use super::linear::{AutoRegression, Innovations};
use crate::matrix::{Matrix, add_scaled};
use crate::random::Stream;
use crate::real::Real;
use std::collections::VecDeque;

/// The values of a process around their mean, before [`Form::mean`] and [`Form::std`]: a `P x n` matrix per iteration.
pub(super) struct Sampler<T> {
    engine: Engine<T>,
    stream: Stream,
    /// Factors `(own, common)` of an equally correlated mixture, over the batch and over units.
    mixes: [Option<(T, T)>; 2],
    frame: Matrix<T>,
    /// Iteration of `frame`.
    at: usize,
}

enum Engine<T> {
    /// Redrawn every so many iterations; never if not given.
    Held(Option<usize>),
    Uniform,
    /// Nothing but the mean.
    Constant,
    /// `x <- keep x + noise n`.
    Recursion {
        keep: T,
        noise: T,
        drawn: Matrix<T>,
    },
    Auto {
        auto: AutoRegression,
        past: VecDeque<Matrix<T>>,
    },
    Moving {
        weights: Vec<T>,
        noise: VecDeque<Matrix<T>>,
    },
    Correlated {
        innovations: Innovations,
        /// Noises of the past, each times its standard deviation.
        noise: VecDeque<Matrix<T>>,
    },
    Classes {
        means: Matrix<T>,
        own: T,
    },
}

impl<T: Real> Sampler<T> {
    /// Draws iteration 0: `samples x units`. Class-structured processes need the labels of the batch.
    pub fn new(form: &Form, samples: usize, units: usize, stream: Stream, labels: &[usize]) -> Self {
        let mix = |r: f64, n: usize| (r != 0.0).then(|| equal_mixture(r, n));
        let mut sampler = Self {
            engine: Engine::Constant,
            stream,
            mixes: [mix(form.batch, samples), mix(form.units, units)],
            frame: Matrix::zeros(samples, units),
            at: 0,
        };
        sampler.engine = sampler.engine_of(form, units);
        sampler.start(labels);
        sampler
    }

    fn engine_of(&mut self, form: &Form, units: usize) -> Engine<T> {
        let drawn = || Matrix::zeros(self.frame.rows(), self.frame.cols());
        match &form.process {
            Process::White => Engine::Held(Some(1)),
            Process::Held(period) => Engine::Held(*period),
            Process::Uniform => Engine::Uniform,
            Process::Constant | Process::File { .. } => Engine::Constant,
            &Process::Ar1(r) => {
                let noise = T::from_f64((1.0 - r * r).sqrt());
                Engine::Recursion { keep: T::from_f64(r), noise, drawn: drawn() }
            }
            &Process::Paper(b) => {
                Engine::Recursion { keep: T::from_f64(b), noise: T::from_f64(1.0 - b), drawn: drawn() }
            }
            Process::Ar(c) => match AutoRegression::new(c) {
                Ok(auto) => Engine::Auto { auto, past: VecDeque::new() },
                // Refused where the form was read.
                Err(_) => Engine::Constant,
            },
            Process::Ma(c) => {
                let noise = (1..c.len()).map(|_| self.noise()).collect();
                Engine::Moving { weights: c.iter().map(|&c| T::from_f64(c)).collect(), noise }
            }
            Process::Acf(r) => Engine::Correlated { innovations: Innovations::new(r), noise: VecDeque::new() },
            &Process::Classes { classes, within, between } => {
                let mut means = Matrix::zeros(classes + 1, units);
                self.stream.fill_normal(means.as_mut_slice());
                let common = means.row(classes).to_vec();
                let (shared, own) = (T::from_f64(between.sqrt()), T::from_f64((within - between).sqrt()));
                for class in 0..classes {
                    for (value, &common) in means.row_mut(class).iter_mut().zip(&common) {
                        *value = own * *value + shared * common;
                    }
                }
                Engine::Classes { means, own: T::from_f64((1.0 - within).sqrt()) }
            }
        }
    }

    /// Values of the current iteration, `P x n`.
    pub fn frame(&self) -> &Matrix<T> {
        &self.frame
    }

    /// Moves to the next iteration; `labels` are those of its batch.
    pub fn advance(&mut self, labels: &[usize]) {
        self.at += 1;
        match &mut self.engine {
            Engine::Held(Some(period)) if self.at.is_multiple_of(*period) => self.redraw(),
            Engine::Held(_) | Engine::Constant => {}
            Engine::Recursion { keep, noise, drawn } => {
                let (keep, noise) = (*keep, *noise);
                self.stream.fill_normal(drawn.as_mut_slice());
                mix(drawn, &self.mixes);
                for (x, &n) in self.frame.as_mut_slice().iter_mut().zip(drawn.as_slice()) {
                    *x = keep * *x + noise * n;
                }
            }
            _ => self.start(labels),
        }
    }

    /// Draws the current iteration from the process' own state.
    fn start(&mut self, labels: &[usize]) {
        let mut engine = std::mem::replace(&mut self.engine, Engine::Constant);
        match &mut engine {
            Engine::Constant => {}
            Engine::Held(_) | Engine::Recursion { .. } => self.redraw(),
            Engine::Uniform => {
                self.stream.fill_uniform(self.frame.as_mut_slice());
                let half = T::from_f64(0.5);
                self.frame.as_mut_slice().iter_mut().for_each(|x| *x -= half);
            }
            Engine::Auto { auto, past } => {
                let (weights, sd) = auto.step(self.at);
                let mut next = self.noise();
                next.scale(T::from_f64(sd));
                add_weighted(&mut next, weights, past);
                push(past, next.clone(), auto.orders.len() - 1);
                self.frame = next;
            }
            Engine::Moving { weights, noise } => {
                let latest = self.noise();
                self.frame = latest.clone();
                self.frame.scale(weights[0]);
                for (&w, past) in weights[1..].iter().zip(noise.iter().rev()) {
                    add_scaled(self.frame.as_mut_slice(), past.as_slice(), w);
                }
                push(noise, latest, weights.len() - 1);
            }
            Engine::Correlated { innovations, noise } => {
                let (weights, sd) = innovations.advance();
                let mut latest = self.noise();
                latest.scale(T::from_f64(sd));
                self.frame = latest.clone();
                add_weighted(&mut self.frame, &weights, noise);
                push(noise, latest, innovations.lags());
            }
            Engine::Classes { means, own } => {
                self.redraw();
                for (p, &label) in labels.iter().enumerate().take(self.frame.rows()) {
                    for (value, &mean) in self.frame.row_mut(p).iter_mut().zip(means.row(label)) {
                        *value = *own * *value + mean;
                    }
                }
            }
        }
        self.engine = engine;
    }

    fn redraw(&mut self) {
        self.stream.fill_normal(self.frame.as_mut_slice());
        mix(&mut self.frame, &self.mixes);
    }

    /// Fresh normals with the correlation across the batch and units.
    fn noise(&mut self) -> Matrix<T> {
        let mut out = Matrix::zeros(self.frame.rows(), self.frame.cols());
        self.stream.fill_normal(out.as_mut_slice());
        mix(&mut out, &self.mixes);
        out
    }
}

/// `target += sum_j weights[j] * past[j + 1 back]`; the latest stands last.
fn add_weighted<T: Real>(target: &mut Matrix<T>, weights: &[f64], past: &VecDeque<Matrix<T>>) {
    for (&w, past) in weights.iter().zip(past.iter().rev()) {
        add_scaled(target.as_mut_slice(), past.as_slice(), T::from_f64(w));
    }
}

/// Appends, keeping the latest `length`.
fn push<T>(past: &mut VecDeque<T>, latest: T, length: usize) {
    past.push_back(latest);
    while past.len() > length {
        past.pop_front();
    }
}

/// `(a, b)` such that `a x_i + b sum_j x_j` has variance 1 and correlation `r` for independent `x` of variance 1: the
/// symmetric square root of the correlation matrix.
fn equal_mixture<T: Real>(r: f64, n: usize) -> (T, T) {
    let own = (1.0 - r).max(0.0).sqrt();
    let common = (1.0 + (n as f64 - 1.0) * r).max(0.0).sqrt();
    (T::from_f64(own), T::from_f64((common - own) / n as f64))
}

fn mix<T: Real>(frame: &mut Matrix<T>, [over_batch, over_units]: &[Option<(T, T)>; 2]) {
    if let Some((own, common)) = *over_batch {
        let mut sums = vec![T::zero(); frame.cols()];
        for row in frame.as_slice().chunks_exact(frame.cols()) {
            sums.iter_mut().zip(row).for_each(|(s, &x)| *s += x);
        }
        for p in 0..frame.rows() {
            frame.row_mut(p).iter_mut().zip(&sums).for_each(|(x, &s)| *x = own * *x + common * s);
        }
    }
    if let Some((own, common)) = *over_units {
        for p in 0..frame.rows() {
            let row = frame.row_mut(p);
            let sum = row.iter().fold(T::zero(), |sum, &x| sum + x);
            row.iter_mut().for_each(|x| *x = own * *x + common * sum);
        }
    }
}
