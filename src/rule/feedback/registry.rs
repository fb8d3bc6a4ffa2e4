//! The policies by name. A new one is a file and a line here.

use super::{Argument, Backward, Facts, Policy, Route};
use super::{
    bp, bp_trw, correlated, direct, direct_kolen_pollack, direct_target, interpolated,
    kolen_pollack, low_rank, mirror, orthogonal, shallow, sparse,
};
use super::{sign_batch, sign_fixed, sign_uniform};
use crate::real::Real;
use crate::text::{Refused, Setting, list, suggestion};
use serde_json::Value as Json;
use std::fmt::{Display, Formatter};
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

macro_rules! policies {
    ($($name:ident in $module:ident;)*) => {
        /// Which policy.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the facts of each say what it is")]
        pub enum PolicyName { $($name),* }

        impl PolicyName {
            /// All, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// What is known of it.
            pub fn facts(self) -> &'static Facts {
                match self { $(Self::$name => &$module::FACTS),* }
            }

            fn policy<T: Real>(self, argument: f64) -> Arc<dyn Policy<T>> {
                match self { $(Self::$name => $module::policy(argument)),* }
            }
        }
    };
}

policies! {
    Bp in bp;
    BpTrw in bp_trw;
    Shallow in shallow;
    Direct in direct;
    SignUniform in sign_uniform;
    SignBatch in sign_batch;
    SignFixed in sign_fixed;
    KolenPollack in kolen_pollack;
    Mirror in mirror;
    Interpolated in interpolated;
    Correlated in correlated;
    Sparse in sparse;
    Orthogonal in orthogonal;
    LowRank in low_rank;
    DirectTarget in direct_target;
    DirectKolenPollack in direct_kolen_pollack;
}

/// A policy with its argument: what `--rule` takes, such as `fa` or `interpolated:0.5`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    policy: PolicyName,
    /// 0 where the policy has none.
    argument: f64,
}

impl Rule {
    /// Back-propagation.
    pub const BP: Self = Self::plain(PolicyName::Bp);
    /// Back-propagation through fixed random weights: feedback alignment.
    pub const BP_TRW: Self = Self::plain(PolicyName::BpTrw);
    /// Only the last layer learns.
    pub const SHALLOW: Self = Self::plain(PolicyName::Shallow);

    const fn plain(policy: PolicyName) -> Self {
        Self { policy, argument: 0.0 }
    }

    /// The policy that `text` names, and what stands after the colon.
    fn split(text: &str) -> (Option<PolicyName>, Option<&str>) {
        let (name, given) =
            text.split_once(':').map_or((text, None), |(name, argument)| (name, Some(argument)));
        let known = |policy: &&PolicyName| {
            policy.facts().name == name || policy.facts().aliases.contains(&name)
        };
        (PolicyName::ALL.iter().find(known).copied(), given)
    }

    /// All names, those with an argument with its place.
    pub fn names() -> Vec<String> {
        let form = |policy: &PolicyName| match policy.facts() {
            Facts { name, argument: Some(_), .. } => format!("{name}:X"),
            Facts { name, .. } => name.to_string(),
        };
        PolicyName::ALL.iter().map(form).collect()
    }

