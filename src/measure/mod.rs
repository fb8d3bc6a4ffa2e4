//! Measurements on matrices, wherever they come from.

pub mod angle;
pub mod null;
pub mod spectrum;
pub mod summary;
