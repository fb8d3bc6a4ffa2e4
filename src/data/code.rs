//! Label codes: which output units stand for which class, and how outputs are read back as classes.

use crate::random::Stream;
use crate::real::Real;
use crate::text::{MOST_UNITS, Refused, Setting};
use serde_json::Value as Json;
use std::fmt::{Display, Formatter};
use std::str::FromStr;

/// How classes are coded at the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// Unit `c` stands for class `c`.
    OneHot,
    /// Each class has `ones` of `units` outputs of its own, drawn without replacement.
    NHot {
        /// Units per class.
        ones: usize,
        /// Output units.
        units: usize,
    },
}

impl CodeKind {
    /// Number of output units for `classes` classes.
    pub fn outputs(self, classes: usize) -> usize {
        match self {
            Self::OneHot => classes,
            Self::NHot { units, .. } => units,
        }
    }
}

impl Display for CodeKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OneHot => f.write_str("one-hot"),
            Self::NHot { ones, units } => write!(f, "{ones}-of-{units}"),
        }
    }
}

impl FromStr for CodeKind {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        if text == "one-hot" {
            return Ok(Self::OneHot);
        }
        let numbers =
            text.split_once("-of-").and_then(|(n, m)| Some((n.parse().ok()?, m.parse().ok()?)));
        let fits =
            |&(ones, units): &(usize, usize)| 1 <= ones && ones <= units && units <= MOST_UNITS;
        let (ones, units) = numbers.filter(fits).ok_or_else(|| Refused::form::<Self>(text, &()))?;
        Ok(Self::NHot { ones, units })
    }
}

impl Setting for CodeKind {
    type Bounds = ();

    fn expected((): &()) -> String {
        "one-hot, or N-of-M such as 5-of-50".into()
    }

    fn read(text: &str, (): &()) -> Result<Self, Refused> {
        text.parse()
    }

    fn json(&self, (): &()) -> Json {
        self.to_string().into()
    }
}

/// Mutually exclusive n-hot code: every class owns a group of output units, no unit has two
/// classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelCode {
    units: usize,
    groups: Vec<Vec<usize>>,
}

impl LabelCode {
    /// Draws a code. For n-hot codes, class after class takes units at random from those not yet
    /// used (RahmanSetayesh et al. 2024, code release, `coding`). Needs `ones * classes <= units`.
    pub fn draw(kind: CodeKind, classes: usize, stream: &mut Stream) -> Self {
        let units = kind.outputs(classes);
        let groups = match kind {
            CodeKind::OneHot => (0..classes).map(|c| vec![c]).collect(),
            CodeKind::NHot { ones, .. } => {
                let mut order: Vec<usize> = (0..units).collect();
                stream.shuffle(&mut order);
                order.chunks(ones).take(classes).map(<[usize]>::to_vec).collect()
            }
        };
        Self { units, groups }
    }

    /// The same groups of units, handed to the classes in a new random order.
    pub fn permuted(&self, stream: &mut Stream) -> Self {
        let mut groups = self.groups.clone();
        stream.shuffle(&mut groups);
        Self { units: self.units, groups }
    }

    /// Number of output units.
    pub fn units(&self) -> usize {
        self.units
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.groups.len()
    }

    /// Writes the target of `class`: `on` on its units, `off` elsewhere.
    pub fn write_target<T: Real>(&self, class: u8, [off, on]: [T; 2], target: &mut [T]) {
        target.fill(off);
        for &unit in &self.groups[usize::from(class)] {
            target[unit] = on;
        }
    }

    /// The class whose units have the largest summed output; the first on ties.
    pub fn decode<T: Real>(&self, output: &[T]) -> u8 {
        let mut best = (0, f64::NEG_INFINITY);
        for (class, group) in self.groups.iter().enumerate() {
            let score: f64 = group.iter().map(|&unit| output[unit].to_f64()).sum();
            if score > best.1 {
                best = (class, score);
            }
        }
        best.0 as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Role;

    #[test]
    fn groups_are_disjoint_and_decode_inverts_the_target() {
        for (kind, units) in [
            (CodeKind::OneHot, 10),
            (CodeKind::NHot { ones: 5, units: 50 }, 50),
            (CodeKind::NHot { ones: 2, units: 23 }, 23),
        ] {
            let code = LabelCode::draw(kind, 10, &mut Stream::new(3, 0, Role::Code));
            assert_eq!((code.units(), code.classes()), (units, 10));
            let mut owners = vec![0; units];
            let mut target = vec![0.0f32; units];
            for class in 0..10 {
                code.write_target(class, [0.0, 1.0], &mut target);
                assert_eq!(code.decode(&target), class);
                for (owner, &t) in owners.iter_mut().zip(&target) {
                    *owner += t as usize;
                }
            }
            assert!(owners.iter().all(|&n| n <= 1));
        }
    }

    #[test]
    fn permuting_keeps_the_groups() {
        let mut stream = Stream::new(3, 0, Role::Code);
        let code = LabelCode::draw(CodeKind::NHot { ones: 5, units: 50 }, 10, &mut stream);
        let mut permuted = code.permuted(&mut stream);
        assert_ne!(permuted, code);
        permuted.groups.sort_by_key(|group| code.groups.iter().position(|other| other == group));
        assert_eq!(permuted, code);
    }

    #[test]
    fn ties_go_to_the_first_class() {
        let code = LabelCode::draw(CodeKind::OneHot, 4, &mut Stream::new(3, 0, Role::Code));
        assert_eq!(code.decode(&[0.0f64; 4]), 0);
        assert_eq!(code.decode(&[0.0, 0.5, 0.5, 0.1]), 1);
    }
}
