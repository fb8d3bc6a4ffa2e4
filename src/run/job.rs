//! One job: a condition, a repeat and what to record; its address, and its result.

use crate::condition::{Condition, RecordEvery, RecordedCondition};
use crate::quantity::{Observer, Quantity, recorded_iterations};
use crate::spec::{Analysis, Settings};
use crate::text::Choice;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt::Formatter;
use thiserror::Error;

/// Version of what jobs compute: raised whenever the same parameters would give other numbers.
pub const RESULTS_VERSION: u32 = 1;

/// One condition and repeat.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// What runs.
    pub condition: Condition,
    /// Seed of every random number.
    pub seed: u64,
    /// Repeat, from 0.
    pub repeat: u64,
    /// When quantities are recorded.
    pub record_every: RecordEvery,
    /// Iterations recorded besides, ascending.
    pub report_at: Vec<usize>,
    /// Lags of what is measured at several, ascending.
    pub lags: Vec<usize>,
    /// Most lags of a decomposition; `None` for all.
    pub window: Option<usize>,
    /// What is measured, in the order of the registry.
    pub observers: Vec<Observer>,
}

impl Analysis {
    /// Job of one repeat of one of the conditions.
    pub fn job(&self, condition: &Condition, repeat: usize) -> Job {
        Job {
            condition: condition.clone(),
            seed: self.settings.seed,
            repeat: repeat as u64,
            record_every: self.settings.record_every,
            report_at: self.settings.report_at.clone(),
            lags: self.settings.lags.clone(),
            window: self.settings.window,
            observers: self.settings.observers.clone(),
        }
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outcome {
    /// At its last iteration.
    Completed,
    /// Weights were no longer finite after this many updates, this layer's first.
    Diverged {
        /// Iteration.
        iteration: usize,
        /// Layer.
        layer: usize,
    },
}

/// One value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record {
    /// The state after this many updates.
    pub iteration: usize,
    /// Layer; `None` for the network as a whole.
    pub layer: Option<usize>,
    /// Lag in iterations, of what is measured at several.
    pub lag: Option<usize>,
    /// What was measured.
    pub quantity: Quantity,
    /// The value; `None` where there is none, as for the angle of a zero matrix.
    pub value: Option<f64>,
}

/// In files a record is a list, short as there are many: iteration, layer, quantity, value, and the
/// lag where it has one.
impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(4 + usize::from(self.lag.is_some())))?;
        list.serialize_element(&self.iteration)?;
        list.serialize_element(&self.layer)?;
        list.serialize_element(&self.quantity)?;
        list.serialize_element(&self.value)?;
        if let Some(lag) = self.lag {
            list.serialize_element(&lag)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = Record;

    fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of iteration, layer, quantity, value and perhaps lag")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Record, A::Error> {
        let missing = |at| A::Error::invalid_length(at, &self);
        Ok(Record {
            iteration: list.next_element()?.ok_or_else(|| missing(0))?,
            layer: list.next_element()?.ok_or_else(|| missing(1))?,
            quantity: list.next_element()?.ok_or_else(|| missing(2))?,
            value: list.next_element()?.ok_or_else(|| missing(3))?,
            lag: list.next_element()?,
        })
    }
}

/// What a job gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobResult {
    /// Address of the job.
    pub address: String,
    /// Everything that decides the numbers.
    pub parameters: BTreeMap<String, Json>,
    /// How it ended.
    pub outcome: Outcome,
    /// What was recorded, in order of iteration.
    pub records: Vec<Record>,
}

/// Why a job gave no result.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JobError {
    /// It was asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// It could not run: what happened and what to do.
    #[error("{0}")]
    Failed(String),
}

impl Job {
    /// Everything that decides the numbers, by name.
    pub fn parameters(&self) -> BTreeMap<String, Json> {
        let mut all = self.condition.parameters_of_address();
        all.insert("kind".into(), self.condition.kind().name().into());
        all.insert("seed".into(), self.seed.into());
        all.insert("repeat".into(), self.repeat.into());
        if let Condition::Recorded(recorded) = &self.condition {
            // A result belongs to what was recorded, wherever that lies and whichever repeat it is.
            let digest = recorded.network(self.repeat).map(|network| network.digest());
            all.insert(RecordedCondition::RECORDING.name().into(), digest.into());
            all.remove("repeat");
            all.remove("seed");
        }
        all.insert("record-every".into(), self.record_every.to_string().into());
        all.insert("report-at".into(), self.report_at.as_slice().into());
        all.insert("quantities".into(), self.observers.iter().map(ToString::to_string).collect());
        if self.quantities().any(Quantity::has_lags) {
            all.insert("lags".into(), self.lags.as_slice().into());
        }
        if self.quantities().any(Quantity::is_of_window) {
            all.insert("window".into(), Settings::WINDOW.value(&self.window).to_json());
        }
        all.insert("results-version".into(), RESULTS_VERSION.into());
        all
    }

    /// Address of the result: the same parameters have the same, however they were written.
    pub fn address(&self) -> String {
        address(&self.parameters())
    }

