//! Which files make up the data set that a path names: the names people have them by.

use super::cifar::Records;
use super::members::{ArrayPlace, Members};
use super::{CIFAR_FILES, DataError, IDX_FILES};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The files of a data set.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    /// IDX files: training images and labels, test images and labels.
    Idx([PathBuf; 4]),
    /// Batches of CIFAR-10 or CIFAR-100: those of training images, then that of test images.
    Batches(Records, Vec<PathBuf>),
    /// NumPy arrays.
    Arrays(Members),
}

/// What a directory of IDX files has, in words.
const IDX_NEEDS: &str = "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte \
                         and t10k-labels-idx1-ubyte, each plain or .gz";
/// What a directory of CIFAR-10 batches has, in words.
const CIFAR_NEEDS: &str = "data_batch_1.bin to data_batch_5.bin and test_batch.bin";
/// The batches of CIFAR-100.
const CIFAR100_FILES: [&str; 2] = ["train.bin", "test.bin"];
const CIFAR100_NEEDS: &str = "train.bin and test.bin";
/// Kuzushiji-MNIST as arrays, one per archive.
const KUZUSHIJI_FILES: [&str; 4] =
    ["train-imgs.npz", "train-labels.npz", "test-imgs.npz", "test-labels.npz"];
const KUZUSHIJI_NEEDS: &str = "train-imgs.npz, train-labels.npz, test-imgs.npz and \
                               test-labels.npz, all with the same beginning such as kmnist-";

/// How the official files of a named data set are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// [`IDX_FILES`], each plain or gzipped.
    Idx,
    /// [`CIFAR_FILES`].
    Cifar,
}

impl Format {
    /// What such a data set needs, in words.
    pub(super) fn needs(self) -> &'static str {
        match self {
            Self::Idx => IDX_NEEDS,
            Self::Cifar => CIFAR_NEEDS,
        }
    }
}

/// The file called `name` in `directory`, or, of IDX files, one of the other names that people have
/// it by.
pub(super) fn existing(directory: &Path, format: Format, name: &str) -> Result<PathBuf, DataError> {
    match format {
        Format::Idx => idx_file(directory, "", name),
        Format::Cifar => file(directory, name, CIFAR_NEEDS),
    }
}

/// Whether a directory has any of the batches of CIFAR-10.
pub(super) fn has_batches(directory: &Path) -> bool {
    CIFAR_FILES.iter().any(|name| directory.join(name).is_file())
}

fn file(directory: &Path, name: &str, needs: &'static str) -> Result<PathBuf, DataError> {
    let path = directory.join(name);
    if path.is_file() {
        return Ok(path);
    }
    Err(DataError::Lacks { directory: directory.into(), file: name.into(), needs })
}

/// Names that the IDX file `name` is known by: the official one and the same gzipped first; then
/// with a dot for the hyphen, `test` for `t10k`, and, of labels, the type of QMNIST's.
fn idx_names(name: &str) -> Vec<String> {
    let Some((stem, kind)) = name.split_once("-idx") else { return vec![name.into()] };
    let test = stem.starts_with("t10k").then(|| stem.replace("t10k", "test"));
    let kinds: &[&str] = if stem.ends_with("labels") { &[kind, "2-int", "1-int"] } else { &[kind] };
    let mut names = Vec::new();
    for stem in std::iter::once(stem).chain(test.as_deref()) {
        for kind in kinds {
            for separator in ["-", "."] {
                names.extend(["", ".gz"].map(|end| format!("{stem}{separator}idx{kind}{end}")));
            }
        }
    }
    names
}

/// The file of `directory` that is the IDX file `name`, with `prefix` before its name.
fn idx_file(directory: &Path, prefix: &str, name: &str) -> Result<PathBuf, DataError> {
    let mut candidates =
        idx_names(name).into_iter().map(|name| directory.join(format!("{prefix}{name}")));
    let lacks = || DataError::Lacks {
        directory: directory.into(),
        file: format!("{prefix}{name}"),
        needs: IDX_NEEDS,
    };
    candidates.find(|path| path.is_file()).ok_or_else(lacks)
}

/// Kinds of files that come with something before their names, such as `emnist-letters-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Prefixed {
    Idx,
    Kuzushiji,
}

