//! Data sets loaded once and shared by all jobs.

use super::idx::{into_images, parse_labels};
use super::resize::Resizer;
use super::source::{IDX_FILES, existing, idx_file, plain};
use super::{DataError, DataSet, Source, Split, check_counts, digits_pixels, fixed_split, npz};
use crate::matrix::Matrix;
use crate::real::Real;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What a loaded data set is kept under: source, side of its images, precision.
type Key = (Source, Option<usize>, TypeId);

/// Where data sets are, and those already loaded.
#[derive(Default)]
pub struct Library {
    directory: Option<PathBuf>,
    loaded: Mutex<HashMap<Key, Arc<dyn Any + Send + Sync>>>,
}

/// Name of the environment variable that holds the data directory.
pub const VARIABLE: &str = "ALIGNSCOPE_DATA";

/// Grey levels of unsigned bytes.
const LEVELS: f64 = 255.0;

impl Library {
    /// Data sets in `directory`, or, where none is given, in that of the environment variable `ALIGNSCOPE_DATA`, or in
    /// `alignscope` under the platform's data directory.
    pub fn new(directory: Option<PathBuf>) -> Self {
        let variable = || std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let directory = directory.or_else(variable).or_else(|| Some(dirs::data_dir()?.join("alignscope")));
        Self { directory, loaded: Mutex::default() }
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
            directory: self.directory.clone().unwrap_or_else(|| PathBuf::from("(no data directory)")),
        };
        let directory = self.directory.as_ref().ok_or_else(missing)?;
        let candidates = source.directories().iter().map(|name| directory.join(name));
        let found = candidates.into_iter().find(|path| idx_file(path, IDX_FILES[0]).is_some());
        found.ok_or_else(missing)
    }

    /// Checks that a data set is at hand, without loading it.
    ///
    /// # Errors
    /// If it is not.
    pub fn require(&self, source: &Source) -> Result<(), DataError> {
        match source {
            Source::Digits => Ok(()),
            Source::Mnist | Source::FashionMnist => self.locate(source).map(|_| ()),
            Source::Path(_) => source.facts().map(|_| ()),
        }
    }

    /// Compares the files of a named data set with the official ones.
    ///
    /// # Errors
    /// If a file is missing, cannot be read, or differs.
    pub fn verify(&self, source: &Source) -> Result<(), DataError> {
        let Some(checksums) = source.checksums() else { return source.facts().map(|_| ()) };
        let directory = self.locate(source)?;
        for (name, checksum) in IDX_FILES.into_iter().zip(checksums) {
            let path = existing(&directory, name)?;
            check_bytes(&path, source, &plain(&path)?, checksum)?;
        }
        Ok(())
    }

    /// The data set, its images resized to `side x side` pixels where a side is given.
    ///
    /// # Errors
    /// If it is not there, damaged, or cannot be resized.
    pub fn load<T: Real>(&self, source: &Source, side: Option<usize>) -> Result<Arc<DataSet<T>>, DataError> {
        let key = (source.clone(), side, TypeId::of::<T>());
        // Held while loading, so that jobs that start together load once.
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = loaded.get(&key).and_then(|any| any.clone().downcast::<DataSet<T>>().ok()) {
            return Ok(found);
        }
        let data = Arc::new(self.read::<T>(source, side)?);
        loaded.insert(key, data.clone());
        Ok(data)
    }

    fn read<T: Real>(&self, source: &Source, side: Option<usize>) -> Result<DataSet<T>, DataError> {
        match source {
            Source::Digits => digits_set(side),
            Source::Path(path) if !path.is_dir() => {
                let facts = source.facts()?;
                if side.is_some() {
                    let why = "samples of .npz archives are not resized: resize them before, or leave size out";
                    return Err(DataError::Unfit { path: path.clone(), why: why.into() });
                }
                npz::load(path, facts.classes)
            }
            Source::Path(directory) => read_directory(directory, source, side, source.facts()?.classes),
            Source::Mnist | Source::FashionMnist => read_directory(&self.locate(source)?, source, side, 10),
        }
    }
}

/// The digits of the program, resized where a side is given.
fn digits_set<T: Real>(side: Option<usize>) -> Result<DataSet<T>, DataError> {
    let (shape, pixels, labels, levels) = digits_pixels().map_err(DataError::Digits)?;
    let images = scaled(shape, &pixels, side, levels);
    let all = Split { images, labels };
    let (train, test) = fixed_split(all.labels.len());
    Ok(DataSet { train: all.select(&train), test: all.select(&test), classes: 10 })
}

fn check_bytes(path: &Path, source: &Source, bytes: &[u8], checksum: &str) -> Result<(), DataError> {
    if blake3::hash(bytes).to_hex().as_str() == checksum {
        return Ok(());
    }
    Err(DataError::Checksum { path: path.into(), name: source.to_string() })
}

fn read_directory<T: Real>(
    directory: &Path,
    source: &Source,
    side: Option<usize>,
    classes: usize,
) -> Result<DataSet<T>, DataError> {
    let part = |at: usize| -> Result<Split<T>, DataError> {
        let files = [existing(directory, IDX_FILES[at])?, existing(directory, IDX_FILES[at + 1])?];
        let of_file = |path: &Path| {
            let path = path.to_path_buf();
            move |source| DataError::Idx { path, source }
        };
        let labels = plain(&files[1])?;
        let images = plain(&files[0])?;
        if let Some(checksums) = source.checksums() {
            check_bytes(&files[0], source, &images, checksums[at])?;
            check_bytes(&files[1], source, &labels, checksums[at + 1])?;
        }
        let labels = parse_labels(&labels).map_err(of_file(&files[1]))?;
        let (shape, pixels) = into_images(images).map_err(of_file(&files[0]))?;
        check_counts(&files[0], shape[0], labels.len())?;
        if let Some(at) = labels.iter().position(|&label| usize::from(label) >= classes) {
            let why = format!("label {} at index {at}, with {classes} classes", labels[at]);
            return Err(DataError::Unfit { path: files[1].clone(), why });
        }
        Ok(Split { images: scaled(shape, &pixels, side, LEVELS), labels })
    };
    Ok(DataSet { train: part(0)?, test: part(2)?, classes })
}

/// Pixels divided by the number of grey levels, one image per row, resized where a side is given.
fn scaled<T: Real>([count, height, width]: [usize; 3], pixels: &[u8], side: Option<usize>, levels: f64) -> Matrix<T> {
    let to = side.map_or([height, width], |side| [side, side]);
    let value = |pixel: f64| T::from_f64(pixel / levels);
    let mut data = Vec::with_capacity(count * to[0] * to[1]);
    if to == [height, width] {
        data.extend(pixels.iter().map(|&pixel| value(f64::from(pixel))));
    } else {
        let resizer = Resizer::new([height, width], to);
        for image in pixels.chunks_exact(height * width) {
            data.extend(resizer.resize(image).map(value));
        }
    }
    Matrix::from_vec(count, to[0] * to[1], data)
}