    /// Iterations at which `quantity` is recorded, ascending, distinct, from 0 to
    /// [`Condition::last_iteration`]; none if it is not measured. Label changes are always
    /// recorded. What is said of a change is recorded at changes only, or at the following change
    /// and at the end.
    pub fn recorded_iterations(&self, quantity: Quantity) -> Vec<usize> {
        recorded_iterations(
            quantity,
            &self.observers,
            &self.condition,
            (self.record_every, &self.report_at),
        )
    }

    /// What is recorded at which iterations: both ascending.
    pub fn agenda(&self) -> BTreeMap<usize, Vec<Quantity>> {
        let mut agenda: BTreeMap<usize, Vec<Quantity>> = BTreeMap::new();
        for quantity in self.quantities() {
            for iteration in self.recorded_iterations(quantity) {
                agenda.entry(iteration).or_default().push(quantity);
            }
        }
        agenda
    }

    /// What is measured, in the order of the registry.
    pub fn quantities(&self) -> impl Iterator<Item = Quantity> {
        self.observers.iter().map(|observer| observer.quantity)
    }

    /// Lags at which `quantity` is measured at an iteration; `None` alone for what has no lag. None
    /// reaches beyond the start.
    pub fn lags_of(&self, quantity: Quantity, iteration: usize) -> Vec<Option<usize>> {
        if !quantity.has_lags() {
            return vec![None];
        }
        self.lags.iter().copied().filter(|&lag| lag <= iteration).map(Some).collect()
    }

    /// The longest lag that decompositions of this job reach back to.
    pub fn decomposition_window(&self) -> usize {
        let reach = if self.quantities().any(Quantity::is_of_window) {
            self.window.unwrap_or(usize::MAX)
        } else {
            self.lags.last().copied().unwrap_or(1).max(1)
        };
        reach.min(self.condition.last_iteration())
    }

    /// Whether `quantity` is measured.
    pub fn measures(&self, quantity: Quantity) -> bool {
        self.quantities().any(|measured| measured == quantity)
    }

    /// The result of this job. Values that are not finite become absent.
    pub fn finish(&self, outcome: Outcome, mut records: Vec<Record>) -> JobResult {
        for record in &mut records {
            record.value = record.value.filter(|value| value.is_finite());
        }
        let parameters = self.parameters();
        JobResult { address: address(&parameters), parameters, outcome, records }
    }
}

