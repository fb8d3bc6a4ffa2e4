//! Data sets loaded once and shared by all jobs.

use super::digits::digits_pixels;
use super::images::{Images, Pixels, StoredSet};
use super::layout::{Layout, existing};
use super::named::Published;
use super::parts::matrix;
use super::{DataError, DataSet, Source, Split, VARIABLE, fixed_split};
use crate::real::Real;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What a loaded data set is kept under: source, side of its images, training images that are held
/// out, precision.
type Key = (Source, Option<usize>, usize, TypeId);

/// Where data sets are, and those already loaded.
#[derive(Default)]
pub struct Library {
    directory: Option<PathBuf>,
    loaded: Mutex<HashMap<Key, Arc<dyn Any + Send + Sync>>>,
}

impl Library {
    /// Data sets in `directory`, or, where none is given, in that of the environment variable
    /// `ALIGNSCOPE_DATA`, if there is one.
    pub fn new(directory: Option<PathBuf>) -> Self {
        let variable =
            || std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self { directory: directory.or_else(variable), loaded: Mutex::default() }
    }

    /// The data directory, if there is one.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// Directory of the files of a data set that is kept in the data directory.
    ///
    /// # Errors
    /// If it is not there; the message says how to get it.
    pub fn locate(&self, source: &Source) -> Result<PathBuf, DataError> {
        let missing = || DataError::Missing {
            name: source.to_string(),
            directory: self
                .directory
                .clone()
                .unwrap_or_else(|| PathBuf::from("(no data directory)")),
            needs: source.published().map_or("", |published| published.packing.format().needs()),
        };
        let directory = self.directory.as_ref().ok_or_else(missing)?;
        let published = source.published().ok_or_else(missing)?;
        let first = published.files.first().ok_or_else(missing)?;
        let mut candidates = published.directories.iter().map(|name| directory.join(name));
        candidates
            .find(|path| existing(path, published.packing.format(), first.name).is_ok())
            .ok_or_else(missing)
    }

    /// Checks that a data set is at hand, without loading it.
    ///
    /// # Errors
    /// If it is not.
    pub fn require(&self, source: &Source) -> Result<(), DataError> {
        match source {
            Source::Named(set) if set.published.is_none() => Ok(()),
            Source::Named(_) => self.locate(source).map(|_| ()),
            Source::Path(_) => source.facts().map(|_| ()),
        }
    }

    /// Compares the files of a named data set with the official ones.
    ///
    /// # Errors
    /// If a file is missing, cannot be read, or differs.
    pub fn verify(&self, source: &Source) -> Result<(), DataError> {
        match source.published() {
            Some(published) => self.official(source, published).map(|_| ()),
            None => source.facts().map(|_| ()),
        }
    }

    /// The data set, its images resized to `side x side` pixels where a side is given.
    ///
    /// # Errors
    /// If it is not there, damaged, or cannot be resized.
    pub fn load<T: Real>(
        &self,
        source: &Source,
        side: Option<usize>,
    ) -> Result<Arc<DataSet<T>>, DataError> {
        self.hold_out(source, side, 0)
    }

    /// The same with the last `held_out` training images as they are stored in the place of the
    /// test images, and none of them to learn from; with 0, the test images.
    ///
    /// # Errors
    /// As of [`Self::load`].
    pub fn hold_out<T: Real>(
        &self,
        source: &Source,
        side: Option<usize>,
        held_out: usize,
    ) -> Result<Arc<DataSet<T>>, DataError> {
        let key = (source.clone(), side, held_out, TypeId::of::<T>());
        // Held while loading, so that jobs that start together load once.
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) =
            loaded.get(&key).and_then(|any| any.clone().downcast::<DataSet<T>>().ok())
        {
            return Ok(found);
        }
        let data = Arc::new(self.read::<T>(source, side)?.holding_out(held_out));
        loaded.insert(key, data.clone());
        Ok(data)
    }

    fn read<T: Real>(&self, source: &Source, side: Option<usize>) -> Result<DataSet<T>, DataError> {
        let path = match source {
            Source::Path(path) => path,
            Source::Named(set) => {
                return match &set.published {
                    Some(published) => Ok(self.official(source, published)?.into_set(side)),
                    None => digits_set(side),
                };
            }
        };
        let (planned, stored) = (source.facts()?, StoredSet::read(&Layout::find(path)?, None)?);
        let unfit = |why: &str| DataError::Unfit { path: path.clone(), why: why.into() };
        if stored.facts.fingerprint != planned.fingerprint {
            return Err(unfit("the files have changed since this run was begun: begin it again"));
        }
        if side.is_some() && planned.image.is_none() {
            return Err(unfit("samples are not images and cannot be resized: leave size out"));
        }
        Ok(stored.into_set(side))
    }

    /// The official files of a named data set.
    fn official(&self, named: &Source, published: &Published) -> Result<StoredSet, DataError> {
        let layout = Layout::official(&self.locate(named)?, published.packing.format())?;
        let name = named.to_string();
        StoredSet::read(&layout, Some((&name, published.files)))
    }
}

/// The digits of the program, resized where a side is given.
fn digits_set<T: Real>(side: Option<usize>) -> Result<DataSet<T>, DataError> {
    let (shape, pixels, labels, levels) = digits_pixels().map_err(DataError::Digits)?;
    let [count, height, width] = shape;
    let pixels = Pixels::Bytes(pixels);
    let images = Images { count, image: Some([1, height, width]), inputs: height * width, pixels };
    let all = Split { images: matrix(&images, side, levels), labels };
    let (train, test) = fixed_split(all.labels.len());
    Ok(DataSet { train: all.select(&train), test: all.select(&test), classes: 10 })
}

/// The digits, pixels divided by 16, split once and for all into 1,437 training and 360 test
/// images, whatever the seed of a run.
///
/// # Errors
/// If the embedded bytes are damaged.
pub fn digits<T: Real>() -> Result<Arc<DataSet<T>>, DataError> {
    Library::default().load(&Source::DIGITS, None)
}
