//! Binary batches of CIFAR-10 and CIFAR-100: records of labels and a colour image.

use thiserror::Error;

/// Colour channels (red, green, blue), height and width of the images.
pub(super) const CIFAR_IMAGE: [usize; 3] = [3, 32, 32];
const PIXELS: usize = CIFAR_IMAGE[0] * CIFAR_IMAGE[1] * CIFAR_IMAGE[2];

/// What is wrong with a file of CIFAR batches.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CifarError {
    /// The file is empty, cut short or too long.
    #[error(
        "{held} bytes are no whole number of records of {record} ({} and 3 x 32 x 32 pixels): it \
         is empty, cut short, too long, or no CIFAR batch",
             if *record == PIXELS + 1 { "a label" } else { "two labels" }
    )]
    Length {
        /// Bytes of the file.
        held: usize,
        /// Bytes of a record.
        record: usize,
    },
    /// A label that is no class.
    #[error("label {label} of image {at}: expected 0 to {}", classes - 1)]
    Label {
        /// Index of the image, from 0.
        at: usize,
        /// Its label.
        label: u8,
        /// Classes there are.
        classes: u8,
    },
}

/// How records are laid out, and which of their labels is the class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Records {
    /// Classes of each label before an image, in the order of the bytes.
    labels: &'static [u8],
    /// Which of the labels is taken.
    taken: usize,
}

impl Records {
    /// One of ten classes.
    pub(super) const CIFAR10: Self = Self { labels: &[10], taken: 0 };
    /// CIFAR-100 with its twenty superclasses.
    pub(super) const COARSE: Self = Self { labels: &[20, 100], taken: 0 };
    /// CIFAR-100 with its hundred classes.
    pub(super) const FINE: Self = Self { labels: &[20, 100], taken: 1 };

    /// Number of classes.
    pub(super) fn classes(self) -> usize {
        self.labels[self.taken].into()
    }

    /// Pixels and classes of a batch.
    pub(super) fn parse(self, bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>), CifarError> {
        let before = self.labels.len();
        let record = before + PIXELS;
        if bytes.is_empty() || !bytes.len().is_multiple_of(record) {
            return Err(CifarError::Length { held: bytes.len(), record });
        }
        let records = bytes.chunks_exact(record);
        for (at, record) in records.clone().enumerate() {
            let mut labels = record.iter().zip(self.labels);
            if let Some((&label, &classes)) = labels.find(|(label, classes)| label >= classes) {
                return Err(CifarError::Label { at, label, classes });
            }
        }
        let classes = records.clone().map(|record| record[self.taken]).collect();
        Ok((records.flat_map(|record| &record[before..]).copied().collect(), classes))
    }
}

/// Pixels and labels of the records of a batch of CIFAR-10: per image 3 x 32 x 32 bytes, the red,
/// green and blue plane, row after row, and a label from 0 to 9 (Krizhevsky 2009, "Learning
/// multiple layers of features from tiny images", and the description of the binary version beside
/// the files).
///
/// # Errors
/// See [`CifarError`].
pub fn parse_batch(bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>), CifarError> {
    Records::CIFAR10.parse(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Record of `labels`, its pixels `first`, `first + 1`, ... modulo 256.
    fn record(labels: &[u8], first: usize) -> Vec<u8> {
        labels.iter().copied().chain((0..PIXELS).map(|at| ((first + at) % 256) as u8)).collect()
    }

    #[test]
    fn splits_records_into_labels_and_planes() {
        let (pixels, labels) = parse_batch(&[record(&[9], 0), record(&[4], 7)].concat()).unwrap();
        assert_eq!((pixels.len(), &labels[..]), (2 * 3072, &[9, 4][..]));
        assert_eq!((&pixels[..3], &pixels[3072..3075]), (&[0, 1, 2][..], &[7, 8, 9][..]));
    }

    #[test]
    fn of_two_labels_the_one_asked_for_is_taken() {
        let both = [record(&[19, 99], 0), record(&[4, 7], 7)].concat();
        let ((pixels, fine), (same, coarse)) =
            (Records::FINE.parse(&both).unwrap(), Records::COARSE.parse(&both).unwrap());
        assert_eq!((&fine[..], &coarse[..]), (&[99, 7][..], &[19, 4][..]));
        assert_eq!((&pixels[..3], &pixels[3072..3075]), (&[0, 1, 2][..], &[7, 8, 9][..]));
        assert_eq!(pixels, same);
        // A label that is not taken tells of damage as well.
        let bad = record(&[20, 3], 0);
        assert_eq!(
            Records::FINE.parse(&bad),
            Err(CifarError::Label { at: 0, label: 20, classes: 20 })
        );
        let bad = record(&[3, 100], 0);
        assert_eq!(
            Records::COARSE.parse(&bad),
            Err(CifarError::Label { at: 0, label: 100, classes: 100 })
        );
        let error = Records::FINE.parse(&record(&[1], 0)).unwrap_err();
        assert_eq!(error, CifarError::Length { held: 3073, record: 3074 });
    }

    #[test]
    fn refuses_what_is_malformed() {
        let whole = [record(&[1], 0), record(&[2], 0)].concat();
        let longer = [&whole[..], &[0]].concat();
        for bytes in [&whole[..whole.len() - 1], &longer, &[], &[3]] {
            assert_eq!(
                parse_batch(bytes),
                Err(CifarError::Length { held: bytes.len(), record: 3073 })
            );
        }
        let bad = [record(&[1], 0), record(&[10], 0)].concat();
        assert_eq!(parse_batch(&bad), Err(CifarError::Label { at: 1, label: 10, classes: 10 }));
    }
}
