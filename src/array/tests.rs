//! Files written by NumPy, by ourselves, and by no one in their right mind.

use super::*;
use crate::random::{Role, Stream};
use std::fs;
use std::path::PathBuf;

/// Written by NumPy's `savez_compressed`: `(arange(24).reshape(2, 3, 4) - 5) / 2` as f8 in C and
/// Fortran order, as big-endian f4, as f2, doubled as i4, and so on; and what is no signal:
/// strings, complex, objects, structures, NaN.
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
    assert_eq!(
        member("int32").data,
        signal().data.iter().map(|v| (2.0 * v).trunc()).collect::<Vec<_>>()
    );
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
    assert!(
        write_npy(Path::new("/proc/nowhere/a.npy"), &signal())
            .unwrap_err()
            .to_string()
            .contains("cannot write")
    );
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
        fs::write(
            path("a.npy"),
            [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes(), &[0; 64]].concat(),
        )
        .unwrap();
        refusal(&path("a.npy"), None)
    };
    assert!(claim("(99999, 9)").contains("it is cut short: 8 of 899991 values are there"));
    assert!(claim("(9999999, 99999)").contains("that are read"));
    for shape in [
        "(9999999999, 9999999999, 9999999999)",
        "(1, 9999999999999999993, 2)",
        "(9999999999, 9999999999, 0)",
    ] {
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
        assert!(
            refusal(&path("a.npz"), Some("plain")).contains("damaged or no .npz file"),
            "{length}"
        );
    }
}

#[test]
fn a_table_without_a_header_is_a_matrix() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("m.csv");
    fs::write(&path, "1, -2.5e3,3\n4,5,6\n").unwrap();
    assert_eq!(
        read(&path, None).unwrap(),
        Array { shape: vec![2, 3], data: vec![1.0, -2500.0, 3.0, 4.0, 5.0, 6.0] }
    );
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
}

#[test]
fn a_hash_sign_stands_in_paths_and_before_members() {
    let cases = [
        ("a#b.npz#W1", "a#b.npz", Some("W1")),
        ("a.npz#W#1", "a.npz", Some("W#1")),
        ("a.npy", "a.npy", None),
        ("a.npy#W1", "a.npy", Some("W1")),
        ("29-run#3/W.npy", "29-run#3/W.npy", None),
        ("29-run#3/W.npz", "29-run#3/W.npz", None),
        ("29-run#3/W.npz#W1", "29-run#3/W.npz", Some("W1")),
        ("a.pt#W1", "a.pt#W1", None),
    ];
    for (text, path, member) in cases {
        assert_eq!(place(text), (path.into(), member), "{text}");
    }
    // What exists is meant, whatever it looks like.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run#3.npz#W1.npz");
    write_npz(&path, &[("W1", &signal())]).unwrap();
    let text = path.to_str().unwrap();
    assert_eq!(place(text), (path.clone(), None));
    let with_member = format!("{text}#W1");
    let (found, member) = place(&with_member);
    assert_eq!(read(&found, member).unwrap(), signal());
}

/// Reads `text` as a file of this name.
fn text(name: &str, text: &[u8]) -> Result<Array, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    fs::write(&path, text).unwrap();
    read(&path, None).map_err(|error| error.to_string().replace(path.to_str().unwrap(), name))
}

