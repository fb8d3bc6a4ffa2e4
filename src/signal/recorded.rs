//! Signals recorded elsewhere: iterations x samples x units, from a file.

use super::form::{Form, Process};
use crate::array::{self, Array, ArrayError, header, read};
use crate::matrix::Matrix;
use crate::real::Real;
use std::path::PathBuf;
use thiserror::Error;

/// Why a recorded signal cannot be used.
#[derive(Debug, Error)]
pub enum RecordedError {
    /// The file cannot be read as an array.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// An array of another shape.
    #[error(
        "{} holds an array of {found:?}, and a run needs {wanted:?} (iterations, samples, units; more iterations are \
         left unused)", path.display()
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// Its shape.
        found: Vec<usize>,
        /// The shape of the run.
        wanted: [usize; 3],
    },
    /// Contents that changed.
    #[error("{} has the hash {found}, not {wanted}: it is not the file these results belong to", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// Its hash.
        found: String,
        /// The one named.
        wanted: String,
    },
}

/// A recorded signal, one iteration at a time.
pub(super) struct Recorded<T> {
    values: Array,
    frame: Matrix<T>,
    at: usize,
}

impl<T: Real> Recorded<T> {
    pub fn frame(&self) -> &Matrix<T> {
        &self.frame
    }

    /// Moves to the next iteration; stays at the last one recorded.
    pub fn advance(&mut self) {
        self.at = (self.at + 1).min(self.values.shape[0].saturating_sub(1));
        self.fill();
    }

    fn fill(&mut self) {
        let size = self.frame.as_slice().len();
        let values = &self.values.data[self.at * size..(self.at + 1) * size];
        self.frame.as_mut_slice().iter_mut().zip(values).for_each(|(out, &x)| *out = T::from_f64(x));
    }
}

/// Reads the signal of `form` for a run of `wanted` iterations, samples and units.
///
/// # Errors
/// If the file cannot be read, is not the one the form names, or is too short or of another shape.
pub(super) fn load<T: Real>(form: &Form, wanted: [usize; 3]) -> Result<Recorded<T>, RecordedError> {
    let Process::File { path, member, .. } = &resolve(form)?.process else {
        return Ok(Recorded {
            values: Array { shape: vec![0; 3], data: Vec::new() },
            frame: Matrix::zeros(0, 0),
            at: 0,
        });
    };
    let [iterations, batch, units] = wanted;
    let fits = |shape: &[usize]| matches!(*shape, [t, p, n] if t >= iterations && p == batch && n == units);
    let refuse = |found| RecordedError::Shape { path: path.clone(), found, wanted };
    // The header tells already, however long the signal is.
    let found = header(path, member.as_deref())?.shape;
    if !fits(&found) {
        return Err(refuse(found));
    }
    let values = read(path, member.as_deref())?;
    if !fits(&values.shape) {
        return Err(refuse(values.shape));
    }
    let mut recorded = Recorded { values, frame: Matrix::zeros(batch, units), at: 0 };
    recorded.fill();
    Ok(recorded)
}

/// The form with the hash of its file; unchanged where there is no file.
///
/// # Errors
/// If the file cannot be read, or has another hash than the form says.
pub(super) fn resolve(form: &Form) -> Result<Form, RecordedError> {
    let Process::File { path, member, digest } = &form.process else { return Ok(form.clone()) };
    let found = array::digest(path)?;
    match digest {
        Some(wanted) if *wanted != found => {
            Err(RecordedError::Changed { path: path.clone(), found, wanted: wanted.clone() })
        }
        _ => {
            let process = Process::File { path: path.clone(), member: member.clone(), digest: Some(found) };
            Ok(Form { process, ..form.clone() })
        }
    }
}
