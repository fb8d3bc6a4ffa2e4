//! Data sets by name or path: what is known of them before they are loaded.

use super::DataError;
use super::idx::{IdxError, decompressed, image_shape};
use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Where a data set comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The 8 x 8 digits embedded in the program.
    Digits,
    /// MNIST (LeCun, Cortes & Burges), the official files in the data directory.
    Mnist,
    /// Fashion-MNIST (Xiao, Rasul & Vollgraf 2017), the official files in the data directory.
    FashionMnist,
    /// A directory of four IDX files of the names MNIST has, or an `.npz` archive with members `x` and `y`.
    Path(PathBuf),
}

/// Sizes of a data set, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFacts {
    /// Images to learn from.
    pub training_images: usize,
    /// Held-out images.
    pub test_images: usize,
    /// Pixels per image.
    pub inputs: usize,
    /// Height and width, where samples are images.
    pub image: Option<[usize; 2]>,
    /// Classes.
    pub classes: usize,
    /// BLAKE3 of the files of a [`Source::Path`], for what they hold decides results and their path does not.
    pub fingerprint: Option<String>,
}

/// The four parts of a data set of IDX files, under their official names.
pub const IDX_FILES: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

impl Source {
    /// The named data sets.
    pub const NAMED: [(&'static str, Self); 3] =
        [("digits", Self::Digits), ("mnist", Self::Mnist), ("fashion-mnist", Self::FashionMnist)];

    /// What [`Self::parse`] takes.
    pub const EXPECTED: &'static str =
        "digits, mnist, fashion-mnist, a directory of IDX files, or an .npz file with x and y";

    /// The data set called `text`, or the path it is: anything that has a separator, ends in `.npz`, or exists.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((_, named)) = Self::NAMED.into_iter().find(|(name, _)| *name == text) {
            return Some(named);
        }
        let path = Path::new(text);
        let is_path = text.contains(['/', '\\']) || path.extension().is_some_and(|e| e == "npz") || path.exists();
        (is_path && !text.is_empty()).then(|| Self::Path(path.to_path_buf()))
    }

    /// Name as it is written in prose; `None` of a path.
    pub fn title(&self) -> Option<&'static str> {
        match self {
            Self::Digits => Some("digits"),
            Self::Mnist => Some("MNIST"),
            Self::FashionMnist => Some("Fashion-MNIST"),
            Self::Path(_) => None,
        }
    }

    /// Other names of the directory that holds the official files: those of torchvision.
    pub(super) fn directories(&self) -> &'static [&'static str] {
        match self {
            Self::Mnist => &["mnist", "MNIST/raw"],
            Self::FashionMnist => &["fashion-mnist", "FashionMNIST/raw"],
            Self::Digits | Self::Path(_) => &[],
        }
    }

    /// BLAKE3 of the official files, uncompressed, in the order of [`IDX_FILES`].
    pub fn checksums(&self) -> Option<[&'static str; 4]> {
        match self {
            Self::Mnist => Some([
                "c6e6fd8c67d07c8a9b7bffa7dd0413ff4b8af241607b049b7721107f379df9fd",
                "8ebcfdf2fe191516f9cb37fceb75d2d19289d91ee92026534ed45e44144b5642",
                "f8d502322cd9f186e155a74a3dff598ed56c1a7b5a5c8d312749ac47c4a2bec7",
                "6d43ea317fa8f5851bb85404bb7358defd48b0294cf31f60cdcde8106fe2c3ad",
            ]),
            Self::FashionMnist => Some([
                "feaca08b36e07f8d504641a929bff1554884ef73964323e44e59e39a986b4c9e",
                "b4d9ea8013b029ef778c95ea7de31195ef443589877589523ad330db2829ebd6",
                "a19b8c1e5f798e5a6fa7229093b630c04a620179497a1fa3a71e7334fb59a30b",
                "0a067399ed18bcc9d7dc26832b3b8e4481abf2d33fee04c611e90b9061296b90",
            ]),
            Self::Digits | Self::Path(_) => None,
        }
    }

    /// Sizes, known by heart or read from the headers of files.
    ///
    /// # Errors
    /// If the files of a path cannot be read or do not fit together.
    pub fn facts(&self) -> Result<DataFacts, DataError> {
        let known = |training_images, test_images, side: usize| DataFacts {
            training_images,
            test_images,
            inputs: side * side,
            image: Some([side, side]),
            classes: 10,
            fingerprint: None,
        };
        match self {
            Self::Digits => Ok(known(1437, 360, 8)),
            Self::Mnist | Self::FashionMnist => Ok(known(60_000, 10_000, 28)),
            Self::Path(path) => facts_of_path(path),
        }
    }
}

