//! The list of what was written into a directory: `checksums`, a line `HASH  path` per file, as
//! `b3sum` writes and checks them.
//!
//! A file's line is written before the file is put in its place. While a directory is being written
//! to, a path may therefore have several lines, of what was there and of what takes its place, and
//! a file is whole if any of them is its own. Nothing that is killed at any moment is taken for
//! damaged, then; and when all is written, the list is written anew with one line per path.

use super::{FileError, Operation, checked, unfollowed, write_atomically};
use blake3::{Hash, Hasher};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Name of the list of what was written into a directory.
pub(crate) const CHECKSUMS: &str = "checksums";

/// What the list says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is as it was written.
    Whole,
    /// It is not as it was written.
    Changed,
    /// It is not in the list.
    Unlisted,
}

impl Standing {
    /// What is wrong with the file at `path`, as a sentence begins; `None` of one that is whole.
    pub fn damage(self, path: &Path) -> Option<String> {
        match self {
            Self::Whole => None,
            Self::Changed => Some(format!("{} does not match its checksum", path.display())),
            Self::Unlisted => Some(format!("{} is not listed in {CHECKSUMS}", path.display())),
        }
    }
}

/// A list that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checksums {
    /// Hashes by path below the directory, with slashes.
    lines: BTreeMap<String, Vec<Hash>>,
    /// Lines that are none.
    broken: usize,
    /// Whether there is a list at all.
    present: bool,
}

impl Checksums {
    /// Reads the list of a directory. One that is not there, as in directories that version 0.1.0
    /// wrote, holds for any file.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn read(directory: &Path) -> Result<Self, FileError> {
        let path = directory.join(CHECKSUMS);
        match fs::read(&path) {
            Ok(bytes) => Ok(Self::parse(&bytes)),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Ok(Self::default())
            }
            Err(source) => Err(FileError::new("read", &path, source)),
        }
    }

    fn parse(bytes: &[u8]) -> Self {
        let mut list = Self { present: true, ..Self::default() };
        let lines = bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|&byte| byte == b'\n');
        for line in lines.filter(|_| !bytes.is_empty()) {
            match parse_line(line) {
                Some((name, hash)) => list.lines.entry(name).or_default().push(hash),
                None => list.broken += 1,
            }
        }
        list
    }

    /// Whether there is a list.
    pub fn is_present(&self) -> bool {
        self.present
    }

    /// Lines that make no sense, which no list is written with.
    pub fn broken(&self) -> usize {
        self.broken
    }

    /// Whether a path is in the list.
    pub fn has(&self, name: &str) -> bool {
        self.lines.contains_key(name)
    }

    /// The paths of the list.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.lines.keys().map(String::as_str)
    }

    /// What the list says of a file with these contents. Where there is no list, all is well.
    pub fn standing(&self, name: &str, hash: Hash) -> Standing {
        match self.lines.get(name) {
            _ if !self.present => Standing::Whole,
            None => Standing::Unlisted,
            Some(hashes) if hashes.contains(&hash) => Standing::Whole,
            Some(_) => Standing::Changed,
        }
    }

    /// The same of a file below `directory`, with its hash; `None` if it is not there.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn of_file(
        &self,
        directory: &Path,
        name: &str,
    ) -> Result<Option<(Standing, Hash)>, FileError> {
        let path = directory.join(name);
        let hash = match hash_of(&path) {
            Ok(hash) => hash,
            Err(error) if error.source.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some((self.standing(name, hash), hash)))
    }
}

/// A line of a list: 64 small hexadecimal digits, two blanks and a path that stays below the
/// directory.
fn parse_line(line: &[u8]) -> Option<(String, Hash)> {
    let (digits, name) = std::str::from_utf8(line).ok()?.split_once("  ")?;
    let hash = Hash::from_hex(digits).ok().filter(|hash| *hash.to_hex() == *digits)?;
    let stays = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    (!name.is_empty() && stays).then(|| (name.to_string(), hash))
}

fn line(name: &str, hash: Hash) -> String {
    format!("{hash}  {name}\n")
}

/// Hash of a file's bytes, which need not fit into memory.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn hash_of(path: &Path) -> Result<Hash, FileError> {
    let read = |source| FileError::new("read", path, source);
    let mut hasher = Hasher::new();
    hasher.update_reader(File::open(path).map_err(read)?).map_err(read)?;
    Ok(hasher.finalize())
}

/// The list of a directory that this process alone writes to.
pub(crate) struct Ledger {
    directory: PathBuf,
    /// As it was found.
    found: Checksums,
    state: Mutex<LedgerState>,
}

#[derive(Default)]
struct LedgerState {
    /// Of files that are known to be whole, or were written since.
    current: BTreeMap<String, Hash>,
    /// The list, open to be added to.
    file: Option<File>,
}

impl Ledger {
    /// The list of `directory` as it was read.
    pub fn new(directory: &Path, found: Checksums) -> Self {
        Self { directory: directory.to_path_buf(), found, state: Mutex::default() }
    }

    /// As it was found.
    pub fn found(&self) -> &Checksums {
        &self.found
    }

    fn state(&self) -> MutexGuard<'_, LedgerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a file that was found whole.
    pub fn confirm(&self, name: &str, hash: Hash) {
        self.state().current.insert(name.into(), hash);
    }