    /// Names and other names as they are typed, without arguments.
    pub fn known_names() -> impl Iterator<Item = &'static str> {
        let typed = |policy: &PolicyName| {
            let facts = policy.facts();
            [facts.name].into_iter().chain(facts.aliases.iter().copied())
        };
        PolicyName::ALL.iter().flat_map(typed)
    }

    /// What is known of the policy.
    pub fn facts(self) -> &'static Facts {
        self.policy.facts()
    }

    /// Name in figures.
    pub fn label(self) -> String {
        let facts = self.facts();
        if facts.argument.is_some() {
            format!("{} {}", facts.label, self.argument)
        } else {
            facts.label.into()
        }
    }

    /// The lowest layer whose weights are updated, of a network of `depth` weight matrices.
    pub fn lowest_learning(self, depth: usize) -> usize {
        if self.facts().route == Route::Nowhere { depth - 1 } else { 0 }
    }

    /// The layers whose `W_l` can be compared with the transposed `B_l`: those with a `B_l` of that
    /// shape.
    pub fn compared(self, depth: usize) -> Range<usize> {
        match self.facts() {
            Facts { backward: Backward::None, .. } => 0..0,
            Facts { route, .. } if route.is_from_output() => depth.saturating_sub(1).max(1)..depth,
            _ => 1..depth,
        }
    }

    /// Whether every layer has a `B_l` that stays as it is: what decompositions and budgets are
    /// about.
    pub fn has_fixed_backward(self) -> bool {
        self.facts().backward == Backward::Fixed && self.facts().route == Route::Layered
    }

    /// Whether the backward weights of the start know nothing of the forward weights.
    pub fn starts_independent(self) -> bool {
        self.facts().backward != Backward::Following && self.facts().name != correlated::FACTS.name
    }

    pub(super) fn policy<T: Real>(self) -> Arc<dyn Policy<T>> {
        self.policy.policy(self.argument)
    }
}

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let facts = self.facts();
        f.write_str(facts.name)?;
        if facts.argument.is_some() { write!(f, ":{}", self.argument) } else { Ok(()) }
    }
}

impl FromStr for Rule {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let (Some(policy), given) = Self::split(text) else {
            let (expected, near) = (Self::expected(&()), suggestion(text, Self::known_names()));
            return Err(Refused::Name { text: text.into(), expected, near });
        };
        let facts = policy.facts();
        let rule = facts.name;
        let Some(Argument { what, ends: [least, most], is_whole, example }) = facts.argument else {
            let message =
                || Refused::Message(format!("rule `{rule}` takes no number: write `{rule}`"));
            return given.is_none().then_some(Self::plain(policy)).ok_or_else(message);
        };
        let number = given.and_then(|text| text.trim().parse::<f64>().ok());
        let fits =
            |number: &f64| (least..=most).contains(number) && (!is_whole || number.fract() == 0.0);
        let argument = number.filter(fits);
        let whole = if is_whole { "a whole number " } else { "" };
        let message = || {
            format!(
                "rule `{rule}` needs {what}, {whole}from {least} to {most}: write \
                 `{rule}:{example}`, say"
            )
        };
        Ok(Self { policy, argument: argument.ok_or_else(|| Refused::Message(message()))? })
    }
}

impl Setting for Rule {
    type Bounds = ();

    fn expected((): &()) -> String {
        list(&Self::names().iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn read(text: &str, (): &()) -> Result<Self, Refused> {
        text.parse()
    }

    fn json(&self, (): &()) -> Json {
        self.to_string().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_back() {
        for text in ["bp", "bp-trw", "dfa", "interpolated:0.25", "sparse:1", "mirror:0.1"] {
            assert_eq!(Rule::from_str(text).unwrap().to_string(), text);
        }
        assert_eq!(Rule::from_str("fa"), Ok(Rule::BP_TRW));
        for (text, said) in [
            ("hebb", "unknown rule `hebb`"),
            ("bp:1", "rule `bp` takes no number: write `bp`"),
            ("sparse", "rule `sparse` needs the share of entries that are kept, from 0.001 to 1"),
            ("correlated:1.5", "from -1 to 1"),
            ("interpolated:nan", "from 0 to 1"),
            ("low-rank:2.5", "a whole number from 1 to 1000000: write `low-rank:10`, say"),
        ] {
            let error = Rule::from_str(text).unwrap_err().of("rule");
            assert!(error.contains(said), "{error}");
        }
        let mut names: Vec<&str> = Rule::known_names().collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    /// 90 degrees are predicted at the start of these alone.
    #[test]
    fn backward_weights_that_are_made_of_the_forward_weights_are_not_independent_of_them() {
        let is_independent = |text: &str| Rule::from_str(text).unwrap().starts_independent();
        let drawn =
            ["bp-trw", "dfa", "drtp", "sparse:0.2", "orthogonal", "kolen-pollack", "mirror:0.1"];
        assert!(drawn.into_iter().all(is_independent));
        for text in ["correlated:0.5", "interpolated:0.5", "sign-fixed", "sign-batch"] {
            assert!(!is_independent(text), "{text}");
        }
    }
}
