//! Arrays that stay where they are stored, of which one frame after the other is read when it is asked for.
//!
//! A frame is what the first dimension counts: a state of a matrix, the samples of an iteration. Before a frame is given
//! out the whole array has been read once, to its end, so that its checksum has been compared and every value looked at.
//! Where frames do not lie in one piece (compressed members, Fortran order) they are unpacked once, see [`Spool`].

use super::npy::{Opened, cut_short};
use super::{ArrayError, Header, Source, Stored, npy, npz, refused};
use crate::file::memory::in_words;
use npyz::Order;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What an array claims to be, and how much of it there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// What the header says.
    pub header: Header,
    /// Bytes of values.
    bytes: u64,
    order: Order,
}

impl Extent {
    /// Frames that the header says there are, and that are there whole. Bytes behind these are space that was set aside for
    /// more, and mean nothing.
    pub fn frames(&self) -> usize {
        // Less than what was a number of frames before.
        self.length() as usize
    }

    /// The same, with the part of a frame that may be there of the next one.
    pub fn length(&self) -> f64 {
        let claimed = self.claimed() as f64;
        match self.frame_bytes() {
            0 => claimed,
            size => claimed.min(self.bytes as f64 / size as f64),
        }
    }

    /// Frames that the header says there are.
    pub fn claimed(&self) -> usize {
        self.header.shape.first().copied().unwrap_or(1)
    }

    /// Whether the file holds what its header says, no more and no less.
    pub fn is_whole(&self) -> bool {
        Some(self.bytes) == bytes_of(&self.header.shape, self.header.stored)
    }

    /// How what there is differs from what the header says, in words.
    pub fn mismatch(&self) -> Option<String> {
        let Header { shape, stored } = &self.header;
        let values = shape.iter().fold(1u128, |n, &size| n.saturating_mul(size as u128));
        let needed = values.saturating_mul(stored.width() as u128);
        match needed.checked_sub(u128::from(self.bytes)) {
            Some(0) => None,
            Some(missing) => Some(cut_short(values, missing, *stored)),
            None => Some(format!("something follows the last of its {values} values")),
        }
    }

    fn check_whole(&self, source: &Source<'_>) -> Result<(), ArrayError> {
        self.mismatch().map_or(Ok(()), |why| Err(source.damaged(why)))
    }

    /// Whether the array can grow: frames lie one after the other.
    pub fn can_grow(&self) -> bool {
        self.order == Order::C || self.header.shape.len() < 2
    }

    fn frame_bytes(&self) -> u64 {
        bytes_of(self.header.shape.get(1..).unwrap_or(&[]), self.header.stored).unwrap_or(u64::MAX)
    }
}

/// Bytes of values of this shape; `None` where they cannot be counted.
fn bytes_of(shape: &[usize], stored: Stored) -> Option<u64> {
    shape.iter().try_fold(stored.width() as u64, |bytes, &n| bytes.checked_mul(n as u64))
}

/// What an array in a file, in an `.npz` archive or in a directory of `.npy` files claims to be, and how much of it there
/// is. Of a member of an archive all must be there; a file may be growing.
///
/// # Errors
/// As [`super::header`], but for sizes.
pub fn extent(path: &Path, member: Option<&str>) -> Result<Extent, ArrayError> {
    with_values(path, member, |source, values| {
        let found = npy::parse(source, values.reader, values.size)?;
        let extent =
            Extent { bytes: values.size.saturating_sub(found.length), order: found.order, header: found.header };
        if source.member.is_some() {
            extent.check_whole(source)?;
        }
        Ok(extent)
    })
}

/// The bytes of an array, header included.
pub(super) struct Values<'a> {
    pub reader: &'a mut dyn Read,
    pub size: u64,
    /// The file that holds them as they are, and where they start in it.
    pub plain: Option<(&'a Path, u64)>,
}

/// Opens a `.npy` file, a member of an archive or a member of a directory.
fn with_values<R>(
    path: &Path,
    member: Option<&str>,
    use_it: impl FnOnce(&Source<'_>, &mut Values<'_>) -> Result<R, ArrayError>,
) -> Result<R, ArrayError> {
    let Some(member) = member else { return in_file(path, use_it) };
    if path.is_dir() {
        return in_file(&path.join(format!("{member}.npy")), use_it);
    }
    npz::in_archive(path, Some(member), use_it)
}

