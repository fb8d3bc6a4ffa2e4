//! Why a data set cannot be had.

use super::cifar::CifarError;
use super::idx::IdxError;
use crate::array::ArrayError;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a data set cannot be had.
#[derive(Debug, Error)]
pub enum DataError {
    /// A named set is not in the data directory.
    #[error(
        "data set `{name}` is not in {}: {}put the official files ({needs}) into {}, or say with \
         --data-dir or {VARIABLE} which directory has them; `alignscope data list` shows what is \
         found",
        directory.display(), fetching(name), directory.join(name).display()
    )]
    Missing {
        /// Its name.
        name: String,
        /// The data directory.
        directory: PathBuf,
        /// The files it needs.
        needs: &'static str,
    },
    /// One of the files of a set is missing.
    #[error("{} has no file {file}: the data set needs {needs}", directory.display())]
    Lacks {
        /// The directory.
        directory: PathBuf,
        /// The file.
        file: String,
        /// All files it needs.
        needs: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is no IDX file.
    #[error("{}: {source}", path.display())]
    Idx {
        /// The file.
        path: PathBuf,
        /// Why.
        source: IdxError,
    },
    /// A file is no CIFAR-10 batch.
    #[error("{}: {source}", path.display())]
    Cifar {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CifarError,
    },
    /// A file of a named set is not the official one.
    #[error(
        "{} is not the official file of `{name}` ({why}): get it again, or use your own data by \
         path (--data DIRECTORY)",
        path.display()
    )]
    Unofficial {
        /// The file.
        path: PathBuf,
        /// The set.
        name: String,
        /// How it differs.
        why: String,
    },
    /// Files that are readable but do not make a data set.
    #[error("{}: {why}", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// An archive that cannot be read.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// The digits of the program itself.
    #[error("the embedded digits: {0}")]
    Digits(IdxError),
}

/// How to get a named set by command, where this program can.
fn fetching(name: &str) -> String {
    if cfg!(feature = "fetch") {
        format!("get it with `alignscope data fetch {name}`, ")
    } else {
        String::new()
    }
}

/// Refuses a set with more labels than images, or fewer.
pub(super) fn check_counts(path: &Path, images: usize, labels: usize) -> Result<(), DataError> {
    if images == labels && images > 0 {
        return Ok(());
    }
    let why = if images == 0 {
        "no images".into()
    } else {
        format!("{images} images but {labels} labels")
    };
    Err(DataError::Unfit { path: path.into(), why })
}

/// Name of the environment variable that holds the data directory.
pub const VARIABLE: &str = "ALIGNSCOPE_DATA";
