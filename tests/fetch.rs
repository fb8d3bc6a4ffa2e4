//! Data sets fetched from a server of the test's own: whole, resumed, damaged, absent, from
//! elsewhere.

use alignscope::data::{
    FetchError, OfficialFile, Origin, Packing, Patience, Progress, Publication, fetch,
};
use assert_cmd::Command;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// How a server answers.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// Ranges where asked for.
    Ranges,
    /// All of it, whatever is asked for.
    Whole,
    /// Ranges, but hangs up after so many bytes.
    Cut(usize),
    /// Ranges that begin elsewhere than asked for.
    Elsewhere,
    /// Ranges, but after so many bytes nothing more comes.
    Stall(usize),
    /// Ranges, one byte after the other.
    Drip,
}

/// A server on loopback; it ends with the test.
struct Server {
    url: String,
    manner: Arc<Mutex<Manner>>,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    /// Paths asked for, with the first byte wanted.
    requests: Arc<Mutex<Vec<(String, usize)>>>,
}

impl Server {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            url: format!("http://{}/", listener.local_addr().unwrap()),
            manner: Arc::new(Mutex::new(Manner::Ranges)),
            files: Arc::new(Mutex::new(
                files.iter().map(|(name, bytes)| ((*name).into(), bytes.to_vec())).collect(),
            )),
            requests: Arc::default(),
        };
        let (manner, files, requests) =
            (server.manner.clone(), server.files.clone(), server.requests.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (path, start) = asked(&stream);
                requests.lock().unwrap().push((path.clone(), start));
                let file = files.lock().unwrap().get(&path).cloned();
                // A client that hangs up is no concern of the server.
                let _ = answer(stream, *manner.lock().unwrap(), &path, start, file.as_deref());
            }
        });
        server
    }

    fn set(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn put(&self, name: &str, bytes: Vec<u8>) {
        self.files.lock().unwrap().insert(name.into(), bytes);
    }

    /// First bytes asked for since the last call.
    fn starts(&self) -> Vec<usize> {
        self.requests.lock().unwrap().drain(..).map(|(_, start)| start).collect()
    }

    fn origin(&self) -> Origin {
        Origin::parse(&self.url).unwrap()
    }
}

/// Path and first byte of a request.
fn asked(stream: &TcpStream) -> (String, usize) {
    let mut lines = BufReader::new(stream).lines().map(|line| line.unwrap());
    let path = lines.next().unwrap().split(' ').nth(1).unwrap().trim_start_matches('/').to_string();
    let headers = lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>();
    let range = headers
        .iter()
        .find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_string));
    (path, range.map_or(0, |range| range.trim_end_matches('-').parse().unwrap()))
}

fn answer(
    mut out: TcpStream,
    manner: Manner,
    path: &str,
    start: usize,
    file: Option<&[u8]>,
) -> std::io::Result<()> {
    let empty =
        |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n");
    if let Some(moved) = path.strip_prefix("moved/") {
        return write!(out, "{}Location: /{moved}\r\n\r\n", empty("302 Found"));
    }
    let Some(file) = file else { return write!(out, "{}\r\n", empty("404 Not Found")) };
    let start = if manner == Manner::Whole { 0 } else { start };
    if start >= file.len() {
        return write!(
            out,
            "{}Content-Range: bytes */{}\r\n\r\n",
            empty("416 Range Not Satisfiable"),
            file.len()
        );
    }
    let first = if manner == Manner::Elsewhere { start / 2 } else { start };
    let body = &file[first..];
    if start > 0 {
        write!(
            out,
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {first}-{}/{}\r\n",
            file.len() - 1,
            file.len()
        )?;
    } else {
        write!(out, "HTTP/1.1 200 OK\r\n")?;
    }
    write!(out, "Content-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    match manner {
        Manner::Cut(bytes) => out.write_all(&body[..bytes.min(body.len())]),
        Manner::Stall(bytes) => {
            out.write_all(&body[..bytes])?;
            // Left open until the program that reads it ends.
            out.read(&mut [0]).map(|_| ())
        }
        Manner::Drip => body.iter().try_for_each(|byte| {
            std::thread::sleep(Duration::from_millis(2));
            out.write_all(&[*byte])
        }),
        _ => out.write_all(body),
    }
}