fn in_file<R>(
    path: &Path,
    use_it: impl FnOnce(&Source<'_>, &mut Values<'_>) -> Result<R, ArrayError>,
) -> Result<R, ArrayError> {
    let failed = |source| refused("read", path, source);
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut reader = BufReader::new(file);
    use_it(&Source { path, member: None }, &mut Values { reader: &mut reader, size, plain: Some((path, 0)) })
}

/// Frames of one array, read when they are asked for.
#[derive(Clone, Debug)]
pub struct Frames {
    path: PathBuf,
    stored: Stored,
    big_endian: bool,
    /// Values of a frame.
    size: usize,
    length: usize,
    column_major: bool,
    place: Place,
    /// Where the first frame starts.
    start: u64,
}

#[derive(Clone, Debug)]
enum Place {
    File(Arc<File>),
    Memory(Arc<Vec<u8>>),
}

/// Which frames of an array are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The whole array is a single frame.
    One,
    /// The first dimension counts frames, of which all are taken.
    All,
    /// The first so many frames are taken; what follows them may be growing.
    First(usize),
}

impl Frames {
    /// Reads an array once, hands all of its values to `look` in the order in which they are stored, and keeps what it takes
    /// to read them again, frame by frame.
    ///
    /// # Errors
    /// If the array cannot be read, is damaged, not all there, or holds values that are not finite; or there is no room to
    /// unpack it.
    pub fn open(
        path: &Path,
        member: Option<&str>,
        taken: Taken,
        spool: &mut Spool,
        look: &mut dyn FnMut(&[f64]),
    ) -> Result<Self, ArrayError> {
        with_values(path, member, |source, values| {
            let found = npy::parse(source, values.reader, values.size)?;
            let bytes = values.size.saturating_sub(found.length);
            let extent = Extent { bytes, order: found.order, header: found.header.clone() };
            let length = match taken {
                Taken::One => 1,
                Taken::All => extent.claimed(),
                Taken::First(length) => length,
            };
            if matches!(taken, Taken::First(_)) && extent.can_grow() {
                if extent.frames() < length {
                    return Err(
                        source.damaged(format!("it became shorter while it was read: {length} frames are gone"))
                    );
                }
            } else {
                extent.check_whole(source)?;
            }
            let shape = &found.header.shape;
            let frame = if taken == Taken::One { &shape[..] } else { shape.get(1..).unwrap_or(&[]) };
            let size: usize = frame.iter().product();
            let fortran = found.order == Order::Fortran;
            let (scattered, column_major) = (fortran && length > 1 && size > 1, fortran && frame.len() == 2);
            let pass = Pass { source, found: &found, values: length * size, look };
            let (place, start) = match values.plain {
                Some((file, at)) if !scattered => {
                    pass.run(values.reader, &mut |_| Ok(()))?;
                    let file = File::open(file).map_err(|error| refused("read", file, error))?;
                    (Place::File(Arc::new(file)), at + found.length)
                }
                _ if scattered => spool.transposed(pass, values.reader, size, length)?,
                _ => spool.copied(pass, values.reader)?,
            };
            let Header { stored, .. } = found.header;
            let big_endian = found.big_endian;
            Ok(Self { path: source.name(), stored, big_endian, size, length, column_major, place, start })
        })
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How the values are stored.
    pub fn stored(&self) -> Stored {
        self.stored
    }

    /// Whether frames of two dimensions come column after column.
    pub fn column_major(&self) -> bool {
        self.column_major
    }

    /// Values of frame `k` in double precision.
    ///
    /// # Errors
    /// If there is no such frame, or it can no longer be read.
    pub fn read(&self, k: usize) -> Result<Vec<f64>, ArrayError> {
        let failed = |source| refused("read", &self.path, source);
        if k >= self.length {
            let why = format!("frame {k} was asked for, of {}", self.length);
            return Err(failed(std::io::Error::new(std::io::ErrorKind::InvalidInput, why)));
        }
        let bytes = self.size * self.stored.width();
        let at = self.start + (k * bytes) as u64;
        let mut values = Vec::with_capacity(self.size);
        match &self.place {
            Place::Memory(room) => {
                let at = at as usize;
                self.stored.widen(&room[at..at + bytes], self.big_endian, &mut values);
            }
            Place::File(file) => {
                let mut raw = vec![0; bytes];
                read_at(file, &mut raw, at).map_err(|error| match error.kind() {
                    std::io::ErrorKind::UnexpectedEof => {
                        let why = format!("it became shorter while it was read: frame {k} is gone");
                        failed(std::io::Error::new(error.kind(), why))
                    }
                    _ => failed(error),
                })?;
                self.stored.widen(&raw, self.big_endian, &mut values);
            }
        }
        Ok(values)
    }
}

#[cfg(unix)]
fn read_at(file: &File, room: &mut [u8], at: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, room, at)
}

