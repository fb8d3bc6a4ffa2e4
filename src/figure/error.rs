//! Why a figure cannot be drawn.

use thiserror::Error;

/// Why a figure cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FigureError {
    /// There is nothing to draw.
    #[error("the figure `{0}` has no panel with data")]
    Empty(String),
    /// An axis without extent.
    #[error("the {0} axis of panel `{1}` has no finite range")]
    Range(&'static str, String),
    /// The drawing library failed.
    #[error("cannot draw: {0}")]
    Drawing(String),
}

pub(super) fn drawing<E: std::fmt::Display>(error: E) -> FigureError {
    FigureError::Drawing(error.to_string())
}
