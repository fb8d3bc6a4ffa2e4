//! Files of data sets as their authors publish them.

/// The four parts of a data set of IDX files, under their official names.
pub const IDX_FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// The batches of CIFAR-10 under their official names: five of training images, one of test images.
pub const CIFAR_FILES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

/// A file of a data set as its authors publish it, unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfficialFile {
    /// Its name.
    pub name: &'static str,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its BLAKE3, in hexadecimal.
    pub blake3: &'static str,
}

impl OfficialFile {
    /// How `bytes` differ from it, in words; `None` if they do not.
    pub fn difference(&self, bytes: &[u8]) -> Option<String> {
        if bytes.len() as u64 != self.bytes {
            return Some(format!("{} bytes, not {}", bytes.len(), self.bytes));
        }
        (blake3::hash(bytes).to_hex().as_str() != self.blake3)
            .then(|| "its checksum differs".into())
    }
}

/// The file of this name, length and BLAKE3.
pub(super) const fn official(name: &'static str, bytes: u64, blake3: &'static str) -> OfficialFile {
    OfficialFile { name, bytes, blake3 }
}
