//! IDX files, plain or gzipped: the format of MNIST. Images are unsigned bytes, labels those or, in
//! QMNIST, integers of four bytes.

use super::gzip::{GZIP, Gunzip, MOST_EXPANSION};
use crate::file::memory;
use std::io::{BufRead, Read};
use thiserror::Error;

/// What is wrong with an IDX file.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum IdxError {
    /// The gzip stream is damaged or cut short.
    #[error("damaged gzip stream: {0}")]
    Gzip(String),
    /// The header is not that of unsigned bytes with the expected number of dimensions.
    #[error(
        "not an IDX file of unsigned bytes with {expected} dimension(s): it begins with {found}"
    )]
    Header {
        /// Dimensions asked for.
        expected: u8,
        /// First bytes, in hexadecimal.
        found: String,
    },
    /// Labels of a shape that is neither one per image nor that of QMNIST.
    #[error("labels of shape {0:?}: expected one per image, or the eight columns of QMNIST")]
    Shape(Vec<usize>),
    /// A label that is no class.
    #[error("label {value} at index {at}: labels are whole numbers from 0 to 255")]
    Label {
        /// Index, from 0.
        at: usize,
        /// The label.
        value: i32,
    },
    /// The header promises another number of bytes than the file holds.
    #[error(
        "the header promises {promised} bytes of data, the file holds {}",
        in_words(promised, held)
    )]
    Length {
        /// Product of the dimensions and the bytes of a value.
        promised: u64,
        /// Bytes after the header; of a gzipped file that holds more than it promises, `None`: no
        /// more is unpacked.
        held: Option<u64>,
    },
    /// It would take more memory than there is.
    #[error("{0}")]
    TooLarge(String),
    /// The header promises more than a gzipped file of this size can hold.
    #[error(
        "the header promises {promised} bytes of data, more than {packed} gzipped bytes can hold"
    )]
    Impossible {
        /// Product of the dimensions and the bytes of a value.
        promised: u64,
        /// Bytes of the gzipped file.
        packed: u64,
    },
}

fn in_words(_: &u64, held: &Option<u64>) -> String {
    held.map_or("more".into(), |held| held.to_string())
}

/// Images of an IDX file: count, height, width, and one byte per pixel.
///
/// # Errors
/// See [`IdxError`].
pub fn parse_images(bytes: &[u8]) -> Result<([usize; 3], Vec<u8>), IdxError> {
    into_images(unpacked(bytes, bytes.len() as u64)?)
}

/// Labels of an IDX file of unsigned bytes, one per image.
///
/// # Errors
/// See [`IdxError`].
pub fn parse_labels(bytes: &[u8]) -> Result<Vec<u8>, IdxError> {
    let bytes = unpacked(bytes, bytes.len() as u64)?;
    let header = Header::of(&bytes)
        .filter(|header| header.is(BYTES, 1))
        .ok_or_else(|| unexpected(1, &bytes))?;
    header.check_length(bytes.len() as u64)?;
    Ok(bytes[header.length()..].to_vec())
}

/// Count, height and width of an unpacked file of images, and its pixels, in place.
pub(super) fn into_images(mut bytes: Vec<u8>) -> Result<([usize; 3], Vec<u8>), IdxError> {
    let header = Header::of(&bytes)
        .filter(|header| header.is(BYTES, 3))
        .ok_or_else(|| unexpected(3, &bytes))?;
    header.check_length(bytes.len() as u64)?;
    bytes.drain(..header.length());
    let [count, height, width] = header.shape[..] else { return Err(unexpected(3, &bytes)) };
    Ok(([count, height, width], bytes))
}

/// Classes of an unpacked file of labels: of unsigned bytes or, as in QMNIST, of integers of four
/// bytes, of whose columns the first is the class.
pub(super) fn classes(bytes: &[u8]) -> Result<Vec<u8>, IdxError> {
    let is_known = |header: &Header| {
        header.is(BYTES, header.shape.len()) || header.is(INTEGERS, header.shape.len())
    };
    let header = Header::of(bytes).filter(is_known).ok_or_else(|| unexpected(1, bytes))?;
    header.check_length(bytes.len() as u64)?;
    let columns = match header.shape[..] {
        [_] | [_, 1] => 1,
        [_, QMNIST_COLUMNS] => QMNIST_COLUMNS,
        _ => return Err(IdxError::Shape(header.shape)),
    };
    let values = &bytes[header.length()..];
    if header.width == 1 {
        return Ok(values.iter().step_by(columns).copied().collect());
    }
    let class = |(at, value): (usize, &[u8; 4])| {
        let value = i32::from_be_bytes(*value);
        u8::try_from(value).map_err(|_| IdxError::Label { at, value })
    };
    values.as_chunks().0.iter().step_by(columns).enumerate().map(class).collect()
}

/// Columns of the labels of QMNIST, of which the first is the class.
const QMNIST_COLUMNS: usize = 8;
/// Codes of the types of values that are read.
const BYTES: u8 = 0x08;
const INTEGERS: u8 = 0x0c;

