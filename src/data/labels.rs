//! How labels change: at which epochs the code does, and which training labels are wrong.

use crate::random::Stream;
use crate::text::{Choice, Refused, Setting, toml_list, toml_string, toml_whole};
use serde_json::Value as Json;
use std::fmt::{Display, Formatter};
use std::str::FromStr;
use toml::de::DeValue;

/// Epochs at which the label code changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelChange {
    /// Never.
    Off,
    /// At these epochs, ascending, none of them 0.
    At(Vec<usize>),
    /// At every multiple of this many epochs.
    Every(usize),
}

/// What takes the place of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A newly drawn code, whose groups mix units of old groups: the paper's.
    Fresh,
    /// The same groups of units, handed to other classes.
    Permute,
}

impl Choice for ChangeKind {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("fresh", Self::Fresh), ("permute", Self::Permute)];
}

impl LabelChange {
    /// Epochs below `epochs` at which the code changes, ascending.
    pub fn epochs(&self, epochs: usize) -> Vec<usize> {
        match self {
            Self::Off => Vec::new(),
            Self::At(at) => at.iter().copied().filter(|&epoch| epoch < epochs).collect(),
            Self::Every(step) => {
                (1..).map(|i| i * step).take_while(|&epoch| epoch < epochs).collect()
            }
        }
    }
}

impl Display for LabelChange {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Every(step) => write!(f, "every:{step}"),
            Self::At(epochs) => {
                f.write_str(&epochs.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
            }
        }
    }
}

impl FromStr for LabelChange {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let refused = || Refused::form::<Self>(text, &());
        if text == "off" {
            return Ok(Self::Off);
        }
        if let Some(step) = text.strip_prefix("every:") {
            return step
                .trim()
                .parse()
                .ok()
                .filter(|&step| step > 0)
                .map(Self::Every)
                .ok_or_else(refused);
        }
        let epochs: Result<Vec<usize>, _> =
            text.split(',').map(|part| part.trim().parse()).collect();
        let mut epochs = epochs.map_err(|_| refused())?;
        epochs.sort_unstable();
        epochs.dedup();
        if epochs.first().is_some_and(|&first| first > 0) {
            Ok(Self::At(epochs))
        } else {
            Err(refused())
        }
    }
}

impl Setting for LabelChange {
    type Bounds = ();

    fn expected((): &()) -> String {
        "off, epochs such as 100 or 100,200, or every:50".into()
    }

    fn read(text: &str, (): &()) -> Result<Self, Refused> {
        text.parse()
    }

    fn toml_text(value: &DeValue<'_>, (): &()) -> Option<String> {
        toml_list(value, toml_whole).or_else(|| toml_whole(value)).or_else(|| toml_string(value))
    }

    fn json(&self, (): &()) -> Json {
        self.to_string().into()
    }
}

/// Replaces `fraction` of the labels, chosen without replacement, by classes drawn uniformly: the
/// true class may come again, so that `fraction * (1 - 1 / classes)` end up wrong.
pub fn wrong_labels(labels: &[u8], classes: usize, fraction: f64, stream: &mut Stream) -> Vec<u8> {
    let mut chosen: Vec<usize> = (0..labels.len()).collect();
    stream.shuffle(&mut chosen);
    let count = (fraction * labels.len() as f64).round() as usize;
    let mut out = labels.to_vec();
    for &at in &chosen[..count.min(labels.len())] {
        out[at] = stream.below(classes as u64) as u8;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Role;

    #[test]
    fn schedules_are_read_and_listed() {
        assert_eq!(LabelChange::from_str("100").unwrap().epochs(200), [100]);
        assert_eq!(LabelChange::from_str("30, 10,30").unwrap().epochs(30), [10]);
        assert_eq!(LabelChange::from_str("every:3").unwrap().epochs(10), [3, 6, 9]);
        assert_eq!(LabelChange::from_str("off").unwrap().epochs(10), [0usize; 0]);
        for text in ["off", "every:7", "5,9"] {
            assert_eq!(LabelChange::from_str(text).unwrap().to_string(), text);
        }
        for text in ["0", "every:0", "", "often", "-3", "1,x"] {
            assert!(LabelChange::from_str(text).is_err(), "{text}");
        }
    }

    #[test]
    fn as_many_labels_are_wrong_as_asked() {
        let labels: Vec<u8> = (0..20_000).map(|i| (i % 10) as u8).collect();
        let noisy = wrong_labels(&labels, 10, 0.8, &mut Stream::new(1, 0, Role::WrongLabels));
        let wrong = labels.iter().zip(&noisy).filter(|(a, b)| a != b).count();
        // 0.72 of 20,000, standard deviation of the binomial of 16,000 draws at 0.9.
        assert!((wrong as f64 - 14_400.0).abs() < 4.0 * (16_000.0f64 * 0.09).sqrt(), "{wrong}");
        assert_eq!(
            wrong_labels(&labels, 10, 0.0, &mut Stream::new(1, 0, Role::WrongLabels)),
            labels
        );
    }
}
