//! The claims, by document: what is stated, where it comes from, and what the results have to satisfy.

mod beyond;
mod causal;
mod cross;
mod decomposition;
mod digits;
mod learning;
mod mech;
mod open;
mod statement;
mod toy;
mod wn;

pub(in crate::claim) use statement::document;
use statement::{CONFOUND, claim};
pub use statement::{Claim, Part};

/// Every claim, in the order of documents.
pub fn claims() -> Vec<Claim> {
    [
        toy::claims(),
        mech::claims(),
        learning::claims(),
        decomposition::claims(),
        digits::claims(),
        wn::claims(),
        causal::claims(),
        cross::claims(),
        beyond::claims(),
        open::claims(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::statement::ADDED;
    use super::*;

    #[test]
    fn names_are_unique_and_documents_stand_together() {
        let claims = claims();
        let mut names: Vec<_> = claims.iter().map(|c| c.name.clone()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), claims.len());
        let mut documents: Vec<_> = claims.iter().map(Claim::document).collect();
        documents.dedup();
        let runs = documents.len();
        documents.sort_unstable();
        documents.dedup();
        assert_eq!(documents.len(), runs);
        assert!(claims.iter().all(|claim| !claim.parts.is_empty()));
        assert!(ADDED.iter().all(|name| claims.iter().any(|claim| claim.name == *name)));
    }
}
