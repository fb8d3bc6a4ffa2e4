//! Data sets as people have them: names, shapes, types and containers that are read as the same
//! pixels and classes, refusals whose remedy is followed, and files that were damaged.

use crate::common::{alignscope, bytes, done, line, refused};
use alignscope::data::{DataError, DataSet, Library, Note, Source};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The data sets that `tests/data/data_sets.py` made with NumPy, unpacked.
fn unpacked() -> TempDir {
    let here = TempDir::new().unwrap();
    let mut archive = Vec::new();
    GzDecoder::new(&include_bytes!("data/data-sets.zip.gz")[..]).read_to_end(&mut archive).unwrap();
    zip::ZipArchive::new(Cursor::new(archive)).unwrap().extract(here.path()).unwrap();
    here
}

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases").join(name)
}

fn load(path: &Path) -> Result<DataSet<f64>, DataError> {
    Library::default().load(&Source::Path(path.into()), None).map(|set| (*set).clone())
}

fn is_same(one: &DataSet<f64>, other: &DataSet<f64>) -> bool {
    let parts = [(&one.train, &other.train), (&one.test, &other.test)];
    one.classes == other.classes
        && parts.iter().all(|(a, b)| a.labels == b.labels && a.images == b.images)
}

/// Notes on a data set.
fn notes(path: &Path) -> Vec<Note> {
    Source::Path(path.into()).facts().unwrap().notes
}

fn said(path: &Path) -> String {
    notes(path).iter().map(Note::text).collect::<Vec<_>>().join("\n")
}

/// Data sets in a directory, sorted.
fn sets(directory: &Path) -> Vec<PathBuf> {
    let mut sets: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    sets.sort();
    sets
}

/// What the cases are trained with.
const CASE: [&str; 19] = [
    "train",
    "--rule",
    "bp",
    "--code",
    "one-hot",
    "--loss",
    "softmax",
    "--activation",
    "relu",
    "--hidden",
    "20",
    "--eta",
    "2e-3",
    "--batch",
    "20",
    "--epochs",
    "20",
    "--repeats",
    "3",
];

/// `series.csv` of a run on a data set, without the column of the data set's name.
fn series(here: &Path, data: &str, out: &str, args: &[&str]) -> String {
    alignscope(here).args([args, &["--data", data, "--out", out]].concat()).assert().success();
    let text = String::from_utf8(bytes(here, &format!("{out}/series.csv"))).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        [&cells[..1], &cells[2..]].concat().join(",")
    };
    text.lines().map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_same_pixels_give_the_same_run_as_bytes_of_an_archive_and_as_idx_files() {
    let here = TempDir::new().unwrap();
    let [archive, idx] =
        ["30-u8-0-255.npz", "31-same-as-idx"].map(|name| case(name).display().to_string());
    let of_archive = series(here.path(), &archive, "a", &CASE);
    assert_eq!(of_archive, series(here.path(), &idx, "b", &CASE));
    let accuracy = |row: &str| row.split(',').next_back().unwrap().parse::<f64>().unwrap();
    let last = of_archive.lines().filter(|row| row.contains(",300,,,test_accuracy")).map(accuracy);
    let last: Vec<f64> = last.collect();
    assert_eq!(last.len(), 3);
    // 82.3 in the mean of three repeats.
    assert!((last.iter().sum::<f64>() / 3.0 - 82.3).abs() < 0.1, "{last:?}");
    let output = alignscope(here.path())
        .args([&CASE[..], &["--data", &archive, "--out", "c"]].concat())
        .output();
    let error = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(
        error.contains("30-u8-0-255.npz: `x` is of unsigned bytes, divided by 255 as in IDX files"),
        "{error}"
    );
    // Resized alike, too.
    let smaller = [&CASE[..], &["--size", "5"]].concat();
    assert_eq!(
        series(here.path(), &archive, "d", &smaller),
        series(here.path(), &idx, "e", &smaller)
    );
}

