//! Data sets from files: what is read, what is refused and how; checkpoints and exports of networks
//! on them.

use crate::common::{alignscope, json, line, refused};
use alignscope::array::{Array, read_npz, write_npz};
use alignscope::data::{CIFAR_FILES, IDX_FILES, Library, Source};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value as Json;
use std::io::Write;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// IDX bytes of these dimensions.
fn idx(dimensions: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dimensions.len() as u8];
    dimensions.iter().for_each(|n| bytes.extend(n.to_be_bytes()));
    bytes.extend(data);
    bytes
}

/// A set of 4 x 4 images: class `c` has row `c` lit, with some noise, so that it can be learnt.
fn image_set(directory: &Path, gzip: bool) {
    std::fs::create_dir_all(directory).unwrap();
    for (names, count) in [(&IDX_FILES[..2], 120u32), (&IDX_FILES[2..], 40)] {
        let labels: Vec<u8> = (0..count).map(|i| (i % 4) as u8).collect();
        let pixel =
            |i: u32, at: u32| if at / 4 == i % 4 { 200 + (i * 7 + at) % 50 } else { (i * 13 + at * 5) % 60 } as u8;
        let pixels: Vec<u8> =
            (0..count).flat_map(|i| (0..16).map(move |at| pixel(i, at))).collect();
        for (name, bytes) in
            names.iter().zip([idx(&[count, 4, 4], &pixels), idx(&[count], &labels)])
        {
            if gzip {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(&bytes).unwrap();
                std::fs::write(directory.join(format!("{name}.gz")), encoder.finish().unwrap())
                    .unwrap();
            } else {
                std::fs::write(directory.join(name), bytes).unwrap();
            }
        }
    }
}

/// Batches of `count` images of 10 classes: those of class `c` have value 20 c in the red plane,
/// row * 8 in the green and column * 8 in the blue.
fn batches(directory: &Path, count: usize) {
    std::fs::create_dir_all(directory).unwrap();
    let record = |label: u8| {
        let of = |f: fn(u8, u8) -> u8| {
            (0..32).flat_map(move |row| (0..32).map(move |column| f(row, column)))
        };
        let red = std::iter::repeat_n(20 * label, 1024);
        std::iter::once(label)
            .chain(red)
            .chain(of(|row, _| row * 8))
            .chain(of(|_, column| column * 8))
    };
    for name in CIFAR_FILES {
        let bytes: Vec<u8> = (0..count).flat_map(|i| record((i % 10) as u8)).collect();
        std::fs::write(directory.join(name), bytes).unwrap();
    }
}

const TRAIN: [&str; 7] = ["train", "--hidden", "12,12", "--epochs", "40", "--repeats", "2"];

fn mean(summary: &Json, quantity: &str) -> f64 {
    let mut entries = summary["summary"].as_array().unwrap().iter();
    entries.rfind(|e| e["quantity"] == quantity).unwrap()["mean"].as_f64().unwrap()
}

