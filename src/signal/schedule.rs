//! The three schedules of the paper's first experiment: held, shared and white signals.

use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use crate::real::Real;

/// How activity `X` and error `E` follow each other in time. All entries are N(0, 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Both drawn once and kept: full autocorrelation.
    Held,
    /// `E` redrawn each iteration and `X := E`: full cross-correlation, no autocorrelation.
    Shared,
    /// Both redrawn each iteration, independent of each other: neither.
    White,
}

/// The signals of one repeat, one iteration at a time.
pub struct Signals<T> {
    schedule: Schedule,
    activity_stream: Stream,
    error_stream: Stream,
    activity: Matrix<T>,
    error: Matrix<T>,
}

impl<T: Real> Signals<T> {
    /// Draws the signals of iteration 0: `batch x inputs` and `batch x outputs`. `Shared` needs `inputs == outputs`.
    pub fn new(schedule: Schedule, batch: usize, inputs: usize, outputs: usize, seed: u64, repeat: u64) -> Self {
        let mut signals = Self {
            schedule,
            activity_stream: Stream::new(seed, repeat, Role::Activity),
            error_stream: Stream::new(seed, repeat, Role::Signal),
            activity: Matrix::zeros(batch, inputs),
            error: Matrix::zeros(batch, outputs),
        };
        signals.redraw();
        signals
    }

    /// Activity `X` of the current iteration, `P x n_0`.
    pub fn activity(&self) -> &Matrix<T> {
        match self.schedule {
            Schedule::Shared => &self.error,
            Schedule::Held | Schedule::White => &self.activity,
        }
    }

    /// Error signal `E` of the current iteration, `P x n_D`.
    pub fn error(&self) -> &Matrix<T> {
        &self.error
    }

    /// Moves to the next iteration.
    pub fn advance(&mut self) {
        if self.schedule != Schedule::Held {
            self.redraw();
        }
    }

    fn redraw(&mut self) {
        if self.schedule != Schedule::Shared {
            self.activity_stream.fill_normal(self.activity.as_mut_slice());
        }
        self.error_stream.fill_normal(self.error.as_mut_slice());
    }
}
