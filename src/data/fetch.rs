//! Getting data sets from where they are published.

use super::gzip::{GZIP, Gunzip};
use super::layout::{existing, has_batches};
use super::named::Published;
use super::packing::Packing;
use super::parts::read_unpacked;
use super::{DataError, OfficialFile, Source};
use crate::file::{FileError, make_directory, remove_file, unfollowed, write_atomically};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
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

impl Source {
    /// Where a named data set is published; `None` of those that are not fetched.
    pub fn publication(&self) -> Option<Publication> {
        let &Published { base, packing, files, .. } = self.published()?;
        Some(Publication { base, packing, files })
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
            let is_archive =
                [".tar.gz", ".tgz"].iter().any(|end| without_query(text).ends_with(end));
            return Ok(match is_archive {
                true => Self::Archive(text.into()),
                false => Self::Base(format!("{}/", text.trim_end_matches('/'))),
            });
        }
        match Path::new(text) {
            path if path.is_dir() => Ok(Self::Directory(path.into())),
            path if path.is_file() => Ok(Self::File(path.into())),
            _ => Err("no such file or directory: expected one, or a URL that begins with http:// \
                or https://"
                .into()),
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
        /// Bytes an earlier one left, where it continues.
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
    #[error(
        "cannot reach {url}: {why}; check the connection, or say with --from where else the files \
         are"
    )]
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
    #[error(
        "{url}: the connection broke after {received} bytes ({why}); the same command continues \
        from there"
    )]
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

/// When a server is given up: where it gives less than so many bytes in so long a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The time, which an answer may also take to begin.
    pub time: Duration,
    /// The bytes.
    pub bytes: u64,
}

impl Patience {
    /// Of a connection that gives less than 1 KiB a second over this time.
    pub fn of(time: Duration) -> Self {
        Self { time, bytes: 1024 * time.as_secs() }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self::of(Duration::from_secs(60))
    }
}

/// Puts the files of a data set that are not in `directory`, or not the official ones, there from
/// `origin`, and returns their names. A file appears only whole and with the right checksum. A
/// download that is interrupted leaves what it got in a `.part` file, where the next one continues.
///
/// # Errors
/// See [`FetchError`]. Files that were right before, or had been placed, are kept.
pub fn fetch(
    publication: &Publication,
    origin: &Origin,
    directory: &Path,
    patience: Patience,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<&'static str>, FetchError> {
    make_directory(directory)?;
    let packing = publication.packing;
    let is_right = |file: &OfficialFile| {
        existing(directory, packing.format(), file.name)
            .and_then(|path| read_unpacked(&path))
            .is_ok_and(|bytes| file.difference(&bytes).is_none())
    };
    let wanted: Vec<OfficialFile> =
        publication.files.iter().filter(|file| !is_right(file)).copied().collect();
    let names = wanted.iter().map(|file| file.name).collect();
    if wanted.is_empty() {
        return Ok(names);
    }
    let most = publication.files.iter().map(|file| file.bytes).sum::<u64>() + SLACK;
    let mut target = Target { directory, most, patience, observe };
    match (origin, packing) {
        (Origin::File(path), _) => target.unpack_tar(path, &path.display().to_string(), &wanted)?,
        (Origin::Directory(from), Packing::Tar(archive)) if !has_batches(from) => {
            let path = from.join(archive);
            target.unpack_tar(&path, &path.display().to_string(), &wanted)?;
        }
        (Origin::Directory(from), _) => {
            for file in &wanted {
                let path = existing(from, packing.format(), file.name)?;
                target.place(file, &path.display().to_string(), &mut *unzipped(&path)?)?;
            }
        }
        (Origin::Archive(url), _) => target.download_tar(url, &wanted)?,
        (Origin::Base(base), Packing::Tar(archive)) => {
            target.download_tar(&format!("{base}{archive}"), &wanted)?
        }
        (Origin::Base(base), Packing::Gzip) => {
            for file in &wanted {
                let url = format!("{base}{}.gz", file.name);
                let unpack = |target: &mut Target, part: &Path| {
                    target.place(file, &url, &mut *unzipped(part)?)
                };
                target.download(&url, unpack)?;
            }
        }
    }
    Ok(names)
}

/// Room an archive may take beyond the files that it holds.
const SLACK: u64 = 1 << 20;

