//! Values of an array that is being read.

use std::io::Read;
use std::path::Path;

/// The bytes of an array, header included.
pub(super) struct ArrayBytes<'a> {
    pub reader: &'a mut dyn Read,
    pub size: u64,
    /// The file that holds them as they are, and where they start in it.
    pub plain: Option<(&'a Path, u64)>,
}
