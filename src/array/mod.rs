//! Arrays in files.

use std::path::{Path, PathBuf};
use thiserror::Error;

/// Values of any number of dimensions, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Length of every dimension.
    pub shape: Vec<usize>,
    /// Values, the last index fastest.
    pub data: Vec<f64>,
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ArrayError {
    /// Not a format that is known.
    #[error("{} is of no format that is read yet", .0.display())]
    Format(PathBuf),
}

/// Reads an array from a file.
///
/// # Errors
/// If its format is not known.
pub fn read(path: &Path, _member: Option<&str>) -> Result<Array, ArrayError> {
    Err(ArrayError::Format(path.into()))
}
