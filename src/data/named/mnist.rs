//! MNIST (LeCun, Cortes & Burges): handwritten digits, 28 x 28 pixels.

use super::{NamedSet, Published};
use crate::data::official::{IDX_FILES, official};
use crate::data::packing::Packing;

pub(super) const SET: NamedSet = NamedSet {
    name: "mnist",
    title: "MNIST",
    images: [60_000, 10_000],
    image: [1, 28, 28],
    classes: 10,
    published: Some(Published {
        directories: &["mnist", "MNIST/raw"],
        files: &[
            official(
                IDX_FILES[0],
                47_040_016,
                "c6e6fd8c67d07c8a9b7bffa7dd0413ff4b8af241607b049b7721107f379df9fd",
            ),
            official(
                IDX_FILES[1],
                60_008,
                "8ebcfdf2fe191516f9cb37fceb75d2d19289d91ee92026534ed45e44144b5642",
            ),
            official(
                IDX_FILES[2],
                7_840_016,
                "f8d502322cd9f186e155a74a3dff598ed56c1a7b5a5c8d312749ac47c4a2bec7",
            ),
            official(
                IDX_FILES[3],
                10_008,
                "6d43ea317fa8f5851bb85404bb7358defd48b0294cf31f60cdcde8106fe2c3ad",
            ),
        ],
        // The copy that PyTorch's torchvision takes; the authors' own site asks for a password.
        base: "https://ossci-datasets.s3.amazonaws.com/mnist/",
        packing: Packing::Gzip,
    }),
};