/// Bytes that do not compress.
fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..count).map(|_| next()).collect()
}

/// The official file of these bytes.
fn official(name: &'static str, bytes: &[u8]) -> OfficialFile {
    // A publication is a constant of the program; a test has to leak its checksums.
    let blake3 = Box::leak(blake3::hash(bytes).to_hex().to_string().into_boxed_str());
    OfficialFile { name, bytes: bytes.len() as u64, blake3 }
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar_gz(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, format!("some/directory/{name}"), *bytes).unwrap();
    }
    gzipped(&builder.into_inner().unwrap())
}

const ARCHIVE: &str = "cifar.tar.gz";
const FILES: [&str; 2] = ["data_batch_1.bin", "test_batch.bin"];

/// A publication of two files in one archive, and what they hold.
fn packed() -> (Publication, [Vec<u8>; 2], Vec<u8>) {
    let bytes = [noise(1, 300_000), noise(2, 100_000)];
    let files = Box::leak(Box::new([official(FILES[0], &bytes[0]), official(FILES[1], &bytes[1])]));
    let archive =
        tar_gz(&[("readme.txt", b"to be left"), (FILES[0], &bytes[0]), (FILES[1], &bytes[1])]);
    (Publication { base: "", packing: Packing::Tar(ARCHIVE), files }, bytes, archive)
}

/// A gzipped tar archive whose first header says that so long a name or header of another entry
/// follows.
fn long_header(kind: u8, size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_path("././@LongLink").unwrap();
    header.set_size(size);
    header.set_cksum();
    gzipped(&[header.as_bytes(), &[b'a'; 1 << 17][..]].concat())
}

fn quiet(
    publication: &Publication,
    origin: &Origin,
    directory: &Path,
) -> Result<Vec<&'static str>, FetchError> {
    fetch(publication, origin, directory, Patience::default(), &mut |_| ())
}

/// Names in a directory, sorted.
fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[track_caller]
fn complete(directory: &Path, bytes: &[Vec<u8>; 2]) {
    assert_eq!(names(directory), FILES);
    assert!(
        FILES
            .iter()
            .zip(bytes)
            .all(|(name, bytes)| std::fs::read(directory.join(name)).unwrap() == *bytes)
    );
}

#[test]
fn gets_what_is_missing_and_nothing_else() {
    let here = TempDir::new().unwrap();
    let (publication, bytes, archive) = packed();
    let server = Server::new(&[(ARCHIVE, &archive)]);
    let mut seen = Vec::new();
    let fetched =
        fetch(&publication, &server.origin(), here.path(), Patience::default(), &mut |progress| {
            seen.push(match progress {
                Progress::Begins { held, total, .. } => format!("begins {held} {total:?}"),
                Progress::Received(bytes) => format!("{bytes}"),
                Progress::Placed(name) => name.into(),
            });
        });
    assert_eq!(fetched.unwrap(), FILES);
    complete(here.path(), &bytes);
    assert_eq!(seen[0], format!("begins 0 Some({})", archive.len()));
    assert_eq!(seen[seen.len() - 3..], [archive.len().to_string().as_str(), FILES[0], FILES[1]]);
    assert_eq!(server.starts(), [0]);
    assert!(quiet(&publication, &server.origin(), here.path()).unwrap().is_empty());
    assert!(server.starts().is_empty());
    // A file that has been changed is put right.
    std::fs::write(here.path().join(FILES[1]), "harmed").unwrap();
    assert_eq!(quiet(&publication, &server.origin(), here.path()).unwrap(), [FILES[1]]);
    complete(here.path(), &bytes);
}