#[test]
fn keras_names_and_one_channel_are_read() {
    let here = TempDir::new().unwrap();
    for (name, sizes) in [("32-keras-names.npz", (60, 30)), ("35-one-channel.npz", (48, 12))] {
        let data = case(name).display().to_string();
        alignscope(here.path())
            .args(["train", "--data", &data, "--batch", "20", "--epochs", "2"])
            .assert()
            .success();
        let set = load(&case(name)).unwrap();
        assert_eq!(
            (set.train.labels.len(), set.test.labels.len(), set.inputs(), set.classes),
            (sizes.0, sizes.1, 64, 10)
        );
        assert!(set.train.images.as_slice().iter().all(|value| (0.0..=1.0).contains(value)));
        // Known to be images, they are resized.
        let small = Library::default().load::<f64>(&Source::Path(case(name)), Some(4)).unwrap();
        assert_eq!(small.inputs(), 16);
    }
}

#[test]
fn one_data_set_is_the_same_by_every_name_and_in_every_shape_and_type() {
    let here = unpacked();
    let reference = load(&here.path().join("same/idx")).unwrap();
    assert_eq!(
        (reference.train.labels.len(), reference.test.labels.len(), reference.classes),
        (40, 12, 4)
    );
    let all = sets(&here.path().join("same"));
    assert_eq!(all.len(), 26);
    for path in all {
        let path = if path.ends_with("emnist") { path.join("gzip/emnist-letters") } else { path };
        let set = load(&path).unwrap_or_else(|error| panic!("{error}"));
        assert!(is_same(&set, &reference), "{}", path.display());
        let warned: Vec<Note> =
            notes(&path).into_iter().filter(|note| matches!(note, Note::Warned(_))).collect();
        assert!(warned.is_empty(), "{}: {warned:?}", path.display());
    }
    for (name, expected) in [
        ("wide.npz", "integers from 0 to 255, taken for grey levels"),
        ("medmnist.npz", "`val_images` and `val_labels` are left out"),
        ("validation.npz", "`x_val` and `y_val` are held out"),
        ("one-hot.npz", "`y` has a column for each of 4 classes"),
        ("emnist/gzip", "stored transposed"),
    ] {
        let said = said(&here.path().join("same").join(name));
        assert!(said.contains(expected), "{name}: {said}");
    }
    // Without test images a fifth is held out, whatever the names.
    let pieces = sets(&here.path().join("one-piece"));
    let first = load(&pieces[0]).unwrap();
    assert_eq!((first.train.labels.len(), first.test.labels.len(), pieces.len()), (32, 8, 3));
    for path in &pieces {
        assert!(is_same(&load(path).unwrap(), &first), "{}", path.display());
        assert!(said(path).contains("8 of the 40 images are held out"));
    }
}

#[test]
fn colours_are_planes_wherever_they_stand() {
    let here = unpacked();
    let of = |name: &str| here.path().join("colour").join(name);
    let [last, first, planes] =
        ["last.npz", "first.npz", "planes.npz"].map(|name| load(&of(name)).unwrap());
    assert!(is_same(&last, &planes) && is_same(&first, &planes));
    let image = |name| Source::Path(of(name)).facts().unwrap().image;
    assert_eq!(
        (image("last.npz"), image("first.npz"), image("planes.npz")),
        (Some([3, 4, 4]), Some([3, 4, 4]), None)
    );
    let resized = |name| Library::default().load::<f64>(&Source::Path(of(name)), Some(2)).unwrap();
    assert_eq!(resized("last.npz").train.images, resized("first.npz").train.images);
    let signs = load(&here.path().join("signs.npz")).unwrap();
    let same = load(&here.path().join("one-piece/x.npz")).unwrap();
    assert!(signs.classes == 2 && signs.train.images == same.train.images);
    assert!(
        signs
            .train
            .labels
            .iter()
            .zip(&same.train.labels)
            .all(|(sign, class)| (*sign == 1) == (*class >= 2))
    );
}

