//! Data sets by name or path: what is known of them before they are loaded.

use super::DataError;
use super::cifar::CIFAR_IMAGE;
use super::facts::DataFacts;
use super::images::Stored;
use super::layout::{Format, Layout, is_there};
use super::official::{CIFAR10, FASHION_MNIST, MNIST, OfficialFile};
use crate::text::{Refused, Setting, suggestion};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::path::{Path, PathBuf};
use std::str::FromStr;
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
    /// CIFAR-10 (Krizhevsky 2009), the official binary batches in the data directory.
    Cifar10,
    /// An `.npz` archive of images and labels, or a directory: of four IDX files named as those of MNIST, EMNIST or
    /// QMNIST are, of the binary batches of CIFAR-10 or CIFAR-100, or of NumPy arrays.
    Path(PathBuf),
}

impl Source {
    /// The named data sets.
    pub const NAMED: [(&'static str, Self); 4] = [
        ("digits", Self::Digits),
        ("mnist", Self::Mnist),
        ("fashion-mnist", Self::FashionMnist),
        ("cifar10", Self::Cifar10),
    ];

    /// Name as it is written in prose; `None` of a path.
    pub fn title(&self) -> Option<&'static str> {
        match self {
            Self::Digits => Some("digits"),
            Self::Mnist => Some("MNIST"),
            Self::FashionMnist => Some("Fashion-MNIST"),
            Self::Cifar10 => Some("CIFAR-10"),
            Self::Path(_) => None,
        }
    }

    /// Names of the directory that holds the official files: ours, and that of torchvision or of the archive.
    pub(super) fn directories(&self) -> &'static [&'static str] {
        match self {
            Self::Mnist => &["mnist", "MNIST/raw"],
            Self::FashionMnist => &["fashion-mnist", "FashionMNIST/raw"],
            Self::Cifar10 => &["cifar10", "cifar-10-batches-bin"],
            Self::Digits | Self::Path(_) => &[],
        }
    }

    /// The official files of a named data set that is kept in the data directory; none of others.
    pub fn official_files(&self) -> &'static [OfficialFile] {
        match self {
            Self::Mnist => &MNIST,
            Self::FashionMnist => &FASHION_MNIST,
            Self::Cifar10 => &CIFAR10,
            Self::Digits | Self::Path(_) => &[],
        }
    }

    /// How the official files are laid out.
    pub(super) fn format(&self) -> Format {
        if *self == Self::Cifar10 { Format::Cifar } else { Format::Idx }
    }

    /// Sizes, known by heart or read from the headers of files.
    ///
    /// # Errors
    /// If the files of a path cannot be read or do not fit together.
    pub fn facts(&self) -> Result<DataFacts, DataError> {
        let known = |training_images, test_images, image: [usize; 3]| DataFacts {
            training_images,
            test_images,
            inputs: image.iter().product(),
            image: Some(image),
            classes: 10,
            fingerprint: None,
            absent_classes: None,
            notes: Vec::new(),
        };
        match self {
            Self::Digits => Ok(known(1437, 360, [1, 8, 8])),
            Self::Mnist | Self::FashionMnist => Ok(known(60_000, 10_000, [1, 28, 28])),
            Self::Cifar10 => Ok(known(50_000, 10_000, CIFAR_IMAGE)),
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

/// The data set of this name, or the path it is: anything that has a separator, ends in `.npz`, or exists.
impl FromStr for Source {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        if let Some((_, named)) = Self::NAMED.into_iter().find(|(name, _)| *name == text) {
            return Ok(named);
        }
        let path = Path::new(text);
        let is_path = text.contains(['/', '\\']) || path.extension().is_some_and(|e| e == "npz") || is_there(path);
        if is_path && !text.is_empty() {
            return Ok(Self::Path(path.to_path_buf()));
        }
        let (expected, near) = (Self::expected(&()), suggestion(text, Self::NAMED.iter().map(|(name, _)| *name)));
        let problem = format!("unknown data set `{text}`, and there is no such file");
        Err(Refused::Message(format!("{problem}: expected {expected}{near}")))
    }
}

impl Setting for Source {
    type Bounds = ();

    fn expected((): &()) -> String {
        "digits, mnist, fashion-mnist, cifar10, or a path: an .npz file of images and labels (x and y, x_train and so on), or a \
         directory of IDX files, of CIFAR-10 or CIFAR-100 batches, or of such arrays as .npy files"
            .into()
    }

    fn read(text: &str, (): &()) -> Result<Self, Refused> {
        text.parse()
    }

    fn json(&self, (): &()) -> Json {
        self.to_string().into()
    }
}

/// Facts of files, looked at once: a sweep asks for them at each of its points.
fn facts_of_path(path: &Path) -> Result<DataFacts, DataError> {
    static KNOWN: Mutex<BTreeMap<PathBuf, DataFacts>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(facts) = known.get(path) {
        return Ok(facts.clone());
    }
    let facts = Stored::read(&Layout::find(path)?, None)?.facts;
    known.insert(path.to_path_buf(), facts.clone());
    Ok(facts)
}
