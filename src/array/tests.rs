//! Files written by NumPy, by ourselves, and by no one in their right mind.

use super::*;
use std::fs;

/// Written by NumPy's `savez_compressed`: `(arange(24).reshape(2, 3, 4) - 5) / 2` as f8 in C and Fortran order, as big-endian
/// f4, as f2, doubled as i4, and so on; and what is no signal: strings, complex, objects, structures, NaN.
const NUMPY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/numpy.npz");

fn signal() -> Array {
    Array { shape: vec![2, 3, 4], data: (0..24).map(|i| (f64::from(i) - 5.0) / 2.0).collect() }
}

fn refusal(path: &Path, member: Option<&str>) -> String {
    read(path, member).unwrap_err().to_string()
}

#[test]
fn arrays_written_by_numpy_are_read() {
    let member = |name| read(Path::new(NUMPY), Some(name)).unwrap();
    for name in ["plain", "fortran", "big", "half"] {
        assert_eq!(member(name), signal(), "{name}");
    }
    let types = [
        ("plain", Stored::F64),
        ("big", Stored::F32),
        ("half", Stored::F16),
        ("int32", Stored::Int(4)),
        ("u8", Stored::Uint(1)),
        ("truth", Stored::Bool),
    ];
    for (name, stored) in types {
        let found = header(Path::new(NUMPY), Some(name)).unwrap();
        assert_eq!(found, Header { shape: signal().shape, stored }, "{name}");
    }
    assert!(member("truth").data.contains(&1.0));
    assert_eq!(member("int32").data, signal().data.iter().map(|v| (2.0 * v).trunc()).collect::<Vec<_>>());
    assert_eq!(member("u8").data, (0..24).map(f64::from).collect::<Vec<_>>());
}

#[test]
fn what_is_no_signal_is_refused_by_name() {
    let path = Path::new(NUMPY);
    let cases = [
        ("text", "values of type <U1"),
        ("complex", "values of type <c16"),
        ("objects", "values of type |O"),
        ("structured", "values of type structured"),
        ("nan", "NaN at index [0, 1, 1]"),
        ("plane", "no member `plane`: it has "),
        ("plane", "did you mean `plain`?"),
    ];
    for (member, expected) in cases {
        let error = refusal(path, Some(member));
        assert!(error.contains(expected), "{member}: {error}");
    }
    assert!(refusal(path, None).contains("several members: choose one with #MEMBER: "));
    assert!(refusal(Path::new("signal.mat"), None).contains("neither in .npz, .npy nor .csv"));
    assert!(refusal(Path::new("none.npy"), None).contains("cannot read none.npy"));
    assert!(refusal(Path::new("none.npy"), Some("x")).contains("only .npz archives have members"));
}

#[test]
fn what_is_written_is_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    write_npy(&path("a.npy"), &signal()).unwrap();
    write_npz(&path("a.npz"), &[("activity", &signal()), ("error", &signal())]).unwrap();
    write_csv(&path("a.csv"), &signal()).unwrap();
    assert_eq!(read(&path("a.npy"), None).unwrap(), signal());
    assert_eq!(read(&path("a.npz"), Some("error")).unwrap(), signal());
    assert_eq!(read(&path("a.csv"), None).unwrap(), signal());
    let first = fs::read(path("a.npz")).unwrap();
    write_npz(&path("a.npz"), &[("activity", &signal()), ("error", &signal())]).unwrap();
    assert_eq!(fs::read(path("a.npz")).unwrap(), first, "the same bytes whenever written");
    assert!(write_npy(Path::new("/proc/nowhere/a.npy"), &signal()).unwrap_err().to_string().contains("cannot write"));
}