    /// Adds files that are about to be put in their places. Not synced to the disk: a line that is
    /// lost when the power fails costs no more than its file, which is then made again.
    ///
    /// # Errors
    /// If the list cannot be written.
    pub fn note(&self, files: &[(String, Hash)]) -> Result<(), FileError> {
        let mut state = self.state();
        let path = self.directory.join(CHECKSUMS);
        let refused = |source| FileError::new("write", &path, source);
        if state.file.is_none() {
            self.rewrite(&state.current)?;
            state.file =
                Some(unfollowed(File::options().append(true)).open(&path).map_err(refused)?);
        }
        let lines: String = files.iter().map(|(name, hash)| line(name, *hash)).collect();
        checked(Operation::Append, &path).map_err(refused)?;
        if let Some(file) = &mut state.file {
            file.write_all(lines.as_bytes()).map_err(refused)?;
        }
        state.current.extend(files.iter().cloned());
        Ok(())
    }

    /// Writes the list anew, now that everything is in its place.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn settle(&self) -> Result<(), FileError> {
        let mut state = self.state();
        state.file = None;
        self.rewrite(&state.current)
    }

    /// A line per path that is known, and all lines there were of others that are still there: what
    /// is damaged stays known for it.
    fn rewrite(&self, current: &BTreeMap<String, Hash>) -> Result<(), FileError> {
        let mut lines: BTreeMap<&str, String> =
            current.iter().map(|(name, hash)| (name.as_str(), line(name, *hash))).collect();
        for (name, hashes) in &self.found.lines {
            if !current.contains_key(name) && self.directory.join(name).exists() {
                lines.insert(name, hashes.iter().map(|hash| line(name, *hash)).collect());
            }
        }
        let text: String = lines.into_values().collect();
        write_atomically(&self.directory.join(CHECKSUMS), text.as_bytes())
    }
}

/// `text` after a first line that holds its hash: `before`, the hash, `after`.
pub(crate) fn sealed([before, after]: [&str; 2], text: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{before}{}{after}\n", blake3::hash(text)).into_bytes();
    bytes.extend_from_slice(text);
    bytes
}

/// The text that [`sealed`] was given; `None` if any byte has changed since.
pub(crate) fn unsealed<'a>([before, after]: [&str; 2], bytes: &'a [u8]) -> Option<&'a [u8]> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    let (first, text) = (&bytes[..end], &bytes[end + 1..]);
    (first == format!("{before}{}{after}", blake3::hash(text)).as_bytes()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &str) -> Hash {
        blake3::hash(text.as_bytes())
    }

    #[test]
    fn a_file_is_whole_if_any_of_its_lines_is_its_own() {
        let list = line("a", hash("old")) + &line("a", hash("new")) + &line("b/c", hash("c"));
        let list = Checksums::parse(list.as_bytes());
        assert!(list.is_present() && list.broken() == 0);
        assert_eq!(list.names().collect::<Vec<_>>(), ["a", "b/c"]);
        for (name, text, standing) in [
            ("a", "old", Standing::Whole),
            ("a", "new", Standing::Whole),
            ("a", "c", Standing::Changed),
            ("b/c", "c", Standing::Whole),
            ("c", "c", Standing::Unlisted),
        ] {
            assert_eq!(list.standing(name, hash(text)), standing, "{name} {text}");
        }
        assert_eq!(Checksums::default().standing("a", hash("")), Standing::Whole);
    }

    #[test]
    fn lines_that_are_none_are_counted() {
        let whole = line("a", hash("a"));
        let broken = [
            whole.to_uppercase(),
            whole[1..].to_string(),
            whole.replace("  ", " "),
            line("", hash("a")),
            line("../a", hash("a")),
            line("/a", hash("a")),
            "\n".into(),
        ];
        for text in broken {
            assert_eq!(Checksums::parse(text.as_bytes()).broken(), 1, "{text}");
        }
        // The end of the last line may be missing, where the disk was full.
        assert_eq!(
            Checksums::parse(whole.trim_end().as_bytes()).standing("a", hash("a")),
            Standing::Whole
        );
        assert_eq!(Checksums::parse(b"").broken(), 0);
    }

    #[test]
    fn the_list_holds_before_and_after_every_write() {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path();
        let write = |name: &str, text: &str| fs::write(here.join(name), text).unwrap();
        let standing =
            |name: &str| Checksums::read(here).unwrap().of_file(here, name).unwrap().unwrap().0;
        let open = || Ledger::new(here, Checksums::read(here).unwrap());
        ["a", "gone", "damaged"].iter().for_each(|name| write(name, name));
        let first = open();
        first.note(&["a", "gone", "damaged"].map(|name| (name.to_string(), hash(name)))).unwrap();
        first.settle().unwrap();
        write("damaged", "other");
        fs::remove_file(here.join("gone")).unwrap();

        let second = open();
        second.note(&[("a".into(), hash("new"))]).unwrap();
        assert_eq!(standing("a"), Standing::Whole);
        write("a", "new");
        assert_eq!(standing("a"), Standing::Whole);
        second.settle().unwrap();
        assert_eq!([standing("a"), standing("damaged")], [Standing::Whole, Standing::Changed]);
        write("a", "a");
        assert_eq!(standing("a"), Standing::Changed);
        let text = fs::read_to_string(here.join(CHECKSUMS)).unwrap();
        assert_eq!(text, line("a", hash("new")) + &line("damaged", hash("damaged")));
        assert!(Checksums::read(here).unwrap().of_file(here, "gone").unwrap().is_none());
    }

    #[test]
    fn no_byte_of_what_is_sealed_changes_unseen() {
        let around = ["{ \"blake3\": \"", "\","];
        let bytes = sealed(around, b"\"a\": 1 }\n");
        assert_eq!(unsealed(around, &bytes), Some(&b"\"a\": 1 }\n"[..]));
        assert!(serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()["a"] == 1);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut other = bytes.clone();
                other[at] ^= 1 << bit;
                assert_eq!(unsealed(around, &other), None, "bit {bit} of byte {at}");
            }
            assert_eq!(unsealed(around, &bytes[..at]), None);
        }
    }
}
