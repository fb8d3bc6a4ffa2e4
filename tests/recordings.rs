//! Recordings as directories of growing files, and as archives that are read from where they lie.

use crate::common;
use alignscope::array::{digest, members, read};
use alignscope::recorded::{RecordedRun, Stack};
use serde_json::Value as Json;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A network of 12-10-8-6 units recorded from PyTorch in single precision, 25 updates.
fn pytorch() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pytorch.npz")
}

/// A member in single precision, as our recorder writes it: a header of 128 bytes, so that it can
/// be rewritten in place.
#[derive(Clone)]
struct Member {
    name: String,
    shape: Vec<usize>,
    values: Vec<f32>,
    fortran: bool,
}

impl Member {
    fn header(&self, frames: usize) -> Vec<u8> {
        let mut shape = self.shape.clone();
        shape[0] = frames;
        let shape: Vec<String> = shape.iter().map(|n| format!("{n},")).collect();
        let order = if self.fortran { "True" } else { "False" };
        let text = format!(
            "{{'descr': '<f4', 'fortran_order': {order}, 'shape': ({}), }}",
            shape.join(" ")
        );
        let text = format!("{text:<117}\n");
        let length = u16::try_from(text.len()).unwrap().to_le_bytes();
        [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes()].concat()
    }

    fn frame_bytes(&self) -> usize {
        4 * self.shape[1..].iter().product::<usize>()
    }

    /// Whether the first dimension counts states or iterations.
    fn grows(&self) -> bool {
        !self.name.starts_with('B')
    }