#[test]
fn a_broken_download_goes_on_where_it_ended() {
    let here = TempDir::new().unwrap();
    let (publication, bytes, archive) = packed();
    let server = Server::new(&[(ARCHIVE, &archive)]);
    for (manner, kept) in [(Manner::Cut(150_000), 150_000), (Manner::Cut(70_000), 220_000)] {
        server.set(manner);
        let error = quiet(&publication, &server.origin(), here.path()).unwrap_err().to_string();
        assert!(
            error.contains(&format!("broke after {kept} bytes"))
                && error.contains("continues from there"),
            "{error}"
        );
        assert_eq!(names(here.path()), [format!("{ARCHIVE}.part")]);
        assert!(
            std::fs::read(here.path().join(format!("{ARCHIVE}.part"))).unwrap() == archive[..kept]
        );
    }
    server.set(Manner::Ranges);
    quiet(&publication, &server.origin(), here.path()).unwrap();
    complete(here.path(), &bytes);
    assert_eq!(server.starts(), [0, 150_000, 220_000]);
}

#[test]
fn what_cannot_be_gone_on_with_is_got_anew() {
    let (publication, bytes, archive) = packed();
    let (other, too_long) = (noise(3, 200_000), [&archive[..], &[0; 9]].concat());
    // What an earlier download left, how the server answers, and where it is asked to begin.
    let cases: [(&[u8], Manner, &[usize]); 6] = [
        (&archive[..200_000], Manner::Whole, &[200_000]),
        (&archive[..200_000], Manner::Elsewhere, &[200_000, 0]),
        // Left of another version of the file.
        (&other, Manner::Ranges, &[200_000, 0]),
        // All of it, or more.
        (&archive, Manner::Ranges, &[archive.len()]),
        (&too_long, Manner::Ranges, &[archive.len() + 9]),
        (&vec![1; archive.len()], Manner::Ranges, &[archive.len(), 0]),
    ];
    for (left, manner, starts) in cases {
        let here = TempDir::new().unwrap();
        let server = Server::new(&[(ARCHIVE, &archive)]);
        server.set(manner);
        std::fs::write(here.path().join(format!("{ARCHIVE}.part")), left).unwrap();
        quiet(&publication, &server.origin(), here.path()).unwrap();
        complete(here.path(), &bytes);
        assert_eq!(server.starts(), starts);
    }
}

#[test]
fn wrong_files_are_refused_and_not_kept() {
    let (publication, bytes, archive) = packed();
    let server = Server::new(&[]);
    let mut flipped = bytes.clone();
    flipped[1][77] ^= 1;
    let of = |second: &[u8]| tar_gz(&[(FILES[0], &bytes[0]), (FILES[1], second)]);
    let cases: [(Vec<u8>, &str, usize); 9] = [
        (of(&flipped[1]), "test_batch.bin is not the official file (its checksum differs)", 1),
        (
            of(&bytes[1][1..]),
            "test_batch.bin is not the official file (99999 bytes, not 100000)",
            1,
        ),
        (tar_gz(&[(FILES[0], &bytes[0])]), "the archive has no file test_batch.bin", 1),
        (b"<html>Log in first</html>".to_vec(), "no gzipped tar archive", 0),
        (archive[..archive.len() - 5000].to_vec(), "cannot unpack test_batch.bin", 1),
        (noise(4, 2_000_000), "more bytes than the files have", 0),
        (long_header(b'L', 1 << 17), "a name or header in it is longer than 65536 bytes", 0),
        (long_header(b'x', 1 << 30), "a name or header in it is longer than 65536 bytes", 0),
        (
            tar_gz(&[("padding", &[0; 12_000_000])]),
            "unpacks to far more than the files of the data set have",
            0,
        ),
    ];
    for (archive, reason, right) in cases {
        let here = TempDir::new().unwrap();
        server.put(ARCHIVE, archive);
        let error = quiet(&publication, &server.origin(), here.path()).unwrap_err().to_string();
        assert!(
            error.contains(reason) && error.contains("--from") && error.contains(&server.url),
            "{error}"
        );
        // The file that was right is kept, of the archive nothing.
        assert_eq!(names(here.path()), FILES[..right]);
    }
}

