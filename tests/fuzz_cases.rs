//! The corpus of the fuzzer, and what it found, once more through the parsers.

#[path = "../fuzz/src/parsers.rs"]
mod parsers;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The inputs of a target by name: its corpus, which is an archive, and the cases that were found,
/// which are files.
fn inputs(target: &str) -> BTreeMap<String, Vec<u8>> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut inputs = BTreeMap::new();
    let corpus = File::open(fuzz.join(format!("corpus/{target}.tar"))).unwrap();
    for entry in tar::Archive::new(corpus).entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = format!("corpus/{}", entry.path().unwrap().display());
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        inputs.insert(name, bytes);
    }
    for entry in std::fs::read_dir(fuzz.join("cases").join(target)).into_iter().flatten() {
        let path = entry.unwrap().path();
        inputs.insert(path.display().to_string(), std::fs::read(path).unwrap());
    }
    inputs
}

#[test]
fn the_corpus_and_every_case_found_are_read_or_refused() {
    for (name, target) in parsers::TARGETS {
        let inputs = inputs(name);
        assert!(!inputs.is_empty(), "there is nothing of {name}");
        for (input, bytes) in inputs {
            // Named before it runs, as a panic does not tell the input.
            println!("{name}: {input}");
            target(&bytes);
        }
    }
}