#[test]
fn what_is_hardly_meant_is_said() {
    let here = unpacked();
    let of = |name: &str| here.path().join("said").join(name);
    let warns = |name: &str, expected: &str| {
        let notes = notes(&of(name));
        assert!(
            notes.iter().any(|n| matches!(n, Note::Warned(text) if text.contains(expected))),
            "{name}: {notes:?}"
        );
    };
    warns("large.npz", "`x` holds numbers from 0 to 255, which are used as they are");
    warns("large.npz", "save x / 255");
    warns("binary.npz", "bytes of 0 and 1 alone");
    warns("dim.npz", "`x` holds integers up to 15, which are divided by 255");
    warns("unlike.npz", "scale both in the same way");
    warns("centred.npz", "scale both in the same way");
    assert!(!said(&of("unlike.npz")).contains("`x_train` holds numbers from 0 to 255"));
    assert_eq!(
        load(&of("large.npz"))
            .unwrap()
            .train
            .images
            .as_slice()
            .iter()
            .fold(0.0, |a: f64, b| a.max(*b)),
        255.0
    );
    for (name, classes, expected) in [
        (
            "from-one.npz",
            5,
            "labels run from 1 to 4: with class 0, that no image has, 5 classes are coded; save y \
             - 1",
        ),
        (
            "gaps.npz",
            10,
            "no image has the label 1, 2, 4, 5, 7, ...: 10 classes are coded though there are 4",
        ),
        ("untaught.npz", 4, "only test images have the label 3: it cannot be learnt"),
    ] {
        assert_eq!(load(&of(name)).unwrap().classes, classes, "{name}");
        assert!(said(&of(name)).contains(expected), "{name}: {}", said(&of(name)));
    }
}

/// Before it trains; and what to do where the default code is too small.
#[test]
fn the_program_says_what_is_hardly_meant() {
    let here = unpacked();
    let large = "train --data said/large.npz --code one-hot --epochs 1 --batch 10 --out run";
    let assert = alignscope(here.path()).args(line(large)).assert().success();
    let error = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(error.contains("warning: said/large.npz: `x` holds numbers from 0 to 255"), "{error}");
    let small = "train --data said/from-one.npz --code 12-of-50 --batch 10 --epochs 1";
    let error = refused(here.path(), &line(small), 2);
    assert!(
        error.contains("save y - 1") && error.contains("set code (--code) to one-hot"),
        "{error}"
    );
    let verified = done(here.path(), &["data", "verify", "said/large.npz", "same/keras.npz"]);
    assert!(
        verified.contains("same/keras.npz: ok, 40 + 12 images of 4 x 4, 4 classes"),
        "{verified}"
    );
}

#[test]
fn refusals_name_what_is_wrong_and_their_remedy_works() {
    let here = unpacked();
    let renumber = "np.unique(np.concatenate([train, test]), return_inverse=True)[1]";
    let cases: [(&str, &[&str]); 15] = [
        ("strings", &["`y` holds labels of type <U6", renumber]),
        ("large-labels", &["`y` holds 300 at index 0", renumber]),
        ("negative-labels", &["`y` holds -2 at index 0", renumber]),
        ("fractions", &["`y` holds 0.5 at index 1", renumber]),
        ("nan", &["`x` holds NaN at index [3, 2, 1]", "np.nan_to_num"]),
        ("infinite", &["`x` holds -inf at index [5, 0, 3]", "leave such samples out"]),
        ("row", &["`y` is [1, 40], a single row", "y.ravel()"]),
        (
            "soft",
            &["`y` has a column per class, and row 0 is not one 1 among zeros", "y.argmax(1)"],
        ),
        ("several", &["row 0 has 2 ones", "y.argmax(1)"]),
        (
            "four-channels",
            &["`x` is [40, 4, 4, 4]: expected one channel or three", "x.reshape(len(x), -1)"],
        ),
        (
            "cube",
            &[
                "`x` is [40, 3, 3, 3]: colours cannot be distinguished from pixels",
                "x.reshape(len(x), -1)",
            ],
        ),
        ("five", &["`x` is [40, 1, 1, 4, 4]", "x.reshape(len(x), -1)"]),
        (
            "mixed",
            &[
                "`x_train` is of unsigned bytes and the other images are not",
                "x.astype('f4') / 255",
            ],
        ),
        ("names", &["no member `x`: it has pictures, kinds", "save images and labels as x and y"]),
        ("no-labels", &["no member `y`, the labels of `x`: it has x, targets"]),
    ];
    assert_eq!(sets(&here.path().join("refused")).len(), cases.len());
    for (name, words) in cases {
        let request = |of: &str| {
            let fixed = "train --code one-hot --epochs 1 --batch 10 --repeats 1 --out run";
            format!("{fixed} --data {of}/{name}.npz")
        };
        let error = refused(here.path(), &line(&request("refused")), 2);
        assert!(error.contains(&format!("{name}.npz")), "{name}: {error}");
        for word in words {
            assert!(error.contains(word), "{name} lacks `{word}`: {error}");
        }
        assert!(!here.path().join("run").exists(), "{name}: refused before anything is written");
        done(here.path(), &line(&request("followed")));
        fs::remove_dir_all(here.path().join("run")).unwrap();
    }
}

