//! Data sets, label codes and how they change in time.

mod cifar;
mod code;
mod digits;
#[cfg(feature = "fetch")]
mod fetch;
mod gzip;
mod idx;
mod labels;
mod layout;
mod library;
mod members;
mod parts;
mod resize;
mod source;

pub use cifar::{CifarError, parse_batch};
pub use code::{CodeKind, LabelCode};
pub use digits::digits;
use digits::digits_pixels;
#[cfg(feature = "fetch")]
pub use fetch::{FetchError, Origin, Packing, Patience, Progress, Publication, fetch};
pub use idx::{IdxError, parse_images, parse_labels};
pub use labels::{ChangeKind, LabelChange, wrong_labels};
pub use library::{Library, VARIABLE};
pub use parts::Note;
pub use resize::Resizer;
pub use source::{CIFAR_FILES, DataFacts, IDX_FILES, OfficialFile, Source};

use crate::array::ArrayError;
use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use crate::real::Real;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Images and labels of one part of a data set.
#[derive(Clone, Debug)]
pub struct Split<T> {
    /// One image per row, pixels scaled to `[0, 1]`; of colour images the red plane, the green and the blue.
    pub images: Matrix<T>,
    /// One class per image, below [`DataSet::classes`].
    pub labels: Vec<u8>,
}

/// A classification data set.
#[derive(Clone, Debug)]
pub struct DataSet<T> {
    /// Images to learn from.
    pub train: Split<T>,
    /// Held-out images.
    pub test: Split<T>,
    /// Number of classes.
    pub classes: usize,
}

impl<T: Real> DataSet<T> {
    /// Pixels per image, of all channels.
    pub fn inputs(&self) -> usize {
        self.train.images.cols()
    }
}

impl<T: Real> Split<T> {
    /// The samples of these indices.
    fn select(&self, indices: &[usize]) -> Self {
        let data = indices.iter().flat_map(|&i| self.images.row(i)).copied().collect();
        Self {
            images: Matrix::from_vec(indices.len(), self.images.cols(), data),
            labels: indices.iter().map(|&i| self.labels[i]).collect(),
        }
    }
}

/// Why a data set cannot be had.
#[derive(Debug, Error)]
pub enum DataError {
    /// A named set is not in the data directory.
    #[error(
        "data set `{name}` is not in {}: {}put the official files ({needs}) into {}, \
         or say with --data-dir or {VARIABLE} which directory has them; `alignscope data list` shows what is found",
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
        "{} is not the official file of `{name}` ({why}): get it again, or use your own data by path (--data DIRECTORY)",
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
    if cfg!(feature = "fetch") { format!("get it with `alignscope data fetch {name}`, ") } else { String::new() }
}

/// Refuses a set with more labels than images, or fewer.
fn check_counts(path: &Path, images: usize, labels: usize) -> Result<(), DataError> {
    if images == labels && images > 0 {
        return Ok(());
    }
    let why = if images == 0 { "no images".into() } else { format!("{images} images but {labels} labels") };
    Err(DataError::Unfit { path: path.into(), why })
}

/// Indices of training and test samples of a set that comes in one piece: four fifths and one, whatever the seed of a
/// run.
fn fixed_split(count: usize) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..count).collect();
    Stream::new(0, 0, Role::DataOrder).shuffle(&mut order);
    let test = order.split_off((count * 4 / 5).clamp(1.min(count), count));
    (order, test)
}