#[cfg(not(unix))]
fn read_at(mut file: &File, room: &mut [u8], at: u64) -> std::io::Result<()> {
    // Frames are read by one thread at a time where the system has no reads at a place.
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(room)
}

/// Bytes that are read at once: a multiple of the width of every type.
const CHUNK: usize = 1 << 18;

/// One way through all values of an array.
struct Pass<'a> {
    source: &'a Source<'a>,
    found: &'a Opened,
    /// How many are taken.
    values: usize,
    look: &'a mut dyn FnMut(&[f64]),
}

impl Pass<'_> {
    /// Reads all values; `keep` takes their bytes. What is not finite is refused last: a value that is there because the
    /// file is damaged must not be put down to who wrote it.
    fn run(
        self,
        reader: &mut dyn Read,
        keep: &mut dyn FnMut(&[u8]) -> Result<(), ArrayError>,
    ) -> Result<(), ArrayError> {
        let Header { shape, stored } = &self.found.header;
        let width = stored.width();
        let (mut chunk, mut wide) = (vec![0; CHUNK], Vec::with_capacity(CHUNK / width));
        let (mut done, mut bad) = (0, None);
        while done < self.values {
            let wanted = CHUNK.min((self.values - done) * width);
            let filled = fill(reader, &mut chunk[..wanted]).map_err(|error| self.source.failed(&error))?;
            if filled < wanted {
                let missing = (self.values - done) as u128 * width as u128 - filled as u128;
                return Err(self.source.damaged(cut_short(self.values as u128, missing, *stored)));
            }
            keep(&chunk[..wanted])?;
            wide.clear();
            stored.widen(&chunk[..wanted], self.found.big_endian, &mut wide);
            if *stored == Stored::Bool && wide.iter().any(|value| *value > 1.0) {
                return Err(self.source.damaged("its truth values are not all 0 or 1".into()));
            }
            if bad.is_none() && !crate::vmath::all_finite(&wide) {
                bad = wide.iter().position(|value| !value.is_finite()).map(|at| (done + at, wide[at]));
            }
            (self.look)(&wide);
            done += wide.len();
        }
        // Reading on to the end has the checksum of a member compared.
        if self.source.member.is_some() && fill(reader, &mut chunk).map_err(|error| self.source.failed(&error))? > 0 {
            return Err(self.source.damaged(format!("something follows the last of its {} values", self.values)));
        }
        match bad {
            None => Ok(()),
            Some((at, value)) => {
                let index = index(shape, self.found.order, at);
                Err(ArrayError::NotFinite { path: self.source.path.into(), value, index })
            }
        }
    }
}

