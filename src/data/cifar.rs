//! Binary batches of CIFAR-10: records of a label and a colour image.

use super::source::{CIFAR_FILES, Format, read_unpacked};
use super::{DataError, DataFacts};
use std::path::Path;
use thiserror::Error;

/// Colour channels (red, green, blue), height and width of the images.
pub(super) const CIFAR_IMAGE: [usize; 3] = [3, 32, 32];
/// Classes, of which labels are indices.
const CLASSES: u8 = 10;
const PIXELS: usize = CIFAR_IMAGE[0] * CIFAR_IMAGE[1] * CIFAR_IMAGE[2];
/// Bytes of a label and its image.
const RECORD: usize = 1 + PIXELS;

/// What is wrong with a file of CIFAR-10 batches.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CifarError {
    /// The file is empty, cut short or too long.
    #[error(
        "{held} bytes are no whole number of records of {RECORD} (a label and 3 x 32 x 32 pixels): it is empty, cut \
         short, too long, or no CIFAR-10 batch"
    )]
    Length {
        /// Bytes of the file.
        held: usize,
    },
    /// A label that is no class.
    #[error("label {label} of image {at}: expected 0 to {}", CLASSES - 1)]
    Label {
        /// Index of the image, from 0.
        at: usize,
        /// Its label.
        label: u8,
    },
}

/// Pixels and labels of the records of a batch: per image 3 x 32 x 32 bytes, the red, green and blue plane, row after
/// row, and a label from 0 to 9 (Krizhevsky 2009, "Learning multiple layers of features from tiny images", and the
/// description of the binary version beside the files).
///
/// # Errors
/// See [`CifarError`].
pub fn parse_batch(bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>), CifarError> {
    if bytes.is_empty() || !bytes.len().is_multiple_of(RECORD) {
        return Err(CifarError::Length { held: bytes.len() });
    }
    let records = bytes.chunks_exact(RECORD);
    let labels: Vec<u8> = records.clone().map(|record| record[0]).collect();
    if let Some(at) = labels.iter().position(|&label| label >= CLASSES) {
        return Err(CifarError::Label { at, label: labels[at] });
    }
    Ok((records.flat_map(|record| &record[1..]).copied().collect(), labels))
}

/// Sizes of the batches in `directory`.
pub(super) fn facts(directory: &Path) -> Result<DataFacts, DataError> {
    let mut hasher = blake3::Hasher::new();
    let mut counts = Vec::new();
    for name in CIFAR_FILES {
        let (path, bytes) = read_unpacked(directory, Format::Cifar, name)?;
        hasher.update(&bytes);
        let (_, labels) = parse_batch(&bytes).map_err(|source| DataError::Cifar { path, source })?;
        counts.push(labels.len());
    }
    let test_images = counts.pop().unwrap_or(0);
    Ok(DataFacts {
        training_images: counts.iter().sum(),
        test_images,
        inputs: PIXELS,
        image: Some(CIFAR_IMAGE),
        classes: usize::from(CLASSES),
        fingerprint: Some(hasher.finalize().to_hex().to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Record `label`, its pixels `first`, `first + 1`, ... modulo 256.
    fn record(label: u8, first: usize) -> Vec<u8> {
        std::iter::once(label).chain((0..PIXELS).map(|at| ((first + at) % 256) as u8)).collect()
    }

    #[test]
    fn splits_records_into_labels_and_planes() {
        let (pixels, labels) = parse_batch(&[record(9, 0), record(4, 7)].concat()).unwrap();
        assert_eq!((pixels.len(), &labels[..]), (2 * 3072, &[9, 4][..]));
        assert_eq!((&pixels[..3], &pixels[3072..3075]), (&[0, 1, 2][..], &[7, 8, 9][..]));
    }

    #[test]
    fn refuses_what_is_malformed() {
        let whole = [record(1, 0), record(2, 0)].concat();
        let longer = [&whole[..], &[0]].concat();
        for bytes in [&whole[..whole.len() - 1], &longer, &[], &[3]] {
            assert_eq!(parse_batch(bytes), Err(CifarError::Length { held: bytes.len() }));
        }
        let bad = [record(1, 0), record(10, 0)].concat();
        assert_eq!(parse_batch(&bad), Err(CifarError::Label { at: 1, label: 10 }));
    }
}
