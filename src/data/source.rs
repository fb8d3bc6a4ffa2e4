//! Data sets by name or path: what is known of them before they are loaded.

use super::DataError;
use super::cifar::CIFAR_IMAGE;
use super::layout::{Format, Layout, is_there};
use super::parts::{Note, Stored};
use crate::text::{Refused, Setting, suggestion};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
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
    /// CIFAR-10 (Krizhevsky 2009), the official binary batches in the data directory.
    Cifar10,
    /// An `.npz` archive of images and labels, or a directory: of four IDX files named as those of MNIST, EMNIST or
    /// QMNIST are, of the binary batches of CIFAR-10 or CIFAR-100, or of NumPy arrays.
    Path(PathBuf),
}

/// Sizes of a data set, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataFacts {
    /// Images to learn from.
    pub training_images: usize,
    /// Held-out images.
    pub test_images: usize,
    /// Pixels per image, of all channels.
    pub inputs: usize,
    /// Colour channels, height and width, where samples are images.
    pub image: Option<[usize; 3]>,
    /// Classes.
    pub classes: usize,
    /// BLAKE3 of the files of a [`Source::Path`], for what they hold decides results and their path does not.
    pub fingerprint: Option<String>,
    /// Classes that no label names, or none of those learnt from, in words with what to do about them.
    pub absent_classes: Option<String>,
    /// What else is to be known of how the files of a [`Source::Path`] are taken.
    pub notes: Vec<Note>,
}

/// The four parts of a data set of IDX files, under their official names.
pub const IDX_FILES: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

/// The batches of CIFAR-10 under their official names: five of training images, one of test images.
pub const CIFAR_FILES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

/// A file of a data set as its authors publish it, unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfficialFile {
    /// Its name.
    pub name: &'static str,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its BLAKE3, in hexadecimal.
    pub blake3: &'static str,
}

impl OfficialFile {
    /// How `bytes` differ from it, in words; `None` if they do not.
    pub fn difference(&self, bytes: &[u8]) -> Option<String> {
        if bytes.len() as u64 != self.bytes {
            return Some(format!("{} bytes, not {}", bytes.len(), self.bytes));
        }
        (blake3::hash(bytes).to_hex().as_str() != self.blake3).then(|| "its checksum differs".into())
    }
}

const fn official(name: &'static str, bytes: u64, blake3: &'static str) -> OfficialFile {
    OfficialFile { name, bytes, blake3 }
}

const MNIST: [OfficialFile; 4] = [
    official(IDX_FILES[0], 47_040_016, "c6e6fd8c67d07c8a9b7bffa7dd0413ff4b8af241607b049b7721107f379df9fd"),
    official(IDX_FILES[1], 60_008, "8ebcfdf2fe191516f9cb37fceb75d2d19289d91ee92026534ed45e44144b5642"),
    official(IDX_FILES[2], 7_840_016, "f8d502322cd9f186e155a74a3dff598ed56c1a7b5a5c8d312749ac47c4a2bec7"),
    official(IDX_FILES[3], 10_008, "6d43ea317fa8f5851bb85404bb7358defd48b0294cf31f60cdcde8106fe2c3ad"),
];

const FASHION_MNIST: [OfficialFile; 4] = [
    official(IDX_FILES[0], 47_040_016, "feaca08b36e07f8d504641a929bff1554884ef73964323e44e59e39a986b4c9e"),
    official(IDX_FILES[1], 60_008, "b4d9ea8013b029ef778c95ea7de31195ef443589877589523ad330db2829ebd6"),
    official(IDX_FILES[2], 7_840_016, "a19b8c1e5f798e5a6fa7229093b630c04a620179497a1fa3a71e7334fb59a30b"),
    official(IDX_FILES[3], 10_008, "0a067399ed18bcc9d7dc26832b3b8e4481abf2d33fee04c611e90b9061296b90"),
];

const CIFAR10: [OfficialFile; 6] = [
    official(CIFAR_FILES[0], 30_730_000, "1b3fcad40d258858f510c4bcd1afcfe8c314b9ce56dd1e5497433a7084a97293"),
    official(CIFAR_FILES[1], 30_730_000, "d6e4b10488a9921e026b4d5ee9f7e3dd326e866f8b48d623538c7cef1a8ffc79"),
    official(CIFAR_FILES[2], 30_730_000, "a736d929656ecfb2eab80ea59e8573caeea112d8d60a45f4a0a4504214bdd281"),
    official(CIFAR_FILES[3], 30_730_000, "afd36c14a4d2a00e0c9eab2d984d5c1ebe5a5d7f35ce865c8d6ce74275afb0eb"),
    official(CIFAR_FILES[4], 30_730_000, "fc1cbe676c343edd20366fde0b046aa5251665fe07c5bc068044656a5e5d45eb"),
    official(CIFAR_FILES[5], 30_730_000, "69a7d1df5b1d17f8c98089666dffee384a8f3da4421e368f08a80f067ae79ffc"),
];

impl Source {
    /// The named data sets.
    pub const NAMED: [(&'static str, Self); 4] = [
        ("digits", Self::Digits),
        ("mnist", Self::Mnist),
        ("fashion-mnist", Self::FashionMnist),
        ("cifar10", Self::Cifar10),
    ];

    /// The data set called `text`, or the path it is: anything that has a separator, ends in `.npz`, or exists.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((_, named)) = Self::NAMED.into_iter().find(|(name, _)| *name == text) {
            return Some(named);
        }
        let path = Path::new(text);
        let is_path = text.contains(['/', '\\']) || path.extension().is_some_and(|e| e == "npz") || is_there(path);
        (is_path && !text.is_empty()).then(|| Self::Path(path.to_path_buf()))
    }

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

impl Setting for Source {
    type Bounds = ();

    fn expected((): &()) -> String {
        "digits, mnist, fashion-mnist, cifar10, or a path: an .npz file of images and labels (x and y, x_train and so on), or a \
         directory of IDX files, of CIFAR-10 or CIFAR-100 batches, or of such arrays as .npy files"
            .into()
    }

    fn read(text: &str, (): &()) -> Result<Self, Refused> {
        Self::parse(text).ok_or_else(|| {
            let near = suggestion(text, Self::NAMED.iter().map(|(name, _)| *name));
            let expected = Self::expected(&());
            let problem = format!("unknown data set `{text}`, and there is no such file");
            Refused::Message(format!("{problem}: expected {expected}{near}"))
        })
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
