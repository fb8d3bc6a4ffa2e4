//! `angles` and `spectra` on matrices in files, as a user meets them.

use crate::common;
use crate::common::{done, refused};
use alignscope::array::{Array, write_npy, write_npz};
use alignscope::matrix::Matrix;
use alignscope::measure::angle::weight_alignment;
use alignscope::measure::null::WeightNull;
use alignscope::measure::spectrum::{pseudo_inverse_alignment, singular_values};
use alignscope::random::{Role, Stream};
use serde_json::Value as Json;
use std::path::Path;
use tempfile::TempDir;

fn json(directory: &Path, args: &[&str]) -> Json {
    common::json(directory, &[args, &["--json"]].concat())
}

fn normal(rows: usize, columns: usize, repeat: u64) -> Matrix<f64> {
    let mut matrix = Matrix::zeros(rows, columns);
    Stream::new(23, repeat, Role::Probe).fill_normal(matrix.as_mut_slice());
    matrix
}

fn array(matrix: &Matrix<f64>) -> Array {
    Array { shape: vec![matrix.rows(), matrix.cols()], data: matrix.as_slice().to_vec() }
}

fn write(directory: &Path, name: &str, matrix: &Matrix<f64>) {
    write_npy(&directory.join(name), &array(matrix)).unwrap();
}

/// The entry of a quantity, and of a matrix and an iteration where these are given.
fn entry<'a>(
    found: &'a Json,
    quantity: &str,
    matrix: Option<&str>,
    iteration: Option<u64>,
) -> &'a Json {
    let fits = |e: &&Json| {
        e["quantity"] == quantity
            && matrix.is_none_or(|m| e["matrix"] == m)
            && iteration.is_none_or(|k| e["iteration"].as_u64() == Some(k))
    };
    found["summary"]
        .as_array()
        .unwrap()
        .iter()
        .find(fits)
        .unwrap_or_else(|| panic!("{quantity} in {found}"))
}

fn value(found: &Json, quantity: &str, matrix: Option<&str>) -> f64 {
    entry(found, quantity, matrix, None)["value"].as_f64().unwrap()
}

#[test]
fn angles_are_those_of_the_library_with_their_null() {
    let here = TempDir::new().unwrap();
    let (w, b) = (normal(20, 12, 0), normal(12, 20, 1));
    write(here.path(), "w.npy", &w);
    write(here.path(), "b.npy", &b);
    let found = json(here.path(), &["angles", "w.npy", "b.npy"]);
    let alignment = entry(&found, "weight_alignment", None, None);
    let angle = weight_alignment(&w, &b).unwrap().unwrap();
    let null = WeightNull::new(240).unwrap();
    let number = |key: &str| alignment[key].as_f64().unwrap();
    assert_eq!(
        (number("value"), number("z"), number("p")),
        (angle, null.z(angle, 1), null.p_value(angle))
    );
    assert_eq!(number("cosine"), angle.to_radians().cos());
    assert!(
        alignment["iteration"].is_null() && found["transposed"] == true && found["absent"] == 0
    );
    assert_eq!(found["null"]["interval95"][0].as_f64().unwrap(), null.interval(0.95)[0]);
    let inverse = pseudo_inverse_alignment(&w, &b).unwrap().unwrap();
    assert!((value(&found, "pseudo_inverse_alignment", None) - inverse).abs() < 1e-9);
    assert_eq!(value(&found, "weight_norm", None), w.norm());
    assert!((value(&found, "backward_norm", None) / b.norm() - 1.0).abs() < 1e-14);
    let text = done(here.path(), &["angles", "w.npy", "b.npy"]);
    for words in
        [&format!("{angle:.2}"), "it was transposed", "95 % of independent", "pinv(B) is at"]
    {
        assert!(text.contains(words), "{words}:\n{text}");
    }
}