/// First 32 hexadecimal digits of the BLAKE3 hash of the canonical JSON: keys sorted, no blanks.
pub(super) fn address<T: Serialize>(parameters: &BTreeMap<String, T>) -> String {
    // Maps with text keys of plain values always have a JSON form.
    let json = serde_json::to_vec(parameters).unwrap_or_default();
    let mut digits = blake3::hash(&json).to_hex().to_string();
    digits.truncate(32);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::{self, Kind, Values};
    use crate::spec::parameters;

    /// A recording to be measured where no other is named.
    const RECORDING: (&str, &str) =
        ("recording", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recorder/run"));

    fn job(kind: Kind, options: &[(&str, &str)]) -> Job {
        let mut given = options.to_vec();
        if kind == Kind::Recorded && options.iter().all(|(name, _)| *name != RECORDING.0) {
            given.push(RECORDING);
        }
        let analysis = Analysis::from_options(kind, given).unwrap();
        analysis.job(&analysis.conditions[0], 0)
    }

    #[test]
    fn spelling_does_not_change_the_address() {
        let a = job(Kind::Train, &[("rule", "fa"), ("eta", "4e-4"), ("hidden", "50, 40")]);
        let b = job(Kind::Train, &[("hidden", "50,40"), ("eta", "0.0004"), ("rule", "bp-trw")]);
        assert_eq!(a.address(), b.address());
        assert_eq!(a.address().len(), 32);
    }

    /// A value of a parameter that is not its default.
    fn other(kind: Kind, name: &str) -> &'static str {
        match (name, kind) {
            ("recording", _) => {
                concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recorder/every-5.npz")
            }
            ("layers", Kind::Sample) => "20,101,10",
            ("layers", _) => "20,101,20",
            ("schedule", _) => "white",
            ("activity" | "error", _) => "ar1:0.5",
            ("hold", _) => "2",
            ("delay" | "trace" | "leak", _) => "3",
            ("task", _) => "recall",
            ("credit", _) => "rflo-symmetric",
            ("activation", Kind::Recurrent) => "relu",
            ("dt", _) => "1ms",
            ("cross", _) => "0.5",
            ("output-mask", _) => "on",
            ("wn", _) => "1",
            ("label-smoothing" | "wrong-labels" | "momentum" | "weight-decay", _) => "0.5",
            ("optimizer", _) => "adam",
            ("beta1" | "beta2" | "epsilon", _) => "0.5",
            ("muon-scale", _) => "match-rms",
            ("activity-norm", _) => "layer",
            ("dropout", _) => "0.5",
            ("label-change", _) => "every:3",
            ("label-change-kind", _) => "permute",
            ("surrogate", _) => "time",
            ("layer", _) => "2",
            ("epochs", Kind::Replay) => "41",
            ("replay-weights", _) => "own",
            ("replay-activation", _) => "linear",
            ("loss", _) => "random",
            ("normalize-b" | "drop-last", _) => "on",
            ("probe", _) => "next",
            ("hidden", _) => "50",
            ("rule", _) => "bp",
            ("activation", _) => "tanh",
            ("code", _) => "4-of-50",
            ("reduction", _) => "mean",
            ("bias", Kind::Isolate) => "on",
            ("bias", _) => "off",
            ("order", _) => "each-epoch",
            ("precision", Kind::Isolate | Kind::Sample | Kind::Recurrent) => "f32",
            ("pair", _) => "wn",
            ("batch", Kind::Plane) => "30",
            ("snapshot-every", _) => "4",
            ("quantities", Kind::Plane) => "explained",
            ("precision", Kind::Train | Kind::Replay | Kind::Plane) => "f64",
            ("record-every", _) => "log:7",
            ("quantities", Kind::Sample) => "eigenvalue",
            ("quantities", Kind::Recurrent) => "change_rank",
            ("quantities", _) => "weight_norm",
            _ => "3",
        }
    }

    #[test]
    fn every_parameter_changes_the_address() {
        for kind in Kind::ALL {
            let default = job(kind, &[]).address();
            for name in parameters(kind).iter().map(|known| known.name()) {
                // Replays know neither momentum nor decay, nor optimisers, and neither normalise
                // activities nor drop any.
                let of_steps =
                    ["momentum", "weight-decay", "optimizer", "activity-norm", "dropout"];
                if kind == Kind::Replay && of_steps.contains(&name) {
                    continue;
                }
                // Pairs of units need as many inputs as outputs.
                if kind == Kind::Recurrent && name == "cross" {
                    continue;
                }
                // Another set needs its files; a drawing changes only together with others; repeats
                // are jobs of their own; predictions and comparisons change no result, nor do lags
                // and windows where nothing is measured at them.
                if ["data", "draw", "repeats", "predict", "compare", "lags", "window"]
                    .contains(&name)
                {
                    continue;
                }
                assert_ne!(job(kind, &[(name, other(kind, name))]).address(), default, "{name}");
            }
            let mut repeat = job(kind, &[]);
            repeat.repeat = 1;
            assert_ne!(repeat.address(), default);
        }
        let [a, b] = ["half-squared", "softmax"]
            .map(|loss| job(Kind::Train, &[("code", "one-hot"), ("loss", loss)]));
        assert_ne!(a.address(), b.address());
        let [a, b] = ["digits", "mnist"].map(|data| job(Kind::Train, &[("data", data)]));
        assert_ne!(a.address(), b.address());
        let [a, b] = ["composition", "acute-composition"]
            .map(|draw| job(Kind::Sample, &[("quantities", "composed_angle"), ("draw", draw)]));
        assert_ne!(a.address(), b.address());
    }

    #[test]
    fn addresses_are_pinned() {
        // A change here orphans every stored result: it is to be wanted.
        assert_eq!(job(Kind::Isolate, &[]).address(), "b00b03164516a10a42240049bb2e241a");
    }

    #[test]
    fn values_survive_the_file_bit_for_bit() {
        let job = job(Kind::Isolate, &[]);
        let mut state = 1u64;
        let records: Vec<Record> = (0..20_000)
            .map(|iteration| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let value = Some(f64::from_bits(state)).filter(|value| value.is_finite());
                Record {
                    iteration,
                    layer: Some(1),
                    lag: (iteration % 3 == 0).then_some(iteration),
                    quantity: Quantity::WeightNorm,
                    value,
                }
            })
            .collect();
        let result = job.finish(Outcome::Diverged { iteration: 3, layer: 0 }, records);
        let text = serde_json::to_string(&result).unwrap();
        assert_eq!(
            serde_json::from_str::<JobResult>(&text).unwrap(),
            result,
            "serde_json needs float_roundtrip"
        );
    }

    #[test]
    fn recorded_iterations_include_those_reported() {
        let job = job(Kind::Isolate, &[("record-every", "1000"), ("report-at", "100")]);
        assert_eq!(job.recorded_iterations(Quantity::WeightAlignment), [0, 100, 1000, 1500]);
        assert!(job.recorded_iterations(Quantity::WeightNorm).is_empty());
        assert_eq!(job.finish(Outcome::Completed, Vec::new()).address, job.address());
    }

    #[test]
    fn parameters_of_a_condition_do_not_collide_with_those_of_the_job() {
        for kind in Kind::ALL {
            let condition = Condition::new(kind, &Values::new()).unwrap().values();
            let of_condition = condition.len();
            let without_saying =
                condition::parameters(kind).iter().filter(|p| p.facts().young || p.facts().tacit);
            let unnamed = without_saying.count();
            // Nothing is drawn of recordings, and their repeats are recordings of their own.
            let of_job = if kind == Kind::Recorded { 5 } else { 7 };
            assert_eq!(job(kind, &[]).parameters().len(), of_condition + of_job - unnamed);
            assert_eq!(condition::parameters(kind).len(), of_condition);
        }
    }
}
