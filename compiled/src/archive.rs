//! Zip archives: members of a file, and files of stored members.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Write};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, ZipArchive};

pub use zip::result::ZipError;

/// A member, as the directory of its archive describes it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Bytes when unpacked.
    pub size: u64,
    /// Bytes in the archive.
    pub stored: u64,
    /// Whether it takes a password.
    pub encrypted: bool,
    /// The name of its compression, if that is neither none nor deflate.
    pub unknown_compression: Option<String>,
}

/// An archive that is open for reading.
pub struct Archive(ZipArchive<BufReader<File>>);

impl Archive {
    /// Opens an archive whose directory agrees with what stands before its members: names, sizes,
    /// checksums, and how many there are.
    ///
    /// # Errors
    /// If it cannot be read, or contradicts itself.
    pub fn open(file: File) -> Result<Self, ZipError> {
        let mut archive = ZipArchive::new(BufReader::new(file))?;
        archive.validate_header_consistency()?;
        Ok(Self(archive))
    }

    /// Names of all members, in order.
    ///
    /// # Errors
    /// If a name is not text.
    pub fn names(&self) -> Result<Vec<String>, ZipError> {
        self.0.file_names().map(|name| name.map(|name| name.to_string())).collect()
    }

    /// The member at a place.
    ///
    /// # Errors
    /// If there is none, or it cannot be found in the file.
    pub fn entry(&mut self, at: usize) -> Result<Entry, ZipError> {
        let entry = self.0.by_index_data(at)?;
        let method = entry.compression();
        let known = matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated);
        Ok(Entry {
            size: entry.size(),
            stored: entry.compressed_size(),
            encrypted: entry.encrypted(),
            unknown_compression: (!known).then(|| method.to_string()),
        })
    }

    /// Bytes of a member, whose checksum is compared when the last was read, and where they begin
    /// in the file if they lie there as they are.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(&mut self, at: usize) -> Result<(Box<dyn Read + '_>, Option<u64>), ZipError> {
        let file = self.0.by_index(at)?;
        let is_plain = file.compression() == CompressionMethod::Stored;
        let start = file.data_start().filter(|_| is_plain);
        Ok((Box::new(file), start))
    }
}

/// An archive of members stored as they are, without the time of writing: the same bytes for the
/// same members.
///
/// # Errors
/// If there are more bytes than an archive can hold, or two members of one name.
pub fn stored(members: &[(String, Vec<u8>)]) -> Result<Vec<u8>, ZipError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    for (name, bytes) in members {
        archive.start_file(name, options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}
