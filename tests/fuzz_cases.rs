//! The corpus of the fuzzer, and what it found, once more through the parsers.

#[path = "../fuzz/src/parsers.rs"]
mod parsers;

use std::path::Path;

#[test]
fn the_corpus_and_every_case_found_are_read_or_refused() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    for (name, target) in parsers::TARGETS {
        let mut replayed = 0;
        for kind in ["corpus", "cases"] {
            for entry in std::fs::read_dir(fuzz.join(kind).join(name)).into_iter().flatten() {
                let path = entry.unwrap().path();
                // Named before it runs, as a panic does not tell the input.
                println!("{}", path.display());
                target(&std::fs::read(path).unwrap());
                replayed += 1;
            }
        }
        assert!(replayed > 0, "there is nothing of {name}");
    }
}
