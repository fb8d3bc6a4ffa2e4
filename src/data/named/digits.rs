//! The handwritten digits of Alpaydin & Kaynak (1998), 8 x 8 pixels, embedded in the program.

use super::NamedSet;

pub(super) const SET: NamedSet = NamedSet {
    name: "digits",
    title: "digits",
    images: [1437, 360],
    image: [1, 8, 8],
    classes: 10,
    published: None,
};
