//! Sequences in memory: iterations x samples x units, recorded or generated.

use super::{Pair, PairError, Signals, Sizes};
use crate::array::{Array, MOST_BYTES};
use crate::matrix::Matrix;
use crate::real::Real;
use crate::vmath::all_finite;
use thiserror::Error;

/// Why there is no sequence.
#[derive(Debug, Error)]
pub enum SequenceError {
    /// Another number of dimensions.
    #[error(
        "an array of {0:?} is no sequence: it needs iterations, samples and units, at least one of \
         each"
    )]
    Shape(Vec<usize>),
    /// Another number of values.
    #[error("{found} values are no sequence of {shape:?} iterations, samples and units")]
    Values {
        /// Values given.
        found: usize,
        /// Shape given.
        shape: [usize; 3],
    },
    /// Too large.
    #[error(
        "{what} of {shape:?} iterations, samples and units takes {bytes} bytes, more than \
         {MOST_BYTES}"
    )]
    TooLarge {
        /// What it is for.
        what: &'static str,
        /// Shape.
        shape: [usize; 3],
        /// Memory.
        bytes: u128,
    },
    /// A value that is not finite.
    #[error("the sequence holds a value that is not finite at iteration {0}")]
    NotFinite(usize),
    /// Activity and error that do not belong together.
    #[error(
        "an activity of {0:?} and an error of {1:?} iterations, samples and units do not belong \
         together: iterations and samples must be the same"
    )]
    Pair([usize; 3], [usize; 3]),
    /// Signals that cannot be generated.
    #[error(transparent)]
    Signals(#[from] PairError),
}

/// Values by iteration, sample and unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence<T> {
    shape: [usize; 3],
    values: Vec<T>,
}

impl<T: Real> Sequence<T> {
    /// Values of `[iterations, samples, units]`, the last index fastest.
    ///
    /// # Errors
    /// If there is another number of values, one is not finite, or a length is 0.
    pub fn new(shape: [usize; 3], values: Vec<T>) -> Result<Self, SequenceError> {
        if shape.contains(&0) {
            return Err(SequenceError::Shape(shape.to_vec()));
        }
        if count(shape) != values.len() as u128 {
            return Err(SequenceError::Values { found: values.len(), shape });
        }
        let frame = shape[1] * shape[2];
        match values.chunks_exact(frame).position(|values| !all_finite(values)) {
            Some(t) => Err(SequenceError::NotFinite(t)),
            None => Ok(Self { shape, values }),
        }
    }

    /// The sequence that an array holds.
    ///
    /// # Errors
    /// If it has not three dimensions, or as [`Self::new`].
    pub fn from_array(array: &Array) -> Result<Self, SequenceError> {
        let Ok(shape) = <[usize; 3]>::try_from(&array.shape[..]) else {
            return Err(SequenceError::Shape(array.shape.clone()));
        };
        Self::new(shape, array.data.iter().map(|&x| T::from_f64(x)).collect())
    }

    /// The sequence as an array.
    pub fn to_array(&self) -> Array {
        Array { shape: self.shape.to_vec(), data: self.values.iter().map(|x| x.to_f64()).collect() }
    }

    /// Iterations, samples and units.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Number of iterations.
    pub fn iterations(&self) -> usize {
        self.shape[0]
    }

    /// Values of iteration `t`, sample after sample.
    ///
    /// # Panics
    /// If there is no such iteration.
    pub fn frame(&self, t: usize) -> &[T] {
        let size = self.size();
        &self.values[t * size..(t + 1) * size]
    }

    /// Values of iteration `t`, samples x units, copied.
    ///
    /// # Panics
    /// If there is no such iteration.
    pub fn matrix(&self, t: usize) -> Matrix<T> {
        Matrix::from_vec(self.shape[1], self.shape[2], self.frame(t).to_vec())
    }

    /// All values.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Values of an iteration.
    pub(super) fn size(&self) -> usize {
        self.shape[1] * self.shape[2]
    }

    pub(super) fn frame_mut(&mut self, t: usize) -> &mut [T] {
        let size = self.size();
        &mut self.values[t * size..(t + 1) * size]
    }

    pub(super) fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }
}

/// Number of values of a shape, whatever its size.
pub(super) fn count(shape: [usize; 3]) -> u128 {
    shape.iter().fold(1, |product: u128, &n| product.saturating_mul(n as u128))
}

/// Activities and error signals of the same samples at the same iterations.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording<T> {
    activity: Sequence<T>,
    error: Sequence<T>,
}