#[test]
fn plain_gzipped_and_npz_sets_give_the_same_run() {
    let here = TempDir::new().unwrap();
    image_set(&here.path().join("plain"), false);
    image_set(&here.path().join("gzipped"), true);
    let data =
        Library::default().load::<f64>(&Source::Path(here.path().join("plain")), None).unwrap();
    assert_eq!(
        (data.classes, data.inputs(), data.train.labels.len(), data.test.labels.len()),
        (4, 16, 120, 40)
    );
    let array =
        |values: &[f64], shape: &[usize]| Array { shape: shape.to_vec(), data: values.to_vec() };
    let labels = |labels: &[u8]| labels.iter().map(|&l| f64::from(l)).collect::<Vec<_>>();
    let members = [
        ("x", array(data.train.images.as_slice(), &[120, 4, 4])),
        ("y", array(&labels(&data.train.labels), &[120])),
        ("x_test", array(data.test.images.as_slice(), &[40, 4, 4])),
        ("y_test", array(&labels(&data.test.labels), &[40])),
    ];
    let members: Vec<(&str, &Array)> = members.iter().map(|(name, array)| (*name, array)).collect();
    write_npz(&here.path().join("set.npz"), &members).unwrap();
    write_npz(&here.path().join("one.npz"), &members[..2]).unwrap();
    let run = |data: &str, out: &str| {
        json(
            here.path(),
            &[&TRAIN[..], &["--data", data, "--eta", "0.05", "--json", "--out", out]].concat(),
        )
    };
    let (plain, gzipped, npz) = (run("./plain", "a"), run("./gzipped", "b"), run("set.npz", "c"));
    assert!(mean(&plain, "test_accuracy") > 75.0, "{plain}");
    for quantity in ["test_accuracy", "weight_alignment", "update_alignment"] {
        assert_eq!(mean(&plain, quantity), mean(&gzipped, quantity));
        assert_eq!(mean(&plain, quantity), mean(&npz, quantity));
    }
    // What the files hold is part of the address, not where they are.
    let name = plain["summary"][0]["condition"]["data"].as_str().unwrap().to_string();
    assert!(name.starts_with("plain#") && name.len() == 22, "{name}");
    std::fs::rename(here.path().join("plain"), here.path().join("moved")).unwrap();
    std::fs::create_dir(here.path().join("elsewhere")).unwrap();
    std::fs::rename(here.path().join("moved"), here.path().join("elsewhere/plain")).unwrap();
    alignscope(here.path())
        .args([&TRAIN[..], &["--data", "elsewhere/plain", "--eta", "0.05", "--out", "a"]].concat())
        .assert()
        .success();
    // A set that comes in one piece is split four to one.
    let one =
        Library::default().load::<f32>(&Source::Path(here.path().join("one.npz")), None).unwrap();
    assert_eq!((one.train.labels.len(), one.test.labels.len()), (96, 24));
}

#[test]
fn images_are_resized_where_asked() {
    let here = TempDir::new().unwrap();
    image_set(&here.path().join("set"), false);
    let source = Source::Path(here.path().join("set"));
    let library = Library::default();
    let (whole, half) = (
        library.load::<f64>(&source, None).unwrap(),
        library.load::<f64>(&source, Some(2)).unwrap(),
    );
    assert_eq!(half.inputs(), 4);
    // 4 to 2: output 0 samples coordinate 0.5, the mean of pixels 0 and 1 along both axes.
    let image = whole.train.images.row(7);
    let expected = (image[0] + image[1] + image[4] + image[5]) / 4.0;
    assert!((half.train.images.row(7)[0] - expected).abs() < 1e-15);
}

#[test]
fn training_images_can_be_held_out() {
    let library = Library::default();
    let (whole, held) = (
        library.load::<f64>(&Source::DIGITS, None),
        library.hold_out::<f64>(&Source::DIGITS, None, 300),
    );
    let (whole, held) = (whole.unwrap(), held.unwrap());
    let kept = whole.train.labels.len() - 300;
    assert_eq!(
        (held.train.labels.as_slice(), held.test.labels.as_slice()),
        whole.train.labels.split_at(kept)
    );
    assert_eq!(held.train.images.row(kept - 1), whole.train.images.row(kept - 1));
    assert_eq!(held.test.images.row(0), whole.train.images.row(kept));
    // With the same parameters otherwise a run learns from fewer, and is measured on what was kept.
    let here = TempDir::new().unwrap();
    let run = |options: &[&str], out: &str| {
        let options = [
            &[
                "train",
                "--epochs",
                "1",
                "--repeats",
                "1",
                "--quantities",
                "test_accuracy",
                "--out",
                out,
            ],
            options,
        ];
        alignscope(here.path()).args(options.concat()).assert()
    };
    run(&["--held-out", "300"], "held").success();
    run(&[], "whole").success();
    let manifest =
        |out: &str| std::fs::read_to_string(here.path().join(out).join("manifest.json")).unwrap();
    assert!(manifest("held").contains("\"held-out\": 300"), "{}", manifest("held"));
    let refused = run(&["--held-out", "1437"], "none").code(2);
    let message = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(
        message.contains("held-out 1437 leaves nothing of the 1437 training images"),
        "{message}"
    );
}

