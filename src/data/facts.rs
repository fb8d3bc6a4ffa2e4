//! What is known of a data set before it is loaded.

use std::fmt::Display;

/// Sizes of a data set, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataFacts {
    /// Images to learn from.
    pub training_images: usize,
    /// Held-out images.
    pub test_images: usize,
    /// Pixels per image, of all channels.
    pub inputs: usize,
    /// Colour channels, height and width, where samples are images.
    pub image: Option<[usize; 3]>,
    /// Classes.
    pub classes: usize,
    /// BLAKE3 of the files of a [`Source::Path`](super::Source::Path), for what they hold decides
    /// results and their path does not.
    pub fingerprint: Option<String>,
    /// Classes that no label names, or none of those learnt from, in words with what to do about
    /// them.
    pub absent_classes: Option<String>,
    /// What else is to be known of how the files of a [`Source::Path`](super::Source::Path) are
    /// taken.
    pub notes: Vec<Note>,
}

/// Something a user should know of how a data set is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// How it is taken.
    Said(String),
    /// What is likely not meant.
    Warned(String),
}

impl Note {
    /// What it says.
    pub fn text(&self) -> &str {
        match self {
            Self::Said(text) | Self::Warned(text) => text,
        }
    }

    /// The note as a line about the data set `name`.
    pub fn about(&self, name: &impl Display) -> String {
        match self {
            Self::Said(text) => format!("note: {name}: {text}"),
            Self::Warned(text) => format!("warning: {name}: {text}"),
        }
    }
}