/// How often an archive may hold what its files have, for other things may be in it: of a longer
/// one the rest is left.
const MOST_UNPACKED: u64 = 4;

/// Most bytes of a header of a tar archive that has a long name or the like.
const MOST_TAR_HEADER: u64 = 1 << 16;

fn open(path: &Path) -> Result<File, FetchError> {
    Ok(File::open(path).map_err(|source| FileError::new("read", path, source))?)
}

/// What a file holds, unpacked if it is gzipped.
fn unzipped(path: &Path) -> Result<Box<dyn Read>, FetchError> {
    let mut reader = BufReader::new(open(path)?);
    let start = reader.fill_buf().map_err(|source| FileError::new("read", path, source))?;
    Ok(if start.starts_with(&GZIP) { Box::new(Gunzip::new(reader)) } else { Box::new(reader) })
}

/// A stream that fails once it has given more than it may.
struct Limited<R> {
    stream: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let count = self.stream.read(out)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidData,
                "it unpacks to far more than the files of the data set have",
            )
        })?;
        Ok(count)
    }
}

/// Where files go, and who is notified.
struct Target<'a> {
    directory: &'a Path,
    /// Bytes no archive has more of.
    most: u64,
    patience: Patience,
    observe: &'a mut dyn FnMut(Progress<'_>),
}

impl Target<'_> {
    /// Writes a file if what `reader` gives is the official one.
    fn place(
        &mut self,
        file: &OfficialFile,
        from: &str,
        reader: &mut dyn Read,
    ) -> Result<(), FetchError> {
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
    fn unpack_tar(
        &mut self,
        path: &Path,
        from: &str,
        wanted: &[OfficialFile],
    ) -> Result<(), FetchError> {
        let damaged = |why| FetchError::Damaged { from: from.into(), why };
        let unreadable =
            |error: std::io::Error| damaged(format!("no gzipped tar archive: {error}"));
        let stream = Gunzip::new(BufReader::new(open(path)?));
        let mut archive =
            tar::Archive::new(Limited { stream, left: self.most.saturating_mul(MOST_UNPACKED) });
        let mut left = wanted.to_vec();
        let mut long_name = None;
        // Raw, for otherwise headers of any length are read into memory.
        for entry in archive.entries().map_err(unreadable)?.raw(true) {
            let mut entry = entry.map_err(unreadable)?;
            let kind = entry.header().entry_type();
            if kind.is_gnu_longname() || kind.is_pax_local_extensions() {
                long_name =
                    tar_name(&mut entry, kind.is_gnu_longname()).map_err(unreadable)?.or(long_name);
                continue;
            }
            if kind.is_gnu_longlink() {
                continue;
            }
            let name = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
            let name = name.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
            let at = left.iter().position(|file| kind.is_file() && name == file.name.as_bytes());
            let Some(file) = at.map(|at| left.swap_remove(at)) else { continue };
            if entry.size() != file.bytes {
                let (name, found, right) = (file.name, entry.size(), file.bytes);
                return Err(damaged(format!(
                    "{name} is not the official file ({found} bytes, not {right})"
                )));
            }
            self.place(&file, from, &mut entry)?;
            if left.is_empty() {
                break;
            }
        }
        left.first()
            .map_or(Ok(()), |file| Err(damaged(format!("the archive has no file {}", file.name))))
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
        let held = held_before(part)?;
        let mut response = self.request(url, held)?;
        if held > 0 && response.status() == 416 {
            // There is no more than is held already; unpacking tells whether it is right.
            return Ok(true);
        }
        let resumed = held > 0 && response.status() == 206 && range_start(&response) == Some(held);
        if response.status() == 206 && !resumed {
            response = self.request(url, 0)?;
        }
        if response.status() != 200 && !resumed {
            return Err(FetchError::Status { url: url.into(), status: response.status().as_u16() });
        }
        let received = if resumed { held } else { 0 };
        let total = response.body().content_length().map(|rest| received + rest);
        (self.observe)(Progress::Begins { url, held: received, total });
        let file = open_part(part, resumed).map_err(|e| FileError::new("write", part, e))?;
        self.store(url, part, file, response.into_body().into_reader(), received)?;
        Ok(resumed)
    }

    /// Writes what `body` gives to the file at `part`, after the bytes `received` before.
    fn store(
        &mut self,
        url: &str,
        part: &Path,
        mut file: File,
        mut body: impl Read,
        mut received: u64,
    ) -> Result<(), FetchError> {
        let Patience { time, bytes } = self.patience;
        let (mut since, mut before) = (Instant::now(), received);
        let mut buffer = vec![0; 1 << 16];
        loop {
            let broken = |why: String| FetchError::Broken { url: url.into(), received, why };
            let count = body.read(&mut buffer).map_err(|error| broken(error.to_string()))?;
            if count == 0 {
                return Ok(());
            }
            received += count as u64;
            if received > self.most {
                remove_file(part)?;
                return Err(FetchError::Damaged {
                    from: url.into(),
                    why: "more bytes than the files have".into(),
                });
            }
            file.write_all(&buffer[..count])
                .map_err(|source| FileError::new("write", part, source))?;
            (self.observe)(Progress::Received(received));
            // A server that drips is never silent for long: what counts is how much comes in the
            // time.
            if since.elapsed() >= time {
                let came = received - before;
                if came < bytes {
                    let why = format!(
                        "given up: {came} bytes came in {:.0} s",
                        since.elapsed().as_secs_f64()
                    );
                    return Err(FetchError::Broken { url: url.into(), received, why });
                }
                (since, before) = (Instant::now(), received);
            }
        }
    }

    /// Asks for what is at `url` from byte `start` on.
    fn request(
        &self,
        url: &str,
        start: u64,
    ) -> Result<ureq::http::Response<ureq::Body>, FetchError> {
        let time = Some(self.patience.time);
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(time)
            .timeout_recv_response(time)
            .timeout_per_read(time)
            .user_agent(concat!("alignscope/", env!("CARGO_PKG_VERSION")));
        let request = ureq::Agent::new_with_config(config.build()).get(url);
        let request =
            if start > 0 { request.header("Range", format!("bytes={start}-")) } else { request };
        request
            .call()
            .map_err(|error| FetchError::Connection { url: url.into(), why: error.to_string() })
    }
}