#[test]
fn flat_samples_are_not_resized_and_the_remedy_makes_images_of_them() {
    let here = unpacked();
    let args = |data: &'static str| {
        ["train", "--size", "2", "--batch", "10", "--epochs", "1", "--data", data]
    };
    let error = refused(here.path(), &args("same/flat.npz"), 2);
    assert!(
        error.contains("are not images but 16 values in a row")
            && error.contains("x.reshape(-1, 4, 4)"),
        "{error}"
    );
    alignscope(here.path()).args(args("same/x.npz")).assert().success();
}

#[test]
fn files_of_other_formats_say_how_they_become_a_data_set() {
    let here = unpacked();
    let python = here.path().join("cifar-10-batches-py");
    fs::create_dir(&python).unwrap();
    for name in ["data_batch_1", "test_batch", "batches.meta"] {
        fs::write(python.join(name), b"\x80\x04}q\x00.").unwrap();
    }
    for name in ["mnist.pkl", "set.mat", "set.csv", "set.h5"] {
        fs::write(here.path().join(name), "0").unwrap();
    }
    let cases = [
        (
            "./cifar-10-batches-py",
            "np.savez('set.npz', x_train=..., y_train=..., x_test=..., y_test=...)",
        ),
        ("./cifar-10-batches-py/data_batch_1", "alignscope data fetch cifar10"),
        ("./mnist.pkl", "pickles are not read"),
        ("./set.mat", "scipy.io.loadmat"),
        ("./set.csv", "np.loadtxt"),
        ("./set.h5", "h5py"),
        ("./same/idx/train-images-idx3-ubyte", "name the directory that has all four"),
        ("./same/dots-gz/train-images.idx3-ubyte.gz", "name the directory that has all four"),
        ("./same/emnist", "did you mean --data ./same/emnist/gzip?"),
        ("./same/arrays/x_train.npy", "a single array is no data set"),
        ("./nowhere", "cannot read ./nowhere"),
    ];
    for (data, expected) in cases {
        let error = refused(here.path(), &["train", "--epochs", "1", "--data", data], 2);
        assert!(error.contains(expected), "{data}: {error}");
    }
}

/// CIFAR-100: `count` images, of coarse label `i / 5 % 20` and fine label `i`, whose pixels are all
/// `i`.
fn cifar100(directory: &Path, count: u8) {
    fs::create_dir_all(directory).unwrap();
    let record = |i: u8| [&[i / 5 % 20, i][..], &[i; 3072]].concat();
    for name in ["train.bin", "test.bin"] {
        fs::write(directory.join(name), (0..count).flat_map(record).collect::<Vec<_>>()).unwrap();
    }
}

#[test]
fn cifar100_has_fine_labels_unless_the_coarse_ones_are_asked_for() {
    let here = TempDir::new().unwrap();
    cifar100(&here.path().join("set"), 100);
    let fine = load(&here.path().join("set")).unwrap();
    let coarse = load(&here.path().join("set#coarse")).unwrap();
    assert_eq!((fine.classes, coarse.classes, fine.inputs()), (100, 20, 3072));
    assert_eq!((fine.train.labels[77], coarse.train.labels[77]), (77, 15));
    assert_eq!(fine.train.images, coarse.train.images);
    assert_eq!(fine.test.images.row(51)[9], 51.0 / 255.0);
    let train = ["train", "--batch", "20", "--epochs", "1", "--size", "4", "--data"];
    let error = refused(here.path(), &[&train[..], &["./set"]].concat(), 2);
    assert!(
        error.contains("--code") && error.contains("needs 500 outputs for 100 classes"),
        "{error}"
    );
    assert!(error.contains("one-hot, or to 5-of-500"), "{error}");
    for (data, code) in
        [("./set", "one-hot"), ("set#fine", "5-of-500"), ("./set#coarse", "one-hot")]
    {
        alignscope(here.path())
            .args([&train[..], &[data, "--code", code]].concat())
            .assert()
            .success();
    }
    let error = refused(here.path(), &[&train[..], &["./set#rough"]].concat(), 2);
    assert!(error.contains("expected #fine or #coarse"), "{error}");
    let whole = bytes(here.path(), "set/train.bin");
    fs::write(here.path().join("set/train.bin"), &whole[1..]).unwrap();
    let error = refused(here.path(), &[&train[..], &["./set"]].concat(), 2);
    assert!(
        error.contains("train.bin: 307399 bytes are no whole number of records of 3074"),
        "{error}"
    );
}

