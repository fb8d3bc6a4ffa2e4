//! How published files are packed.

use super::layout::Format;

/// How the files of a data set are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Every file by itself, with `.gz` after its name.
    Gzip,
    /// All in one gzipped tar archive of this name, in whatever directory of it.
    Tar(&'static str),
}

impl Packing {
    /// How the unpacked files are laid out.
    pub(super) fn format(self) -> Format {
        match self {
            Self::Gzip => Format::Idx,
            Self::Tar(_) => Format::Cifar,
        }
    }
}
