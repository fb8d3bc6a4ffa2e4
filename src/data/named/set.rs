//! What is known of a data set that has a name.

use crate::data::official::OfficialFile;
use crate::data::packing::Packing;
use std::hash::{Hash, Hasher};

/// What is known by heart of a data set.
#[derive(Debug)]
pub struct NamedSet {
    /// Name, as on the command line.
    pub name: &'static str,
    /// Name as it is written in prose.
    pub title: &'static str,
    /// Training and test images.
    pub images: [usize; 2],
    /// Channels, rows and columns of an image.
    pub image: [usize; 3],
    /// Classes of the images.
    pub classes: usize,
    /// Where its files are; `None` of the one that is embedded in the program.
    pub(in crate::data) published: Option<Published>,
}

/// The files of a data set as its authors publish them.
#[derive(Debug)]
pub(in crate::data) struct Published {
    /// Names of the directory that holds them: ours, and that of torchvision or of the archive.
    pub directories: &'static [&'static str],
    /// The files, unpacked.
    pub files: &'static [OfficialFile],
    #[cfg_attr(
        not(feature = "fetch"),
        expect(dead_code, reason = "only what fetches asks where files are")
    )]
    /// URL of what holds the archives, with a slash at its end.
    pub base: &'static str,
    /// How they are packed, which says how they are laid out.
    pub packing: Packing,
}

/// Names are as good as what they stand for: no two sets share one.
impl PartialEq for NamedSet {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for NamedSet {}

impl Hash for NamedSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}