#[test]
fn b_is_transposed_only_where_its_shape_demands_it() {
    let here = TempDir::new().unwrap();
    let (w, b) = (normal(20, 12, 0), normal(12, 20, 1));
    write(here.path(), "w.npy", &w);
    write(here.path(), "b.npy", &b);
    write(here.path(), "bt.npy", &b.transpose());
    let both = ["b.npy", "bt.npy"].map(|b| json(here.path(), &["angles", "w.npy", b]));
    assert_eq!(
        (&both[0]["transposed"], &both[1]["transposed"]),
        (&Json::from(true), &Json::from(false))
    );
    assert_eq!(both[0]["summary"], both[1]["summary"], "the same B either way");
    let text = done(here.path(), &["angles", "w.npy", "bt.npy"]);
    assert!(
        text.contains(
            "B has the shape of W: it is assumed to be stored as B', and was not transposed"
        ),
        "{text}"
    );
    // Square: the documented convention, and a warning that shapes do not tell.
    let square = normal(9, 9, 2);
    write(here.path(), "square.npy", &square);
    write(here.path(), "turned.npy", &square.transpose());
    let found = json(here.path(), &["angles", "square.npy", "turned.npy"]);
    // Both readings stand; that in which W and B' are one matrix is the likelier, and the last.
    assert_eq!(
        (&found["transposed"], &found["reading"], &found["settled_by"]),
        (&true.into(), &"b".into(), &Json::Null)
    );
    let [alike, opposite] = readings(&found)[..] else { panic!("{found}") };
    assert_eq!((opposite, alike), (("b", 0.0), ("none", angle_of(&square, &square.transpose()))));
    assert!(
        done(here.path(), &["angles", "square.npy", "turned.npy"])
            .contains("their shapes do not show")
    );
    let found = json(here.path(), &["angles", "square.npy", "square.npy"]);
    assert_eq!(
        (readings(&found)[1], &found["transposed"]),
        (("none", 0.0), &Json::from(false)),
        "by the values"
    );
    let spectra = ["b.npy", "bt.npy"].map(|b| json(here.path(), &["spectra", "w.npy", b]));
    assert_eq!(
        (&spectra[0]["transposed"], &spectra[1]["transposed"]),
        (&Json::from(true), &Json::from(false))
    );
    assert_eq!(spectra[0]["summary"], spectra[1]["summary"]);
}

/// Readings and angles of the weight alignment, in their order; where only one stands it is named
/// once.
fn readings<'a>(found: &'a Json) -> Vec<(&'a str, f64)> {
    let all =
        found["summary"].as_array().unwrap().iter().filter(|e| e["quantity"] == "weight_alignment");
    let reading = |e: &'a Json| e["reading"].as_str().or(found["reading"].as_str()).unwrap();
    all.map(|e| (reading(e), e["value"].as_f64().unwrap())).collect()
}

/// Angle of two matrices, entry by entry.
fn angle_of(w: &Matrix<f64>, b_transposed: &Matrix<f64>) -> f64 {
    weight_alignment(w, &b_transposed.transpose()).unwrap().unwrap()
}

