//! How large what lies in a directory is.

use std::path::Path;

/// Bytes of all files below a directory; links are not followed, and what cannot be listed counts
/// nothing.
pub(crate) fn size_below(directory: &Path) -> u64 {
    let listed = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(facts) if facts.is_dir() => size_below(&entry.path()),
        Ok(facts) if facts.is_file() => facts.len(),
        _ => 0,
    };
    listed.map(size).sum()
}
