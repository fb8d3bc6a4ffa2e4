//! Claims: statements with criteria, as data beside the analyses that they are about.
//!
//! ```text
//! [[claim]] as typed -> variables of `for` filled in -> parts: an expression over terms, and its bounds
//! ```

mod expression;
mod read;
mod settings;
mod term;
mod tree;

pub use expression::{Expression, Function};
pub(super) use read::{Home, check_claims, check_families};
pub use term::{Place, Predicted, Term, Time};

use crate::text::{Choice, short};
use serde::Serialize;
use std::collections::BTreeMap;

/// Parts of a claim, at most.
pub(super) const MOST_PARTS: usize = 1000;

/// A statement to be verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// `document/number`.
    pub name: String,
    /// What is claimed.
    pub statement: String,
    /// Paper and figure, and where the criterion comes from.
    pub source: String,
    /// What is claimed, by kind.
    pub kind: ClaimKind,
    /// When the criterion was set.
    pub set: ClaimSet,
    /// Why each bound is what it is.
    pub why: String,
    /// What of the criterion was changed after it was set, and why; empty where nothing was.
    pub changed: String,
    /// The analyses that feed it, the one it names first.
    pub analyses: Vec<String>,
    /// All have to hold.
    pub parts: Vec<ClaimPart>,
    /// Why it cannot be judged here: its criterion was set for other settings.
    pub refused: Option<String>,
    /// As typed, with all that it refers to.
    pub(super) written: toml::Table,
}

impl Claim {
    /// The document the claim belongs to: what stands before the slash of its name.
    pub fn document(&self) -> &str {
        self.name.split('/').next().unwrap_or(&self.name)
    }

    /// The claims that a level of error is shared among: those of a document whose criteria were set before results were
    /// seen, and the exploratory ones of a document.
    pub fn family(&self) -> (&str, ClaimSet) {
        (self.document(), self.set)
    }

    /// As it is written in a spec: as typed, under its whole name, and with why it is refused if it is.
    pub(super) fn to_toml(&self) -> toml::Table {
        let mut table = self.written.clone();
        table.insert("name".into(), toml::Value::String(self.name.clone()));
        if let Some(why) = &self.refused {
            table.insert("refused".into(), toml::Value::String(why.clone()));
        }
        table
    }

    /// The analysis that it is shown with.
    pub fn analysis(&self) -> &str {
        self.analyses.first().map_or("", String::as_str)
    }
}

/// One statistic and its criterion.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimPart {
    /// What is measured, in words.
    pub statistic: String,
    /// What is measured: one value per repeat, or several, of which every one has to be inside.
    pub value: Expression,
    /// What the expression is over.
    pub terms: Vec<Term>,
    /// What the mean over repeats has to satisfy.
    pub criterion: Criterion,
    /// Whether one value of several is enough.
    pub some: bool,
    /// What is known of the values in advance.
    pub values: ValueKind,
    /// Numbers that no value can be beyond, where they are known.
    pub range: Option<[f64; 2]>,
    /// How far beside a bound a mean still counts as at it; none where that is nowhere.
    pub epsilon: f64,
    /// Standard error of the published value that the bounds lie around; 0 where there is none.
    pub published_error: f64,
}

/// What a claim says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClaimKind {
    /// An effect is beyond a bound.
    Direction,
    /// A difference is within a margin that matters.
    Equivalence,
    /// The published number is found again within a tolerance.
    Replication,
    /// Two things are the same up to rounding, as algebra says.
    Identity,
}

impl Choice for ClaimKind {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("direction", Self::Direction),
        ("equivalence", Self::Equivalence),
        ("replication", Self::Replication),
        ("identity", Self::Identity),
    ];
}

/// When a criterion was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClaimSet {
    /// Before any result was seen.
    Before,
    /// After, so that it waits for data it has not seen.
    Exploratory,
}

impl Choice for ClaimSet {
    const CHOICES: &'static [(&'static str, Self)] = &[("before", Self::Before), ("exploratory", Self::Exploratory)];
}

/// What is known of the values of a part before any is seen: it decides how evidence is counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueKind {
    /// They spread over repeats as a Gaussian does, with a variance that is not known.
    Gaussian,
    /// However they spread: none is beyond a range, nor, if the mean is at a bound, farther from it than a reach.
    Bounded {
        /// Numbers that none can be beyond; infinite where there are none.
        range: [f64; 2],
        /// The reach; infinite where only the range is known.
        reach: f64,
    },
    /// 1 or 0, and the criterion is about the share of repeats with 1.
    Share,
    /// 1 in every repeat: one 0 refutes it, and none shows that the share is at least so large.
    Every(f64),
    /// They follow from algebra: each has to be inside.
    Exact,
}

/// What a statistic has to satisfy: `low <= value <= high`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Criterion {
    /// Lower bound, `-inf` for none.
    pub low: f64,
    /// Upper bound, `inf` for none.
    pub high: f64,
}

impl Criterion {
    /// `low <= value <= high`.
    pub const fn within(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    /// `value <= high`.
    pub const fn at_most(high: f64) -> Self {
        Self { low: f64::NEG_INFINITY, high }
    }

    /// `value >= low`.
    pub const fn at_least(low: f64) -> Self {
        Self { low, high: f64::INFINITY }
    }

    /// In words, e.g. `52.5 to 56`.
    pub fn describe(&self) -> String {
        let [low, high] = [self.low, self.high].map(short);
        match (self.low.is_finite(), self.high.is_finite()) {
            (true, true) => format!("{low} to {high}"),
            (true, false) => format!("at least {low}"),
            (false, true) => format!("at most {high}"),
            (false, false) => "any".into(),
        }
    }
}

/// How many claims of a document share its level of error, by when their criteria were set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FamilySize {
    /// Those set before results were seen.
    pub before: usize,
    /// Those set after.
    pub exploratory: usize,
}

impl FamilySize {
    /// Of the claims set then.
    pub fn of(self, set: ClaimSet) -> usize {
        match set {
            ClaimSet::Before => self.before,
            ClaimSet::Exploratory => self.exploratory,
        }
    }
}

/// Sizes of families by document.
pub type Families = BTreeMap<String, FamilySize>;