#[test]
fn square_matrices_are_shown_both_ways_unless_the_user_knows() {
    // Kernel and B of flax, both inputs x outputs.
    let path = case("06-square-kernel-and-B.npz");
    let (w, b) = (format!("{path}#kernel"), format!("{path}#B"));
    let here = TempDir::new().unwrap();
    let args = |transpose: Option<&'static str>| {
        let mut args = vec!["angles", &w, &b];
        args.extend(transpose.iter().flat_map(|how| ["--transpose", how]));
        json(here.path(), &args)
    };
    let rounded = |found: &Json| -> Vec<(String, f64)> {
        readings(found)
            .iter()
            .map(|(name, angle)| ((*name).into(), (100.0 * angle).round() / 100.0))
            .collect()
    };
    let found = args(None);
    assert_eq!(rounded(&found), [("none".into(), 97.35), ("b".into(), 76.71)]);
    assert!(found["settled_by"].is_null());
    for (how, angle) in [("none", 97.35), ("w,b", 97.35), ("b", 76.71), ("w", 76.71)] {
        let found = args(Some(how));
        assert_eq!(rounded(&found), [(how.into(), angle)]);
        assert_eq!(
            (&found["settled_by"], &found["transposed"]),
            (&"option".into(), &how.contains('b').into())
        );
    }
    let text = done(here.path(), &["angles", &w, &b]);
    assert!(
        text.contains("97.35") && text.contains("76.71") && text.contains("--transpose none, or"),
        "{text}"
    );

    // Spectra show both too; what is written is of one reading.
    let both = json(here.path(), &["spectra", &w, &b]);
    assert_eq!(rounded(&both), rounded(&found));
    let eigenvalues = |found: &Json| found["eigenvalues"]["W B"].clone();
    let one = json(here.path(), &["spectra", &w, &b, "--transpose", "none"]);
    assert_eq!(eigenvalues(&both["other_reading"]), eigenvalues(&one));
    assert_ne!(eigenvalues(&both), eigenvalues(&one));
    assert_eq!((&both["reading"], &one["reading"]), (&"b".into(), &"none".into()));
    let error = refused(here.path(), &["spectra", &w, &b, "--out", "out"], 2);
    assert!(error.contains("--transpose b or --transpose none"), "{error}");
    done(here.path(), &["spectra", &w, &b, "--out", "out", "--transpose", "none"]);

    // The trace of W B is the inner product of W and B', whatever is transposed.
    for how in ["none", "b", "w", "w,b"] {
        let found = json(here.path(), &["spectra", &w, &b, "--transpose", how]);
        let norms = value(&found, "norm", Some("W")) * value(&found, "norm", Some("B"));
        let cosine = value(&found, "weight_alignment", None).to_radians().cos();
        assert!((value(&found, "trace", None) - cosine * norms).abs() < 1e-12 * norms, "{how}");
    }
}

#[test]
fn every_way_to_store_a_pair_gives_the_angle_of_the_pair() {
    let here = TempDir::new().unwrap();
    for (n, m) in [(5, 3), (4, 4)] {
        let (w, b) = (normal(n, m, 30), normal(m, n, 31));
        let angle = weight_alignment(&w, &b).unwrap().unwrap();
        for (name, matrix) in [("w", &w), ("wt", &w.transpose()), ("b", &b), ("bt", &b.transpose())]
        {
            write(here.path(), &format!("{name}.npy"), matrix);
        }
        for (files, how) in [("w b", "b"), ("w bt", "none"), ("wt b", "none"), ("wt bt", "b")] {
            let (w, b) = files.split_once(' ').unwrap();
            let (w, b) = (format!("{w}.npy"), format!("{b}.npy"));
            let told = json(here.path(), &["angles", &w, &b, "--transpose", how]);
            assert!((readings(&told)[0].1 - angle).abs() < 1e-9, "{files}: {told}");
            let open = json(here.path(), &["angles", &w, &b]);
            assert_eq!(readings(&open).len(), if n == m { 2 } else { 1 }, "{files}");
            assert!(readings(&open).contains(&readings(&told)[0]), "{files}: {open}");
        }
    }
    // A symmetric matrix is its own transpose: nothing is open.
    let w = normal(4, 4, 32);
    let data = (0..16).map(|at| w.row(at / 4)[at % 4] + w.row(at % 4)[at / 4]).collect();
    write(here.path(), "s.npy", &Matrix::from_vec(4, 4, data));
    let found = json(here.path(), &["angles", "w.npy", "s.npy"]);
    assert_eq!((readings(&found).len(), &found["settled_by"]), (1, &"symmetry".into()));
    write(here.path(), "long.npy", &normal(5, 3, 33));
    let error = refused(here.path(), &["angles", "long.npy", "long.npy", "--transpose", "b"], 2);
    assert!(error.contains("--transpose b") && error.contains("leave the option out"), "{error}");
    assert!(
        refused(here.path(), &["angles", "w.npy", "b.npy", "--transpose", "x"], 2)
            .contains("expected w, b, none")
    );
    assert!(
        refused(here.path(), &["spectra", "w.npy", "--transpose", "b"], 2)
            .contains("there is no B")
    );
}

