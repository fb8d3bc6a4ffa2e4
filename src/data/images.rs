//! Images and labels as stored.

use super::facts::{DataFacts, Note};

/// Values of images.
pub(super) enum Pixels {
    /// Grey levels of 0 to 255.
    Bytes(Vec<u8>),
    /// Values that are taken as they are.
    Real(Vec<f64>),
}

/// Images of one part of a data set.
pub(super) struct Images {
    pub(super) count: usize,
    /// Channels, height and width, where samples are images.
    pub(super) image: Option<[usize; 3]>,
    /// Values per image.
    pub(super) inputs: usize,
    pub(super) pixels: Pixels,
}

/// Images and classes of one part of a data set.
pub(super) struct LabelledImages {
    pub(super) images: Images,
    pub(super) labels: Vec<u8>,
}

/// A data set as stored.
pub(super) struct StoredSet {
    pub(super) facts: DataFacts,
    pub(super) train: LabelledImages,
    pub(super) test: Option<LabelledImages>,
}

/// Largest grey level of unsigned bytes.
pub(super) const LEVELS: f64 = 255.0;

/// That bytes of 0 and 1 are hardly meant to be divided.
pub(super) fn dark(name: &str) -> Note {
    Note::Warned(format!(
        "{name} are bytes of 0 and 1 alone, and are divided by 255 as all bytes are: inputs reach \
         0.004; save them in an .npz as x.astype('f4') to have 0 and 1"
    ))
}
