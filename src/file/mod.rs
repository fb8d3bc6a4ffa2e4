//! Writing files so that a reader never sees half of one, with errors that name file and remedy.

mod cell;
mod checksums;
mod error;
#[cfg(test)]
pub(crate) mod fault;
pub mod memory;
mod open;
mod operation;
pub(crate) mod quote;
mod size;
mod temporary;
mod write;

pub(crate) use cell::cell;
pub(crate) use checksums::{CHECKSUMS, Checksums, Ledger, Standing, hash_of, sealed, unsealed};
pub use error::FileError;
#[cfg(test)]
use fault::checked;
pub(crate) use open::{Lock, unfollowed};
#[cfg(not(test))]
use operation::checked;
pub(crate) use operation::{Operation, make_directory, remove_file};
pub(crate) use size::size_below;
#[cfg(any(test, feature = "cli"))]
pub(crate) use temporary::{Kept, remove_abandoned};
pub(crate) use temporary::{TEMPORARY, remove_temporaries};
pub(crate) use write::copy_atomically;
pub use write::write_atomically;
#[cfg(feature = "cli")]
pub(crate) use write::write_named;

#[cfg(test)]
mod tests;