#[test]
fn matrices_are_read_as_people_write_them() {
    let matrix = Array { shape: vec![2, 3], data: vec![1.0, -2500.0, 0.5, 4.0, 5.0, 6.0] };
    let writings: [(&str, &str); 14] = [
        // numpy.savetxt as it is, and with delimiter and header.
        (
            "w.csv",
            "1.000000000000000000e+00 -2.500000000000000000e+03 5.000000000000000000e-01\n\
             4.000000000000000000e+00 5.000000000000000000e+00 6.000000000000000000e+00\n",
        ),
        ("w.txt", "# W1, 2 x 3\n1.0,-2500.0,0.5\n# half\n4.0,5.0,6.0\n"),
        ("w.csv", "\u{feff}1,-2.5e3,0.5\r\n4,5,6\r\n"),
        ("w.tsv", "1\t-2500\t.5\n4\t5\t6"),
        ("w.TXT", "  1.  -2500   0.5\n  4.   5.   6.\n\n"),
        ("w.dat", "% from MATLAB\n   1.0000000e+00  -2.5000000e+03   5.0000000e-01\n 4 5 6\n"),
        ("w.csv", "1;-2500;0.5\n4;5;6\n"),
        ("w.csv", "1;-2500;0,5\n4;5;6\n"),
        ("w.csv", "1,0;-2500,0;0,5\n4,0;5,0;6,0\n"),
        ("w.tsv", "1\t-2,5e3\t0,5\n4\t5\t6\n"),
        ("w.csv", "1,-2500,0.5,\n4,5,6,\n"),
        ("w.csv", "\"1\", \"-2500\", \"0.5\"\n\"4\",\"5\",\"6\"\n"),
        ("w.tsv", "1\t-2500\t0.5\t\n4\t5\t6\t\n"),
        ("w.csv", "+1, -2500, 5E-1\n\n4, 5, 6"),
    ];
    for (name, writing) in writings {
        assert_eq!(text(name, writing.as_bytes()), Ok(matrix.clone()), "{writing:?}");
    }
    assert_eq!(text("w.txt", b"7").unwrap().shape, [1, 1]);
    assert_eq!(text("w.txt", b"1\n2\n3\n").unwrap().shape, [3, 1]);
    assert_eq!(
        text("w.csv", b"0,1\n1,0\n").unwrap().data,
        [0.0, 1.0, 1.0, 0.0],
        "whole numbers throughout"
    );
}

#[test]
fn text_that_may_mean_something_else_is_refused_with_its_line() {
    let pandas = "to_csv(f, header=False, index=False)";
    let cases: [(&[u8], &[&str]); 22] = [
        (b"a,b\n3,4\n", &["w.csv:1: ", "`a`, `b`", pandas, "start their line with #"]),
        (b"# W\na b\n3 4\n", &["w.csv:2: ", "`a`, `b`"]),
        (b",0,1\n0,0.5,0.25\n1,0.5,0.125\n", &["w.csv:1: ", "an empty cell", pandas]),
        (b"0,1,2\n0.5,0.25,0.1\n", &["w.csv:1: it counts the columns", pandas]),
        (b"0,0.5,0.25\n1,0.5,0.125\n", &["w.csv:1: the first column counts the rows", pandas]),
        (b"1 0.5\n2 0.25\n3 0.125\n", &["the first column counts the rows"]),
        (b"1,2\n3\n", &["w.csv:2: 1 cells, expected 2"]),
        (b"1 2\n3 4 5\n", &["w.csv:2: 3 cells, expected 2"]),
        (b"1,2\n3,\n", &["w.csv:2: 1 cells, expected 2"]),
        (b"1,,2\n", &["w.csv:1: column 1 is empty"]),
        (b"1 nan\n", &["w.csv:1: column 1 is `nan`, expected a finite number"]),
        (b"1;2\n3;-inf\n", &["w.csv:2: column 1 is `-inf`"]),
        (b"1 2\n3 1e999\n", &["w.csv:2: column 1 is `1e999`"]),
        (b"1.5 (2+3j)\n", &["column 1 is `(2+3j)`"]),
        (b"1,5 2,5\n3,5 4,5\n", &["commas and blanks both part"]),
        (b"1 2\n3,5 4\n", &["w.csv:2: column 0 is `3,5`"]),
        (b"1,234;5,678\n", &["may part thousands"]),
        (b"1,5;2.5\n", &["decimal commas and with decimal points"]),
        (b"50%,20%\n", &["expected the columns", "`50%`"]),
        (b"\xff\xfe1\x00,\x002\x00", &["UTF-16: save it in UTF-8"]),
        (b"1,2\n3,\xe9\n", &["w.csv:2: it is no text in UTF-8"]),
        (b"1,2\r3,4\r", &["carriage returns alone"]),
    ];
    for (writing, words) in cases {
        let error = text("w.csv", writing).unwrap_err();
        for word in words {
            assert!(
                error.contains(word),
                "{:?} lacks `{word}`:\n{error}",
                String::from_utf8_lossy(writing)
            );
        }
    }
    let long = format!("1,2\n3,{}\u{1b}[2J\n", "x".repeat(1 << 20));
    let error = text("w.csv", long.as_bytes()).unwrap_err();
    assert!(error.len() < 200 && !error.contains('\u{1b}'), "{error}");
}