#[test]
fn colour_batches_are_read_resized_and_trained_on() {
    let here = TempDir::new().unwrap();
    batches(&here.path().join("set"), 20);
    let source = Source::Path(here.path().join("set"));
    let library = Library::default();
    let whole = library.load::<f64>(&source, None).unwrap();
    assert_eq!(
        (whole.classes, whole.inputs(), whole.train.labels.len(), whole.test.labels.len()),
        (10, 3072, 100, 20)
    );
    let image = whole.train.images.row(27);
    assert_eq!(whole.train.labels[27], 7);
    // The planes one after the other, each row after row.
    assert_eq!(
        [image[0], image[1023], image[1024 + 32], image[2048 + 3]].map(|p| p * 255.0),
        [140.0, 140.0, 8.0, 24.0]
    );
    // Each channel is resized by itself: 32 to 16 averages pairs.
    let half = library.load::<f64>(&source, Some(16)).unwrap();
    assert_eq!(half.inputs(), 768);
    let image = half.train.images.row(27);
    for (at, value) in [(0, 140.0), (255, 140.0), (256 + 16, 20.0), (512 + 3, 52.0)] {
        assert!((image[at] * 255.0 - value).abs() < 1e-12, "{at}: {}", image[at] * 255.0);
    }
    let args =
        ["--data", "./set", "--size", "4", "--batch", "20", "--export", "weights", "--out", "run"];
    alignscope(here.path()).args([&TRAIN[..], &args].concat()).assert().success();
    let file =
        std::fs::read_dir(here.path().join("run/weights")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(read_npz(&file, Some("W0_start")).unwrap().shape, [48, 12]);
    let error =
        refused(here.path(), &["train", "--data", "./set", "--epochs", "1", "--batch", "101"], 2);
    assert!(error.contains("more than the 100 training images"), "{error}");
}

#[test]
fn bad_batches_are_refused_by_name_with_the_reason() {
    let here = TempDir::new().unwrap();
    let good = here.path().join("good");
    batches(&good, 3);
    let [first, .., last] = CIFAR_FILES;
    let bytes = std::fs::read(good.join(first)).unwrap();
    let cases: [(&str, &str, Vec<u8>, &str); 5] = [
        (
            "short",
            first,
            bytes[..9000].to_vec(),
            "9000 bytes are no whole number of records of 3073",
        ),
        ("long", last, [&bytes[..], &[0]].concat(), "9220 bytes are no whole number"),
        ("empty", CIFAR_FILES[3], Vec::new(), "0 bytes are no whole number"),
        ("label", last, [&[10], &bytes[1..]].concat(), "label 10 of image 0: expected 0 to 9"),
        ("later", first, [&bytes[..6146], &[255], &bytes[6147..]].concat(), "label 255 of image 2"),
    ];
    for (name, file, bytes, reason) in cases {
        let bad = here.path().join(name);
        batches(&bad, 3);
        std::fs::write(bad.join(file), bytes).unwrap();
        let error =
            refused(here.path(), &[&TRAIN[..], &["--data", &format!("./{name}")]].concat(), 2);
        assert!(error.contains(file) && error.contains(reason), "{name}: {error}");
    }
    std::fs::remove_file(good.join(CIFAR_FILES[4])).unwrap();
    let error = refused(here.path(), &[&TRAIN[..], &["--data", "./good"]].concat(), 2);
    assert!(
        error.contains("has no file data_batch_5.bin") && error.contains("and test_batch.bin"),
        "{error}"
    );
}

#[test]
fn bad_files_are_refused_by_name_with_the_reason() {
    let here = TempDir::new().unwrap();
    let good = here.path().join("good");
    image_set(&good, false);
    let [images, labels, test_images, test_labels] = IDX_FILES;
    type Harm<'a> = (&'a str, &'a str, Box<dyn Fn(Vec<u8>) -> Vec<u8>>, &'a [&'a str]);
    let cut = |n: usize| {
        Box::new(move |mut bytes: Vec<u8>| {
            bytes.truncate(n);
            bytes
        }) as Box<dyn Fn(Vec<u8>) -> Vec<u8>>
    };
    let gzipped_half = |bytes: Vec<u8>| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&bytes).unwrap();
        let zipped = encoder.finish().unwrap();
        zipped[..zipped.len() / 2].to_vec()
    };
    let cases: Vec<Harm> = vec![
        ("short", images, cut(1000), &["promises 1920 bytes", "holds 984"]),
        ("headless", images, cut(7), &["not an IDX file"]),
        ("empty", labels, cut(0), &["not an IDX file"]),
        ("gzip", images, Box::new(gzipped_half), &["gzip"]),
        (
            "flipped",
            labels,
            Box::new(|mut b| {
                b[2] = 9;
                b
            }),
            &["begins with 00 00 09 01"],
        ),
        ("counts", labels, Box::new(|_| idx(&[119], &[0; 119])), &["120 images but 119 labels"]),
        ("none", images, Box::new(|_| idx(&[0, 4, 4], &[])), &["no images"]),
        ("shapes", test_images, Box::new(|_| idx(&[40, 2, 2], &[0; 160])), &["[4, 4]", "[2, 2]"]),
        (
            "huge",
            test_labels,
            Box::new(|_| idx(&[u32::MAX], &[1, 2])),
            &["promises 4294967295", "holds 2"],
        ),
    ];
    for (name, file, harm, words) in cases {
        let bad = here.path().join(name);
        image_set(&bad, false);
        std::fs::write(bad.join(file), harm(std::fs::read(good.join(file)).unwrap())).unwrap();
        let error =
            refused(here.path(), &[&TRAIN[..], &["--data", &format!("./{name}")]].concat(), 2);
        assert!(error.contains(file) || error.contains(name), "{name}: {error}");
        for word in words {
            assert!(error.contains(word), "{name} lacks `{word}`: {error}");
        }
    }
    std::fs::remove_file(good.join(test_labels)).unwrap();
    let error = refused(here.path(), &[&TRAIN[..], &["--data", "./good"]].concat(), 2);
    assert!(error.contains("has no file t10k-labels-idx1-ubyte"), "{error}");
}

