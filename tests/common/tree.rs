//! Run directories as what is in their files. Tests within the library use it too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files of a run directory with what is in them, but for the log of times.
pub fn tree(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut directories = vec![directory.to_path_buf()];
    while let Some(next) = directories.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.file_name() != Some("log.json".as_ref()) {
                files.insert(
                    path.strip_prefix(directory).unwrap().to_path_buf(),
                    std::fs::read(&path).unwrap(),
                );
            }
        }
    }
    files
}