/// Numbers below `most`, the same for the same seed.
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |most| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % most
    }
}

#[test]
fn no_flipped_bit_is_read_in_silence() {
    let here = unpacked();
    let reference = load(&here.path().join("same/idx")).unwrap();
    let mut next = numbers(11);
    for set in ["x.npz", "deflated.npz", "dots-gz", "kuzushiji"] {
        let whole = here.path().join("same").join(set);
        let files = if whole.is_dir() { sets(&whole) } else { vec![whole.clone()] };
        let files: Vec<(&Path, Vec<u8>)> =
            files.iter().map(|path| (path.as_path(), fs::read(path).unwrap())).collect();
        let (mut refused, mut unharmed) = (0, 0);
        for number in 0..500 {
            // Every copy has a name of its own, for what is known of a path is kept.
            let copies = here.path().join(format!("{set}-{number}"));
            fs::create_dir(&copies).unwrap();
            let copy = |path: &Path| copies.join(path.file_name().unwrap());
            files.iter().for_each(|(path, bytes)| fs::write(copy(path), bytes).unwrap());
            let (path, bytes) = &files[number % files.len()];
            let (mut bytes, bit) = (bytes.clone(), next(8 * bytes.len()));
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(copy(path), bytes).unwrap();
            match load(if whole.is_dir() { copies.clone() } else { copy(path) }.as_path()) {
                Err(_) => refused += 1,
                // Times and the like have no checksum, and nobody reads them.
                Ok(read) => {
                    assert!(is_same(&read, &reference), "{set}: bit {bit} of {}", path.display());
                    unharmed += 1;
                }
            }
            fs::remove_dir_all(copies).unwrap();
        }
        assert!(refused > unharmed, "{set}: {refused} refused, {unharmed} unharmed");
    }
}

#[test]
fn raw_files_are_as_long_as_they_say_and_gzipped_ones_end_where_they_end() {
    let here = unpacked();
    let [raw, zipped] =
        ["same/idx/t10k-labels-idx1-ubyte", "same/dots-gz/t10k-labels.idx1-ubyte.gz"];
    let zip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let (plain, packed) = (bytes(here.path(), raw), bytes(here.path(), zipped));
    let cases: [(&str, Vec<u8>, &str); 7] = [
        (raw, [&plain[..], &[0]].concat(), "promises 12 bytes of data, the file holds 13"),
        (raw, plain[..19].to_vec(), "promises 12 bytes of data, the file holds 11"),
        (zipped, [&packed[..], b"!"].concat(), "something follows the end of the gzip stream"),
        (zipped, packed[..packed.len() - 3].to_vec(), "damaged gzip stream"),
        (
            zipped,
            zip(&[&plain[..], &[0; 100_000]].concat()),
            "promises 12 bytes of data, the file holds more",
        ),
        (zipped, zip(&plain[..19]), "promises 12 bytes of data, the file holds 11"),
        // Two members are one file.
        (zipped, [zip(&plain[..9]), zip(&plain[9..])].concat(), ""),
    ];
    for (file, harmed, expected) in cases {
        fs::write(here.path().join(file), harmed).unwrap();
        let set = format!("./{}", Path::new(file).parent().unwrap().display());
        let args = ["train", "--code", "one-hot", "--epochs", "1", "--batch", "10", "--data", &set];
        if expected.is_empty() {
            alignscope(here.path()).args(args).assert().success();
            continue;
        }
        let error = refused(here.path(), &args, 2);
        assert!(error.contains(expected) && error.contains("t10k-labels"), "{expected}: {error}");
        fs::write(here.path().join(raw), &plain).unwrap();
        fs::write(here.path().join(zipped), &packed).unwrap();
    }
}

