//! What a claim is, ready to be judged.

use super::expression::Expression;
use crate::quantity::Quantity;
use crate::text::{Choice, short};
use serde::Serialize;
use std::collections::BTreeMap;

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
    pub(in crate::spec) written: toml::Table,
}

impl Claim {
    /// The document the claim belongs to: what stands before the slash of its name.
    pub fn document(&self) -> &str {
        document(&self.name)
    }

    /// The claims that a level of error is shared among: those of a document whose criteria were
    /// set before results were seen, and the exploratory ones of a document.
    pub fn family(&self) -> (&str, ClaimSet) {
        (self.document(), self.set)
    }

    /// As it is written in a spec: as typed, under its whole name, and with why it is refused if it
    /// is.
    pub(in crate::spec) fn to_toml(&self) -> toml::Table {
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

/// What stands before the slash in the name of a claim.
pub(crate) fn document(name: &str) -> &str {
    name.split_once('/').map_or(name, |(document, _)| document)
}

/// One statistic and its criterion.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimPart {
    /// What is measured: one value per repeat, or several, of which every one has to be inside.
    pub value: Expression,
    /// What the expression is over.
    pub terms: Vec<Term>,
    /// What is asked of it.
    pub asked: Asked,
}

/// What is asked of values of repeats, and what is known of them before any is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// What is measured, in words.
    pub statistic: String,
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
    const CHOICES: &'static [(&'static str, Self)] =
        &[("before", Self::Before), ("exploratory", Self::Exploratory)];
}

/// What is known of the values of a part before any is seen: it decides how evidence is counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueKind {
    /// They spread over repeats as a Gaussian does, with a variance that is not known.
    Gaussian,
    /// However they spread: none is beyond a range, nor, if the mean is at a bound, farther from it
    /// than a reach.
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

    /// Whether nothing between the bounds is farther than `epsilon` from them.
    pub fn is_all_within(&self, epsilon: f64) -> bool {
        epsilon > 0.0 && 2.0 * epsilon >= self.high - self.low
    }

    /// Whether a distance above 0 is lost beside a bound in numbers of double precision.
    pub fn is_beyond_precision(&self, distance: f64) -> bool {
        let bounds = [self.low, self.high].into_iter().filter(|bound| bound.is_finite());
        distance > 0.0 && bounds.into_iter().any(|bound| distance < 1e-12 * bound.abs())
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

/// What was measured: a quantity of an analysis at one place, or at several.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Name of the analysis.
    pub analysis: String,
    /// The quantity.
    pub quantity: Quantity,
    /// Where: at least one. Several of them have one value per repeat each.
    pub places: Vec<Place>,
    /// What theory says in place of what was measured.
    pub predicted: Option<Predicted>,
}

/// Where a term is taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Values of parameters that tell the condition, as text.
    pub condition: Vec<(&'static str, String)>,
    /// Layer; `None` for the network as a whole.
    pub layer: Option<usize>,
    /// Lag, of what is measured at several.
    pub lag: Option<usize>,
    /// When.
    pub time: Time,
}

/// When a term is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// After so many updates.
    At(usize),
    /// On average over the recorded iterations from one to another.
    Mean(usize, usize),
    /// At all recorded iterations from one to another.
    Between(usize, usize),
    /// At all draws of an analysis that draws.
    Draws,
}

/// What theory says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predicted {
    /// Of the mean at that time.
    Mean,
    /// Of where it ends.
    Limit,
}