fn unexpected(expected: u8, bytes: &[u8]) -> IdxError {
    let found =
        bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    IdxError::Header { expected, found: if found.is_empty() { "nothing".into() } else { found } }
}

/// What an IDX file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Code of the type of the values.
    kind: u8,
    /// Bytes of a value.
    width: u64,
    /// Length of every dimension.
    pub(super) shape: Vec<usize>,
}

impl Header {
    /// Of the first bytes of a file; `None` if it is no IDX file of a known type, or ends before
    /// its header does.
    fn of(bytes: &[u8]) -> Option<Self> {
        let (&[0, 0, kind, dimensions], rest) = bytes.split_first_chunk()? else { return None };
        let width = match kind {
            BYTES => 1,
            INTEGERS => 4,
            _ => return None,
        };
        let fields = rest.as_chunks::<4>().0.iter().take(dimensions.into());
        let shape: Vec<usize> = fields.map(|field| u32::from_be_bytes(*field) as usize).collect();
        if shape.len() < usize::from(dimensions) {
            return None;
        }
        Some(Self { kind, width, shape })
    }

    fn is(&self, kind: u8, dimensions: usize) -> bool {
        self.kind == kind && self.shape.len() == dimensions
    }

    /// Bytes before the values.
    fn length(&self) -> usize {
        4 + 4 * self.shape.len()
    }

    /// Bytes of the values.
    fn promised(&self) -> u64 {
        self.shape
            .iter()
            .try_fold(self.width, |n, &size| n.checked_mul(size as u64))
            .unwrap_or(u64::MAX)
    }

    /// Refuses a file, of `size` bytes with its header, that is not as long as it says.
    fn check_length(&self, size: u64) -> Result<(), IdxError> {
        let (promised, held) = (self.promised(), size.saturating_sub(self.length() as u64));
        if held == promised { Ok(()) } else { Err(IdxError::Length { promised, held: Some(held) }) }
    }
}

/// Longest header: that of four dimensions. No data set has more than three.
const MOST_HEADER: u64 = 20;

/// Shape that the header of a file of `size` bytes of images, or else of labels, promises, whose
/// values are left unread; a file that is not gzipped has to be as long.
pub(super) fn promised_shape(
    mut stream: impl BufRead,
    size: u64,
    images: bool,
) -> Result<Vec<usize>, IdxError> {
    let failed = |error: std::io::Error| IdxError::Gzip(error.to_string());
    let is_gzip = stream.fill_buf().map_err(failed)?.starts_with(&GZIP);
    let mut start = Vec::new();
    let read = match is_gzip {
        true => Gunzip::new(stream).take(MOST_HEADER).read_to_end(&mut start),
        false => stream.take(MOST_HEADER).read_to_end(&mut start),
    };
    read.map_err(failed)?;
    let dimensions = if images { 3 } else { 1 };
    let header = Header::of(&start)
        .filter(|header| !header.shape.is_empty() && (!images || header.is(BYTES, 3)));
    let header = header.ok_or_else(|| unexpected(dimensions, &start))?;
    if !is_gzip {
        header.check_length(size)?;
    }
    Ok(header.shape)
}

/// The whole file of `size` bytes that `stream` gives, unpacked if it is gzipped. No more is
/// unpacked, nor room made for, than its header promises; that it holds as much is left to whoever
/// parses it, but of a gzipped file that holds more.
pub(super) fn unpacked(mut stream: impl BufRead, size: u64) -> Result<Vec<u8>, IdxError> {
    let failed = |error: std::io::Error| IdxError::Gzip(error.to_string());
    let mut bytes = Vec::new();
    if !stream.fill_buf().map_err(failed)?.starts_with(&GZIP) {
        make_room(&mut bytes, size)?;
        stream.take(size).read_to_end(&mut bytes).map_err(failed)?;
        return Ok(bytes);
    }
    let mut stream = Gunzip::new(stream);
    (&mut stream).take(MOST_HEADER).read_to_end(&mut bytes).map_err(failed)?;
    let header = Header::of(&bytes).ok_or_else(|| unexpected(1, &bytes))?;
    let promised = header.promised();
    if promised > size.saturating_mul(MOST_EXPANSION) {
        return Err(IdxError::Impossible { promised, packed: size });
    }
    let whole = promised.saturating_add(header.length() as u64);
    make_room(&mut bytes, whole)?;
    // One byte more tells that there is too much, and makes sure of the checksum at the end.
    let rest = whole.saturating_add(1).saturating_sub(bytes.len() as u64);
    stream.take(rest).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > whole {
        Err(IdxError::Length { promised, held: None })
    } else {
        Ok(bytes)
    }
}

