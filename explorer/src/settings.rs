//! What a run is asked to be.

use alignscope::condition::IsolateCondition;
use alignscope::rule::{Activation, Isolation, WeightNorm};
use alignscope::signal::{Form, Pair, Schedule};
use alignscope::text::Choice;
use serde::Deserialize;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// The options of `alignscope isolate` that the explorer has, as these are written there. What is
/// left out is as there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Units of every layer, inputs first.
    pub layers: Option<Vec<usize>>,
    /// Form of the activity.
    pub activity: Option<String>,
    /// Form of the error signal.
    pub error: Option<String>,
    /// Cross-correlation of error and activity.
    pub cross: Option<String>,
    /// Activation of every layer.
    pub activation: Option<String>,
    /// Weight normalisation.
    pub wn: Option<String>,
    /// Samples per update.
    pub batch: Option<usize>,
    /// Learning rate.
    pub eta: Option<f64>,
    /// Updates.
    pub iterations: Option<usize>,
    /// Seed of all random numbers.
    pub seed: Option<u64>,
    /// Which of the seed's repeats.
    pub repeat: Option<u64>,
}

/// Settings that make no run, in words for whoever moved the sliders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

impl Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Layers, units and samples that a browser's memory holds and its patience outlasts.
const LAYERS: RangeInclusive<usize> = 3..=9;
const UNITS: RangeInclusive<usize> = 1..=1000;
const BATCH: RangeInclusive<usize> = 1..=2000;
const ITERATIONS: RangeInclusive<usize> = 1..=100_000;

impl Settings {
    /// From JSON.
    ///
    /// # Errors
    /// If it is not JSON of these settings.
    pub fn read(json: &[u8]) -> Result<Self, Refused> {
        serde_json::from_slice(json)
            .map_err(|error| Refused(format!("the settings are not as expected: {error}")))
    }

    /// Seed and repeat.
    pub fn seed(&self) -> [u64; 2] {
        [self.seed.unwrap_or(1), self.repeat.unwrap_or(0)]
    }

    /// The condition that they stand for, which is that of `alignscope isolate` with the same
    /// options.
    ///
    /// # Errors
    /// For what that command would refuse, and for what is too large for a browser.
    pub fn condition(&self) -> Result<IsolateCondition, Refused> {
        let mut condition = IsolateCondition::default();
        if let Some(layers) = &self.layers {
            condition.layers.clone_from(layers);
        }
        set(&mut condition.batch, self.batch);
        set(&mut condition.eta, self.eta);
        set(&mut condition.iterations, self.iterations);
        condition.signals = self.signals(&condition.signals)?;
        condition.schedule = Schedule::of(&condition.signals);
        if let Some(name) = &self.activation {
            let known = || Refused(format!("activation `{name}` is none that there is"));
            condition.activation = Activation::named(name).ok_or_else(known)?;
        }
        if let Some(text) = self.wn.as_deref().filter(|text| *text != "off") {
            let norm = text.parse::<WeightNorm>();
            condition.weight_norm = Some(norm.map_err(|refused| Refused(refused.of("wn")))?);
        }
        let IsolateCondition { layers, batch, iterations, .. } = &condition;
        within("layers", layers.len(), &LAYERS)?;
        layers.iter().try_for_each(|units| within("units of a layer", *units, &UNITS))?;
        within("batch", *batch, &BATCH)?;
        within("iterations", *iterations, &ITERATIONS)?;
        Ok(condition)
    }

    fn signals(&self, usual: &Pair) -> Result<Pair, Refused> {
        let form = |what: &str, text: &Option<String>, usual: &Form| match text {
            Some(text) => {
                Form::parse(text).map_err(|error| Refused(format!("{what} `{text}`: {error}")))
            }
            None => Ok(usual.clone()),
        };
        Ok(Pair {
            activity: form("activity", &self.activity, &usual.activity)?,
            error: form("error", &self.error, &usual.error)?,
            cross: match &self.cross {
                Some(text) => text
                    .parse()
                    .map_err(|refused: alignscope::text::Refused| Refused(refused.of("cross")))?,
                None => usual.cross,
            },
            ..usual.clone()
        })
    }
}

fn set<T>(value: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *value = given;
    }
}

fn within(what: &str, value: usize, range: &RangeInclusive<usize>) -> Result<(), Refused> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(Refused(format!(
        "{what}: {value} is not from {} to {}, what a browser is asked to do",
        range.start(),
        range.end()
    )))
}

/// The builder of the library for a condition.
///
/// # Errors
/// If a form cannot be written and read again, which none of the forms here fails to.
pub(crate) fn isolation(
    condition: &IsolateCondition,
    [seed, repeat]: [u64; 2],
) -> Result<Isolation, Refused> {
    let IsolateCondition {
        layers, signals, activation, batch, eta, iterations, w_std, b_std, ..
    } = condition;
    let refused = |error: alignscope::signal::FormError| Refused(error.to_string());
    let mut isolation = Isolation::of(layers)
        .batch(*batch)
        .eta(*eta)
        .iterations(*iterations)
        .activation(*activation)
        .std(*w_std, *b_std)
        .seed(seed, repeat)
        .activity(&signals.activity.to_string())
        .and_then(|isolation| isolation.error(&signals.error.to_string()))
        .map_err(refused)?
        .cross(signals.cross);
    if let Some(norm) = &condition.weight_norm {
        isolation = isolation.weight_norm(norm.clone());
    }
    Ok(isolation)
}