impl<T: Real> Recording<T> {
    /// Activity `X` (`T x P x n_0`) and error `D` (`T x P x n_D`).
    ///
    /// # Errors
    /// If they differ in iterations or samples.
    pub fn new(activity: Sequence<T>, error: Sequence<T>) -> Result<Self, SequenceError> {
        let (a, e) = (activity.shape, error.shape);
        if a[..2] != e[..2] {
            return Err(SequenceError::Pair(a, e));
        }
        Ok(Self { activity, error })
    }

    /// The signals of one repeat of `pair`, all iterations of them.
    ///
    /// # Errors
    /// If they would take more than [`MOST_BYTES`], or as [`Pair::check`].
    pub fn generate(
        pair: &Pair,
        sizes: Sizes,
        seed: u64,
        repeat: u64,
    ) -> Result<Self, SequenceError> {
        let Sizes { batch, inputs, outputs, iterations } = sizes;
        let shape = [iterations, batch, inputs + outputs];
        let bytes = count(shape) * size_of::<T>() as u128;
        if bytes > u128::from(MOST_BYTES) {
            return Err(SequenceError::TooLarge { what: "a recording", shape, bytes });
        }
        let mut signals = Signals::<T>::new(pair, sizes, seed, repeat)?;
        let (mut activity, mut error) = (Vec::new(), Vec::new());
        for _ in 0..iterations {
            activity.extend_from_slice(signals.activity().as_slice());
            error.extend_from_slice(signals.error().as_slice());
            signals.advance();
        }
        let sequence = |units, values| Sequence::new([iterations, batch, units], values);
        Self::new(sequence(inputs, activity)?, sequence(outputs, error)?)
    }

    /// Activity.
    pub fn activity(&self) -> &Sequence<T> {
        &self.activity
    }

    /// Error.
    pub fn error(&self) -> &Sequence<T> {
        &self.error
    }

    /// Number of iterations.
    pub fn iterations(&self) -> usize {
        self.activity.iterations()
    }

    pub(super) fn both_mut(&mut self) -> [&mut Sequence<T>; 2] {
        [&mut self.activity, &mut self.error]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Form;

    #[test]
    fn what_is_no_sequence_is_refused() {
        let refuse =
            |shape, values: Vec<f64>| Sequence::new(shape, values).unwrap_err().to_string();
        assert!(refuse([2, 1, 0], vec![]).contains("at least one of each"));
        assert!(refuse([2, 1, 2], vec![0.0; 3]).contains("3 values are no sequence of [2, 1, 2]"));
        assert!(refuse([usize::MAX, usize::MAX, 2], vec![0.0; 3]).contains("3 values"));
        assert!(
            refuse([2, 1, 2], vec![0.0, 0.0, 0.0, f64::NAN]).contains("not finite at iteration 1")
        );
        let array = Array { shape: vec![2, 2], data: vec![0.0; 4] };
        assert!(Sequence::<f64>::from_array(&array).unwrap_err().to_string().contains("[2, 2]"));
        let ones =
            |shape: [usize; 3]| Sequence::new(shape, vec![1.0f32; shape.iter().product()]).unwrap();
        let error = Recording::new(ones([3, 2, 4]), ones([2, 2, 4])).unwrap_err().to_string();
        assert!(error.contains("[3, 2, 4]") && error.contains("[2, 2, 4]"));
        let sizes = Sizes { batch: 1 << 20, inputs: 1 << 20, outputs: 1, iterations: 1 << 20 };
        let pair = Pair::independent(Form::WHITE, Form::WHITE);
        assert!(
            Recording::<f64>::generate(&pair, sizes, 1, 0)
                .unwrap_err()
                .to_string()
                .contains("more than")
        );
    }

    #[test]
    fn recordings_are_the_signals() {
        let pair =
            Pair::independent(Form::parse("ar1:0.9").unwrap(), Form::parse("held:2").unwrap());
        let sizes = Sizes { batch: 3, inputs: 4, outputs: 2, iterations: 5 };
        let recording = Recording::<f64>::generate(&pair, sizes, 4, 1).unwrap();
        let mut signals = Signals::<f64>::new(&pair, sizes, 4, 1).unwrap();
        for t in 0..recording.iterations() {
            assert_eq!(recording.activity().matrix(t), *signals.activity());
            assert_eq!(recording.error().frame(t), signals.error().as_slice());
            signals.advance();
        }
        let array = recording.activity().to_array();
        assert_eq!(array.shape, [5, 3, 4]);
        assert_eq!(Sequence::from_array(&array).unwrap(), *recording.activity());
    }
}
