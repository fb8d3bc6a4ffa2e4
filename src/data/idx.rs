//! IDX files of unsigned bytes, plain or gzipped: the format of MNIST.

use crate::array::MOST_BYTES;
use std::io::Read;
use thiserror::Error;

/// What is wrong with an IDX file.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum IdxError {
    /// The gzip stream is damaged or cut short.
    #[error("damaged gzip stream: {0}")]
    Gzip(String),
    /// The header is not that of unsigned bytes with the expected number of dimensions.
    #[error("not an IDX file of unsigned bytes with {expected} dimension(s): it begins with {found}")]
    Header {
        /// Dimensions asked for.
        expected: u8,
        /// First bytes, in hexadecimal.
        found: String,
    },
    /// The header promises another number of bytes than the file holds.
    #[error("the header promises {promised} bytes of data, the file holds {held}")]
    Length {
        /// Product of the dimensions.
        promised: u64,
        /// Bytes after the header.
        held: u64,
    },
    /// The header promises more than is read.
    #[error("the header promises {0} bytes of data, more than the {MOST_BYTES} that are read")]
    TooLarge(u64),
}

/// Images of an IDX file: count, height, width, and one byte per pixel.
///
/// # Errors
/// See [`IdxError`].
pub fn parse_images(bytes: &[u8]) -> Result<([usize; 3], Vec<u8>), IdxError> {
    parse::<3>(bytes)
}

/// Labels of an IDX file.
///
/// # Errors
/// See [`IdxError`].
pub fn parse_labels(bytes: &[u8]) -> Result<Vec<u8>, IdxError> {
    parse::<1>(bytes).map(|(_, labels)| labels)
}

/// Count, height and width of an uncompressed file of images that is as long as it says.
pub(super) fn image_shape(bytes: &[u8]) -> Result<[usize; 3], IdxError> {
    let shape = header::<3>(&mut &bytes[..])?;
    let (promised, held) = (promised(&shape), (bytes.len() - HEADER) as u64);
    if held == promised { Ok(shape) } else { Err(IdxError::Length { promised, held }) }
}

/// As [`parse_images`] of an uncompressed file, whose bytes become the pixels.
pub(super) fn into_images(mut bytes: Vec<u8>) -> Result<([usize; 3], Vec<u8>), IdxError> {
    let shape = image_shape(&bytes)?;
    bytes.drain(..HEADER);
    Ok((shape, bytes))
}

/// Bytes before the pixels of a file of images.
const HEADER: usize = 16;

fn promised(shape: &[usize]) -> u64 {
    shape.iter().try_fold(1u64, |n, &size| n.checked_mul(size as u64)).unwrap_or(u64::MAX)
}

/// The bytes, uncompressed if they are a gzip stream.
pub(super) fn decompressed(bytes: Vec<u8>) -> Result<Vec<u8>, IdxError> {
    if !bytes.starts_with(&GZIP) {
        return Ok(bytes);
    }
    let mut out = Vec::new();
    // The header says how much there should be; more than one byte beyond is never unpacked.
    let promised = match bytes_promised(&bytes) {
        Some(promised) if promised > MOST_BYTES => return Err(IdxError::TooLarge(promised)),
        Some(promised) => promised,
        None => return Err(IdxError::Gzip("the stream is cut short in the header".into())),
    };
    reader(&bytes).take(promised.saturating_add(1)).read_to_end(&mut out).map_err(|e| IdxError::Gzip(e.to_string()))?;
    Ok(out)
}

/// Length of the file whose header a gzip stream begins with.
fn bytes_promised(bytes: &[u8]) -> Option<u64> {
    let mut start = [0; 4];
    let mut reader = reader(bytes);
    reader.read_exact(&mut start).ok()?;
    let mut promised = 1u64;
    for _ in 0..start[3] {
        let mut field = [0; 4];
        reader.read_exact(&mut field).ok()?;
        promised = promised.saturating_mul(u64::from(u32::from_be_bytes(field)));
    }
    Some(promised.saturating_add(4 + 4 * u64::from(start[3])))
}

