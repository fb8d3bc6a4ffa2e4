//! Data sets by name or path: what is known of them before they are loaded.

use super::DataError;
use super::facts::DataFacts;
use super::images::StoredSet;
use super::layout::{Layout, is_there};
use super::named::{NAMED, NamedSet, Published};
use super::official::OfficialFile;
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
    /// One known by name.
    Named(&'static NamedSet),
    /// An `.npz` archive of images and labels, or a directory: of four IDX files named as those of
    /// MNIST, EMNIST or QMNIST are, of the binary batches of CIFAR-10 or CIFAR-100, or of NumPy
    /// arrays.
    Path(PathBuf),
}

impl Source {
    /// The 8 x 8 digits embedded in the program.
    pub const DIGITS: Self = Self::Named(NAMED[0]);

    /// Every named data set.
    pub fn named() -> impl Iterator<Item = (&'static str, Self)> {
        NAMED.iter().map(|set| (set.name, Self::Named(set)))
    }

    /// Name as it is written in prose; `None` of a path.
    pub fn title(&self) -> Option<&'static str> {
        match self {
            Self::Named(set) => Some(set.title),
            Self::Path(_) => None,
        }
    }

    /// What is published of a named data set that is kept in the data directory; `None` of others.
    pub(super) fn published(&self) -> Option<&'static Published> {
        match self {
            Self::Named(set) => set.published.as_ref(),
            Self::Path(_) => None,
        }
    }

    /// The official files of a named data set that is kept in the data directory; none of others.
    pub fn official_files(&self) -> &'static [OfficialFile] {
        self.published().map_or(&[], |published| published.files)
    }

    /// Sizes, known by heart or read from the headers of files.
    ///
    /// # Errors
    /// If the files of a path cannot be read or do not fit together.
    pub fn facts(&self) -> Result<DataFacts, DataError> {
        match self {
            Self::Named(set) => Ok(DataFacts {
                training_images: set.images[0],
                test_images: set.images[1],
                inputs: set.image.iter().product(),
                image: Some(set.image),
                classes: set.classes,
                fingerprint: None,
                absent_classes: None,
                notes: Vec::new(),
            }),
            Self::Path(path) => facts_of_path(path),
        }
    }
}

impl Display for Source {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Named(set) => f.write_str(set.name),
        }
    }
}

/// The data set of this name, or the path it is: anything that has a separator, ends in `.npz`, or
/// exists.
impl FromStr for Source {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        if let Some((_, named)) = Self::named().find(|(name, _)| *name == text) {
            return Ok(named);
        }
        let path = Path::new(text);
        let is_path = text.contains(['/', '\\'])
            || path.extension().is_some_and(|e| e == "npz")
            || is_there(path);
        if is_path && !text.is_empty() {
            return Ok(Self::Path(path.to_path_buf()));
        }
        let (expected, near) =
            (Self::expected(&()), suggestion(text, NAMED.iter().map(|set| set.name)));
        let problem = format!("unknown data set `{text}`, and there is no such file");
        Err(Refused::Message(format!("{problem}: expected {expected}{near}")))
    }
}

impl Setting for Source {
    type Bounds = ();

    fn expected((): &()) -> String {
        let names: Vec<&str> = NAMED.iter().map(|set| set.name).collect();
        format!(
            "{}, or a path: an .npz file of images and labels (x and y, x_train and so on), or a \
            directory of IDX files, of CIFAR-10 or CIFAR-100 batches, or of such arrays in .npy \
            files",
            names.join(", ")
        )
    }

    fn read(text: &str, (): &()) -> Result<Self, Refused> {
        text.parse()
    }

    fn json(&self, (): &()) -> Json {
        self.to_string().into()
    }
}

/// Facts of files, read once: a sweep asks for them at each of its points.
fn facts_of_path(path: &Path) -> Result<DataFacts, DataError> {
    static KNOWN: Mutex<BTreeMap<PathBuf, DataFacts>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(facts) = known.get(path) {
        return Ok(facts.clone());
    }
    let facts = StoredSet::read(&Layout::find(path)?, None)?.facts;
    known.insert(path.to_path_buf(), facts.clone());
    Ok(facts)
}
