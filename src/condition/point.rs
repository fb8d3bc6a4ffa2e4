//! Conditions of any kind: the values of all parameters of one, checked together.

use super::conflict::{Conflict, Values};
use super::isolate::IsolateCondition;
use super::kind::Kind;
use super::plane::PlaneCondition;
use super::recorded::RecordedCondition;
use super::recurrent::RecurrentCondition;
use super::replay::ReplayCondition;
use super::sample::SampleCondition;
use super::train::{MOST_BYTES, TrainCondition};
use crate::network::{Optimizer, Setup};
use crate::real::Precision;
use crate::recurrent;
use crate::rule::{ActivityNorm, WeightNorm};
use crate::text::{AnyParameter, Choice, Facts, Settings, Value, json_text};
use serde_json::Value as Json;
use std::cell::LazyCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, LazyLock};

/// One point of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Of the rule in isolation.
    Isolate(IsolateCondition),
    /// Of a network on data.
    Train(TrainCondition),
    /// Of random matrices.
    Sample(SampleCondition),
    /// Of replays.
    Replay(Box<ReplayCondition>),
    /// Of planes.
    Plane(Box<PlaneCondition>),
    /// Of recurrent networks.
    Recurrent(Box<RecurrentCondition>),
    /// Of recorded networks.
    Recorded(Box<RecordedCondition>),
}

/// The parameters of conditions of one kind, in the order of help and columns.
pub fn parameters(kind: Kind) -> &'static [Arc<dyn AnyParameter>] {
    type Table = LazyLock<Vec<Arc<dyn AnyParameter>>>;
    static ISOLATE: Table = LazyLock::new(IsolateCondition::parameters);
    static TRAIN: Table = LazyLock::new(TrainCondition::parameters);
    static SAMPLE: Table = LazyLock::new(SampleCondition::parameters);
    static REPLAY: Table = LazyLock::new(ReplayCondition::parameters);
    static PLANE: Table = LazyLock::new(PlaneCondition::parameters);
    static RECURRENT: Table = LazyLock::new(RecurrentCondition::parameters);
    static RECORDED: Table = LazyLock::new(RecordedCondition::parameters);
    match kind {
        Kind::Isolate => &ISOLATE,
        Kind::Train => &TRAIN,
        Kind::Sample => &SAMPLE,
        Kind::Replay => &REPLAY,
        Kind::Plane => &PLANE,
        Kind::Recurrent => &RECURRENT,
        Kind::Recorded => &RECORDED,
    }
}

/// Parameters that stand after one of another kind of analysis, where conditions of both have
/// columns in one file.
const LATER: [(&str, &str); 2] = [
    (IsolateCondition::ITERATIONS.name(), Setup::WEIGHT_DECAY.name()),
    (Setup::BIAS_STD.name(), SampleCondition::B_MEAN.name()),
];

/// The parameters of conditions of all kinds, each once, in the order of columns: that of every
/// kind, those of earlier kinds first where several may come next.
pub fn columns_in_order() -> &'static [Facts] {
    static ALL: LazyLock<Vec<Facts>> = LazyLock::new(|| {
        let facts = |kind| {
            parameters(kind).iter().map(|parameter| *parameter.facts()).collect::<VecDeque<_>>()
        };
        let mut lists = [
            Kind::Isolate,
            Kind::Sample,
            Kind::Train,
            Kind::Replay,
            Kind::Plane,
            Kind::Recurrent,
            Kind::Recorded,
        ]
        .map(facts);
        let mut all: Vec<Facts> = Vec::new();
        loop {
            let placed = |name| all.iter().any(|facts| facts.name == name);
            let is_next = |next: &&Facts| {
                let due = lists
                    .iter()
                    .any(|list| list.iter().skip(1).any(|facts| facts.name == next.name));
                !due && LATER.iter().all(|&(later, earlier)| later != next.name || placed(earlier))
            };
            let Some(&next) = lists.iter().filter_map(VecDeque::front).find(is_next) else {
                break all;
            };
            for list in &mut lists {
                list.pop_front_if(|facts| facts.name == next.name);
            }
            all.push(next);
        }
    });
    &ALL
}

/// What distinguishes a condition from others: the values of the parameters `names`, with the names
/// where a value does not speak for itself.
pub fn label(condition: &Condition, names: &[&str]) -> String {
    let (values, all) = (condition.values(), parameters(condition.kind()));
    let parts = names.iter().filter_map(|&name| {
        let parameter = all.iter().find(|parameter| parameter.facts().name == name)?;
        Some(parameter.label(values.get(name)?)).filter(|part| !part.is_empty())
    });
    parts.collect::<Vec<_>>().join(", ")
}

