//! What a claim is.

use crate::claim::evidence::Evidence;
use crate::claim::verdict::Criterion;

/// What the paper's networks with WN(1) change besides keeping the norms, for the sources of claims that compare them with
/// networks without.
pub(super) const CONFOUND: &str = "with WN(1) B is scaled too, its columns to norm 1 (about 1.4 times as drawn), and the weights start \
                        larger in hidden layers and smaller in the input layer";

/// A statement to be verified.
pub struct Claim {
    /// `document/number`.
    pub name: String,
    /// What is claimed.
    pub statement: String,
    /// Paper and figure, and where the criterion comes from.
    pub source: String,
    /// The analysis that feeds it.
    pub analysis: &'static str,
    /// All have to hold.
    pub parts: Vec<Part>,
}

/// What gives one value per repeat.
pub type Statistic = Box<dyn Fn(&Evidence<'_>) -> Vec<f64>>;

/// One statistic and its criterion.
pub struct Part {
    /// What is measured, in words.
    pub statistic: String,
    /// One value per repeat.
    pub values: Statistic,
    /// What the mean has to satisfy.
    pub criterion: Criterion,
}

impl Part {
    pub(super) fn new(
        statistic: impl Into<String>,
        criterion: Criterion,
        values: impl Fn(&Evidence<'_>) -> Vec<f64> + 'static,
    ) -> Self {
        Self { statistic: statistic.into(), values: Box::new(values), criterion }
    }
}

impl Claim {
    /// The document the claim belongs to.
    pub fn document(&self) -> &str {
        document(&self.name)
    }

    /// The claims that Holm's correction counts together: those of a document, the ones added later by themselves.
    pub fn family(&self) -> (&str, bool) {
        (self.document(), ADDED.contains(&self.name.as_str()))
    }
}

pub(super) fn claim(name: &str, statement: &str, source: &str, analysis: &'static str, parts: Vec<Part>) -> Claim {
    Claim { name: name.into(), statement: statement.into(), source: source.into(), analysis, parts }
}

/// Claims that came after the first results of their analysis were seen. Holm's correction counts them by themselves: what
/// had been judged before does not change when more is asked.
pub(super) const ADDED: &[&str] = &[
    "toy/fig1-masked",
    "toy/fig2-symmetric",
    "toy/fig3-norms",
    "toy/fig4-unit-error",
    "toy/fig4-unit-activity",
    "toy/figS1-superalignment",
    "mech/dip",
    "mech/accuracy",
    "mech/last",
    "mech/shuffled",
    "wn/radial",
    "wn/split-angle",
    "wn/C29",
    "wn/C30",
    "wn/L5-median",
    "wn/D-chance-training",
    "wn/D-falls",
    "depth/split",
    "width/present-100",
    "width/restored-100",
    "width/weaker-100",
];

/// The document of the claim of this name: what stands before the slash.
pub(in crate::claim) fn document(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}
