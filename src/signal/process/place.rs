//! A file that a process comes from, which its form names with the hash of the contents.

use crate::array::{self, Array, DIGEST};
use crate::signal::error::RecordedError;
use std::fmt::{Display, Formatter};
use std::path::PathBuf;

/// `run.npz#delta`, and with the hash of its contents `run.npz#delta@0123456789abcdef`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// `.npz`, `.npy` or `.csv`.
    pub path: PathBuf,
    /// Member of an archive.
    pub member: Option<String>,
    /// First 16 hexadecimal digits of the BLAKE3 hash of the file, so that results belong to
    /// contents.
    digest: Option<String>,
}

impl Place {
    /// `PATH`, `PATH#MEMBER`, and either with `@DIGEST`; `None` if there is no path, or no member
    /// after the sign.
    pub fn read(text: &str) -> Option<Self> {
        let is_digest = |d: &str| d.len() == DIGEST && d.bytes().all(|b| b.is_ascii_hexdigit());
        let (place, digest) = match text.rsplit_once('@') {
            Some((place, digest)) if is_digest(digest) => (place, Some(digest.to_string())),
            _ => (text, None),
        };
        let (path, member) = array::place(place);
        let is_place = !path.as_os_str().is_empty() && member != Some("");
        is_place.then(|| Self { path, member: member.map(String::from), digest })
    }

    /// Names the contents by their hash.
    ///
    /// # Errors
    /// If the file cannot be read, or has another hash than the one named already.
    pub fn resolve(&mut self) -> Result<(), RecordedError> {
        let found = array::digest(&self.path)?;
        match &self.digest {
            Some(wanted) if *wanted != found => Err(RecordedError::Changed {
                path: self.path.clone(),
                found,
                wanted: wanted.clone(),
            }),
            _ => {
                self.digest = Some(found);
                Ok(())
            }
        }
    }

    /// Its values, checked against the hash where one is named.
    ///
    /// # Errors
    /// As [`Place::resolve`].
    pub fn load(&self) -> Result<Array, RecordedError> {
        self.clone().resolve()?;
        Ok(array::read(&self.path, self.member.as_deref())?)
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.path.display())?;
        for (mark, part) in [('#', &self.member), ('@', &self.digest)] {
            part.iter().try_for_each(|part| write!(f, "{mark}{part}"))?;
        }
        Ok(())
    }
}