impl Condition {
    /// Condition of the given values, defaults filling in for those not given.
    ///
    /// # Errors
    /// All conflicts between parameters.
    pub fn new(kind: Kind, given: &Values) -> Result<Self, Vec<Conflict>> {
        let mut condition = Self::of(kind);
        for (name, value) in given {
            if !condition.settings_mut().set(name, value) {
                let message = format!(
                    "`{name}` is no parameter of kind \"{}\" with such values",
                    kind.name()
                );
                return Err(vec![Conflict { parameters: vec![name], message }]);
            }
        }
        let settled = match &mut condition {
            Self::Isolate(c) => c.settle(given),
            Self::Sample(c) => c.settle(),
            Self::Train(train) => train.settle(),
            Self::Replay(c) => c.train.settle(),
            Self::Plane(c) => c.train.settle(),
            Self::Recurrent(c) => c.settle(given),
            Self::Recorded(c) => c.settle(),
        };
        settled.map_err(|conflict| vec![conflict])?;
        let conflicts = condition.conflicts();
        if conflicts.is_empty() { Ok(condition) } else { Err(conflicts) }
    }

    /// The defaults of a kind, not yet checked.
    pub(crate) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Isolate => Self::Isolate(IsolateCondition::default()),
            Kind::Train => Self::Train(TrainCondition::default()),
            Kind::Sample => Self::Sample(SampleCondition::default()),
            Kind::Replay => Self::Replay(Box::default()),
            Kind::Plane => Self::Plane(Box::default()),
            Kind::Recurrent => Self::Recurrent(Box::default()),
            Kind::Recorded => Self::Recorded(Box::default()),
        }
    }

    fn settings(&self) -> &dyn Settings {
        match self {
            Self::Isolate(c) => c,
            Self::Train(c) => c,
            Self::Sample(c) => c,
            Self::Replay(c) => &**c,
            Self::Plane(c) => &**c,
            Self::Recurrent(c) => &**c,
            Self::Recorded(c) => &**c,
        }
    }

    fn settings_mut(&mut self) -> &mut dyn Settings {
        match self {
            Self::Isolate(c) => c,
            Self::Train(c) => c,
            Self::Sample(c) => c,
            Self::Replay(c) => &mut **c,
            Self::Plane(c) => &mut **c,
            Self::Recurrent(c) => &mut **c,
            Self::Recorded(c) => &mut **c,
        }
    }

    /// Kind of analysis it belongs to.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Isolate(_) => Kind::Isolate,
            Self::Train(_) => Kind::Train,
            Self::Sample(_) => Kind::Sample,
            Self::Replay(_) => Kind::Replay,
            Self::Plane(_) => Kind::Plane,
            Self::Recurrent(_) => Kind::Recurrent,
            Self::Recorded(_) => Kind::Recorded,
        }
    }

    /// The network on data that it trains, if it does.
    pub fn train(&self) -> Option<&TrainCondition> {
        match self {
            Self::Train(train) => Some(train),
            Self::Replay(replay) => Some(&replay.train),
            Self::Plane(plane) => Some(&plane.train),
            Self::Isolate(_) | Self::Sample(_) | Self::Recurrent(_) | Self::Recorded(_) => None,
        }
    }

    /// Value of every parameter; a data set by its contents.
    pub fn values(&self) -> Values {
        let mut values: Values = self.settings().values().into_iter().collect();
        if let Some(train) = self.train() {
            let name = train.data_name().into();
            values
                .entry(TrainCondition::DATA.name())
                .and_modify(|data| *data = data.clone().written(name));
        }
        values
    }

    /// Canonical map form, for addresses: without the defaults of parameters that are younger than
    /// stored results.
    pub(crate) fn parameters_of_address(&self) -> BTreeMap<String, Json> {
        let mut all = self.parameters();
        let defaults = LazyCell::new(|| Self::of(self.kind()).values());
        for facts in parameters(self.kind())
            .iter()
            .map(|parameter| parameter.facts())
            .filter(|facts| facts.young)
        {
            if all.get(facts.name) == defaults.get(facts.name).map(Value::to_json).as_ref() {
                all.remove(facts.name);
            }
        }
        all
    }

    /// Canonical map form, for summaries and manifests.
    pub fn parameters(&self) -> BTreeMap<String, Json> {
        self.told().into_iter().map(|(name, value)| (name.to_string(), value.to_json())).collect()
    }

    /// Values of the parameters that a record shows: all but those whose default goes without
    /// saying.
    pub fn told(&self) -> Values {
        let mut told = self.values();
        let defaults = LazyCell::new(|| Self::of(self.kind()).values());
        for facts in parameters(self.kind())
            .iter()
            .map(|parameter| parameter.facts())
            .filter(|facts| facts.tacit)
        {
            if told.get(facts.name) == defaults.get(facts.name) {
                told.remove(facts.name);
            }
        }
        told
    }

    /// Units per layer, inputs first.
    pub fn sizes(&self) -> Vec<usize> {
        match self {
            Self::Isolate(c) => c.layers.clone(),
            Self::Sample(c) => c.layers.clone(),
            Self::Train(c) => c.sizes(),
            Self::Plane(c) => c.train.sizes(),
            Self::Recurrent(c) => c.sizes(),
            Self::Recorded(c) => c.sizes(),
            Self::Replay(c) => c.train.sizes().into_iter().skip(c.layer - 1).take(3).collect(),
        }
    }

    /// Number of weights of `W_l`; `None` where there is no such layer.
    pub fn weights_of(&self, l: usize) -> Option<usize> {
        if let Self::Recorded(c) = self {
            return c.layers().get(l).map(|layer| layer.shape.iter().product());
        }
        let sizes = self.sizes();
        Some(sizes.get(l)? * sizes.get(l + 1)?)
    }

    /// Numbers of weights of the layers above the input's; of recordings those that have a `B`.
    pub fn weights_above_input(&self) -> Vec<usize> {
        let has_backward = |l: &usize| match self {
            Self::Recorded(c) => c.layers()[*l].backward,
            _ => true,
        };
        (1..self.depth()).filter(has_backward).filter_map(|l| self.weights_of(l)).collect()
    }

    /// Number of weight matrices.
    pub fn depth(&self) -> usize {
        match self {
            Self::Recorded(c) => c.layers().len(),
            _ => self.sizes().len().saturating_sub(1),
        }
    }

    /// Iterations of one epoch; 1 where there are no epochs.
    pub fn iterations_per_epoch(&self) -> usize {
        match self {
            Self::Isolate(_)
            | Self::Sample(_)
            | Self::Replay(_)
            | Self::Recurrent(_)
            | Self::Recorded(_) => 1,
            Self::Train(c) => c.batches_per_epoch(),
            Self::Plane(c) => c.train.batches_per_epoch(),
        }
    }

    /// The last iteration; of kind sample, the number of draws.
    pub fn last_iteration(&self) -> usize {
        match self {
            Self::Isolate(c) => c.iterations,
            Self::Sample(c) => c.draws,
            Self::Replay(c) => c.updates,
            Self::Train(c) => c.updates(),
            Self::Plane(c) => c.train.updates(),
            Self::Recurrent(c) => c.iterations,
            Self::Recorded(c) => c.updates().last().copied().unwrap_or(0),
        }
    }

    /// Its weight normalisation, if it has any.
    pub fn weight_norm(&self) -> Option<&WeightNorm> {
        match self {
            Self::Isolate(c) => c.weight_norm.as_ref(),
            Self::Sample(_) | Self::Recurrent(_) | Self::Recorded(_) => None,
            _ => self.train()?.setup.weight_norm.as_ref(),
        }
    }

    /// Whether steps hold more than the rule's own update: under weight normalisation, weight
    /// decay, momentum and any optimiser but plain gradient descent.
    pub fn has_projections(&self) -> bool {
        match self {
            Self::Isolate(c) => c.weight_norm.is_some(),
            Self::Train(c) => {
                c.setup.weight_norm.is_some()
                    || c.setup.weight_decay != 0.0
                    || c.setup.momentum != 0.0
                    || c.setup.optimizer != Optimizer::Sgd
            }
            Self::Recorded(c) => c.layers().iter().any(|layer| layer.projected),
            Self::Replay(_) | Self::Plane(_) | Self::Sample(_) | Self::Recurrent(_) => false,
        }
    }

    /// Whether units of a layer, or samples of a batch, are normalised together.
    pub fn normalises_activities(&self) -> bool {
        self.train().is_some_and(|train| train.setup.activity_norm != ActivityNorm::Off)
    }

    /// Whether no batch of a training run comes twice.
    pub fn is_of_one_epoch(&self) -> bool {
        matches!(self, Self::Train(c) if c.setup.epochs < 2)
    }

    /// Iterations at which the label code changes, ascending.
    pub fn label_changes(&self) -> Vec<usize> {
        let Self::Train(c) = self else { return Vec::new() };
        let epochs = c.setup.label_change.epochs(c.setup.epochs).into_iter();
        epochs.map(|epoch| epoch.saturating_mul(self.iterations_per_epoch())).collect()
    }

    /// Multiplications and additions of one update, for estimates of time.
    pub fn operations(&self) -> f64 {
        let sizes = self.sizes();
        let weights: f64 = sizes.windows(2).map(|n| n[0] as f64 * n[1] as f64).sum();
        let carried: f64 = sizes[1..].windows(2).map(|n| n[0] as f64 * n[1] as f64).sum();
        match self {
            Self::Recurrent(c) => c.operations(),
            _ => 2.0 * self.batch() as f64 * (2.0 * weights + carried),
        }
    }

    /// Samples of an update, where it has several.
    pub fn batch(&self) -> usize {
        match self {
            Self::Isolate(c) => c.batch,
            Self::Train(c) => c.setup.batch,
            Self::Replay(c) => c.train.setup.batch,
            Self::Plane(c) => c.train.setup.batch,
            Self::Sample(c) => c.batch,
            Self::Recurrent(_) | Self::Recorded(_) => 1,
        }
    }

    /// Numbers that would be 0 or infinite in single precision, where that is worked in.
    fn beyond_single_precision(&self) -> Vec<Conflict> {
        let (name, single) = (TrainCondition::PRECISION.name(), Precision::F32.name());
        let given = self.values();
        if given.get(name).is_none_or(|precision| precision.to_json() != single) {
            return Vec::new();
        }
        let (least, most) = (f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX));
        let beyond = given.iter().filter_map(|(parameter, value)| {
            let value = value.to_json().as_f64()?;
            let is_lost = value != 0.0 && !(least..=most).contains(&value.abs());
            is_lost.then(|| {
                let message = format!(
                    "{parameter} {value:e} is no number of single precision, in which they lie \
                     between {least:.1e} and {most:.1e}: set precision to f64"
                );
                Conflict::of([*parameter, name], message)
            })
        });
        beyond.collect()
    }

    fn conflicts(&self) -> Vec<Conflict> {
        let mut found = match self {
            Self::Isolate(c) => c.conflicts(),
            Self::Sample(c) => c.conflicts(),
            Self::Train(c) => c.conflicts(),
            Self::Replay(c) => c.conflicts(),
            Self::Plane(c) => c.conflicts(),
            Self::Recurrent(c) => c.conflicts(),
            Self::Recorded(c) => c.conflicts(),
        };
        found.extend(self.train().and_then(TrainCondition::too_many_images));
        found.extend(self.beyond_single_precision());
        if self.depth() == 0 {
            // A layer to be replayed that the network does not have.
            return found;
        }
        let need = self.need();
        let bytes = need.bytes();
        if bytes > MOST_BYTES {
            let sizes = match self {
                Self::Recurrent(_) => recurrent::Setup::UNITS.name(),
                Self::Recorded(_) => RecordedCondition::RECORDING.name(),
                _ if self.kind().trains() => Setup::HIDDEN.name(),
                _ => IsolateCondition::LAYERS.name(),
            };
            let message = format!(
                "a job of layers {} and this batch would need about {} GB of memory, more than the \
                 {} GB allowed: {}",
                json_text(&self.sizes().into()),
                bytes >> 30,
                MOST_BYTES >> 30,
                need.remedy()
            );
            found.push(Conflict::of([sizes, Setup::BATCH.name()], message));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Surrogate;

    fn values(kind: Kind, given: &[(&str, &str)]) -> Values {
        let parse = |&(name, text): &(&str, &str)| {
            let parameter =
                parameters(kind).iter().find(|parameter| parameter.facts().name == name).unwrap();
            (parameter.facts().name, parameter.read(text).unwrap())
        };
        given.iter().map(parse).collect()
    }

    #[test]
    fn defaults_make_conditions_that_survive_the_round_trip() {
        for kind in Kind::ALL {
            let condition = Condition::new(kind, &Values::new()).unwrap();
            assert_eq!(Condition::new(kind, &condition.values()).unwrap(), condition);
            let names: Vec<_> = condition.values().into_keys().collect();
            assert_eq!(names.len(), parameters(kind).len());
        }
    }

    #[test]
    fn conflicts_name_the_parameters_and_the_remedy() {
        type Case = (Kind, &'static [(&'static str, &'static str)], &'static str);
        let cases: [Case; 9] = [
            (Kind::Train, &[("eta", "1e-46")], "eta 1e-46 is no number of single precision"),
            (
                Kind::Isolate,
                &[("precision", "f32"), ("b-std", "1e39")],
                "b-std 1e39 is no number of single precision",
            ),
            (Kind::Replay, &[("layer", "5")], "layer 5 does not lie above a hidden layer"),
            (
                Kind::Isolate,
                &[("schedule", "shared"), ("layers", "20,100,10")],
                "schedule `shared`: cross `same` pairs unit with unit and needs as many inputs as \
                 outputs, not 20 and 10",
            ),
            (
                Kind::Train,
                &[("loss", "softmax")],
                "loss `softmax` needs code `one-hot`, not `5-of-50`",
            ),
            (Kind::Train, &[("code", "6-of-50")], "code `6-of-50` needs 60 outputs for 10 classes"),
            (Kind::Train, &[("batch", "5000")], "batch 5000 is more than the 1437 training images"),
            (Kind::Isolate, &[("layers", "100000,100000,20")], "GB of memory"),
            (
                Kind::Isolate,
                &[("batch", "1000000"), ("layers", "9,9000,9")],
                "make layers or batch smaller",
            ),
        ];
        for (kind, given, expected) in cases {
            let conflicts = Condition::new(kind, &values(kind, given)).unwrap_err();
            assert!(conflicts[0].message.contains(expected), "{conflicts:?}");
            assert!(!conflicts[0].parameters.is_empty());
        }
        Condition::new(
            Kind::Train,
            &values(Kind::Train, &[("loss", "softmax"), ("code", "one-hot")]),
        )
        .unwrap();
    }

    #[test]
    fn epochs_are_counted_in_iterations() {
        let condition =
            Condition::new(Kind::Train, &values(Kind::Train, &[("batch", "100"), ("epochs", "3")]))
                .unwrap();
        assert_eq!((condition.iterations_per_epoch(), condition.last_iteration()), (15, 45));
        assert_eq!(condition.sizes(), [64, 50, 50, 50]);
    }

    #[test]
    fn columns_are_the_parameters_of_every_kind_each_once() {
        let names: Vec<&str> = columns_in_order().iter().map(|facts| facts.name).collect();
        let mut distinct = names.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), names.len());
        for kind in Kind::ALL {
            let places = parameters(kind)
                .iter()
                .map(|p| names.iter().position(|name| *name == p.facts().name).unwrap());
            assert!(places.is_sorted(), "{kind:?}");
        }
    }

    #[test]
    fn values_speak_for_themselves_where_they_can() {
        let options = [
            ("rule", "fa"),
            ("wn", "1"),
            ("normalize-b", "on"),
            ("wrong-labels", "0.8"),
            ("hidden", "9,9"),
        ];
        let condition = Condition::new(Kind::Train, &values(Kind::Train, &options)).unwrap();
        let names = [
            "rule",
            "wn",
            "normalize-b",
            "b-scale",
            "wrong-labels",
            "hidden",
            "eta",
            "bias",
            "data",
        ];
        assert_eq!(
            label(&condition, &names),
            "BP-TRW, WN(1), B of norm 1, 80 % of labels redrawn, 2 hidden layers of 9, learning \
             rate 0.01, bias on, digits"
        );
    }

    #[test]
    fn names_are_words() {
        let words = |kind, name, value| {
            let condition = Condition::new(kind, &values(kind, &[(name, value)])).unwrap();
            label(&condition, &[name])
        };
        for (name, value, expected) in [
            ("data", "digits", "digits"),
            ("order", "fixed", "stored order"),
            ("order", "once", "shuffled once"),
            ("order", "each-epoch", "shuffled every epoch"),
            ("label-change", "off", "no label change"),
            ("label-change", "10", "labels change at epoch 10"),
            ("label-change", "5,10", "labels change at epochs 5, 10"),
            ("label-change", "every:5", "labels change every 5 epochs"),
            ("wrong-labels", "0", "true labels"),
            ("wrong-labels", "0.29", "29 % of labels redrawn"),
            ("hidden", "9", "1 hidden layer of 9"),
            ("hidden", "9,8", "hidden layers of 9-8"),
        ] {
            assert_eq!(words(Kind::Train, name, value), expected);
        }
        assert_eq!(words(Kind::Replay, "surrogate", "none"), "as recorded");
        assert_eq!(words(Kind::Replay, "surrogate", "samples:fixed"), "error rows shuffled once");
        let titles = Surrogate::ALL.map(Surrogate::title);
        assert!((1..titles.len()).all(|i| !titles[..i].contains(&titles[i])));
    }
}