/// What stands before the names of data sets in a directory.
fn prefixes(directory: &Path) -> BTreeSet<(String, Prefixed)> {
    let idx = IDX_FILES.iter().flat_map(|name| idx_names(name)).map(|name| (name, Prefixed::Idx));
    let kuzushiji = KUZUSHIJI_FILES.iter().map(|name| ((*name).to_string(), Prefixed::Kuzushiji));
    let known: Vec<(String, Prefixed)> = idx.chain(kuzushiji).collect();
    let prefix = |name: String| {
        let found = known
            .iter()
            .find_map(|(known, kind)| Some((name.strip_suffix(known.as_str())?, *kind)))?;
        (found.0.is_empty() || found.0.ends_with(['-', '_']))
            .then(|| (found.0.to_string(), found.1))
    };
    file_names(directory).into_iter().filter_map(prefix).collect()
}

/// Names of the files in a directory; none of one that cannot be listed.
fn file_names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.path().is_file());
    files.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// What follows `#` in the name of a directory of CIFAR-100: which of its labels are the classes.
fn labels_of_cifar100(text: &str) -> Option<Records> {
    match text {
        "fine" => Some(Records::FINE),
        "coarse" => Some(Records::COARSE),
        _ => None,
    }
}

/// `DIRECTORY#fine` or `DIRECTORY#coarse`, apart, where there is such a directory and no file of
/// the whole name.
fn choice(path: &Path) -> Option<(&Path, &str)> {
    let text = path.to_str().filter(|_| !path.exists())?;
    let (stem, labels) = text.rsplit_once('#')?;
    Path::new(stem).is_dir().then_some((Path::new(stem), labels))
}

/// Whether a path names something: a file, a directory, one with a choice of labels, or files that
/// begin so.
pub(super) fn is_there(path: &Path) -> bool {
    path.exists() || choice(path).is_some() || beginning(path).is_some()
}

/// Directory and beginning of the names of the files that a path which is none of them names:
/// `gzip/emnist-letters` of `gzip/emnist-letters-train-images-idx3-ubyte.gz` and others.
fn beginning(path: &Path) -> Option<(PathBuf, String, Prefixed)> {
    let directory = path
        .parent()
        .map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent })?;
    let wanted = path.file_name()?.to_str()?.trim_end_matches(['-', '_']);
    let mut found = prefixes(directory).into_iter();
    let (prefix, kind) = found
        .find(|(prefix, _)| !prefix.is_empty() && prefix.trim_end_matches(['-', '_']) == wanted)?;
    Some((directory.to_path_buf(), prefix, kind))
}