/// Reads until `room` is full or there is no more; how much there was.
fn fill(reader: &mut dyn Read, room: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < room.len() {
        match reader.read(&mut room[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Index of the value at a place in the order in which they are stored.
fn index(shape: &[usize], order: Order, mut at: usize) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    let mut next = |axis: usize| {
        // The first dimension of a growing file may be longer than its header says.
        let last = order == Order::C && axis == 0;
        let length = if last { usize::MAX } else { shape[axis].max(1) };
        (index[axis], at) = (at % length, at / length);
    };
    match order {
        Order::C => (0..shape.len()).rev().for_each(&mut next),
        Order::Fortran => (0..shape.len()).for_each(&mut next),
    }
    index
}

/// Room for what is unpacked: in memory as long as there is little of it, and then in one file without a name, which is
/// gone when the last of its frames is.
#[derive(Debug)]
pub struct Spool {
    /// Bytes that may still be kept in memory.
    memory: usize,
    file: Option<Arc<File>>,
    /// Where the file ends.
    end: u64,
}

impl Spool {
    /// One that keeps up to so many bytes in memory.
    pub fn new(memory: usize) -> Self {
        Self { memory, file: None, end: 0 }
    }

    /// The values as they come.
    fn copied(&mut self, pass: Pass<'_>, reader: &mut dyn Read) -> Result<(Place, u64), ArrayError> {
        let source = pass.source;
        let mut room = self.room(source, pass.values * pass.found.header.stored.width())?;
        let mut at = 0;
        pass.run(reader, &mut |bytes| {
            room.write(source, at, bytes)?;
            at += bytes.len();
            Ok(())
        })?;
        Ok(room.into_place())
    }

    /// The values of `length` frames of `size` values that come as `size` times one of every frame.
    fn transposed(
        &mut self,
        pass: Pass<'_>,
        reader: &mut dyn Read,
        size: usize,
        length: usize,
    ) -> Result<(Place, u64), ArrayError> {
        let (source, width) = (pass.source, pass.found.header.stored.width());
        let mut room = self.room(source, pass.values * width)?;
        let row = length * width;
        let block = (BLOCK / row).clamp(1, size) * row;
        let (mut rows, mut first) = (Vec::with_capacity(block + CHUNK), 0);
        let mut turn = |rows: &[u8], first: &mut usize| -> Result<(), ArrayError> {
            let count = rows.len() / row;
            let mut piece = Vec::with_capacity(count * width);
            for k in 0..length {
                piece.clear();
                (0..count).for_each(|i| piece.extend_from_slice(&rows[i * row + k * width..][..width]));
                room.write(source, (k * size + *first) * width, &piece)?;
            }
            *first += count;
            Ok(())
        };
        pass.run(reader, &mut |bytes| {
            rows.extend_from_slice(bytes);
            while rows.len() >= block {
                turn(&rows[..block], &mut first)?;
                rows.drain(..block);
            }
            Ok(())
        })?;
        turn(&rows, &mut first)?;
        Ok(room.into_place())
    }

    fn room(&mut self, source: &Source<'_>, bytes: usize) -> Result<Room, ArrayError> {
        if bytes <= self.memory {
            self.memory -= bytes;
            return Ok(Room::Memory(vec![0; bytes]));
        }
        let file = match &self.file {
            Some(file) => file.clone(),
            None => {
                let file = Arc::new(tempfile::tempfile().map_err(|error| no_room(source, bytes, error))?);
                self.file = Some(file.clone());
                file
            }
        };
        let start = self.end;
        self.end += bytes as u64;
        Ok(Room::File { file, start, bytes })
    }
}

/// Bytes of Fortran order that are put in order at once.
const BLOCK: usize = 16 << 20;

/// Room for one array.
enum Room {
    Memory(Vec<u8>),
    File { file: Arc<File>, start: u64, bytes: usize },
}

impl Room {
    fn write(&mut self, source: &Source<'_>, at: usize, bytes: &[u8]) -> Result<(), ArrayError> {
        match self {
            Self::Memory(room) => {
                room[at..at + bytes.len()].copy_from_slice(bytes);
                Ok(())
            }
            Self::File { file, start, bytes: all } => {
                let mut file = &**file;
                let written = file.seek(SeekFrom::Start(*start + at as u64)).and_then(|_| file.write_all(bytes));
                written.map_err(|error| no_room(source, *all, error))
            }
        }
    }

    fn into_place(self) -> (Place, u64) {
        match self {
            Self::Memory(room) => (Place::Memory(Arc::new(room)), 0),
            Self::File { file, start, .. } => (Place::File(file), start),
        }
    }
}

/// What it means that an array cannot be unpacked.
fn no_room(source: &Source<'_>, bytes: usize, error: std::io::Error) -> ArrayError {
    let why = format!(
        "{error}; {} of it are unpacked here: set TMPDIR to a directory with more room, or save it without compression \
         (numpy.savez), or as a directory of .npy files in C order",
        in_words(bytes as u128)
    );
    let directory = std::env::temp_dir();
    ArrayError::File {
        action: "unpack to",
        path: directory.join(source.member.unwrap_or("array")),
        source: std::io::Error::new(error.kind(), why),
    }
}
