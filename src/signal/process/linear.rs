//! What samplers of linear processes are made of.

use super::{Matrix, Noise, Real, Sampler};
use crate::matrix::add_scaled;
use std::collections::VecDeque;

/// Draws `x_t = keep x_{t-1} + scale n_t` from `x_0 ~ N(0, 1)`.
pub(super) fn recursion<T: Real>([keep, scale]: [f64; 2], noise: &Noise<T>) -> Sampler<T> {
    let (keep, scale, mut fresh) = (T::from_f64(keep), T::from_f64(scale), noise.zeros());
    Box::new(move |frame, t, noise, _| {
        if t == 0 {
            return noise.fill(frame);
        }
        noise.fill(&mut fresh);
        for (x, &n) in frame.as_mut_slice().iter_mut().zip(fresh.as_slice()) {
            *x = keep * *x + scale * n;
        }
    })
}

/// The latest frames of a process or of its noise.
pub(super) struct History<T> {
    frames: VecDeque<Matrix<T>>,
    length: usize,
}

impl<T: Real> History<T> {
    /// Room for the latest `length` frames.
    pub fn new(length: usize) -> Self {
        Self { frames: VecDeque::new(), length }
    }

    /// `target += sum_j weights[j] * frame`, of the frame `j + 1` iterations back.
    pub fn add_weighted(&self, target: &mut Matrix<T>, weights: &[f64]) {
        for (&w, frame) in weights.iter().zip(self.frames.iter().rev()) {
            add_scaled(target.as_mut_slice(), frame.as_slice(), T::from_f64(w));
        }
    }

    /// Appends the latest frame, and lets go of the oldest where there is no room.
    pub fn push(&mut self, latest: Matrix<T>) {
        self.frames.push_back(latest);
        while self.frames.len() > self.length {
            self.frames.pop_front();
        }
    }
}