/// Makes room for `size` bytes in all, if there is any.
fn make_room(bytes: &mut Vec<u8>, size: u64) -> Result<(), IdxError> {
    let more = usize::try_from(size).map(|size| size.saturating_sub(bytes.len()) + 1);
    let too_large = |why: String| IdxError::TooLarge(why);
    memory::check("what it holds", size.into()).map_err(|error| too_large(error.to_string()))?;
    let made = more.map(|more| bytes.try_reserve_exact(more));
    match made {
        Ok(Ok(())) => Ok(()),
        _ => Err(too_large(format!(
            "there is no room in memory for the {} it holds",
            memory::in_words(size.into())
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn labels_file(promised: u32, held: usize) -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, 1];
        bytes.extend(promised.to_be_bytes());
        bytes.extend(vec![7; held]);
        bytes
    }

    fn zipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn reads_plain_and_gzipped() {
        let plain = labels_file(3, 3);
        assert_eq!(parse_labels(&plain), Ok(vec![7; 3]));
        let zipped = zipped(&plain);
        assert_eq!(parse_labels(&zipped), Ok(vec![7; 3]));
        assert!(matches!(
            parse_labels(&zipped[..zipped.len() / 2]),
            Err(IdxError::Gzip(_) | IdxError::Header { .. })
        ));
    }

    #[test]
    fn refuses_what_is_malformed() {
        let length = |promised, held| Err(IdxError::Length { promised, held: Some(held) });
        assert_eq!(parse_labels(&labels_file(5, 3)), length(5, 3));
        assert_eq!(parse_labels(&labels_file(5, 6)), length(5, 6));
        assert!(matches!(parse_labels(&labels_file(u32::MAX, 1)), Err(IdxError::Length { .. })));
        assert!(matches!(
            parse_images(&labels_file(3, 3)),
            Err(IdxError::Header { expected: 3, .. })
        ));
        assert!(matches!(parse_labels(b""), Err(IdxError::Header { .. })));
        let mut images = [[0, 0, 8, 3], [0, 0, 0, 1], [0, 0, 0, 2], [0, 0, 0, 2]].concat();
        images.extend([1, 2, 3, 4]);
        assert_eq!(into_images(images.clone()), Ok(([1, 2, 2], vec![1, 2, 3, 4])));
        assert_eq!(into_images(images.clone()), parse_images(&images));
        images.pop();
        assert_eq!(
            into_images(images.clone()),
            Err(IdxError::Length { promised: 4, held: Some(3) })
        );
        assert!(matches!(into_images(images[..9].to_vec()), Err(IdxError::Header { .. })));
    }

    #[test]
    fn gzipped_files_hold_what_they_promise_and_no_more() {
        assert_eq!(
            parse_labels(&zipped(&labels_file(5, 3))),
            Err(IdxError::Length { promised: 5, held: Some(3) })
        );
        assert_eq!(
            parse_labels(&zipped(&labels_file(5, 60))),
            Err(IdxError::Length { promised: 5, held: None })
        );
        // 64 MB of zeros behind a header of 8 bytes are not unpacked.
        let bomb = zipped(&labels_file(0, 1 << 26));
        assert_eq!(
            unpacked(&bomb[..], bomb.len() as u64),
            Err(IdxError::Length { promised: 0, held: None })
        );
        let lie = zipped(&labels_file(1 << 30, 10));
        assert!(matches!(parse_labels(&lie), Err(IdxError::Impossible { .. })));
        assert!(matches!(parse_labels(&zipped(b"no image")), Err(IdxError::Header { .. })));
        let two = [zipped(&labels_file(6, 2)), zipped(&[7; 4])].concat();
        assert_eq!(parse_labels(&two), Ok(vec![7; 6]));
        let followed = [zipped(&labels_file(2, 2)), vec![0]].concat();
        assert!(parse_labels(&followed).unwrap_err().to_string().contains("something follows"));
    }

    #[test]
    fn labels_of_qmnist_are_the_first_of_eight_columns() {
        let file = |shape: &[u32], values: &[i32]| {
            let mut bytes = vec![0, 0, INTEGERS, shape.len() as u8];
            bytes.extend(shape.iter().flat_map(|n| n.to_be_bytes()));
            bytes.extend(values.iter().flat_map(|n| n.to_be_bytes()));
            bytes
        };
        let columns: Vec<i32> =
            (0..16).map(|i| if i % 8 == 0 { 3 + i } else { 1000 * i }).collect();
        assert_eq!(classes(&file(&[2, 8], &columns)), Ok(vec![3, 11]));
        assert_eq!(classes(&file(&[2], &[4, 5])), Ok(vec![4, 5]));
        assert_eq!(classes(&file(&[2, 1], &[4, 5])), Ok(vec![4, 5]));
        assert_eq!(classes(&labels_file(2, 2)), Ok(vec![7; 2]));
        assert_eq!(classes(&file(&[2], &[4, 256])), Err(IdxError::Label { at: 1, value: 256 }));
        assert_eq!(classes(&file(&[2], &[-1, 2])), Err(IdxError::Label { at: 0, value: -1 }));
        assert_eq!(classes(&file(&[1, 3], &[1, 2, 3])), Err(IdxError::Shape(vec![1, 3])));
        assert_eq!(
            classes(&file(&[3], &[1])),
            Err(IdxError::Length { promised: 12, held: Some(4) })
        );
    }
}
