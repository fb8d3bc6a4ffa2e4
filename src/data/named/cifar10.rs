//! CIFAR-10 (Krizhevsky 2009): photographs in colour, 32 x 32 pixels.

use super::{NamedSet, Published};
use crate::data::official::{CIFAR_FILES, official};
use crate::data::packing::Packing;

pub(super) const SET: NamedSet = NamedSet {
    name: "cifar10",
    title: "CIFAR-10",
    images: [50_000, 10_000],
    image: [3, 32, 32],
    classes: 10,
    published: Some(Published {
        directories: &["cifar10", "cifar-10-batches-bin"],
        files: &[
            official(
                CIFAR_FILES[0],
                30_730_000,
                "1b3fcad40d258858f510c4bcd1afcfe8c314b9ce56dd1e5497433a7084a97293",
            ),
            official(
                CIFAR_FILES[1],
                30_730_000,
                "d6e4b10488a9921e026b4d5ee9f7e3dd326e866f8b48d623538c7cef1a8ffc79",
            ),
            official(
                CIFAR_FILES[2],
                30_730_000,
                "a736d929656ecfb2eab80ea59e8573caeea112d8d60a45f4a0a4504214bdd281",
            ),
            official(
                CIFAR_FILES[3],
                30_730_000,
                "afd36c14a4d2a00e0c9eab2d984d5c1ebe5a5d7f35ce865c8d6ce74275afb0eb",
            ),
            official(
                CIFAR_FILES[4],
                30_730_000,
                "fc1cbe676c343edd20366fde0b046aa5251665fe07c5bc068044656a5e5d45eb",
            ),
            official(
                CIFAR_FILES[5],
                30_730_000,
                "69a7d1df5b1d17f8c98089666dffee384a8f3da4421e368f08a80f067ae79ffc",
            ),
        ],
        // https://www.cs.toronto.edu/~kriz/cifar.html, binary version.
        base: "https://www.cs.toronto.edu/~kriz/",
        packing: Packing::Tar("cifar-10-binary.tar.gz"),
    }),
};
