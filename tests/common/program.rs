//! What tests of the program have in common.

use super::tree;
use assert_cmd::Command;
use serde_json::Value as Json;
use std::path::Path;

/// The program in `directory`, with no data sets but the embedded one.
pub fn alignscope(directory: &Path) -> Command {
    let mut command = Command::cargo_bin("alignscope").unwrap();
    command
        .current_dir(directory)
        .env_remove("ALIGNSCOPE_DATA")
        .env("XDG_DATA_HOME", directory.join("none"));
    command
}

/// Standard output of a request that succeeds.
pub fn done(directory: &Path, args: &[&str]) -> String {
    let assert = alignscope(directory).args(args).assert().success();
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

/// The same, as JSON.
pub fn json(directory: &Path, args: &[&str]) -> Json {
    serde_json::from_str(&done(directory, args)).unwrap()
}

/// Standard error of a request that ends with `code`, free of panics.
pub fn refused(directory: &Path, args: &[&str], code: i32) -> String {
    let assert = alignscope(directory).args(args).assert().code(code);
    let error = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(!error.contains("panicked"), "{error}");
    error
}

/// The words of a line.
pub fn line(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// A file of `directory`.
pub fn bytes(directory: &Path, name: &str) -> Vec<u8> {
    std::fs::read(directory.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Two run directories hold the same files.
pub fn assert_same(a: &Path, b: &Path) {
    let [one, other] = [tree(a), tree(b)];
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (path, bytes) in &one {
        assert!(*bytes == other[path], "{} differs", path.display());
    }
}
