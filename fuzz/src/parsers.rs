//! What is fuzzed: any bytes give a value or an error, never a panic, and a value that is written
//! and read back is the same. Shared by the fuzzer and by `tests/fuzz_cases.rs`, which replays the
//! corpus.

use alignscope::array::{Array, extent, members, read, shape, write_csv, write_npy, write_npz};
use alignscope::condition::{Kind, RecordEvery};
use alignscope::data::{LabelChange, Library, Source, parse_batch, parse_images, parse_labels};
use alignscope::quantity::{Observer, parse_observers};
use alignscope::recorded::RecordedRun;
use alignscope::rule::{Rule, WeightNorm};
use alignscope::run::{Export, Shard};
use alignscope::signal::lagged::Comparison;
use alignscope::signal::{Cross, Form, Surrogate};
use alignscope::spec::{parameters, parse_spec};
use std::fmt::{Debug, Display};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

/// A target with its name.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 9] = [
    ("idx", idx),
    ("cifar", cifar),
    ("npy", npy),
    ("npz", npz),
    ("arrays", arrays),
    ("csv", csv),
    ("spec", spec),
    ("signal", signal),
    ("option", option),
];

/// MNIST's format: header, then as many bytes as it says.
fn idx(bytes: &[u8]) {
    let big_endian = |sizes: &[usize]| {
        sizes.iter().flat_map(|&size| (size as u32).to_be_bytes()).collect::<Vec<_>>()
    };
    let plain = !bytes.starts_with(&[0x1f, 0x8b]);
    if let Ok((shape, pixels)) = parse_images(bytes) {
        let again = [&[0, 0, 8, 3], &big_endian(&shape)[..], &pixels].concat();
        assert_eq!(parse_images(&again), Ok((shape, pixels)));
        assert!(!plain || again == bytes);
    }
    if let Ok(labels) = parse_labels(bytes) {
        let again = [&[0, 0, 8, 1], &big_endian(&[labels.len()])[..], &labels].concat();
        assert_eq!(parse_labels(&again), Ok(labels));
        assert!(!plain || again == bytes);
    }
}

/// CIFAR-10: a label and 3 x 32 x 32 pixels per record.
fn cifar(bytes: &[u8]) {
    if let Ok((pixels, labels)) = parse_batch(bytes) {
        let records = labels.iter().zip(pixels.chunks_exact(3072));
        assert!(
            records
                .flat_map(|(label, image)| [&[*label], image].concat())
                .eq(bytes.iter().copied())
        );
    }
}

/// A place in memory, where there is one, as arrays are read from files.
fn place(name: &str) -> PathBuf {
    thread_local! {
        static DIRECTORY: OnceLock<TempDir> = const { OnceLock::new() };
    }
    let make = || {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }
            .expect("a temporary directory")
    };
    DIRECTORY.with(|directory| directory.get_or_init(make).path().join(name))
}

/// A file with these bytes.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = place(name);
    std::fs::write(&path, bytes).expect("a file that can be written");
    path
}

/// Writes an array with `write` and reads it again.
fn read_back(name: &str, array: &Array, write: impl FnOnce(&Path)) {
    let path = file(name, &[]);
    write(&path);
    assert_eq!(&read(&path, None).expect("what was written is read"), array);
}

fn npy(bytes: &[u8]) {
    if let Ok(array) = read(&file("in.npy", bytes), None) {
        assert_eq!(array.shape.iter().product::<usize>(), array.data.len());
        read_back("out.npy", &array, |path| write_npy(path, &array).expect("a file"));
    }
}

fn npz(bytes: &[u8]) {
    let path = file("in.npz", bytes);
    let _ = RecordedRun::open(&path);
    for member in members(&path).unwrap_or_default() {
        let shape = shape(&path, &member);
        if let Ok(array) = read(&path, Some(&member)) {
            assert_eq!(shape.expect("an array that is read has a shape"), array.shape);
            read_back("out.npz", &array, |path| write_npz(path, &[("x", &array)]).expect("a file"));
        }
    }
}

