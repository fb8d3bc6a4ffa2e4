//! Figures as they are asked for: their kinds, and their keys, which are the options of `alignscope
//! figure` too.

mod keys;
mod kinds;
mod options;
mod read;
mod values;

pub(super) use keys::RawFigure;
pub use keys::{FIGURE_KEYS, Figure, FigureKey};
#[cfg(feature = "plot")]
pub(crate) use kinds::figure_kinds;
pub use kinds::{Across, FigureFacts, FigureKind};
pub use read::Subject;
pub use values::{Colours, Conditions, Lettering, Names, Panels, Scale, Share, Spread, XAxis};