#[test]
fn a_server_that_drips_is_given_up_and_what_came_is_kept() {
    let here = TempDir::new().unwrap();
    let (publication, bytes, archive) = packed();
    let server = Server::new(&[(ARCHIVE, &archive)]);
    server.set(Manner::Drip);
    let get = |time: u64, bytes: u64| {
        let patience = Patience { time: Duration::from_millis(time), bytes };
        fetch(&publication, &server.origin(), here.path(), patience, &mut |_| ())
    };
    // It never sends two bytes in a row, let alone so many in the time.
    let error = get(200, 1 << 20).unwrap_err().to_string();
    assert!(
        error.contains("given up: ") && error.contains("the same command continues from there"),
        "{error}"
    );
    let kept = std::fs::read(here.path().join(format!("{ARCHIVE}.part"))).unwrap();
    assert!(!kept.is_empty() && kept == archive[..kept.len()], "{}", kept.len());
    server.set(Manner::Stall(0));
    let error = get(200, 1).unwrap_err().to_string();
    assert!(error.contains("broke after") && error.contains("timeout"), "{error}");
    server.set(Manner::Ranges);
    get(60_000, 1).unwrap();
    complete(here.path(), &bytes);
    assert_eq!(server.starts(), [0, kept.len(), kept.len()]);
    assert_eq!(Patience::default(), Patience { time: Duration::from_secs(60), bytes: 60 << 10 });
}

#[cfg(unix)]
#[test]
fn downloads_are_not_written_through_links() {
    use std::os::unix::fs::symlink;
    let (publication, bytes, archive) = packed();
    let server = Server::new(&[(ARCHIVE, &archive)]);
    let victim = b"not to be touched";
    let elsewhere = TempDir::new().unwrap();
    let path = elsewhere.path().join("victim");
    type Link = fn(&Path, &Path) -> std::io::Result<()>;
    let links: [Link; 2] = [|from, to| symlink(from, to), |from, to| std::fs::hard_link(from, to)];
    for link in links {
        // The server goes on after what is held as well as from the beginning.
        for manner in [Manner::Ranges, Manner::Whole, Manner::Cut(1000)] {
            let here = TempDir::new().unwrap();
            std::fs::write(&path, victim).unwrap();
            link(&path, &here.path().join(format!("{ARCHIVE}.part"))).unwrap();
            server.set(manner);
            let got = quiet(&publication, &server.origin(), here.path());
            assert_eq!(std::fs::read(&path).unwrap(), victim);
            if matches!(manner, Manner::Cut(_)) {
                assert!(got.is_err());
                assert!(
                    std::fs::read(here.path().join(format!("{ARCHIVE}.part"))).unwrap()
                        == archive[..1000]
                );
            } else {
                complete(here.path(), &bytes);
            }
            assert_eq!(server.starts(), [0]);
        }
    }
    // A link to nothing makes no file elsewhere.
    let here = TempDir::new().unwrap();
    symlink(elsewhere.path().join("made"), here.path().join(format!("{ARCHIVE}.part"))).unwrap();
    server.set(Manner::Ranges);
    quiet(&publication, &server.origin(), here.path()).unwrap();
    complete(here.path(), &bytes);
    assert!(!elsewhere.path().join("made").exists());
}

#[test]
fn long_names_of_archives_are_read() {
    let here = TempDir::new().unwrap();
    let (publication, bytes, _) = packed();
    let server = Server::new(&[]);
    let directory = "d".repeat(150);
    let name = |file: &str| format!("{directory}/{file}");
    let pax = |file: &str| {
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_pax_extensions([("path", name(file).as_bytes())]).unwrap();
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes[1].len() as u64);
        builder.append_data(&mut header, "short", &bytes[1][..]).unwrap();
        builder.into_inner().unwrap()
    };
    let mut gnu = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes[0].len() as u64);
    gnu.append_data(&mut header, name(FILES[0]), &bytes[0][..]).unwrap();
    let first = gnu.into_inner().unwrap();
    // The first archive without the two empty blocks at its end, then the second.
    server.put(ARCHIVE, gzipped(&[&first[..first.len() - 1024], &pax(FILES[1])].concat()));
    quiet(&publication, &server.origin(), here.path()).unwrap();
    complete(here.path(), &bytes);
}