/// A directory of `.npy` files, as a recording and as a data set. The first line of an input has
/// their names, with commas between them; each file starts with NumPy's magic.
fn arrays(bytes: &[u8]) {
    let magic = b"\x93NUMPY";
    let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else { return };
    let (names, bytes) = bytes.split_at(end);
    let Ok(names) = std::str::from_utf8(names) else { return };
    let starts = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(magic));
    let starts: Vec<usize> = starts.chain([bytes.len()]).collect();
    let directory = place("arrays");
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir(&directory).expect("a directory");
    let plain = |name: &&str| {
        (1..30).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    for (name, window) in names.split(',').filter(plain).zip(starts.windows(2)) {
        std::fs::write(directory.join(format!("{name}.npy")), &bytes[window[0]..window[1]])
            .expect("a file");
    }
    for member in members(&directory).expect("a directory that can be listed") {
        if let Ok(array) = read(&directory, Some(&member)) {
            let extent =
                extent(&directory, Some(&member)).expect("an array that is read has an extent");
            assert!(extent.is_whole() && extent.header.shape == array.shape);
        }
    }
    let _ = RecordedRun::open(&directory);
    if let Ok(set) =
        Library::new(Some(directory.clone())).load::<f32>(&Source::Path(directory), None)
    {
        for part in [&set.train, &set.test] {
            assert_eq!(part.images.rows(), part.labels.len());
            assert!(part.images.as_slice().iter().all(|value| value.is_finite()));
            assert!(part.labels.iter().all(|&label| usize::from(label) < set.classes));
        }
    }
}

fn csv(bytes: &[u8]) {
    if let Ok(array) = read(&file("in.csv", bytes), None) {
        assert_eq!(array.shape.iter().product::<usize>(), array.data.len());
        if array.shape.len() == 3 {
            read_back("out.csv", &array, |path| write_csv(path, &array).expect("a file"));
        }
    }
}

fn spec(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // Nothing is beside it that it could extend.
    let read = |text: &str| parse_spec(Path::new("/nowhere/spec.toml"), text);
    if let Ok(spec) = read(text) {
        let written = spec.to_toml();
        let again = read(&written).unwrap_or_else(|error| panic!("{written}\n{error}"));
        assert_eq!(again.to_toml(), written);
    }
}

/// Text forms that are read back as they are written.
fn same<T: PartialEq + Debug + Display>(value: Option<T>, parse: impl Fn(&str) -> Option<T>) {
    if let Some(value) = value {
        assert_eq!(parse(&value.to_string()).as_ref(), Some(&value));
    }
}

/// Forms of signals, and what joins them.
fn signal(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let form = |text: &str| Form::parse(text).ok();
    same(form(text), form);
    if let Some(form) = form(text) {
        let _ =
            (form.check_sizes(3, 2), form.covariance(4), form.coefficient(), form.is_gaussian());
    }
    same(text.parse::<Cross>().ok(), |text| text.parse().ok());
    let _ = (Surrogate::parse(text), Comparison::parse(text));
}

/// Parameters as `NAME VALUE`, and the other texts on the command line.
fn option(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let kinds = [Kind::Isolate, Kind::Train, Kind::Sample, Kind::Replay, Kind::Plane];
    if let Some((name, value)) = text.split_once(' ') {
        let of_kinds = kinds.into_iter().flat_map(parameters);
        for parameter in of_kinds.filter(|known| known.name() == name).map(|known| &known.parameter)
        {
            if let Ok(value) = parameter.read(value) {
                assert_eq!(parameter.read(&value.to_text()), Ok(value));
            }
        }
    }
    same(text.parse::<LabelChange>().ok(), |text| text.parse().ok());
    same(text.parse::<WeightNorm>().ok(), |text| text.parse().ok());
    same(text.parse::<Rule>().ok(), |text| text.parse().ok());
    let shard = |text: &str| Shard::parse(text).ok();
    same(shard(text), shard);
    let _ = Export::parse(text);
    for kind in kinds {
        if let Ok(recording) = RecordEvery::parse(text, kind) {
            assert_eq!(RecordEvery::parse(&recording.to_string(), kind), Ok(recording));
            let listed = recording.iterations(1000, 7, &[5]);
            assert!(listed.len() <= recording.count(1000, 7, 1) && listed.is_sorted());
        }
        if let Ok(observers) = parse_observers(text, kind) {
            let written: Vec<String> = observers.iter().map(Observer::to_string).collect();
            assert_eq!(parse_observers(&written.join(","), kind), Ok(observers));
        }
    }
}
