//! Generic code of other crates, compiled once for the types that alignscope uses.
//!
//! A generic function is compiled where its types are chosen. Chosen in the library itself, the
//! Fourier transforms, decompositions and archives of other crates were a quarter of what a change
//! of one line compiled again. Nothing here knows what the numbers mean.

pub mod archive;
pub mod decomposition;
pub mod fourier;