#[test]
fn absent_files_and_servers_are_named_and_redirects_followed() {
    let here = TempDir::new().unwrap();
    let (publication, bytes, archive) = packed();
    let server = Server::new(&[]);
    let error = quiet(&publication, &server.origin(), here.path()).unwrap_err().to_string();
    assert!(error.contains(&format!("{}{ARCHIVE}: the server answers 404", server.url)), "{error}");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = quiet(&publication, &Origin::Base(format!("http://{closed}/")), here.path())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&format!("cannot reach http://{closed}/{ARCHIVE}"))
            && error.contains("--from"),
        "{error}"
    );
    assert!(names(here.path()).is_empty());
    server.put(ARCHIVE, archive.clone());
    std::fs::write(here.path().join(format!("{ARCHIVE}.part")), &archive[..1000]).unwrap();
    server.starts();
    quiet(&publication, &Origin::parse(&format!("{}moved/", server.url)).unwrap(), here.path())
        .unwrap();
    complete(here.path(), &bytes);
    // The range is asked for of the second place too.
    assert_eq!(server.starts(), [1000, 1000]);
}

#[test]
fn archives_and_directories_at_hand_serve_as_well() {
    let (publication, bytes, archive) = packed();
    let there = TempDir::new().unwrap();
    let [packed, unpacked] = ["packed", "unpacked"].map(|name| there.path().join(name));
    for (directory, files) in [
        (&packed, &[(ARCHIVE, &archive)][..]),
        (&unpacked, &[(FILES[0], &bytes[0]), (FILES[1], &bytes[1])]),
    ] {
        std::fs::create_dir(directory).unwrap();
        files.iter().for_each(|(name, bytes)| std::fs::write(directory.join(name), bytes).unwrap());
    }
    let server = Server::new(&[("mirror/all.tgz?version=1", &archive)]);
    let file = packed.join(ARCHIVE).display().to_string();
    let url = format!("{}mirror/all.tgz?version=1", server.url);
    for from in [url, file, packed.display().to_string(), unpacked.display().to_string()] {
        let here = TempDir::new().unwrap();
        quiet(&publication, &Origin::parse(&from).unwrap(), here.path()).unwrap();
        complete(here.path(), &bytes);
    }
    assert!(Origin::parse("ftp://example.org/x.tar.gz").unwrap_err().contains("http://"));
    assert!(Origin::parse("nowhere/at/all").unwrap_err().contains("no such file"));
}

#[test]
fn files_gzipped_one_by_one_are_got_one_by_one() {
    let here = TempDir::new().unwrap();
    let names_of = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"];
    // Bytes that begin as IDX files do, for plain and gzipped files are told apart by their first
    // bytes.
    let bytes =
        [300, 20].map(|count| [&[0, 0, 8, 1, 0, 0, 0, count as u8][..], &noise(5, count)].concat());
    let files =
        Box::leak(Box::new([official(names_of[0], &bytes[0]), official(names_of[1], &bytes[1])]));
    let publication = Publication { base: "", packing: Packing::Gzip, files };
    let zipped = [gzipped(&bytes[0]), gzipped(&bytes[1])];
    let server = Server::new(&[
        ("sets/train-images-idx3-ubyte.gz", &zipped[0]),
        ("sets/train-labels-idx1-ubyte.gz", &zipped[1]),
    ]);
    let origin = Origin::parse(&format!("{}sets", server.url)).unwrap();
    std::fs::write(here.path().join(names_of[1]), &bytes[1]).unwrap();
    assert_eq!(quiet(&publication, &origin, here.path()).unwrap(), [names_of[0]]);
    assert_eq!(names(here.path()), names_of);
    assert!(std::fs::read(here.path().join(names_of[0])).unwrap() == bytes[0]);
    // From a directory of the archives.
    let there = TempDir::new().unwrap();
    names_of.iter().zip(&zipped).for_each(|(name, zip)| {
        std::fs::write(there.path().join(format!("{name}.gz")), zip).unwrap()
    });
    std::fs::remove_file(here.path().join(names_of[1])).unwrap();
    let origin = Origin::Directory(there.path().into());
    assert_eq!(quiet(&publication, &origin, here.path()).unwrap(), [names_of[1]]);
}