impl Display for Source {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            named => f.write_str(Self::NAMED.iter().find(|(_, source)| source == named).map_or("", |(name, _)| name)),
        }
    }
}

/// The file called `name` in `directory`, plain or gzipped.
pub(super) fn idx_file(directory: &Path, name: &str) -> Option<PathBuf> {
    [name.to_string(), format!("{name}.gz")].into_iter().map(|name| directory.join(name)).find(|path| path.is_file())
}

/// Facts of files, looked at once: a sweep asks for them at each of its points.
fn facts_of_path(path: &Path) -> Result<DataFacts, DataError> {
    static KNOWN: Mutex<BTreeMap<PathBuf, DataFacts>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(facts) = known.get(path) {
        return Ok(facts.clone());
    }
    let facts = if path.is_dir() { facts_of_directory(path)? } else { super::npz::facts(path)? };
    known.insert(path.to_path_buf(), facts.clone());
    Ok(facts)
}

fn facts_of_directory(directory: &Path) -> Result<DataFacts, DataError> {
    let mut hasher = blake3::Hasher::new();
    let mut shapes = Vec::new();
    let mut classes = 0;
    for name in IDX_FILES {
        let path = existing(directory, name)?;
        let bytes = plain(&path)?;
        hasher.update(&bytes);
        let of_file = |source: IdxError| DataError::Idx { path: path.clone(), source };
        if name.contains("labels") {
            let labels = super::parse_labels(&bytes).map_err(of_file)?;
            classes = classes.max(labels.iter().max().map_or(0, |&label| usize::from(label) + 1));
            shapes.push(vec![labels.len()]);
        } else {
            shapes.push(image_shape(&bytes).map_err(of_file)?.to_vec());
        }
    }
    super::check_counts(&directory.join(IDX_FILES[0]), shapes[0][0], shapes[1][0])?;
    super::check_counts(&directory.join(IDX_FILES[2]), shapes[2][0], shapes[3][0])?;
    if shapes[0][1..] != shapes[2][1..] {
        let why = format!("training images are {:?} and test images {:?} pixels", &shapes[0][1..], &shapes[2][1..]);
        return Err(DataError::Unfit { path: directory.into(), why });
    }
    Ok(DataFacts {
        training_images: shapes[0][0],
        test_images: shapes[2][0],
        inputs: shapes[0][1] * shapes[0][2],
        image: Some([shapes[0][1], shapes[0][2]]),
        classes,
        fingerprint: Some(hasher.finalize().to_hex().to_string()),
    })
}

/// The file called `name` in `directory`, plain or gzipped.
pub(super) fn existing(directory: &Path, name: &str) -> Result<PathBuf, DataError> {
    idx_file(directory, name).ok_or_else(|| DataError::Lacks { directory: directory.into(), file: name.into() })
}

/// Bytes of an IDX file, uncompressed.
pub(super) fn plain(path: &Path) -> Result<Vec<u8>, DataError> {
    let bytes = read_file(path)?;
    decompressed(bytes).map_err(|source| DataError::Idx { path: path.into(), source })
}

/// Most bytes of a file that are read: above the largest data set of this kind (EMNIST, 550 MB).
const MOST_BYTES: u64 = 2 << 30;

/// Bytes of a file.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, DataError> {
    let refused = |source| DataError::File { path: path.into(), source };
    let file = File::open(path).map_err(refused)?;
    let size = file.metadata().map_err(refused)?.len();
    if size > MOST_BYTES {
        let why = format!("{size} bytes are more than the {MOST_BYTES} that are read");
        return Err(DataError::Unfit { path: path.into(), why });
    }
    let mut bytes = Vec::with_capacity(size as usize);
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(refused)?;
    Ok(bytes)
}