/// The name that an entry of a tar archive gives the next one.
fn tar_name(entry: &mut impl Read, is_gnu: bool) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    entry.take(MOST_TAR_HEADER + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_TAR_HEADER {
        let why = format!("a name or header in it is longer than {MOST_TAR_HEADER} bytes");
        return Err(Error::new(ErrorKind::InvalidData, why));
    }
    if is_gnu {
        return Ok(bytes.split(|&byte| byte == 0).next().map(<[u8]>::to_vec));
    }
    let mut name = None;
    for extension in tar::PaxExtensions::new(&bytes) {
        let extension = extension?;
        if extension.key_bytes() == b"path" {
            name = Some(extension.value_bytes().to_vec());
        }
    }
    Ok(name)
}

/// Bytes that an earlier download left at `part`, in a file of its own. Anything else, such as a
/// link to a file elsewhere, is removed.
fn held_before(part: &Path) -> Result<u64, FetchError> {
    match fs::symlink_metadata(part) {
        Ok(metadata) if metadata.is_file() && !has_other_names(&metadata) => Ok(metadata.len()),
        Ok(_) => Ok(remove_file(part).map(|()| 0)?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(source) => Err(FileError::new("read", part, source).into()),
    }
}

/// Opens the file to write into: the one that an earlier download `left`, or a new one in its
/// place. No link is followed.
fn open_part(part: &Path, left: bool) -> std::io::Result<File> {
    if left {
        let file = unfollowed(OpenOptions::new().append(true)).open(part)?;
        let metadata = file.metadata()?;
        let is_own = metadata.is_file() && !has_other_names(&metadata);
        return if is_own {
            Ok(file)
        } else {
            Err(Error::other("something else was put in its place"))
        };
    }
    match fs::remove_file(part) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).open(part)
}

/// Whether a file has other names, under which it is not that of a download.
fn has_other_names(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::nlink(metadata) > 1;
    #[cfg(not(unix))]
    return false;
}

/// First byte of a partial answer: `Content-Range: bytes FIRST-LAST/ALL`.
fn range_start(response: &ureq::http::Response<ureq::Body>) -> Option<u64> {
    let range = response.headers().get("Content-Range")?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}