#[test]
fn damaged_files_are_refused_before_they_are_believed() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    write_npy(&path("a.npy"), &signal()).unwrap();
    let whole = fs::read(path("a.npy")).unwrap();
    for length in [0, 5, 20, 100, whole.len() - 1] {
        fs::write(path("a.npy"), &whole[..length]).unwrap();
        assert!(refusal(&path("a.npy"), None).contains("damaged or no .npy file"), "{length}");
    }
    // Headers that claim what is not there, and what no memory holds.
    let claim = |shape: &str| {
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
        let text = format!("{header:<117}\n");
        let length = u16::try_from(text.len()).unwrap().to_le_bytes();
        fs::write(path("a.npy"), [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes(), &[0; 64]].concat()).unwrap();
        refusal(&path("a.npy"), None)
    };
    assert!(claim("(99999, 9)").contains("it is cut short: 8 of 899991 values are there"));
    assert!(claim("(9999999, 99999)").contains("that are read"));
    for shape in ["(9999999999, 9999999999, 9999999999)", "(1, 9999999999999999993, 2)", "(9999999999, 9999999999, 0)"]
    {
        assert!(claim(shape).contains("that are read"), "{shape}");
    }
    assert!(claim("(-1, 3)").contains("damaged"));
    // Headers that are said to be longer than the file, and nested ones.
    let header = |length: u32, text: &str| {
        let file = [b"\x93NUMPY\x02\x00", &length.to_le_bytes()[..], text.as_bytes()].concat();
        fs::write(path("a.npy"), file).unwrap();
        refusal(&path("a.npy"), None)
    };
    assert!(header(u32::MAX, "{").contains("its header claims 4294967295 bytes"));
    assert!(header(60_000, "{").contains("cut short in the header"));
    for nested in ["(".repeat(60_000), "[".repeat(60_000), "{0:".repeat(20_000)] {
        assert!(header(60_000, &nested).contains("damaged"));
    }
    assert!(header(2_000_000, &"(".repeat(2_000_000)).contains("its header claims 2000000 bytes"));
    let archive = fs::read(NUMPY).unwrap();
    for length in [0, 10, archive.len() / 2, archive.len() - 30] {
        fs::write(path("a.npz"), &archive[..length]).unwrap();
        assert!(refusal(&path("a.npz"), Some("plain")).contains("damaged or no .npz file"), "{length}");
    }
}

#[test]
fn a_table_without_a_header_is_a_matrix() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("m.csv");
    fs::write(&path, "1, -2.5e3,3\n4,5,6\n").unwrap();
    assert_eq!(read(&path, None).unwrap(), Array { shape: vec![2, 3], data: vec![1.0, -2500.0, 3.0, 4.0, 5.0, 6.0] });
    fs::write(&path, "7").unwrap();
    assert_eq!(read(&path, None).unwrap().shape, [1, 1]);
    let cases = [
        ("1,2\n3\n", "2: 1 cells, expected 2"),
        ("1,2\n3,x\n", "2: column 1 is `x`, expected a finite number"),
        ("1,nan\n", "1: column 1 is `nan`"),
        ("1,2\n3,inf\n", "2: column 1 is `inf`"),
        ("a,b\n3,4\n", "1: expected the columns iteration,sample,unit_0,unit_1,..."),
    ];
    for (text, expected) in cases {
        fs::write(&path, text).unwrap();
        let error = refusal(&path, None);
        assert!(error.contains(expected), "{text:?}: {error}");
    }
    assert_eq!(place("a#b.npz#W1"), ("a#b.npz".into(), Some("W1")));
    assert_eq!(place("a.npy"), ("a.npy".into(), None));
}

#[test]
fn tables_are_refused_with_their_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.csv");
    let cases = [
        ("", "1: expected the columns"),
        ("iteration,sample\n", "1: expected the columns"),
        ("iteration,sample,unit_1\n", "1: expected the columns"),
        ("iteration,sample,unit_0\n", "no rows"),
        ("iteration,sample,unit_0,unit_1\n0,0,1\n", "2: 3 cells, expected 4"),
        ("iteration,sample,unit_0\n0,0,NaN\n", "2: unit_0 is `NaN`, expected a finite number"),
        ("iteration,sample,unit_0\n0,0,one\n", "2: unit_0 is `one`"),
        ("iteration,sample,unit_0\n0,0,1\n0,2,1\n", "3: found iteration 0, sample 2, expected iteration 0, sample 1"),
        ("iteration,sample,unit_0\n0,0,1\n0,1,1\n1,0,1\n2,0,1\n", "5: found iteration 2, sample 0"),
        ("iteration,sample,unit_0\n0,0,1\n0,1,1\n1,0,1\n", "cut short"),
    ];
    for (text, expected) in cases {
        fs::write(&path, text).unwrap();
        let error = refusal(&path, None);
        assert!(error.contains(expected), "{text:?}: {error}");
    }
}