#[test]
fn types_that_are_not_read_are_refused_with_what_to_do() {
    let pickled = refusal(&container("cases/26-pickled-dict.npz"), None);
    for words in ["a dictionary d", "allow_pickle=True", "numpy.savez('new.npz', **d)"] {
        assert!(pickled.contains(words), "{pickled}");
    }
    let bf16 = read(&container("cases/24-bf16.npy"), None).unwrap();
    assert_eq!(bf16.shape, [6, 6]);
    let cases = [
        ("text", "a.astype('f8')"),
        ("complex", "a.real"),
        ("objects", "numpy.savez('new.npz', **{f'W{l}': w for l, w in enumerate(a)})"),
        ("structured", "a['a']"),
    ];
    for (member, remedy) in cases {
        let error = refusal(Path::new(NUMPY), Some(member));
        assert!(
            error.contains(remedy) && error.contains(&format!("numpy.npz#{member} holds")),
            "{member}: {error}"
        );
    }
    let formats = [
        ("W.pt", "torch.load('W.pt', map_location='cpu', weights_only=True)"),
        ("W.pth", "numpy.savez('W.npz'"),
        ("W.safetensors", "load_file('W.safetensors')"),
        ("W.h5", "h5py.File('W.h5')"),
        ("W.mat", "scipy.io.loadmat('W.mat')"),
        ("W.pkl", "pickle.load(open('W.pkl', 'rb'))"),
        ("W.jld2", "npzwrite(\"W.npz\""),
        ("W.csv.gz", "unpack it first"),
        ("W", "these are the formats that are read"),
    ];
    for (name, remedy) in formats {
        assert!(
            refusal(Path::new(name), None).contains(remedy),
            "{name}: {}",
            refusal(Path::new(name), None)
        );
    }
}

#[test]
fn headers_of_other_writers_are_read_or_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.npy");
    let with = |descr: &str, bytes: &[u8]| {
        let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (2,), }}");
        let text = format!("{header:<117}\n");
        let length = u16::try_from(text.len()).unwrap().to_le_bytes();
        fs::write(&path, [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes(), bytes].concat())
            .unwrap();
        read(&path, None)
    };
    for descr in ["'<V2'", "'|V2'", "'bfloat16'"] {
        assert_eq!(with(descr, &[0xc0, 0x3f, 0, 0xc0]).unwrap().data, [1.5, -2.0], "{descr}");
    }
    assert!(
        with("'|b1'", &[0, 2]).unwrap_err().to_string().contains("truth values are not all 0 or 1")
    );
    let cases = [
        ("'<f16'", "values of type <f16: numbers of another length: save a.astype('f8')"),
        ("'|V1'", "1 raw bytes for each value"),
        (
            "'float8_e4m3fn'",
            "values of type float8_e4m3fn: numbers of another length: save a.astype('f8')",
        ),
        ("'<M8[s]'", "times: save numbers"),
        ("'<m8[us]'", "times: save numbers"),
        ("'|S3'", "text: if it spells numbers"),
        ("'|T16'", "values of type |T16: text"),
        ("'<c8'", "complex numbers"),
    ];
    for (descr, words) in cases {
        let error = with(descr, &[0; 32]).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("are read"), "{descr}: {error}");
    }
    // Either container under the other's name.
    fs::copy(container("stored.npz"), &path).unwrap();
    assert_eq!(read(&path, Some("W1")).unwrap().shape, [4, 3]);
    let other = directory.path().join("b.npz");
    write_npy(&path, &signal()).unwrap();
    fs::rename(&path, &other).unwrap();
    assert_eq!(read(&other, None).unwrap(), signal());
}

#[test]
fn a_file_that_is_cut_short_says_how_many_values_are_there() {
    let error = refusal(&container("cases/27-cut-short.npy"), None);
    assert!(error.contains("it is cut short: 34.9 of 36 values are there"), "{error}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.npy");
    write_npy(&path, &signal()).unwrap();
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let error = refusal(&path, None);
        assert!(error.contains("damaged or no .npy file: it "), "{length}: {error}");
        if length == 128 + 8 * 3 + 7 {
            assert!(error.contains("it is cut short: 3.9 of 24 values are there"), "{error}");
        }
    }
    fs::write(&path, [&whole[..], b"\n"].concat()).unwrap();
    assert!(refusal(&path, None).contains("something follows the last of its 24 values"));
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
        (
            "iteration,sample,unit_0\n0,0,1\n0,2,1\n",
            "3: found iteration 0, sample 2, expected iteration 0, sample 1",
        ),
        ("iteration,sample,unit_0\n0,0,1\n0,1,1\n1,0,1\n2,0,1\n", "5: found iteration 2, sample 0"),
        ("iteration,sample,unit_0\n0,0,1\n0,1,1\n1,0,1\n", "cut short"),
    ];
    for (text, expected) in cases {
        fs::write(&path, text).unwrap();
        let error = refusal(&path, None);
        assert!(error.contains(expected), "{text:?}: {error}");
    }
}

