//! Getting data sets from where they are published.

use super::layout::{Format, existing, has_batches};
use super::parts::read_unpacked;
use super::{DataError, OfficialFile, Source};
use crate::file::{FileError, make_directory, remove_file, write_atomically};
use flate2::read::GzDecoder;
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// Where and how a data set is published.
#[derive(Clone, Copy, Debug)]
pub struct Publication {
    /// URL of what holds the archives, with a slash at its end.
    pub base: &'static str,
    /// How the files are packed.
    pub packing: Packing,
    /// The files, unpacked.
    pub files: &'static [OfficialFile],
}

/// How the files of a data set are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Every file by itself, with `.gz` after its name.
    Gzip,
    /// All in one gzipped tar archive of this name, in whatever directory of it.
    Tar(&'static str),
}

impl Packing {
    fn format(self) -> Format {
        match self {
            Self::Gzip => Format::Idx,
            Self::Tar(_) => Format::Cifar,
        }
    }
}

impl Source {
    /// Where a named data set is published; `None` of those that are not fetched.
    pub fn publication(&self) -> Option<Publication> {
        let (base, packing) = match self {
            // The copy that PyTorch's torchvision takes; the authors' own site asks for a password.
            Self::Mnist => ("https://ossci-datasets.s3.amazonaws.com/mnist/", Packing::Gzip),
            // The README of github.com/zalandoresearch/fashion-mnist.
            Self::FashionMnist => ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", Packing::Gzip),
            // https://www.cs.toronto.edu/~kriz/cifar.html, binary version.
            Self::Cifar10 => ("https://www.cs.toronto.edu/~kriz/", Packing::Tar("cifar-10-binary.tar.gz")),
            Self::Digits | Self::Path(_) => return None,
        };
        Some(Publication { base, packing, files: self.official_files() })
    }
}

/// Where files are taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// URL of what holds the archives under their official names, with a slash at its end.
    Base(String),
    /// URL of a gzipped tar archive of all files.
    Archive(String),
    /// A directory that holds the files, or the archives.
    Directory(PathBuf),
    /// A gzipped tar archive of all files.
    File(PathBuf),
}

impl Origin {
    /// The URL or path `text`.
    ///
    /// # Errors
    /// If it is neither `http://` or `https://` nor the path of something that is there.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("http://") || text.starts_with("https://") {
            let is_archive = [".tar.gz", ".tgz"].iter().any(|end| without_query(text).ends_with(end));
            return Ok(match is_archive {
                true => Self::Archive(text.into()),
                false => Self::Base(format!("{}/", text.trim_end_matches('/'))),
            });
        }
        match Path::new(text) {
            path if path.is_dir() => Ok(Self::Directory(path.into())),
            path if path.is_file() => Ok(Self::File(path.into())),
            _ => Err("no such file or directory: expected one, or a URL that begins with http:// or https://".into()),
        }
    }
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

/// What [`fetch`] is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// A download begins.
    Begins {
        /// Of what.
        url: &'a str,
        /// Bytes an earlier one left, after which it goes on.
        held: u64,
        /// Bytes in all, where the server says so.
        total: Option<u64>,
    },
    /// So many of the bytes are there.
    Received(u64),
    /// This file is right and in its place.
    Placed(&'a str),
}

