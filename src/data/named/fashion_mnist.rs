//! Fashion-MNIST (Xiao, Rasul & Vollgraf 2017): articles of clothing, 28 x 28 pixels.

use super::{NamedSet, Published};
use crate::data::official::{IDX_FILES, official};
use crate::data::packing::Packing;

pub(super) const SET: NamedSet = NamedSet {
    name: "fashion-mnist",
    title: "Fashion-MNIST",
    images: [60_000, 10_000],
    image: [1, 28, 28],
    classes: 10,
    published: Some(Published {
        directories: &["fashion-mnist", "FashionMNIST/raw"],
        files: &[
            official(
                IDX_FILES[0],
                47_040_016,
                "feaca08b36e07f8d504641a929bff1554884ef73964323e44e59e39a986b4c9e",
            ),
            official(
                IDX_FILES[1],
                60_008,
                "b4d9ea8013b029ef778c95ea7de31195ef443589877589523ad330db2829ebd6",
            ),
            official(
                IDX_FILES[2],
                7_840_016,
                "a19b8c1e5f798e5a6fa7229093b630c04a620179497a1fa3a71e7334fb59a30b",
            ),
            official(
                IDX_FILES[3],
                10_008,
                "0a067399ed18bcc9d7dc26832b3b8e4481abf2d33fee04c611e90b9061296b90",
            ),
        ],
        // The README of github.com/zalandoresearch/fashion-mnist.
        base: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        packing: Packing::Gzip,
    }),
};