#[test]
fn bad_archives_and_settings_are_refused() {
    let here = TempDir::new().unwrap();
    let array = |shape: &[usize], value: f64| Array {
        shape: shape.to_vec(),
        data: vec![value; shape.iter().product()],
    };
    let write = |name: &str, x: Array, y: Array| {
        write_npz(&here.path().join(name), &[("x", &x), ("y", &y)]).unwrap()
    };
    write("labels.npz", array(&[30, 5], 0.1), array(&[30], 1.5));
    write("counts.npz", array(&[30, 5], 0.1), array(&[29], 1.0));
    write("large.npz", array(&[30, 5], 0.1), array(&[30], 300.0));
    write("flat.npz", array(&[30], 0.1), array(&[30], 1.0));
    write("nan.npz", array(&[30, 5], f64::NAN), array(&[30], 1.0));
    write("fine.npz", array(&[30, 5], 0.1), array(&[30], 3.0));
    std::fs::write(here.path().join("text.npz"), "no archive").unwrap();
    write_npz(&here.path().join("bare.npz"), &[("z", &array(&[3], 1.0))]).unwrap();
    image_set(&here.path().join("set"), false);
    let cases: [(&[&str], i32, &[&str]); 16] = [
        (&["--data", "labels.npz"], 2, &["`y` holds 1.5 at index 0", "whole numbers"]),
        (&["--data", "counts.npz"], 2, &["30 images but 29 labels"]),
        (&["--data", "large.npz"], 2, &["300", "0 to 255"]),
        (&["--data", "flat.npz"], 2, &["`x` is [30]", "samples by features"]),
        (&["--data", "nan.npz", "--batch", "5"], 2, &["nan.npz", "`x` holds NaN at index [0, 0]"]),
        (&["--data", "text.npz"], 2, &["text.npz is damaged"]),
        (&["--data", "bare.npz"], 2, &["no member `x`"]),
        (&["--data", "absent.npz"], 2, &["absent.npz"]),
        (&["--data", "mnits"], 2, &["unknown data set `mnits`", "did you mean `mnist`?"]),
        (
            &["--data", "cifar10"],
            1,
            &["data set `cifar10` is not in", "data_batch_1.bin to data_batch_5.bin"],
        ),
        (&["--data", "mnist"], 1, &["data set `mnist` is not in", "--data-dir", "ALIGNSCOPE_DATA"]),
        (&["--data", "fine.npz", "--size", "3", "--batch", "5"], 2, &["--size", "are not images"]),
        (&["--data", "./set", "--code", "3-of-10"], 2, &["needs 12 outputs for 4 classes"]),
        (&["--data", "./set", "--batch", "121"], 2, &["more than the 120 training images"]),
        (&["--label-change", "40"], 2, &["--label-change", "not before the end at 40", "total"]),
        (&["--wn", "1,2,3,4,5"], 2, &["lists 5 layers, the network has 3"]),
    ];
    for (args, code, words) in cases {
        let error = refused(here.path(), &[&TRAIN[..], args].concat(), code);
        for word in words {
            assert!(error.contains(word), "{args:?} lacks `{word}`: {error}");
        }
    }
}

