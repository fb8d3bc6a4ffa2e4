//! Files of data sets as their authors publish them.

/// The four parts of a data set of IDX files, under their official names.
pub const IDX_FILES: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

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
        (blake3::hash(bytes).to_hex().as_str() != self.blake3).then(|| "its checksum differs".into())
    }
}

const fn official(name: &'static str, bytes: u64, blake3: &'static str) -> OfficialFile {
    OfficialFile { name, bytes, blake3 }
}

pub(super) const MNIST: [OfficialFile; 4] = [
    official(IDX_FILES[0], 47_040_016, "c6e6fd8c67d07c8a9b7bffa7dd0413ff4b8af241607b049b7721107f379df9fd"),
    official(IDX_FILES[1], 60_008, "8ebcfdf2fe191516f9cb37fceb75d2d19289d91ee92026534ed45e44144b5642"),
    official(IDX_FILES[2], 7_840_016, "f8d502322cd9f186e155a74a3dff598ed56c1a7b5a5c8d312749ac47c4a2bec7"),
    official(IDX_FILES[3], 10_008, "6d43ea317fa8f5851bb85404bb7358defd48b0294cf31f60cdcde8106fe2c3ad"),
];

pub(super) const FASHION_MNIST: [OfficialFile; 4] = [
    official(IDX_FILES[0], 47_040_016, "feaca08b36e07f8d504641a929bff1554884ef73964323e44e59e39a986b4c9e"),
    official(IDX_FILES[1], 60_008, "b4d9ea8013b029ef778c95ea7de31195ef443589877589523ad330db2829ebd6"),
    official(IDX_FILES[2], 7_840_016, "a19b8c1e5f798e5a6fa7229093b630c04a620179497a1fa3a71e7334fb59a30b"),
    official(IDX_FILES[3], 10_008, "0a067399ed18bcc9d7dc26832b3b8e4481abf2d33fee04c611e90b9061296b90"),
];

pub(super) const CIFAR10: [OfficialFile; 6] = [
    official(CIFAR_FILES[0], 30_730_000, "1b3fcad40d258858f510c4bcd1afcfe8c314b9ce56dd1e5497433a7084a97293"),
    official(CIFAR_FILES[1], 30_730_000, "d6e4b10488a9921e026b4d5ee9f7e3dd326e866f8b48d623538c7cef1a8ffc79"),
    official(CIFAR_FILES[2], 30_730_000, "a736d929656ecfb2eab80ea59e8573caeea112d8d60a45f4a0a4504214bdd281"),
    official(CIFAR_FILES[3], 30_730_000, "afd36c14a4d2a00e0c9eab2d984d5c1ebe5a5d7f35ce865c8d6ce74275afb0eb"),
    official(CIFAR_FILES[4], 30_730_000, "fc1cbe676c343edd20366fde0b046aa5251665fe07c5bc068044656a5e5d45eb"),
    official(CIFAR_FILES[5], 30_730_000, "69a7d1df5b1d17f8c98089666dffee384a8f3da4421e368f08a80f067ae79ffc"),
];
