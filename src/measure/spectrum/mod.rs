//! Spectra of matrices in double precision: singular values, eigenvalues, subspaces,
//! pseudo-inverses.
//!
//! All decompositions are sequential, so that bytes do not depend on the number of threads.
//! Matrices are scaled by a power of two before they are decomposed: neither huge nor tiny values
//! overflow or vanish on the way.

mod concentration;
mod decompose;
mod error;
mod pseudo_inverse;
mod ranks;
mod subspace;

pub use concentration::{
    condition_number, effective_rank, numerical_rank, participation_ratio, stable_rank,
};
pub use decompose::{
    Svd, eigenvalues, product_eigenvalues, product_singular_values, singular_values,
    symmetric_eigenvalues,
};
pub(crate) use decompose::{root, symmetric_eigen};
pub use error::{NoConvergence, SpectrumError};
pub use pseudo_inverse::{pseudo_inverse, pseudo_inverse_alignment};
pub use ranks::{Chance, Ranks};
pub use subspace::Subspace;

#[cfg(test)]
mod tests;
