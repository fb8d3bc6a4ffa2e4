//! A process as it is drawn, frame after frame.

use super::error::RecordedError;
use super::form::Form;
use super::process::{Noise, Sampler};
use crate::matrix::Matrix;
use crate::random::Stream;
use crate::real::Real;

/// One realisation of a process around its mean, before [`Form::mean`] and [`Form::std`].
pub(super) struct Realisation<T> {
    sampler: Sampler<T>,
    noise: Noise<T>,
    frame: Matrix<T>,
    iteration: usize,
}

impl<T: Real> Realisation<T> {
    /// Draws iteration 0 of a run of `shape`: iterations, samples, units. `labels` are the classes
    /// of the samples.
    ///
    /// # Errors
    /// If the file it comes from cannot be used.
    pub fn new(
        form: &Form,
        shape: [usize; 3],
        stream: Stream,
        labels: &[usize],
    ) -> Result<Self, RecordedError> {
        let [_, samples, units] = shape;
        let mut noise = Noise::new(stream, [samples, units], [form.batch, form.units]);
        let mut sampler = form.process.sampler(shape, &mut noise)?;
        let mut frame = noise.zeros();
        sampler(&mut frame, 0, &mut noise, labels);
        Ok(Self { sampler, noise, frame, iteration: 0 })
    }

    /// Values of the current iteration, samples x units.
    pub fn frame(&self) -> &Matrix<T> {
        &self.frame
    }

    /// Moves to the next iteration; `labels` are the classes of its samples.
    pub fn advance(&mut self, labels: &[usize]) {
        self.iteration += 1;
        (self.sampler)(&mut self.frame, self.iteration, &mut self.noise, labels);
    }
}