#[test]
fn data_are_listed_and_verified() {
    let here = TempDir::new().unwrap();
    let list = json(here.path(), &["data", "list", "--json"]);
    assert_eq!(list["data"][0]["found"], "embedded");
    assert_eq!(list["data"][1]["found"], Json::Null);
    image_set(&here.path().join("sets/mnist"), false);
    let found = json(here.path(), &["data", "list", "--json", "--data-dir", "sets"]);
    assert_eq!(found["data"][1]["found"], "sets/mnist");
    let error = refused(here.path(), &["data", "verify", "mnist", "--data-dir", "sets"], 1);
    assert!(
        error.contains("train-images-idx3-ubyte is not the official file of `mnist`"),
        "{error}"
    );
    assert!(error.contains("1936 bytes, not 47040016"), "{error}");
    batches(&here.path().join("sets/cifar10"), 3);
    let error = refused(here.path(), &["data", "verify", "cifar10", "--data-dir", "sets"], 1);
    assert!(
        error.contains("data_batch_1.bin is not the official file")
            && error.contains("not 30730000"),
        "{error}"
    );
    // Nor is such a set trained on under the name.
    let error = refused(
        here.path(),
        &["train", "--data", "mnist", "--data-dir", "sets", "--epochs", "1"],
        1,
    );
    assert!(error.contains("is not the official file"), "{error}");
    alignscope(here.path()).args(["data", "verify", "./sets/mnist", "digits"]).assert().success();
}

#[cfg(unix)]
#[test]
fn a_network_killed_in_the_middle_of_a_job_goes_on_from_its_checkpoint() {
    let here = TempDir::new().unwrap();
    let args = line(
        "train --epochs 3000 --repeats 1 --label-change every:30 --order each-epoch --batch 100 \
         --quantities \
         weight_alignment,test_accuracy,recovery_time,accuracy_before_change,weight_growth@50",
    );
    let with = |out: &'static str| [&args[..], &["--out", out]].concat();
    alignscope(here.path()).args(with("whole")).assert().success();
    // Interrupted jobs leave a checkpoint; the last one is taken up.
    let mut interrupted = 0;
    for milliseconds in [150, 250, 200, 300] {
        let program = assert_cmd::cargo::cargo_bin("alignscope");
        let mut child = std::process::Command::new(program)
            .args(with("parts"))
            .current_dir(here.path())
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        std::process::Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap();
        interrupted += usize::from(child.wait().unwrap().code() == Some(130));
    }
    let jobs = || {
        std::fs::read_dir(here.path().join("parts/jobs"))
            .unwrap()
            .flatten()
            .map(|e| e.path())
            .collect::<Vec<_>>()
    };
    let checkpoints =
        || jobs().iter().filter(|path| path.extension().is_some_and(|e| e == "checkpoint")).count();
    let finished = jobs().iter().any(|path| path.extension().is_some_and(|e| e == "json"));
    assert!(interrupted == 0 || checkpoints() == 1 || finished, "{:?}", jobs());
    alignscope(here.path()).args(with("parts")).assert().success();
    assert_eq!(checkpoints(), 0);
    for name in ["series.csv", "manifest.json"] {
        let of = |out: &str| std::fs::read(here.path().join(out).join(name)).unwrap();
        assert!(of("whole") == of("parts"), "{name}");
    }
    // A checkpoint that makes no sense is said so, and the job starts anew.
    let job =
        jobs().into_iter().find(|path| path.extension().is_some_and(|e| e == "json")).unwrap();
    std::fs::rename(&job, job.with_extension("checkpoint")).unwrap();
    let assert = alignscope(here.path()).args(with("parts")).assert().success();
    let error = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(error.contains("checkpoint") && error.contains("starts again"), "{error}");
    assert!(
        std::fs::read(here.path().join("whole/series.csv")).unwrap()
            == std::fs::read(here.path().join("parts/series.csv")).unwrap()
    );
}