const GZIP: [u8; 2] = [0x1f, 0x8b];

fn reader(bytes: &[u8]) -> Box<dyn Read + '_> {
    if bytes.starts_with(&GZIP) { Box::new(flate2::read::GzDecoder::new(bytes)) } else { Box::new(bytes) }
}

fn read(reader: &mut dyn Read, limit: u64) -> Result<Vec<u8>, IdxError> {
    let mut out = Vec::new();
    reader.take(limit).read_to_end(&mut out).map_err(|e| IdxError::Gzip(e.to_string())).map(|_| out)
}

fn header<const N: usize>(reader: &mut dyn Read) -> Result<[usize; N], IdxError> {
    let header = read(reader, 4 + 4 * N as u64)?;
    if header.len() < 4 + 4 * N || header[..4] != [0, 0, 8, N as u8] {
        let found = header.iter().take(4).map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
        return Err(IdxError::Header { expected: N as u8, found });
    }
    let mut shape = [0usize; N];
    for (size, field) in shape.iter_mut().zip(header[4..].chunks_exact(4)) {
        *size = field.iter().fold(0, |value, &byte| value << 8 | usize::from(byte));
    }
    Ok(shape)
}

fn parse<const N: usize>(bytes: &[u8]) -> Result<([usize; N], Vec<u8>), IdxError> {
    let mut reader = reader(bytes);
    let shape = header::<N>(&mut *reader)?;
    let promised = promised(&shape);
    if promised > MOST_BYTES {
        return Err(IdxError::TooLarge(promised));
    }
    // One byte beyond what is promised is enough to tell that there is too much.
    let data = read(&mut *reader, promised.saturating_add(1))?;
    if data.len() as u64 != promised {
        return Err(IdxError::Length { promised, held: data.len() as u64 });
    }
    Ok((shape, data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn labels_file(promised: u32, held: usize) -> Vec<u8> {
        let mut file = vec![0, 0, 8, 1];
        file.extend(promised.to_be_bytes());
        file.extend(vec![7; held]);
        file
    }

    #[test]
    fn reads_plain_and_gzipped() {
        let plain = labels_file(3, 3);
        assert_eq!(parse_labels(&plain), Ok(vec![7; 3]));
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&plain).unwrap();
        let zipped = encoder.finish().unwrap();
        assert_eq!(parse_labels(&zipped), Ok(vec![7; 3]));
        assert!(matches!(parse_labels(&zipped[..zipped.len() / 2]), Err(IdxError::Gzip(_) | IdxError::Header { .. })));
    }

    #[test]
    fn refuses_what_is_malformed() {
        assert_eq!(parse_labels(&labels_file(5, 3)), Err(IdxError::Length { promised: 5, held: 3 }));
        assert_eq!(parse_labels(&labels_file(5, 6)), Err(IdxError::Length { promised: 5, held: 6 }));
        assert!(matches!(parse_labels(&labels_file(u32::MAX, 1)), Err(IdxError::Length { .. })));
        assert!(matches!(parse_images(&labels_file(3, 3)), Err(IdxError::Header { expected: 3, .. })));
        assert!(matches!(parse_labels(b""), Err(IdxError::Header { .. })));
        let mut images = [[0, 0, 8, 3], [0, 0, 0, 1], [0, 0, 0, 2], [0, 0, 0, 2]].concat();
        images.extend([1, 2, 3, 4]);
        assert_eq!(into_images(images.clone()), Ok(([1, 2, 2], vec![1, 2, 3, 4])));
        assert_eq!(into_images(images.clone()), parse_images(&images));
        images.pop();
        assert_eq!(into_images(images.clone()), Err(IdxError::Length { promised: 4, held: 3 }));
        assert!(matches!(into_images(images[..9].to_vec()), Err(IdxError::Header { .. })));
    }
}
