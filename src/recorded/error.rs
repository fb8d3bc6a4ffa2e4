//! Why a recording cannot be used.

use crate::array::ArrayError;
use std::path::PathBuf;
use thiserror::Error;

/// Why a recording cannot be used.
#[derive(Debug, Error)]
pub enum RecordedRunError {
    /// The archive cannot be read.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// Members that are malformed, or do not fit together.
    #[error("{} cannot be used:\n  {}", path.display(), problems.join("\n  "))]
    Unfit {
        /// The archive.
        path: PathBuf,
        /// Everything that is wrong.
        problems: Vec<String>,
    },
}
