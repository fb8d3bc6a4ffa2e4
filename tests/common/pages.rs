//! Pages that are made, or parts of them: held to what they have to be, or, with `WRITE_DICTIONARY`
//! set, written.

use std::fs;
use std::path::Path;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Holds a page to what it has to be; `tests` is the module that makes it.
pub fn hold(name: &str, tests: &str, wanted: &str) {
    let path = root().join(name);
    if fs::read_to_string(&path).ok().as_deref() == Some(wanted) {
        return;
    }
    assert!(
        std::env::var_os("WRITE_DICTIONARY").is_some(),
        "{name} is not what it is made of: WRITE_DICTIONARY=1 cargo test --release --test it \
         {tests}::"
    );
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, wanted).unwrap();
}

/// Holds what stands between two comments of a page to what it has to be.
pub fn hold_between(name: &str, what: &str, tests: &str, wanted: &str) {
    let ends = [
        format!("<!-- {what}: written by tests/{tests}.rs -->\n"),
        format!("<!-- end of {what} -->\n"),
    ];
    let text = fs::read_to_string(root().join(name)).unwrap();
    let (before, rest) = text.split_once(&ends[0]).unwrap();
    let (_, after) = rest.split_once(&ends[1]).unwrap();
    hold(name, tests, &[before, &ends[0], wanted, &ends[1], after].concat());
}