/// Why a data set could not be fetched.
#[derive(Debug, Error)]
pub enum FetchError {
    /// No answer from a server.
    #[error("cannot reach {url}: {why}; check the connection, or say with --from where else the files are")]
    Connection {
        /// What was asked for.
        url: String,
        /// Why.
        why: String,
    },
    /// A server that has no such file, or does not give it.
    #[error("{url}: the server answers {status}; say with --from where else the files are")]
    Status {
        /// What was asked for.
        url: String,
        /// The HTTP status code.
        status: u16,
    },
    /// A download that ended too early.
    #[error("{url}: the connection broke after {received} bytes ({why}); the same command goes on from there")]
    Broken {
        /// What was asked for.
        url: String,
        /// Bytes that are kept.
        received: u64,
        /// Why.
        why: String,
    },
    /// What was got is not what it should be.
    #[error("{from}: {why}; try again, or say with --from where else the files are")]
    Damaged {
        /// URL or path.
        from: String,
        /// What is wrong.
        why: String,
    },
    /// A file of the place they are taken from.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file in the data directory.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Puts the files of a data set that are not in `directory`, or not the official ones, there from `origin`, and returns
/// their names. A file appears only whole and with the right checksum. A download that breaks off leaves what it got
/// in a `.part` file, after which the next one goes on.
///
/// # Errors
/// See [`FetchError`]. Files that were right before, or had been placed, are kept.
pub fn fetch(
    publication: &Publication,
    origin: &Origin,
    directory: &Path,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<&'static str>, FetchError> {
    make_directory(directory)?;
    let packing = publication.packing;
    let is_right = |file: &OfficialFile| {
        existing(directory, packing.format(), file.name)
            .and_then(|path| read_unpacked(&path))
            .is_ok_and(|bytes| file.difference(&bytes).is_none())
    };
    let wanted: Vec<OfficialFile> = publication.files.iter().filter(|file| !is_right(file)).copied().collect();
    let names = wanted.iter().map(|file| file.name).collect();
    if wanted.is_empty() {
        return Ok(names);
    }
    let most = publication.files.iter().map(|file| file.bytes).sum::<u64>() + SLACK;
    let mut target = Target { directory, most, observe };
    match (origin, packing) {
        (Origin::File(path), _) => target.unpack_tar(path, &path.display().to_string(), &wanted)?,
        (Origin::Directory(from), Packing::Tar(archive)) if !has_batches(from) => {
            let path = from.join(archive);
            target.unpack_tar(&path, &path.display().to_string(), &wanted)?;
        }
        (Origin::Directory(from), _) => {
            for file in &wanted {
                let path = existing(from, packing.format(), file.name)?;
                let bytes = read_unpacked(&path)?;
                target.place(file, &path.display().to_string(), &mut &bytes[..])?;
            }
        }
        (Origin::Archive(url), _) => target.download_tar(url, &wanted)?,
        (Origin::Base(base), Packing::Tar(archive)) => target.download_tar(&format!("{base}{archive}"), &wanted)?,
        (Origin::Base(base), Packing::Gzip) => {
            for file in &wanted {
                let url = format!("{base}{}.gz", file.name);
                let unpack = |target: &mut Target, part: &Path| {
                    target.place(file, &url, &mut GzDecoder::new(BufReader::new(open(part)?)))
                };
                target.download(&url, unpack)?;
            }
        }
    }
    Ok(names)
}

/// Room an archive may take beyond the files that it holds.
const SLACK: u64 = 1 << 20;

/// Longest time without a byte from a server.
const PATIENCE: Duration = Duration::from_secs(60);

fn open(path: &Path) -> Result<File, FetchError> {
    Ok(File::open(path).map_err(|source| FileError::new("read", path, source))?)
}

/// Where files go, and who is told.
struct Target<'a> {
    directory: &'a Path,
    /// Bytes no archive has more of.
    most: u64,
    observe: &'a mut dyn FnMut(Progress<'_>),
}