/// An archive of the folder of test data.
fn container(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// What became of a damaged archive.
#[derive(Debug, PartialEq)]
enum Damage {
    /// An error tells of it.
    Refused,
    /// Everything is read bit by bit as before.
    Harmless,
    /// Something else is read.
    Silent,
}

/// Shape and bits of a member.
type Bits = (Vec<usize>, Vec<u64>);

/// Reads them.
fn bits(path: &Path, name: &str) -> Result<Bits, ArrayError> {
    let array = read_npz(path, Some(name))?;
    Ok((array.shape, array.data.iter().map(|v| v.to_bits()).collect()))
}

/// Judges the copy of an archive that had members of these names with these bits.
fn damage(path: &Path, whole: &[(String, Bits)]) -> Damage {
    let Ok(found) = members(path) else { return Damage::Refused };
    // A member under another name is missed in silence by who looks for the names that are known.
    if !found.iter().eq(whole.iter().map(|(name, _)| name)) {
        return Damage::Silent;
    }
    let mut worst = Damage::Harmless;
    for (name, whole) in whole {
        match bits(path, name) {
            Err(_) => worst = Damage::Refused,
            Ok(found) if found == *whole => {}
            Ok(_) => return Damage::Silent,
        }
    }
    worst
}

#[test]
fn no_flipped_bit_is_read_in_silence() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flipped.npz");
    let mut draw = Stream::new(19, 0, Role::Probe);
    for name in ["stored.npz", "deflated.npz", "streamed.npz"] {
        let original = container(name);
        let bytes = fs::read(&original).unwrap();
        let names = members(&original).unwrap();
        let whole: Vec<_> =
            names.into_iter().map(|name| (name.clone(), bits(&original, &name).unwrap())).collect();
        assert_eq!((whole.len(), damage(&original, &whole)), (4, Damage::Harmless));
        let mut refused = 0;
        for _ in 0..500 {
            let bit = draw.below(8 * bytes.len() as u64) as usize;
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &flipped).unwrap();
            let damage = damage(&path, &whole);
            assert_ne!(damage, Damage::Silent, "{name}: bit {bit}");
            refused += usize::from(damage == Damage::Refused);
        }
        // What is left are versions and attributes, and times where the two copies of them are not
        // compared.
        assert!(refused > 350, "{name}: {refused} of 500 refused");
    }
}

#[test]
fn archives_that_are_cut_short_or_have_more_than_they_say_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cut.npz");
    for name in ["stored.npz", "deflated.npz", "streamed.npz"] {
        let bytes = fs::read(container(name)).unwrap();
        for length in 0..bytes.len() {
            fs::write(&path, &bytes[..length]).unwrap();
            let error = members(&path).unwrap_err().to_string();
            assert!(error.contains("damaged or no .npz file"), "{name} cut to {length}: {error}");
        }
    }
    // Members that end late, that share a name, or that are no arrays.
    let zipped = |members: &[(&str, &[u8])]| {
        let mut writer = zip::ZipWriter::new(fs::File::create(&path).unwrap());
        for (name, bytes) in members {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut writer, bytes).unwrap();
        }
        writer.finish().unwrap();
    };
    let array = npy::to_bytes(&signal()).unwrap();
    zipped(&[("W1.npy", &[&array[..], b"more"].concat())]);
    assert!(
        refusal(&path, Some("W1")).contains("cut.npz#W1 is damaged"),
        "{}",
        refusal(&path, Some("W1"))
    );
    assert!(refusal(&path, None).contains("something follows the last of its 24 values"));
    zipped(&[("W1.npy", &array), ("W1", &array)]);
    assert!(refusal(&path, Some("W1")).contains("several members are called `W1`"));
    zipped(&[("data.pkl", b"\x80\x02}q"), ("W1.npy", &array)]);
    assert!(
        refusal(&path, Some("data.pkl")).contains("cut.npz#data.pkl is damaged or no .npy file")
    );
    assert_eq!(read(&path, Some("W1")).unwrap(), signal());
}

#[test]
fn a_damaged_member_is_named_with_its_checksum() {
    let path = container("cases/02-bad-crc.npz");
    let error = refusal(&path, Some("W1"));
    assert!(error.contains("member `W1`") && error.contains("checksum (CRC-32)"), "{error}");
    assert!(read(&path, Some("B1")).is_ok());
}
