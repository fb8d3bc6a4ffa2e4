//! Arrays that stay where they are stored, of which one frame after the other is read when it is
//! asked for.
//!
//! A frame is what the first dimension counts: a state of a matrix, the samples of an iteration.
//! Before a frame is given out the whole array has been read once, to its end, so that its checksum
//! has been compared and every value looked at. Where frames do not lie in one piece (compressed
//! members, Fortran order) they are unpacked once, see [`Spool`].

use super::npy::{Opened, cut_short};
use super::packed::ArrayBytes;
use super::{ArrayError, Header, Location, Stored, npy, npz, refused};
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
    /// Frames that the header says there are, and that are there whole. Bytes behind these are
    /// space that was set aside for more, and mean nothing.
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

    fn check_whole(&self, source: &Location<'_>) -> Result<(), ArrayError> {
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

/// What an array in a file, in an `.npz` archive or in a directory of `.npy` files claims to be,
/// and how much of it there is. Of a member of an archive all must be there; a file may be growing.
///
/// # Errors
/// As [`super::header`], but for sizes.
pub fn extent(path: &Path, member: Option<&str>) -> Result<Extent, ArrayError> {
    with_values(path, member, |source, values| {
        let found = npy::parse(source, values.reader, values.size)?;
        let extent = Extent {
            bytes: values.size.saturating_sub(found.length),
            order: found.order,
            header: found.header,
        };
        if source.member.is_some() {
            extent.check_whole(source)?;
        }
        Ok(extent)
    })
}

/// Opens a `.npy` file, a member of an archive or a member of a directory.
fn with_values<R>(
    path: &Path,
    member: Option<&str>,
    use_it: impl FnOnce(&Location<'_>, &mut ArrayBytes<'_>) -> Result<R, ArrayError>,
) -> Result<R, ArrayError> {
    let Some(member) = member else { return in_file(path, use_it) };
    if path.is_dir() {
        return in_file(&path.join(format!("{member}.npy")), use_it);
    }
    npz::in_archive(path, Some(member), use_it)
}

fn in_file<R>(
    path: &Path,
    use_it: impl FnOnce(&Location<'_>, &mut ArrayBytes<'_>) -> Result<R, ArrayError>,
) -> Result<R, ArrayError> {
    let failed = |source| refused("read", path, source);
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut reader = BufReader::new(file);
    use_it(
        &Location { path, member: None },
        &mut ArrayBytes { reader: &mut reader, size, plain: Some((path, 0)) },
    )
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
    place: Backing,
    /// Where the first frame starts.
    start: u64,
}

#[derive(Clone, Debug)]
enum Backing {
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
    /// Reads an array once, hands all of its values to `look` in the order in which they are
    /// stored, and keeps what it takes to read them again, frame by frame.
    ///
    /// # Errors
    /// If the array cannot be read, is damaged, not all there, or holds values that are not finite;
    /// or there is no room to unpack it.
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
                    return Err(source.damaged(format!(
                        "it became shorter while it was read: {length} frames are gone"
                    )));
                }
            } else {
                extent.check_whole(source)?;
            }
            let shape = &found.header.shape;
            let frame =
                if taken == Taken::One { &shape[..] } else { shape.get(1..).unwrap_or(&[]) };
            let size: usize = frame.iter().product();
            let fortran = found.order == Order::Fortran;
            let (scattered, column_major) =
                (fortran && length > 1 && size > 1, fortran && frame.len() == 2);
            let pass = Pass { source, found: &found, values: length * size, look };
            let (place, start) = match values.plain {
                Some((file, at)) if !scattered => {
                    pass.run(values.reader, &mut |_| Ok(()))?;
                    let file = File::open(file).map_err(|error| refused("read", file, error))?;
                    (Backing::File(Arc::new(file)), at + found.length)
                }
                _ if scattered => spool.transposed(pass, values.reader, size, length)?,
                _ => spool.copied(pass, values.reader)?,
            };
            let Header { stored, .. } = found.header;
            let big_endian = found.big_endian;
            Ok(Self {
                path: source.name(),
                stored,
                big_endian,
                size,
                length,
                column_major,
                place,
                start,
            })
        })
    }

    /// Frames of values in memory.
    #[cfg(test)]
    pub(crate) fn of_values(values: &[f64], size: usize) -> Self {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let length = values.len() / size.max(1);
        let place = Backing::Memory(Arc::new(bytes));
        let (path, stored) = (PathBuf::new(), Stored::F64);
        Self { path, stored, big_endian: false, size, length, column_major: false, place, start: 0 }
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
            Backing::Memory(room) => {
                let at = at as usize;
                self.stored.widen(&room[at..at + bytes], self.big_endian, &mut values);
            }
            Backing::File(file) => {
                // In pieces that stay in a fast cache until they are widened.
                let mut raw = [0; PIECE];
                for from in (0..bytes).step_by(PIECE) {
                    let piece = &mut raw[..PIECE.min(bytes - from)];
                    read_at(file, piece, at + from as u64).map_err(|error| match error.kind() {
                        std::io::ErrorKind::UnexpectedEof => {
                            let why =
                                format!("it became shorter while it was read: frame {k} is gone");
                            failed(std::io::Error::new(error.kind(), why))
                        }
                        _ => failed(error),
                    })?;
                    self.stored.widen(piece, self.big_endian, &mut values);
                }
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

/// Bytes that are read at once, of all values and of those of a frame: multiples of the width of
/// every type.
const CHUNK: usize = 1 << 18;
const PIECE: usize = 1 << 16;

/// One way through all values of an array.
struct Pass<'a> {
    source: &'a Location<'a>,
    found: &'a Opened,
    /// How many are taken.
    values: usize,
    look: &'a mut dyn FnMut(&[f64]),
}

impl Pass<'_> {
    /// Reads all values; `keep` takes their bytes. What is not finite is refused last: a value that
    /// is there because the file is damaged must not be put down to who wrote it.
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
            let filled =
                fill(reader, &mut chunk[..wanted]).map_err(|error| self.source.failed(&error))?;
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
                bad = wide
                    .iter()
                    .position(|value| !value.is_finite())
                    .map(|at| (done + at, wide[at]));
            }
            (self.look)(&wide);
            done += wide.len();
        }
        // Reading on to the end has the checksum of a member compared.
        if self.source.member.is_some()
            && fill(reader, &mut chunk).map_err(|error| self.source.failed(&error))? > 0
        {
            return Err(self
                .source
                .damaged(format!("something follows the last of its {} values", self.values)));
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

/// Room for what is unpacked: in memory as long as there is little of it, and then in one file
/// without a name, which is gone when the last of its frames is.
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
    fn copied(
        &mut self,
        pass: Pass<'_>,
        reader: &mut dyn Read,
    ) -> Result<(Backing, u64), ArrayError> {
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
    ) -> Result<(Backing, u64), ArrayError> {
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
                (0..count)
                    .for_each(|i| piece.extend_from_slice(&rows[i * row + k * width..][..width]));
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

    fn room(&mut self, source: &Location<'_>, bytes: usize) -> Result<Room, ArrayError> {
        if bytes <= self.memory {
            self.memory -= bytes;
            return Ok(Room::Memory(vec![0; bytes]));
        }
        let file = match &self.file {
            Some(file) => file.clone(),
            None => {
                let file =
                    Arc::new(tempfile::tempfile().map_err(|error| no_room(source, bytes, error))?);
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
    fn write(&mut self, source: &Location<'_>, at: usize, bytes: &[u8]) -> Result<(), ArrayError> {
        match self {
            Self::Memory(room) => {
                room[at..at + bytes.len()].copy_from_slice(bytes);
                Ok(())
            }
            Self::File { file, start, bytes: all } => {
                let mut file = &**file;
                let written = file
                    .seek(SeekFrom::Start(*start + at as u64))
                    .and_then(|_| file.write_all(bytes));
                written.map_err(|error| no_room(source, *all, error))
            }
        }
    }

    fn into_place(self) -> (Backing, u64) {
        match self {
            Self::Memory(room) => (Backing::Memory(Arc::new(room)), 0),
            Self::File { file, start, .. } => (Backing::File(file), start),
        }
    }
}

/// What it means that an array cannot be unpacked.
fn no_room(source: &Location<'_>, bytes: usize, error: std::io::Error) -> ArrayError {
    let why = format!(
        "{error}; {} of it are unpacked here: set TMPDIR to a directory with more room, or save it \
         without compression (numpy.savez), or as a directory of .npy files in C order",
        in_words(bytes as u128)
    );
    let directory = std::env::temp_dir();
    ArrayError::File {
        action: "unpack to",
        path: directory.join(source.member.unwrap_or("array")),
        source: std::io::Error::new(error.kind(), why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    /// A `.npy` file of a header of our choice, and values.
    fn npy(
        directory: &Path,
        name: &str,
        descr: &str,
        fortran: bool,
        shape: &str,
        values: &[u8],
    ) -> PathBuf {
        let order = if fortran { "True" } else { "False" };
        let text = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
        let text = format!("{text:<117}\n");
        let length = u16::try_from(text.len()).unwrap().to_le_bytes();
        let path = directory.join(name);
        fs::write(&path, [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes(), values].concat())
            .unwrap();
        path
    }

    fn singles(values: impl IntoIterator<Item = u16>) -> Vec<u8> {
        values.into_iter().flat_map(|value| f32::from(value).to_le_bytes()).collect()
    }

    fn open(path: &Path, taken: Taken, memory: usize) -> Result<(Frames, Vec<f64>), ArrayError> {
        let mut seen = Vec::new();
        let frames = Frames::open(path, None, taken, &mut Spool::new(memory), &mut |values| {
            seen.extend(values)
        })?;
        Ok((frames, seen))
    }

    #[test]
    fn frames_are_read_from_where_they_lie() {
        let here = tempfile::tempdir().unwrap();
        let path = npy(here.path(), "a.npy", "<f4", false, "(4, 2, 3)", &singles(0..24));
        let (frames, seen) = open(&path, Taken::All, 0).unwrap();
        assert_eq!((frames.len(), frames.stored(), seen.len()), (4, Stored::F32, 24));
        assert_eq!(frames.read(2).unwrap(), [12.0, 13.0, 14.0, 15.0, 16.0, 17.0]);
        assert!(frames.read(4).unwrap_err().to_string().contains("frame 4 was asked for, of 4"));
        assert_eq!(open(&path, Taken::One, 0).unwrap().0.read(0).unwrap().len(), 24);
        let big =
            npy(here.path(), "b.npy", ">i2", false, "(2, 2)", &[0, 1, 0xff, 0xfe, 0, 3, 0, 4]);
        assert_eq!(open(&big, Taken::All, 0).unwrap().0.read(1).unwrap(), [3.0, 4.0]);
        assert_eq!(open(&big, Taken::All, 0).unwrap().1, [1.0, -2.0, 3.0, 4.0]);
    }

    #[test]
    fn frames_in_fortran_order_are_put_in_order_once() {
        let here = tempfile::tempdir().unwrap();
        // Value 6 k + 3 i + j of frame k, row i, column j, the first index fastest.
        let value = |at: u16| 6 * (at % 4) + 3 * (at / 4 % 2) + at / 8;
        let path =
            npy(here.path(), "a.npy", "<f4", true, "(4, 2, 3)", &singles((0..24).map(value)));
        for memory in [0, 1 << 20] {
            let (frames, _) = open(&path, Taken::All, memory).unwrap();
            assert!(frames.column_major());
            assert_eq!(
                frames.read(3).unwrap(),
                [18.0, 21.0, 19.0, 22.0, 20.0, 23.0],
                "column after column"
            );
        }
        let one = npy(here.path(), "b.npy", "<f4", true, "(2, 3)", &singles(0..6));
        let (frames, _) = open(&one, Taken::One, 0).unwrap();
        assert_eq!(
            (frames.column_major(), frames.read(0).unwrap()),
            (true, (0..6).map(f64::from).collect())
        );
        let rows = open(&one, Taken::All, 0).unwrap().0;
        assert_eq!((rows.column_major(), rows.read(1).unwrap()), (false, vec![1.0, 3.0, 5.0]));
    }

    #[test]
    fn only_whole_frames_that_the_header_counts_are_there() {
        let here = tempfile::tempdir().unwrap();
        let extent_of = |shape: &str, values: u16, rest: usize| {
            let bytes = [singles(0..values), vec![0; rest]].concat();
            let path = npy(here.path(), "a.npy", "<f4", false, shape, &bytes);
            let extent = extent(&path, None).unwrap();
            (extent.frames(), extent.claimed(), extent.is_whole(), extent.length())
        };
        assert_eq!(extent_of("(4, 2, 3)", 24, 0), (4, 4, true, 4.0));
        assert_eq!(extent_of("(4, 2, 3)", 21, 0), (3, 4, false, 3.5));
        assert_eq!(extent_of("(3, 2, 3)", 21, 3), (3, 3, false, 3.0), "space that was set aside");
        assert_eq!(extent_of("(0, 2, 3)", 21, 0), (0, 0, false, 0.0));
        let path = npy(here.path(), "a.npy", "<f4", false, "(4, 2, 3)", &singles(0..21));
        assert_eq!(open(&path, Taken::First(3), 0).unwrap().1.len(), 18);
        for (taken, words) in [
            (Taken::All, "it is cut short: 21 of 24 values are there"),
            (Taken::First(4), "it became shorter while it was read: 4 frames are gone"),
        ] {
            let error = open(&path, taken, 0).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let (frames, _) = open(&path, Taken::First(3), 0).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_len(140).unwrap();
        let error = frames.read(2).unwrap_err().to_string();
        assert!(error.contains("it became shorter while it was read: frame 2 is gone"), "{error}");
    }

    #[test]
    fn values_that_are_not_finite_are_located_in_either_order() {
        let here = tempfile::tempdir().unwrap();
        for (fortran, index) in [(false, "[1, 0, 2]"), (true, "[0, 0, 1]")] {
            let mut bytes = singles(0..24);
            bytes[4 * 8..4 * 9].copy_from_slice(&f32::NAN.to_le_bytes());
            let path = npy(here.path(), "a.npy", "<f4", fortran, "(4, 2, 3)", &bytes);
            let error = open(&path, Taken::All, 0).unwrap_err().to_string();
            assert!(error.contains(&format!("NaN at index {index}")), "{error}");
        }
    }

    #[test]
    fn shapes_that_cannot_be_counted_are_refused() {
        let here = tempfile::tempdir().unwrap();
        for shape in [
            "(9999999999, 9999999999, 9999999999)",
            "(2, 4294967296, 4294967296)",
            "(576460752303423489,)",
        ] {
            let path = npy(here.path(), "a.npy", "<f8", false, shape, &[0; 64]);
            assert!(extent(&path, None).is_err(), "{shape}");
        }
        let path = npy(here.path(), "a.npy", "<f8", false, "(2, 288230376151711744)", &[0; 64]);
        let found = extent(&path, None).unwrap();
        assert_eq!((found.frames(), found.is_whole()), (0, false));
        assert!(open(&path, Taken::All, 0).is_err());
    }
}
