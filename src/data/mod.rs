//! Data sets, label codes and how they change in time.

mod cifar;
mod code;
mod digits;
mod error;
mod facts;
#[cfg(feature = "fetch")]
mod fetch;
mod gzip;
mod idx;
mod images;
mod labels;
mod layout;
mod library;
mod members;
mod named;
mod official;
mod packing;
mod parts;
mod resize;
mod set;
mod source;

pub use cifar::{CifarError, parse_batch};
pub use code::{CodeKind, LabelCode};
use error::check_counts;
pub use error::{DataError, VARIABLE};
pub use facts::{DataFacts, Note};
#[cfg(feature = "fetch")]
pub use fetch::{FetchError, Origin, Patience, Progress, Publication, fetch};
pub use idx::{IdxError, parse_images, parse_labels};
pub use labels::{ChangeKind, LabelChange, wrong_labels};
pub use library::{Library, digits};
pub use named::NamedSet;
pub use official::{CIFAR_FILES, IDX_FILES, OfficialFile};
pub use packing::Packing;
pub use resize::Resizer;
use set::fixed_split;
pub use set::{DataSet, Split};
pub use source::Source;
