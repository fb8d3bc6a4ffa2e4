//! Measurements on matrices, wherever they come from.

pub mod angle;
pub mod closing;
pub mod histogram;
pub mod null;
pub mod orientation;
pub mod pairs;
pub mod quantile;
pub mod representation;
pub mod similarity;
pub mod spectrum;
pub mod summary;
pub mod trajectory;