#[test]
fn exports_hold_weights_and_signals_that_rebuild_the_run() {
    exports_rebuild_the_run(&[]);
    // Activities and errors are those that updates are made of, so that some are 0.
    exports_rebuild_the_run(&["--dropout", "0.3"]);
}

fn exports_rebuild_the_run(options: &[&str]) {
    let here = TempDir::new().unwrap();
    let args =
        line("train --epochs 1 --repeats 1 --eta 0.01 --batch 100 --precision f64 --out run");
    let args = [&args[..], options].concat();
    alignscope(here.path()).args([&args[..], &["--export", "signals"]].concat()).assert().success();
    let file =
        std::fs::read_dir(here.path().join("run/signals")).unwrap().next().unwrap().unwrap().path();
    let get = |name: &str| read_npz(&file, Some(name)).unwrap();
    assert_eq!(get("activity0").shape, [15, 100, 64]);
    assert_eq!(get("delta3").shape, [15, 100, 50]);
    assert_eq!(get("B2").shape, [50, 50]);
    assert_eq!(get("b3").shape, [16, 50]);
    for l in 0..3 {
        let states = get(&format!("W{l}"));
        let size = states.data.len() / 16;
        assert_eq!(states.shape[0], 16);
        let (start, end) = (&states.data[..size], &states.data[15 * size..]);
        let (x, d) = (get(&format!("activity{l}")), get(&format!("delta{}", l + 1)));
        let (samples, inputs, outputs) = (x.shape[0] * x.shape[1], x.shape[2], d.shape[2]);
        let mut rebuilt = start.to_vec();
        for s in 0..samples {
            for i in 0..inputs {
                for j in 0..outputs {
                    rebuilt[i * outputs + j] +=
                        0.01 * x.data[s * inputs + i] * d.data[s * outputs + j];
                }
            }
        }
        let worst = rebuilt.iter().zip(end).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-12, "layer {l}: {worst}");
        assert_ne!(start, end);
    }
    // The last batch holds 37 samples, and zeros.
    assert!(get("activity0").data[14 * 6400 + 37 * 64..].iter().all(|v| *v == 0.0));
    // Asked for later, exports are made by running again; the result stays.
    let before = std::fs::read(here.path().join("run/series.csv")).unwrap();
    alignscope(here.path()).args([&args[..], &["--export", "weights"]].concat()).assert().success();
    assert_eq!(std::fs::read_dir(here.path().join("run/weights")).unwrap().count(), 1);
    assert!(before == std::fs::read(here.path().join("run/series.csv")).unwrap());
    let big = "train --batch 1000 --epochs 30000 --record-every log:9 --export signals --out big";
    let error = refused(here.path(), &line(big), 2);
    assert!(
        error.contains("of memory, more than") && error.contains("--export signals:"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn a_disk_that_takes_no_more_is_reported_and_finished_jobs_are_kept() {
    let here = TempDir::new().unwrap();
    let program = assert_cmd::cargo::cargo_bin("alignscope");
    let run = |limit: &str| {
        // A limit on the size of files, in blocks of 512 bytes, stands in for a full disk: the same
        // error of the same calls.
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
        let args = [
            "train",
            "--epochs",
            "40",
            "--record-every",
            "1",
            "--repeats",
            "2",
            "--threads",
            "1",
            "--out",
            "run",
        ];
        let mut shell = std::process::Command::new("sh");
        shell
            .args(["-c", &script])
            .arg(&program)
            .args(args)
            .current_dir(here.path())
            .output()
            .unwrap()
    };
    let full = run("200");
    let error = String::from_utf8_lossy(&full.stderr).into_owned();
    assert_eq!(full.status.code(), Some(1), "{error}");
    assert!(
        error.contains("cannot write")
            && error.contains("free some space")
            && !error.contains("panicked"),
        "{error}"
    );
    assert!(run("unlimited").status.success());
}