impl Target<'_> {
    /// Writes a file if what `reader` gives is the official one.
    fn place(&mut self, file: &OfficialFile, from: &str, reader: &mut dyn Read) -> Result<(), FetchError> {
        let damaged = |why| FetchError::Damaged { from: from.into(), why };
        let mut bytes = Vec::new();
        // One byte more is enough to tell that there is too much.
        let read = reader.take(file.bytes + 1).read_to_end(&mut bytes);
        read.map_err(|error| damaged(format!("cannot unpack {}: {error}", file.name)))?;
        if let Some(why) = file.difference(&bytes) {
            return Err(damaged(format!("{} is not the official file ({why})", file.name)));
        }
        write_atomically(&self.directory.join(file.name), &bytes)?;
        (self.observe)(Progress::Placed(file.name));
        Ok(())
    }

    /// Places the files `wanted` out of the gzipped tar archive at `path`, which came `from` there.
    fn unpack_tar(&mut self, path: &Path, from: &str, wanted: &[OfficialFile]) -> Result<(), FetchError> {
        let damaged = |why| FetchError::Damaged { from: from.into(), why };
        let unreadable = |error: std::io::Error| damaged(format!("no gzipped tar archive: {error}"));
        let mut archive = tar::Archive::new(GzDecoder::new(BufReader::new(open(path)?)));
        let mut left = wanted.to_vec();
        for entry in archive.entries().map_err(unreadable)? {
            let mut entry = entry.map_err(unreadable)?;
            let path = entry.path().map_err(unreadable)?;
            let Some(at) = left.iter().position(|file| path.file_name() == Some(file.name.as_ref())) else { continue };
            drop(path);
            self.place(&left.swap_remove(at), from, &mut entry)?;
        }
        left.first().map_or(Ok(()), |file| Err(damaged(format!("the archive has no file {}", file.name))))
    }

    /// Downloads a gzipped tar archive and places the files `wanted` out of it.
    fn download_tar(&mut self, url: &str, wanted: &[OfficialFile]) -> Result<(), FetchError> {
        self.download(url, |target, part| target.unpack_tar(part, url, wanted))
    }

    /// Downloads an archive and has `unpack` place what it holds.
    fn download(
        &mut self,
        url: &str,
        unpack: impl Fn(&mut Self, &Path) -> Result<(), FetchError>,
    ) -> Result<(), FetchError> {
        let name = without_query(url).rsplit('/').next().unwrap_or_default();
        let part = self.directory.join(format!("{name}.part"));
        let resumed = self.receive(url, &part)?;
        let mut unpacked = unpack(self, &part);
        if resumed && matches!(unpacked, Err(FetchError::Damaged { .. })) {
            // What an earlier download left was of another file, or damaged.
            remove_file(&part)?;
            self.receive(url, &part)?;
            unpacked = unpack(self, &part);
        }
        if matches!(unpacked, Ok(()) | Err(FetchError::Damaged { .. })) {
            remove_file(&part)?;
        }
        unpacked
    }

    /// Downloads into `part`, after what is there, if the server can; whether it did.
    fn receive(&mut self, url: &str, part: &Path) -> Result<bool, FetchError> {
        let held = fs::metadata(part).map_or(0, |metadata| metadata.len());
        let mut response = request(url, held)?;
        if held > 0 && response.status() == 416 {
            // There is no more than is held already; unpacking tells whether it is right.
            return Ok(true);
        }
        let resumed = held > 0 && response.status() == 206 && range_start(&response) == Some(held);
        if response.status() == 206 && !resumed {
            response = request(url, 0)?;
        }
        if response.status() != 200 && !resumed {
            return Err(FetchError::Status { url: url.into(), status: response.status().as_u16() });
        }
        let mut received = if resumed { held } else { 0 };
        let total = response.body().content_length().map(|rest| received + rest);
        (self.observe)(Progress::Begins { url, held: received, total });
        let unwritable = |source| FileError::new("write", part, source);
        let mut options = OpenOptions::new();
        let options = if resumed { options.append(true) } else { options.write(true).create(true).truncate(true) };
        let mut file = options.open(part).map_err(unwritable)?;
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let broken = |why: std::io::Error| FetchError::Broken { url: url.into(), received, why: why.to_string() };
            let count = body.read(&mut buffer).map_err(broken)?;
            if count == 0 {
                return Ok(resumed);
            }
            received += count as u64;
            if received > self.most {
                remove_file(part)?;
                return Err(FetchError::Damaged { from: url.into(), why: "more bytes than the files have".into() });
            }
            file.write_all(&buffer[..count]).map_err(unwritable)?;
            (self.observe)(Progress::Received(received));
        }
    }
}

/// Asks for what is at `url` from byte `start` on.
fn request(url: &str, start: u64) -> Result<ureq::http::Response<ureq::Body>, FetchError> {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_per_read(Some(PATIENCE))
        .user_agent(concat!("alignscope/", env!("CARGO_PKG_VERSION")));
    let request = ureq::Agent::new_with_config(config.build()).get(url);
    let request = if start > 0 { request.header("Range", format!("bytes={start}-")) } else { request };
    request.call().map_err(|error| FetchError::Connection { url: url.into(), why: error.to_string() })
}

/// First byte of a partial answer: `Content-Range: bytes FIRST-LAST/ALL`.
fn range_start(response: &ureq::http::Response<ureq::Body>) -> Option<u64> {
    let range = response.headers().get("Content-Range")?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}