#[test]
fn files_that_promise_more_than_memory_holds_are_refused_before_they_are_unpacked() {
    let here = TempDir::new().unwrap();
    let header = |shape: &[u32]| {
        let fields: Vec<u8> = shape.iter().flat_map(|n| n.to_be_bytes()).collect();
        [&[0, 0, 8, shape.len() as u8][..], &fields].concat()
    };
    let zip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    // 8 GiB of pixels; all other headers fit.
    let (side, count) = (1 << 16, 2);
    let write = |name: &str, bytes: Vec<u8>| fs::write(here.path().join(name), bytes).unwrap();
    write("train-labels-idx1-ubyte", [header(&[count]), vec![0, 1]].concat());
    write("t10k-labels-idx1-ubyte", [header(&[count]), vec![0, 1]].concat());
    write("t10k-images-idx3-ubyte.gz", zip(&header(&[count, side, side])));
    for (held, expected) in
        [(9 << 20, "needs 8.00 GiB of memory, more than"), (1000, "gzipped bytes can hold")]
    {
        write(
            "train-images-idx3-ubyte.gz",
            zip(&[header(&[count, side, side]), vec![0; held]].concat()),
        );
        let error =
            refused(here.path(), &["train", "--data", ".", "--batch", "1", "--epochs", "1"], 2);
        assert!(
            error.contains(expected) && error.contains("train-images-idx3-ubyte.gz"),
            "{error}"
        );
    }
}

#[test]
fn a_data_set_that_changes_while_a_run_is_prepared_is_not_taken_for_what_it_was() {
    let here = unpacked();
    let path = here.path().join("same/x.npz");
    let source = Source::Path(path.clone());
    source.facts().unwrap();
    fs::copy(here.path().join("one-piece/x.npz"), &path).unwrap();
    let error = Library::default().load::<f64>(&source, None).unwrap_err().to_string();
    assert!(error.contains("the files have changed since this run was begun"), "{error}");
}

#[test]
fn addresses_of_sets_that_were_read_before_stay() {
    let here = unpacked();
    let address =
        |path: &str| Source::Path(here.path().join(path)).facts().unwrap().fingerprint.unwrap();
    let hash = |files: &[&str]| {
        let mut hasher = blake3::Hasher::new();
        for file in files {
            hasher.update(&bytes(here.path(), file));
        }
        hasher.finalize().to_hex().to_string()
    };
    // Numbers that are no integers, and IDX files: what they hold. Bytes of archives are read
    // otherwise than before.
    assert_eq!(address("same/scaled.npz"), hash(&["same/scaled.npz"]));
    let idx = alignscope::data::IDX_FILES.map(|name| format!("same/idx/{name}"));
    assert_eq!(address("same/idx"), hash(&idx.each_ref().map(String::as_str)));
    assert_ne!(address("same/x.npz"), hash(&["same/x.npz"]));
}

/// Results stay on the data that they are of: a file that has changed is another one.
#[test]
fn results_on_a_file_that_changed_are_not_replaced() {
    let here = TempDir::new().unwrap();
    let file = here.path().join("data.npz");
    fs::copy(case("32-keras-names.npz"), &file).unwrap();
    let run = ["train", "--data", "data.npz", "--hidden", "4", "--epochs", "1", "--batch", "10"];
    let run = [&run[..], &["--repeats", "2", "--out", "run"]].concat();
    done(here.path(), &run);
    let before = bytes(&here.path().join("run"), "series.csv");
    fs::copy(case("35-one-channel.npz"), &file).unwrap();
    for line in [&run[..], &["run", "run"][..], &["run", "run", "--repeats", "3"][..]] {
        let error = refused(here.path(), line, 1);
        assert!(error.contains("data that are not what they were: put the files back"), "{error}");
    }
    let output = alignscope(here.path()).args(["report", "run", "--markdown"]).output().unwrap();
    let (said, code) = (String::from_utf8_lossy(&output.stderr), output.status.code());
    assert!(said.contains("results on them are left out; put the files back"), "{said}");
    assert_eq!(code, Some(1));
    assert_eq!(bytes(&here.path().join("run"), "series.csv"), before);
    fs::copy(case("32-keras-names.npz"), &file).unwrap();
    done(here.path(), &["run", "run", "--repeats", "3"]);
}