impl Layout {
    /// Of the files that a path names.
    ///
    /// # Errors
    /// If there is no data set, or more than one.
    pub(super) fn find(path: &Path) -> Result<Self, DataError> {
        if let Some((directory, labels)) = choice(path) {
            let why = format!(
                "`#{labels}` chooses among the labels of CIFAR-100: expected #fine or #coarse"
            );
            let records = labels_of_cifar100(labels)
                .ok_or_else(|| DataError::Unfit { path: directory.into(), why })?;
            return Self::cifar100(directory, records);
        }
        if path.is_dir() {
            return Self::of_directory(path);
        }
        if let Some((directory, prefix, kind)) = beginning(path).filter(|_| !path.exists()) {
            return Self::with_prefix(&directory, &prefix, kind);
        }
        let extension =
            path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        if extension == "npz" {
            return Members::of_archive(path).map(Self::Arrays);
        }
        if let Err(source) = std::fs::metadata(path) {
            return Err(DataError::File { path: path.into(), source });
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_idx = [".gz", ""].iter().any(|end| {
            name.strip_suffix(end)
                .is_some_and(|name| name.ends_with("-ubyte") || name.ends_with("-int"))
        });
        Err(DataError::Unfit {
            path: path.into(),
            why: unread(if is_idx { "idx" } else { &extension }),
        })
    }

    /// The official files in a directory.
    pub(super) fn official(directory: &Path, format: Format) -> Result<Self, DataError> {
        match format {
            Format::Idx => Self::with_prefix(directory, "", Prefixed::Idx),
            Format::Cifar => Self::cifar10(directory),
        }
    }

    fn of_directory(directory: &Path) -> Result<Self, DataError> {
        let unfit = |why| DataError::Unfit { path: directory.into(), why };
        if has_batches(directory) {
            return Self::cifar10(directory);
        }
        let found = prefixes(directory);
        let bare = (String::new(), Prefixed::Idx);
        if found.contains(&bare) || found.len() == 1 {
            let (prefix, kind) =
                if found.contains(&bare) { &bare } else { found.first().unwrap_or(&bare) };
            return Self::with_prefix(directory, prefix, *kind);
        }
        if found.len() > 1 {
            let sets =
                found.iter().map(|(prefix, _)| directory.join(prefix.trim_end_matches(['-', '_'])));
            let sets: Vec<String> = sets.map(|set| set.display().to_string()).collect();
            return Err(unfit(format!(
                "it has several data sets: say which as --data {}",
                sets.join(" or ")
            )));
        }
        if CIFAR100_FILES.iter().any(|name| directory.join(name).is_file()) {
            return Self::cifar100(directory, Records::FINE);
        }
        if let Some(members) = Members::of_directory(directory)? {
            return Ok(Self::Arrays(members));
        }
        let has = |name: &str| directory.join(name).is_file();
        if has("data_batch_1") || has("test_batch") || (has("train") && has("test")) {
            return Err(unfit(pickled(
                "its files have no extension, as those of the Python version of CIFAR have",
            )));
        }
        let inside =
            nested(directory, 2).map(|path| format!("; did you mean --data {}?", path.display()));
        match inside {
            Some(hint) => {
                Err(unfit(format!("there is no data set in this directory itself{hint}")))
            }
            None => Err(DataError::Lacks {
                directory: directory.into(),
                file: IDX_FILES[0].into(),
                needs: IDX_NEEDS,
            }),
        }
    }

    fn with_prefix(directory: &Path, prefix: &str, kind: Prefixed) -> Result<Self, DataError> {
        match kind {
            Prefixed::Idx => {
                let file = |at: usize| idx_file(directory, prefix, IDX_FILES[at]);
                Ok(Self::Idx([file(0)?, file(1)?, file(2)?, file(3)?]))
            }
            Prefixed::Kuzushiji => {
                let place = |at: usize| -> Result<ArrayPlace, DataError> {
                    let path = file(
                        directory,
                        &format!("{prefix}{}", KUZUSHIJI_FILES[at]),
                        KUZUSHIJI_NEEDS,
                    )?;
                    Ok(ArrayPlace { path, member: None })
                };
                Ok(Self::Arrays(Members::separate([place(0)?, place(1)?], [place(2)?, place(3)?])))
            }
        }
    }

    fn cifar10(directory: &Path) -> Result<Self, DataError> {
        let files = CIFAR_FILES.iter().map(|name| file(directory, name, CIFAR_NEEDS));
        Ok(Self::Batches(Records::CIFAR10, files.collect::<Result<_, _>>()?))
    }

    fn cifar100(directory: &Path, records: Records) -> Result<Self, DataError> {
        let files = CIFAR100_FILES.iter().map(|name| file(directory, name, CIFAR100_NEEDS));
        Ok(Self::Batches(records, files.collect::<Result<_, _>>()?))
    }
}

/// A directory below this one, at most so many levels, that has a data set.
fn nested(directory: &Path, levels: usize) -> Option<PathBuf> {
    let entries = std::fs::read_dir(directory).ok()?.flatten().take(1000);
    let mut below: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    below.sort();
    let is_set = |path: &&PathBuf| {
        let any = |names: &[&str]| names.iter().any(|name| path.join(name).is_file());
        any(&CIFAR_FILES) || any(&CIFAR100_FILES) || !prefixes(path).is_empty()
    };
    let found = below.iter().find(is_set).cloned();
    found
        .or_else(|| (levels > 1).then(|| below.iter().find_map(|path| nested(path, levels - 1)))?)
}

/// How arrays that are in Python become a data set that is read.
const SAVE: &str = "np.savez('set.npz', x_train=..., y_train=..., x_test=..., y_test=...)";

fn pickled(what: &str) -> String {
    format!(
        "{what}: Python's pickles are not read, for to load one runs what is in it. Load it in \
         Python, save the arrays with {SAVE}, and say --data set.npz; of CIFAR there is also a \
         binary version (`alignscope data fetch cifar10`)"
    )
}

/// Why a file that is no archive of arrays is not read, and what to do.
fn unread(extension: &str) -> String {
    let load = match extension {
        "pkl" | "pickle" | "pt" | "pth" => return pickled("a data set that Python has pickled"),
        "" => {
            return pickled(
                "a file without an extension, as those of the Python version of CIFAR are",
            );
        }
        "gz" => {
            return format!(
                "a single gzipped file is no data set: of IDX files name the directory that has \
                 all four ({IDX_NEEDS}); anything else unpack first"
            );
        }
        "idx" => {
            return format!(
                "a single IDX file is no data set: name the directory that has all four \
                 ({IDX_NEEDS})"
            );
        }
        "bin" => {
            return format!(
                "a single batch is no data set: name the directory that has all ({CIFAR_NEEDS})"
            );
        }
        "npy" => {
            "a single array is no data set, which has images and labels: load both in Python \
             (np.load)"
        }
        "csv" | "tsv" | "txt" => {
            "tables are not read as data sets: load it in Python (np.loadtxt or pandas.read_csv)"
        }
        "mat" => "files of MATLAB are not read: load it in Python (scipy.io.loadmat)",
        "h5" | "hdf5" => "HDF5 is not read: load it in Python (h5py)",
        "parquet" => "Parquet is not read: load it in Python (pandas.read_parquet)",
        _ => "not a data set that is read: load it in Python",
    };
    format!("{load} and save the arrays with {SAVE}; then say --data set.npz")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(directory: &Path, names: &[&str]) {
        names.iter().for_each(|name| std::fs::write(directory.join(name), "").unwrap());
    }

    fn found(path: &Path) -> Vec<String> {
        let Layout::Idx(files) = Layout::find(path).unwrap() else { panic!("{path:?}") };
        files.iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn the_official_names_come_first() {
        let names = idx_names("t10k-labels-idx1-ubyte");
        assert_eq!(names[..2], ["t10k-labels-idx1-ubyte", "t10k-labels-idx1-ubyte.gz"]);
        for other in ["t10k-labels.idx1-ubyte", "test-labels.idx1-ubyte.gz", "test-labels-idx2-int"]
        {
            assert!(names.contains(&other.to_string()), "{other}");
        }
        assert!(
            idx_names("train-images-idx3-ubyte")
                .iter()
                .all(|name| name.ends_with("-ubyte") || name.ends_with(".gz"))
        );
    }

    #[test]
    fn sets_that_share_a_directory_are_told_apart_by_their_beginnings() {
        let here = tempfile::tempdir().unwrap();
        let names = |prefix: &str| {
            [
                "train-images-idx3-ubyte",
                "train-labels-idx1-ubyte",
                "test-images-idx3-ubyte",
                "test-labels-idx1-ubyte",
            ]
            .map(|name| format!("{prefix}{name}"))
        };
        for prefix in ["emnist-letters-", "emnist-balanced-"] {
            touch(here.path(), &names(prefix).each_ref().map(String::as_str));
        }
        let error = Layout::find(here.path()).unwrap_err().to_string();
        assert!(
            error.contains("several data sets") && error.contains("emnist-balanced or "),
            "{error}"
        );
        assert_eq!(found(&here.path().join("emnist-letters")), names("emnist-letters-"));
        assert_eq!(found(&here.path().join("emnist-letters-")), names("emnist-letters-"));
        assert!(
            is_there(&here.path().join("emnist-balanced"))
                && !is_there(&here.path().join("emnist-digits"))
        );
        // A set without a beginning is the one that is meant.
        touch(here.path(), &IDX_FILES);
        assert_eq!(found(here.path()), IDX_FILES);
        let up = here.path().parent().unwrap();
        assert!(
            Layout::find(&up.join("no-such-set")).unwrap_err().to_string().contains("cannot read")
        );
    }

    #[test]
    fn directories_of_something_else_say_what_to_do() {
        let here = tempfile::tempdir().unwrap();
        let refusal = |path: &Path| Layout::find(path).unwrap_err().to_string();
        std::fs::create_dir_all(here.path().join("root/MNIST/raw")).unwrap();
        touch(&here.path().join("root/MNIST/raw"), &IDX_FILES);
        assert!(refusal(&here.path().join("root")).contains("did you mean --data "));
        assert!(refusal(&here.path().join("root")).contains("root/MNIST/raw?"));
        let python = here.path().join("cifar-100-python");
        std::fs::create_dir(&python).unwrap();
        touch(&python, &["train", "test", "meta"]);
        assert!(refusal(&python).contains("np.savez('set.npz'"));
        assert!(refusal(&python.join("train")).contains("pickles are not read"));
        touch(here.path(), &["x.npy", "a.mat", "mnist.pkl", "train-images.idx3-ubyte"]);
        for (name, expected) in [
            ("x.npy", "a single array"),
            ("a.mat", "scipy.io.loadmat"),
            ("mnist.pkl", "pickles"),
            ("train-images.idx3-ubyte", "name the directory"),
        ] {
            assert!(refusal(&here.path().join(name)).contains(expected), "{name}");
        }
    }
}