/// A file of the cases that others' programs wrote.
fn case(name: &str) -> String {
    format!("{}/tests/data/cases/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn files_of_other_programs_are_read_or_refused_with_the_remedy() {
    let here = TempDir::new().unwrap();
    let b = format!("{}#B1", case("01-good.npz"));
    let last = |found: &Json| {
        let angles = readings(found);
        let conventional: Vec<f64> =
            angles.iter().filter(|(name, _)| *name == "b").map(|(_, angle)| *angle).collect();
        (100.0 * conventional[conventional.len() - 1]).round() / 100.0
    };
    let exact = last(&json(here.path(), &["angles", &format!("{}#W1", case("01-good.npz")), &b]));
    assert_eq!(exact, 97.35);
    for (name, accuracy) in
        [("28-savetxt-default.csv", 0.005), ("29-run#3/W.npy", 0.005), ("24-bf16.npy", 0.05)]
    {
        let found = last(&json(here.path(), &["angles", &case(name), &b]));
        assert!((found - exact).abs() <= accuracy, "{name}: {found}");
    }
    let (half, good) = (case("11-half.npz"), case("01-good.npz"));
    let found = json(here.path(), &["angles", &format!("{half}#W2"), &format!("{half}#B2")]);
    let full = json(here.path(), &["angles", &format!("{good}#W2"), &format!("{good}#B2")]);
    assert!((readings(&found)[12].1 - readings(&full)[12].1).abs() < 0.05, "{found}");

    let (w1, b1) =
        (format!("{}#W1", case("02-bad-crc.npz")), format!("{}#B1", case("02-bad-crc.npz")));
    let refusals: [(&[&str], &[&str]); 5] = [
        (&["angles", &w1, &b1], &["member `W1`", "checksum"]),
        (&["analyze", &case("02-bad-crc.npz")], &["`W1`", "checksum"]),
        (&["spectra", &w1], &["member `W1`", "checksum"]),
        (&["angles", &case("27-cut-short.npy"), &b], &["34.9 of 36 values are there"]),
        (&["angles", &case("26-pickled-dict.npz"), &b], &["numpy.savez('new.npz', **d)"]),
    ];
    for (args, words) in refusals {
        let error = refused(here.path(), args, 2);
        assert!(words.iter().all(|word| error.contains(word)), "{args:?}: {error}");
    }
}

#[test]
fn matrices_of_any_scale_have_angles_and_no_infinite_norm() {
    let here = TempDir::new().unwrap();
    let (w, b) = (normal(5, 4, 40), normal(4, 5, 41));
    write(here.path(), "b.npy", &b);
    for scale in [1e200, 1e-200, 1e300] {
        let mut scaled = w.clone();
        scaled.scale(scale);
        write(here.path(), "w.npy", &scaled);
        let found = json(here.path(), &["angles", "w.npy", "b.npy"]);
        let exact = weight_alignment(&w, &b).unwrap().unwrap();
        assert!((readings(&found)[0].1 - exact).abs() < 1e-9, "{scale}");
        assert!(
            (value(&found, "weight_norm", None) / (scale * w.norm()) - 1.0).abs() < 1e-12,
            "{scale}"
        );
    }
    let mut huge = w.clone();
    huge.scale(5e307);
    write(here.path(), "w.npy", &huge);
    assert!(
        refused(here.path(), &["angles", "w.npy", "b.npy"], 2)
            .contains("beyond the largest number")
    );
    assert!(refused(here.path(), &["spectra", "w.npy"], 1).contains("beyond the largest number"));
}

/// An archive of much less than it unpacks to is refused where there is no room, before anything is
/// allocated.
#[cfg(target_os = "linux")]
#[test]
fn what_no_memory_holds_is_refused_with_both_numbers() {
    let here = TempDir::new().unwrap();
    let n = 3600;
    let zeros = Array { shape: vec![n, n], data: vec![0.0; n * n] };
    write_npy(&here.path().join("zeros.npy"), &zeros).unwrap();
    let bytes = std::fs::read(here.path().join("zeros.npy")).unwrap();
    let mut archive =
        zip::ZipWriter::new(std::fs::File::create(here.path().join("zeros.npz")).unwrap());
    archive.start_file("W.npy", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut archive, &bytes).unwrap();
    archive.finish().unwrap();
    assert!(std::fs::metadata(here.path().join("zeros.npz")).unwrap().len() < 1 << 20);
    let program = env!("CARGO_BIN_EXE_alignscope");
    for args in ["angles zeros.npz zeros.npz", "spectra zeros.npz", "angles zeros.npy zeros.npy"] {
        let command = format!("ulimit -v 900000; exec '{program}' {args}");
        let out = std::process::Command::new("sh")
            .args(["-c", &command])
            .current_dir(here.path())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{args}: {error}");
        assert!(
            error.contains("(3600 x 3600)") && error.contains("of memory, more than"),
            "{args}: {error}"
        );
        assert!(error.contains("`ulimit -v` leaves"), "{args}: {error}");
    }
}

#[test]
fn a_history_gives_a_line_per_iteration_and_zeros_have_no_angle() {
    let here = TempDir::new().unwrap();
    let b = normal(3, 5, 3);
    let (mut data, transpose) = (vec![0.0; 15], b.transpose());
    data.extend(normal(5, 3, 4).as_slice());
    data.extend(transpose.as_slice().iter().map(|v| 2.0 * v));
    let history = Array { shape: vec![3, 5, 3], data };
    write_npz(&here.path().join("run.npz"), &[("W1", &history), ("B1", &array(&b))]).unwrap();
    let found = json(here.path(), &["angles", "run.npz#W1", "run.npz#B1"]);
    let at = |iteration| &entry(&found, "weight_alignment", None, Some(iteration))["value"];
    assert!(at(0).is_null() && at(1).as_f64().unwrap() > 10.0 && at(2).as_f64().unwrap() < 1e-6);
    assert_eq!(found["absent"], 1);
    let text = done(here.path(), &["angles", "run.npz#W1", "run.npz#B1"]);
    assert!(text.contains("absent") && text.contains("run.npz#W1 (3 x 5 x 3)"), "{text}");
    // A history of B beside a single W, and two of different length.
    let rows = json(here.path(), &["angles", "run.npz#B1", "run.npz#W1"]);
    assert_eq!(
        rows["summary"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|e| e["quantity"] == "weight_norm")
            .count(),
        3
    );
    let two = Array { shape: vec![2, 3, 5], data: [b.as_slice(), b.as_slice()].concat() };
    write_npy(&here.path().join("two.npy"), &two).unwrap();
    let error = refused(here.path(), &["angles", "run.npz#W1", "two.npy"], 2);
    assert!(
        error.contains("run.npz#W1 (3 x 5 x 3)") && error.contains("as many iterations"),
        "{error}"
    );
    // Spectra are those of one iteration.
    let error = refused(here.path(), &["spectra", "run.npz#W1"], 2);
    assert!(error.contains("--iteration 0 to 2"), "{error}");
    let last = json(here.path(), &["spectra", "run.npz#W1", "run.npz#B1", "--iteration", "2"]);
    assert!(value(&last, "weight_alignment", None) < 1e-6);
    let zero = json(here.path(), &["spectra", "run.npz#W1", "run.npz#B1", "--iteration", "0"]);
    assert!(entry(&zero, "weight_alignment", None, None)["value"].is_null());
    assert!(entry(&zero, "participation_ratio", Some("W"), None)["value"].is_null());
    let text = done(here.path(), &["spectra", "run.npz#W1", "--iteration", "0", "--out", "zero"]);
    assert!(
        text.contains("there is no bulk") && !text.contains("NaN") && !text.contains("inf"),
        "{text}"
    );
}

/// 60 x 40 entries of standard deviation 0.1, and two directions shared with `B^T` that stand out
/// of them.
fn planted() -> (Matrix<f64>, Matrix<f64>) {
    let (mut w, b) = (normal(60, 40, 5), normal(40, 60, 6));
    w.scale(0.1);
    // The strongest directions of B^T, by powers of B^T B.
    let mut bt = b.transpose();
    for _ in 0..40 {
        bt = times(&times(&bt, &b), &b.transpose());
        let size = bt.norm();
        bt.scale(1.0 / size);
    }
    bt.scale(6.0);
    w.as_mut_slice().iter_mut().zip(bt.as_slice()).for_each(|(w, b)| *w += b);
    (w, b)
}

fn times(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
    let product = a.as_faer() * b.as_faer();
    let values = (0..a.rows())
        .flat_map(|i| (0..b.cols()).map(move |j| (i, j)))
        .map(|at| product[at])
        .collect();
    Matrix::from_vec(a.rows(), b.cols(), values)
}

#[test]
fn spectra_name_outliers() {
    let here = TempDir::new().unwrap();
    let (w, _) = planted();
    write(here.path(), "w.npy", &w);
    let alone = json(here.path(), &["spectra", "w.npy"]);
    let values: Vec<f64> = alone["singular_values"]["W"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect();
    let exact = singular_values(&w).unwrap();
    assert!(values.iter().zip(&exact).all(|(a, b)| (a - b).abs() < 1e-12) && values.len() == 40);
    let count = value(&alone, "outliers", Some("W"));
    assert!((1.0..=4.0).contains(&count), "{count}");
    let outliers = alone["outliers"].as_array().unwrap();
    assert_eq!(
        (outliers.len() as f64, &outliers[0]["index"], &outliers[0]["matrix"]),
        (count, &0.into(), &"W".into())
    );
    assert!(
        outliers[0]["p"].as_f64().unwrap() < 1e-6
            && outliers[0]["strength"].as_f64().unwrap() < values[0]
    );
    assert!((value(&alone, "entry_sd", Some("W")) / 0.1 - 1.0).abs() < 0.05);
    assert!(value(&alone, "outlier_threshold", Some("W")) > value(&alone, "bulk_high", Some("W")));
    let given = json(here.path(), &["spectra", "w.npy", "--entry-sd", "10"]);
    assert_eq!(value(&given, "outliers", Some("W")), 0.0);
}

#[test]
fn spectra_say_what_both_share() {
    let here = TempDir::new().unwrap();
    let (w, b) = planted();
    write(here.path(), "w.npy", &w);
    write(here.path(), "b.npy", &b);
    let both = json(here.path(), &["spectra", "w.npy", "b.npy"]);
    let (angle, norms) = (value(&both, "weight_alignment", None), w.norm() * b.norm());
    let trace = value(&both, "trace", None);
    assert!(
        (trace - angle.to_radians().cos() * norms).abs() < 1e-9 * norms,
        "the trace is the inner product"
    );
    let eigenvalues = both["eigenvalues"]["W B"].as_array().unwrap();
    let sum: f64 = eigenvalues.iter().map(|v| v[0].as_f64().unwrap()).sum();
    assert!(eigenvalues.len() == 40 && (sum - trace).abs() < 1e-9 * norms);
    let radius = entry(&both, "spectral_radius", None, None);
    assert!(
        radius["value"].as_f64().unwrap() > 2.0 * radius["prediction"].as_f64().unwrap(),
        "{radius}"
    );
    // The leading directions are shared, most of the columns' space is not.
    let leading = both["summary"].as_array().unwrap().iter().filter(|e| e["quantity"] == "overlap");
    let leading: Vec<&Json> = leading.filter(|e| e["leading"].is_u64()).collect();
    assert!(
        leading.len() == 2 && leading.iter().all(|e| e["z"].as_f64().unwrap() > 3.0),
        "{leading:?}"
    );
    let angles = both["principal_angles"].as_array().unwrap();
    assert_eq!(angles.iter().map(|a| a["angles"].as_array().unwrap().len()).max(), Some(40));
    let text = done(here.path(), &["spectra", "w.npy", "b.npy"]);
    for words in [
        "W: ",
        "beyond the singular values of independent entries",
        " s1 = ",
        "B: no singular value",
        "condition number",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
}

#[test]
fn spectra_are_written_and_drawn_the_same_every_time() {
    let here = TempDir::new().unwrap();
    let (w, b) = planted();
    write(here.path(), "w.npy", &w);
    write(here.path(), "b.npy", &b);
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 2);
    done(here.path(), &["spectra", "w.npy", "b.npy"]);
    assert_eq!(
        std::fs::read_dir(here.path()).unwrap().count(),
        2,
        "nothing is written without --out"
    );
    for out in ["one", "two", "two"] {
        done(here.path(), &["spectra", "w.npy", "b.npy", "--out", out]);
    }
    let bytes = |out: &str, name: &str| std::fs::read(here.path().join(out).join(name)).unwrap();
    let names = [
        "singular_values.csv",
        "eigenvalues.csv",
        "principal_angles.csv",
        "spectra.csv",
        "spectra.svg",
        "spectra.png",
    ];
    for name in names {
        assert!(
            bytes("one", name) == bytes("two", name) && bytes("one", name).len() > 100,
            "{name}"
        );
    }
    assert!(String::from_utf8(bytes("one", "spectra.svg")).unwrap().contains("@font-face"));
    let table = String::from_utf8(bytes("one", "singular_values.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 3 * 40);
    assert!(
        table.starts_with("matrix,index,value,outlier,p,strength\nW,0,")
            && table.contains("\nW B,39,"),
        "{table}"
    );
    let drawn = String::from_utf8(bytes("one", "spectra.csv")).unwrap();
    assert!(
        drawn.contains("Marchenko-Pastur law of the bulk") && drawn.contains("threshold of W"),
        "{drawn}"
    );
    let error = refused(here.path(), &["spectra", "w.npy", "--out", "one"], 1);
    assert!(error.contains("holds something else") && error.contains("--out"), "{error}");
    // The same names with other contents are another request.
    write(here.path(), "w.npy", &normal(60, 40, 9));
    assert!(
        refused(here.path(), &["spectra", "w.npy", "b.npy", "--out", "one"], 1)
            .contains("holds something else")
    );
    write(here.path(), "one.npy", &Matrix::from_vec(1, 1, vec![2.0]));
    done(here.path(), &["spectra", "one.npy", "one.npy", "--out", "single"]);
    assert!(here.path().join("single/spectra.png").is_file());
}

#[test]
fn plain_tables_are_matrices() {
    let here = TempDir::new().unwrap();
    std::fs::write(here.path().join("w.csv"), "1,0\n0,1\n1,1\n").unwrap();
    std::fs::write(here.path().join("b.csv"), "1,0,1\n0,1,1\n").unwrap();
    let found = json(here.path(), &["angles", "w.csv", "b.csv"]);
    assert_eq!(
        (value(&found, "weight_alignment", None), &found["shape"]),
        (0.0, &serde_json::json!([3, 2]))
    );
    assert!(
        value(&json(here.path(), &["spectra", "w.csv"]), "condition_number", Some("W"))
            - 3f64.sqrt()
            < 1e-12
    );
    // Comments may stand behind numbers, but a sign inside of a cell is no comment.
    std::fs::write(here.path().join("said.csv"), "# W\n1,0 # first\n0,1,# second\n1,1 % third\n")
        .unwrap();
    assert_eq!(json(here.path(), &["angles", "said.csv", "b.csv"])["summary"], found["summary"]);
    std::fs::write(here.path().join("percent.csv"), "50%,0\n0,1\n").unwrap();
    assert!(refused(here.path(), &["spectra", "percent.csv"], 2).contains("`50%`"));
    // Columns that are counted from 1 are no weights.
    std::fs::write(here.path().join("header.csv"), "1,2,3\n0.5,0.1,0.2\n0.3,0.4,0.6\n").unwrap();
    let error = refused(here.path(), &["spectra", "header.csv"], 2);
    assert!(error.contains("it counts the columns"), "{error}");
}

#[test]
fn members_of_directories_are_chosen_as_those_of_archives() {
    let here = TempDir::new().unwrap();
    std::fs::create_dir(here.path().join("run")).unwrap();
    let (w, b) = (normal(4, 3, 0), normal(3, 4, 1));
    for (name, matrix) in [("run/W1.npy", &w), ("run/B1.npy", &b), ("w.npy", &w), ("b.npy", &b)] {
        write(here.path(), name, matrix);
    }
    let error = refused(here.path(), &["angles", "run", "b.npy"], 2);
    assert!(error.contains("choose one with #MEMBER: B1, W1"), "{error}");
    let found = json(here.path(), &["angles", "run#W1", "run#B1"]);
    assert_eq!(found["summary"], json(here.path(), &["angles", "w.npy", "b.npy"])["summary"]);
}

#[test]
fn what_is_no_pair_of_matrices_is_refused_with_the_remedy() {
    let here = TempDir::new().unwrap();
    write(here.path(), "w.npy", &normal(3, 4, 0));
    write(here.path(), "other.npy", &normal(5, 4, 0));
    let line = Array { shape: vec![5], data: vec![1.0; 5] };
    let none = Array { shape: vec![0, 3], data: vec![] };
    let long = Array { shape: vec![2, 1, 2, 2], data: vec![1.0; 8] };
    for (name, array) in [("line.npy", &line), ("none.npy", &none), ("long.npy", &long)] {
        write_npy(&here.path().join(name), array).unwrap();
    }
    let mut holed = array(&normal(3, 4, 0));
    holed.data[6] = f64::NAN;
    write_npy(&here.path().join("nan.npy"), &holed).unwrap();
    write_npz(&here.path().join("run.npz"), &[("W1", &line), ("W2", &line)]).unwrap();
    // A header that claims 30000 x 30000 values of one byte each, none of which is there.
    let header =
        format!("{:<117}\n", "{'descr': '|i1', 'fortran_order': False, 'shape': (30000, 30000), }");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    std::fs::write(
        here.path().join("huge.npy"),
        [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes()].concat(),
    )
    .unwrap();
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["angles", "w.npy", "other.npy"],
            &["w.npy (3 x 4)", "other.npy (5 x 4)", "must be 4 x 3", "3 x 4 if"],
        ),
        (&["spectra", "w.npy", "other.npy"], &["w.npy (3 x 4)", "other.npy (5 x 4)"]),
        (&["angles", "w.npy", "nan.npy"], &["nan.npy holds NaN at index [1, 2]", "must be finite"]),
        (&["spectra", "nan.npy"], &["nan.npy holds NaN at index [1, 2]"]),
        (
            &["angles", "line.npy", "w.npy"],
            &["line.npy holds an array of [5]", "expected a matrix"],
        ),
        (&["spectra", "long.npy"], &["[2, 1, 2, 2]", "expected a matrix"]),
        (&["spectra", "none.npy"], &["none.npy holds an array of [0, 3]", "nothing to measure"]),
        (&["spectra", "absent.npy"], &["cannot read absent.npy"]),
        (&["angles", "run.npz#W3", "w.npy"], &["no member `W3`: it has W1, W2"]),
        (&["angles", "run.npz", "w.npy"], &["choose one with #MEMBER: W1, W2"]),
        (&["angles", "w.npy#W1", "w.npy"], &["only .npz archives have members"]),
        (
            &["angles", "w.mat", "w.npy"],
            &["neither in .npz, .npy nor .csv", "scipy.io.loadmat('w.mat')"],
        ),
        (&["spectra", "huge.npy"], &["more than the"]),
        (&["angles", "w.npy"], &["<B>"]),
        (&["spectra", "w.npy", "--false-alarm", "1"], &["--false-alarm", "above 0 and below 1"]),
        (&["spectra", "w.npy", "--entry-sd", "inf"], &["--entry-sd", "expected a number above 0"]),
        (&["spectra", "w.npy", "--leading", "0"], &["--leading"]),
        (&["spectra", "w.npy", "--iteration", "1"], &["a matrix has no iterations"]),
    ];
    for (args, words) in cases {
        let error = refused(here.path(), args, 2);
        for word in *words {
            assert!(error.contains(word), "{args:?} lacks `{word}`:\n{error}");
        }
    }
}