    fn data(&self) -> Vec<u8> {
        self.values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn bytes(&self) -> Vec<u8> {
        [self.header(self.shape[0]), self.data()].concat()
    }

    /// The same array, with the first index fastest.
    fn in_fortran_order(mut self) -> Self {
        let shape = self.shape.clone();
        let mut values = Vec::new();
        for at in 0..self.values.len() {
            let (mut rest, mut index) = (at, vec![0; shape.len()]);
            for (i, n) in index.iter_mut().zip(&shape) {
                (*i, rest) = (rest % n, rest / n);
            }
            values.push(self.values[index.iter().zip(&shape).fold(0, |at, (i, n)| at * n + i)]);
        }
        (self.values, self.fortran) = (values, true);
        self
    }
}

/// The recording from PyTorch.
fn recording() -> Vec<Member> {
    let of = |name: String| {
        let array = read(&pytorch(), Some(&name)).unwrap();
        let values = array.data.iter().map(|value| *value as f32).collect();
        Member { name, shape: array.shape, values, fortran: false }
    };
    members(&pytorch()).unwrap().into_iter().map(of).collect()
}

fn directory(here: &Path, name: &str, members: &[Member]) -> PathBuf {
    let path = here.join(name);
    fs::create_dir(&path).unwrap();
    for of in members {
        fs::write(path.join(format!("{}.npy", of.name)), of.bytes()).unwrap();
    }
    path
}

fn archive(here: &Path, name: &str, members: &[Member], method: zip::CompressionMethod) -> PathBuf {
    let mut writer = zip::ZipWriter::new(fs::File::create(here.join(name)).unwrap());
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for of in members {
        writer.start_file(format!("{}.npy", of.name), options).unwrap();
        writer.write_all(&of.bytes()).unwrap();
    }
    writer.finish().unwrap();
    here.join(name)
}

/// What is said of a recording, but for where it is.
fn analyze(here: &Path, run: &Path) -> Json {
    let mut found = common::json(here, &["analyze", run.to_str().unwrap(), "--json"]);
    found["archive"]["path"] = Json::Null;
    found
}

fn notes(found: &Json) -> String {
    found["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| note.as_str().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_same_recording_says_the_same_however_it_is_stored() {
    let here = TempDir::new().unwrap();
    let members = recording();
    let expected = analyze(here.path(), &pytorch());
    let fortran: Vec<Member> = members.iter().cloned().map(Member::in_fortran_order).collect();
    let (stored, deflated) = (zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated);
    for run in [
        directory(here.path(), "directory", &members),
        directory(here.path(), "fortran", &fortran),
        archive(here.path(), "stored.npz", &members, stored),
        archive(here.path(), "deflated.npz", &members, deflated),
        archive(here.path(), "stored-fortran.npz", &fortran, stored),
        archive(here.path(), "deflated-fortran.npz", &fortran, deflated),
    ] {
        assert_eq!(analyze(here.path(), &run), expected, "{}", run.display());
    }
}

#[test]
fn what_all_members_of_a_torn_recording_hold_whole_is_read_and_that_is_said() {
    let here = TempDir::new().unwrap();
    let members = recording();
    let whole = analyze(here.path(), &pytorch());
    // The writer was killed in the middle of an update: some members hold it, one holds half of it,
    // and some headers have not been rewritten yet.
    let path = here.path().join("torn");
    fs::create_dir(&path).unwrap();
    for of in &members {
        let (frames, kept, rest) = match of.name.as_str() {
            _ if !of.grows() => (of.shape[0], of.shape[0], 0),
            "activity1" => (20, 19, of.frame_bytes() / 2),
            "delta3" => (18, 25, 0),
            "W2" => (21, 21, 0),
            _ => (20, 20, 64 * of.frame_bytes()),
        };
        let data = of.data();
        let kept = if of.grows() { kept * of.frame_bytes() } else { data.len() };
        let bytes = [of.header(frames), data[..kept].to_vec(), vec![0; rest]].concat();
        fs::write(path.join(format!("{}.npy", of.name)), bytes).unwrap();
    }
    let found = analyze(here.path(), &path);
    assert_eq!(
        (&found["archive"]["iterations"], &found["archive"]["states"]),
        (&18.into(), &19.into())
    );
    let note = notes(&found);
    for words in [
        "the end of the recording is incomplete",
        "activity1 holds 19.5 (its header says 20)",
        "delta3 holds 18 (and space for more)",
        "W2 holds 21",
        "what is complete in all members is read, 18 iterations and 19 states",
    ] {
        assert!(note.contains(words), "lacks `{words}`:\n{note}");
    }
    for (cut, all) in
        found["angles"].as_array().unwrap().iter().zip(whole["angles"].as_array().unwrap())
    {
        assert_eq!(
            cut["degrees"].as_array().unwrap()[..],
            all["degrees"].as_array().unwrap()[..19]
        );
    }
    assert_eq!(found["steps"]["fits"][0]["closing"]["closes"], true);
}

#[test]
fn members_that_were_never_written_together_are_refused() {
    let here = TempDir::new().unwrap();
    let mut members = recording();
    for of in members.iter_mut().filter(|of| of.name == "delta3") {
        of.shape[0] = 9;
        let values = of.frame_bytes() / 4 * 9;
        of.values.truncate(values);
    }
    let run = directory(here.path(), "other", &members);
    let error = common::refused(here.path(), &["analyze", run.to_str().unwrap()], 2);
    assert!(error.contains("`delta3` has 9 iterations of 16 samples"), "{error}");
    let empty = here.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let error = common::refused(here.path(), &["analyze", "empty"], 2);
    assert!(error.contains("none of W0") && error.contains("it has no members"), "{error}");
    directory(&empty, "conv1", &members);
    let error = common::refused(here.path(), &["analyze", "empty"], 2);
    assert!(error.contains("there are recordings in empty/conv1"), "{error}");
    fs::remove_dir_all(empty.join("conv1")).unwrap();
    fs::write(empty.join("W0.npy"), members[0].header(0)).unwrap();
    let error = common::refused(here.path(), &["analyze", "empty"], 2);
    assert!(error.contains("`W0`") && error.contains("it is empty"), "{error}");
    // A matrix that is there once cannot be torn.
    let cut = directory(here.path(), "cut", &recording());
    let file = fs::File::options().write(true).open(cut.join("B1.npy")).unwrap();
    file.set_len(file.metadata().unwrap().len() - 6).unwrap();
    let error = common::refused(here.path(), &["analyze", "cut"], 2);
    assert!(
        error.contains("`B1`") && error.contains("it is cut short: 78.5 of 80 values are there"),
        "{error}"
    );
}

#[test]
fn a_missing_member_has_its_price_and_no_other() {
    let here = TempDir::new().unwrap();
    let run = directory(here.path(), "run", &recording());
    fs::remove_file(run.join("activity1.npy")).unwrap();
    fs::write(run.join("notes.txt"), "not an array").unwrap();
    fs::write(run.join(".W9.npy"), "on its way").unwrap();
    fs::copy(run.join("W0.npy"), run.join("W0_copy.npy")).unwrap();
    let found = analyze(here.path(), &run);
    let missing: Vec<&Json> =
        found["archive"]["missing"].as_array().unwrap().iter().map(|of| &of["member"]).collect();
    assert_eq!(missing, ["activity1"]);
    assert_eq!(found["archive"]["ignored"], serde_json::json!(["W0_copy"]));
}

#[test]
fn a_recording_may_grow_while_it_is_read_and_must_not_shrink() {
    let here = TempDir::new().unwrap();
    let members = recording();
    let start: Vec<Member> = members
        .iter()
        .cloned()
        .map(|mut of| {
            if of.grows() {
                of.shape[0] = if of.shape[0] == 26 { 11 } else { 10 };
                let values = of.shape.iter().product();
                of.values.truncate(values);
            }
            of
        })
        .collect();
    let path = directory(here.path(), "run", &start);
    let run = RecordedRun::open(&path).unwrap();
    let all = |stack: &Stack| -> Vec<f64> {
        (0..stack.len()).flat_map(|k| stack.matrix(k).unwrap().as_slice().to_vec()).collect()
    };
    let before = all(run.weights(1).unwrap());
    for of in members.iter().filter(|of| of.grows()) {
        let file = path.join(format!("{}.npy", of.name));
        fs::write(&file, of.bytes()).unwrap();
    }
    assert_eq!((run.iterations(), all(run.weights(1).unwrap())), (10, before));
    assert_eq!(RecordedRun::open(&path).unwrap().iterations(), 25);
    let file = fs::File::options().write(true).open(path.join("W1.npy")).unwrap();
    file.set_len(1000).unwrap();
    let error = run.weights(1).unwrap().matrix(9).unwrap_err().to_string();
    assert!(
        error.contains("W1.npy") && error.contains("it became shorter while it was read"),
        "{error}"
    );
}

#[test]
fn a_directory_is_told_from_another_by_all_that_is_in_it() {
    let here = TempDir::new().unwrap();
    let members = recording();
    let run = directory(here.path(), "run", &members);
    let first = digest(&run).unwrap();
    assert_eq!(first, digest(&directory(here.path(), "same", &members)).unwrap());
    let file = run.join("W2.npy");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, &bytes).unwrap();
    let second = digest(&run).unwrap();
    fs::rename(&file, run.join("W3.npy")).unwrap();
    let third = digest(&run).unwrap();
    assert!(first != second && second != third && first != third);
    // Members are arrays by name wherever arrays are read.
    assert_eq!(read(&run, Some("W1")).unwrap(), read(&pytorch(), Some("W1")).unwrap());
    assert!(read(&run, Some("W7")).unwrap_err().to_string().contains("no member `W7`"));
}

#[test]
fn a_changed_bit_of_an_archive_is_found_before_anything_is_printed() {
    let here = TempDir::new().unwrap();
    let members = recording();
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let path = archive(here.path(), "run.npz", &members, method);
        let whole = fs::read(&path).unwrap();
        // From the header of the first member to the values of the last.
        for part in 1..12 {
            let mut bytes = whole.clone();
            let at = bytes.len() * part / 13 + part;
            bytes[at] ^= 1 << (part % 8);
            fs::write(&path, &bytes).unwrap();
            let assert =
                common::alignscope(here.path()).args(["analyze", "run.npz"]).assert().code(2);
            let output = assert.get_output();
            assert!(
                output.stdout.is_empty(),
                "byte {at}: {}",
                String::from_utf8_lossy(&output.stdout)
            );
        }
    }
}
