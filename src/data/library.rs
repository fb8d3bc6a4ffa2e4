//! Data sets loaded once and shared by all jobs.

use super::cifar::{CIFAR_IMAGE, parse_batch};
use super::idx::{into_images, parse_labels};
use super::resize::Resizer;
use super::source::{CIFAR_FILES, Format, IDX_FILES, existing, read_unpacked};
use super::{DataError, DataSet, OfficialFile, Source, Split};
use super::{check_counts, digits_pixels, fixed_split, npz};
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
            needs: source.format().needs(),
        };
        let directory = self.directory.as_ref().ok_or_else(missing)?;
        let first = source.official_files().first().ok_or_else(missing)?;
        let mut candidates = source.directories().iter().map(|name| directory.join(name));
        candidates.find(|path| existing(path, source.format(), first.name).is_ok()).ok_or_else(missing)
    }

    /// Checks that a data set is at hand, without loading it.
    ///
    /// # Errors
    /// If it is not.
    pub fn require(&self, source: &Source) -> Result<(), DataError> {
        match source {
            Source::Digits => Ok(()),
            Source::Mnist | Source::FashionMnist | Source::Cifar10 => self.locate(source).map(|_| ()),
            Source::Path(_) => source.facts().map(|_| ()),
        }
    }

    /// Compares the files of a named data set with the official ones.
    ///
    /// # Errors
    /// If a file is missing, cannot be read, or differs.
    pub fn verify(&self, source: &Source) -> Result<(), DataError> {
        if source.official_files().is_empty() {
            return source.facts().map(|_| ());
        }
        let directory = self.locate(source)?;
        let file = |file: &OfficialFile| contents(&directory, source, source.format(), file.name).map(|_| ());
        source.official_files().iter().try_for_each(file)
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
            Source::Path(directory) => read_directory(directory, source, Format::of(directory), side),
            named => read_directory(&self.locate(source)?, source, named.format(), side),
        }
    }
}

/// The digits of the program, resized where a side is given.
fn digits_set<T: Real>(side: Option<usize>) -> Result<DataSet<T>, DataError> {
    let (shape, pixels, labels, levels) = digits_pixels().map_err(DataError::Digits)?;
    let images = scaled(shape[0], [1, shape[1], shape[2]], &pixels, side, levels);
    let all = Split { images, labels };
    let (train, test) = fixed_split(all.labels.len());
    Ok(DataSet { train: all.select(&train), test: all.select(&test), classes: 10 })
}

/// A file in `directory` and what it holds, unpacked; of a named set only if it is the official one.
fn contents(directory: &Path, source: &Source, format: Format, name: &str) -> Result<(PathBuf, Vec<u8>), DataError> {
    let (path, bytes) = read_unpacked(directory, format, name)?;
    let official = source.official_files().iter().find(|file| file.name == name);
    if let Some(why) = official.and_then(|official| official.difference(&bytes)) {
        return Err(DataError::Unofficial { path, name: source.to_string(), why });
    }
    Ok((path, bytes))
}

/// The data set in a directory of files.
fn read_directory<T: Real>(
    directory: &Path,
    source: &Source,
    format: Format,
    side: Option<usize>,
) -> Result<DataSet<T>, DataError> {
    let classes = source.facts()?.classes;
    let contents = |name: &str| contents(directory, source, format, name);
    let (train, test) = match format {
        Format::Idx => {
            let part = |at: usize| idx_part(contents(IDX_FILES[at])?, contents(IDX_FILES[at + 1])?, side, classes);
            (part(0)?, part(2)?)
        }
        Format::Cifar => {
            let [train @ .., test] = CIFAR_FILES;
            let part = |names: &[&str]| cifar_part(names.iter().map(|name| contents(name)), side);
            (part(&train)?, part(&[test])?)
        }
    };
    Ok(DataSet { train, test, classes })
}

/// One part of a data set, from an IDX file of images and one of labels.
fn idx_part<T: Real>(
    (images_path, images): (PathBuf, Vec<u8>),
    (labels_path, labels): (PathBuf, Vec<u8>),
    side: Option<usize>,
    classes: usize,
) -> Result<Split<T>, DataError> {
    let labels = parse_labels(&labels).map_err(|source| DataError::Idx { path: labels_path.clone(), source })?;
    let ([count, height, width], pixels) =
        into_images(images).map_err(|source| DataError::Idx { path: images_path.clone(), source })?;
    check_counts(&images_path, count, labels.len())?;
    if let Some(at) = labels.iter().position(|&label| usize::from(label) >= classes) {
        let why = format!("label {} at index {at}, with {classes} classes", labels[at]);
        return Err(DataError::Unfit { path: labels_path, why });
    }
    Ok(Split { images: scaled(count, [1, height, width], &pixels, side, LEVELS), labels })
}

/// One part of a data set, from batches in their order.
fn cifar_part<T: Real>(
    batches: impl Iterator<Item = Result<(PathBuf, Vec<u8>), DataError>>,
    side: Option<usize>,
) -> Result<Split<T>, DataError> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for batch in batches {
        let (path, bytes) = batch?;
        let (of_images, of_labels) = parse_batch(&bytes).map_err(|source| DataError::Cifar { path, source })?;
        pixels.extend(of_images);
        labels.extend(of_labels);
    }
    Ok(Split { images: scaled(labels.len(), CIFAR_IMAGE, &pixels, side, LEVELS), labels })
}

/// Pixels divided by the number of grey levels, one image per row, resized where a side is given, each channel by
/// itself.
fn scaled<T: Real>(
    count: usize,
    [channels, height, width]: [usize; 3],
    pixels: &[u8],
    side: Option<usize>,
    levels: f64,
) -> Matrix<T> {
    let to = side.map_or([height, width], |side| [side, side]);
    let inputs = channels * to[0] * to[1];
    let value = |pixel: f64| T::from_f64(pixel / levels);
    let mut data = Vec::with_capacity(count * inputs);
    if to == [height, width] {
        data.extend(pixels.iter().map(|&pixel| value(f64::from(pixel))));
    } else {
        let resizer = Resizer::new([height, width], to);
        for plane in pixels.chunks_exact(height * width) {
            data.extend(resizer.resize(plane).map(value));
        }
    }
    Matrix::from_vec(count, inputs, data)
}