fn alignscope(directory: &Path, args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("alignscope").unwrap();
    command
        .current_dir(directory)
        .env("ALIGNSCOPE_DATA", directory.join("sets"))
        .args(["data", "fetch"])
        .args(args);
    command
}

/// Standard error of a request that ends with `code`.
fn refused(directory: &Path, args: &[&str], code: i32) -> String {
    let assert = alignscope(directory, args).assert().code(code);
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

#[test]
fn the_command_says_what_is_wrong_with_what_it_is_asked_for() {
    let here = TempDir::new().unwrap();
    let server = Server::new(&[("train-images-idx3-ubyte.gz", &gzipped(b"no image"))]);
    let error = refused(here.path(), &["mnits"], 2);
    assert!(error.contains("mnist, fashion-mnist, cifar10"), "{error}");
    let error = refused(here.path(), &["mnist", "--from", "nowhere"], 2);
    assert!(error.contains("--from nowhere: no such file or directory"), "{error}");
    // The program asks for the official files: others are refused.
    let error = refused(here.path(), &["mnist", "--from", &server.url], 1);
    assert!(
        error.contains(&format!("downloading {}train-images-idx3-ubyte.gz", server.url)),
        "{error}"
    );
    assert!(
        error.contains("train-images-idx3-ubyte is not the official file (8 bytes, not 47040016)"),
        "{error}"
    );
    let error = refused(here.path(), &["cifar10", "--from", &server.url], 1);
    assert!(error.contains("cifar-10-binary.tar.gz: the server answers 404"), "{error}");
    assert!(names(&here.path().join("sets/mnist")).is_empty());
    // Who lacks a set is told of the command.
    let assert = Command::cargo_bin("alignscope")
        .unwrap()
        .args(["train", "--data", "mnist", "--data-dir", "none"])
        .assert();
    let error = String::from_utf8(assert.code(1).get_output().stderr.clone()).unwrap();
    assert!(error.contains("get it with `alignscope data fetch mnist`"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_command_that_is_stopped_leaves_what_the_next_goes_on_with() {
    let here = TempDir::new().unwrap();
    let archive = gzipped(&noise(6, 400_000));
    let server = Server::new(&[("train-images-idx3-ubyte.gz", &archive)]);
    let part = here.path().join("sets/mnist/train-images-idx3-ubyte.gz.part");
    for (signal, code, kept) in [("-INT", Some(130), 100_000), ("-KILL", None, 200_000)] {
        server.set(Manner::Stall(100_000));
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("alignscope"))
            .args(["data", "fetch", "mnist", "--from", &server.url])
            .env("ALIGNSCOPE_DATA", here.path().join("sets"))
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        while std::fs::metadata(&part).map_or(0, |metadata| metadata.len()) < kept {
            assert!(child.try_wait().unwrap().is_none());
            std::thread::sleep(Duration::from_millis(5));
        }
        std::process::Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status()
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), code, "{error}");
        assert!(
            code.is_none() || error.contains("the same command continues from there"),
            "{error}"
        );
        assert!(std::fs::read(&part).unwrap() == archive[..kept as usize]);
    }
    assert_eq!(server.starts(), [0, 100_000]);
    server.set(Manner::Ranges);
    let error = refused(here.path(), &["mnist", "--from", &server.url], 1);
    assert!(
        error.contains("after 195.31 KiB of before") && error.contains("not the official file"),
        "{error}"
    );
    assert_eq!(server.starts(), [200_000, 0]);
}
