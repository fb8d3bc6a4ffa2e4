//! Settings of an analysis that do not belong to a condition.

use super::compare::Comparison;
use crate::condition::{
    Condition, Conflict, Draw, IsolateCondition, Kind, RecordEvery, RecordedCondition,
    SampleCondition, Times, Values, label,
};
use crate::network::Setup;
use crate::quantity::{Observer, Quantity};
use crate::recurrent;
use crate::rule::Timing;
use crate::text::{AnyParameter, Choice, List, OrName, Parameter, Settings as _, list, settings};
use std::sync::Arc;

/// Most conditions of an analysis.
pub(super) const MOST_CONDITIONS: usize = 10_000;
/// Most repeats of a condition.
const MOST_REPEATS: usize = 100_000;
/// Most jobs of an analysis.
const MOST_JOBS: usize = 1_000_000;
/// Most recorded iterations of a job.
const MOST_RECORDED: usize = 10_000_000;

settings! {
    /// Settings of an analysis that do not belong to a condition. The defaults are those of kind
    /// isolate: see [`Self::of`].
    pub struct Settings {
        repeats: usize = 10 => REPEATS("repeats", "N", "Repeats of every condition",
            1..=MOST_REPEATS);
        seed: u64 = 1 => SEED("seed", "N", "Seed of every random number", 0..=u64::MAX);
        record_every: RecordEvery = RecordEvery::Every(1) => RECORD_EVERY(
            "record-every", "SCHEDULE", "When to record, besides start and end", Kind::Isolate
        );
        /// Ascending; always recorded.
        report_at: Vec<usize> = Vec::new() => REPORT_AT(
            "report-at", "ITERATIONS", "Iterations to summarise besides the last", List::Iterations
        );
        /// In the order of the registry.
        observers: Vec<Observer> = observers(&[Quantity::WeightAlignment]) => QUANTITIES(
            "quantities", "NAMES", "What to measure, as NAME or, at its own times, NAME@SCHEDULE",
            Kind::Isolate
        );
        /// Ascending.
        lags: Vec<usize> = vec![1] => LAGS("lags", "LAGS", "Lags of quantities that are measured \
            at several lags",
            List::Lags);
        /// `None` for all.
        window: Option<usize> = None => WINDOW(
            "window", "LAGS",
            "How many lags a decomposition reaches back: all to the start, or fewer to save memory",
            OrName { name: "all", range: 1..=usize::MAX }
        );
        /// Changes no result.
        compare: Vec<Comparison> = Vec::new() => COMPARE(
            "compare", "NAME=A,B", "Conditions compared repeat by repeat, the second minus the \
                first", Kind::Isolate
        );
        /// Changes no result.
        predict: bool = false => PREDICT(
            "predict", "on|off",
            "Predictions beside what is measured, where the network is linear: given the signals, \
             or the batches, and the B of each repeat; with one hidden layer in isolation also \
             averaged over signals", ()
        );
    }
}

/// What compositions of angles yield.
const COMPOSED: [Quantity; 4] = [
    Quantity::DeltaAngle,
    Quantity::WeightAngle,
    Quantity::ComposedAngle,
    Quantity::MaskedComposedAngle,
];

/// Quantities that are recorded when everything else is, in the order of the registry.
fn observers(quantities: &[Quantity]) -> Vec<Observer> {
    let mut observers: Vec<Observer> =
        quantities.iter().map(|&quantity| Observer { quantity, record_every: None }).collect();
    observers.sort_unstable_by_key(|observer| observer.quantity);
    observers
}

impl Settings {
    /// The defaults of a kind.
    pub fn of(kind: Kind) -> Self {
        let (record_every, measured): (_, &[Quantity]) = match kind {
            Kind::Isolate => return Self::default(),
            Kind::Sample => (RecordEvery::Every(1), &[Quantity::AlignmentTerm]),
            Kind::Replay => {
                (RecordEvery::Every(10), &[Quantity::WeightAlignment, Quantity::SourceAlignment])
            }
            Kind::Train => (
                RecordEvery::Epoch,
                &[
                    Quantity::WeightAlignment,
                    Quantity::UpdateAlignment,
                    Quantity::TestAccuracy,
                    Quantity::AccuracyBeforeChange,
                    Quantity::RecoveryTime,
                ],
            ),
            Kind::Plane => (
                RecordEvery::Epoch,
                &[
                    Quantity::Explained,
                    Quantity::ExplainedSecond,
                    Quantity::PlaneTrainingLoss,
                    Quantity::PlaneTrainingLossSecond,
                    Quantity::PlaneAccuracy,
                    Quantity::PlaneAccuracySecond,
                ],
            ),
            Kind::Recurrent => (
                RecordEvery::Log(20),
                &[
                    Quantity::WeightAlignment,
                    Quantity::RecurrentAlignment,
                    Quantity::RecurrentUpdateAlignment,
                    Quantity::ChangeRank,
                    Quantity::ChangeBeyond,
                    Quantity::SequenceError,
                    Quantity::SequenceAccuracy,
                ],
            ),
            Kind::Recorded => (
                RecordEvery::Log(40),
                &[Quantity::WeightAlignment, Quantity::UpdateAlignment, Quantity::WeightNorm],
            ),
        };
        let lags = if kind == Kind::Sample { Vec::new() } else { vec![1] };
        Self { record_every, observers: observers(measured), lags, ..Self::default() }
    }

    /// The parameters of a kind, in the order of the declaration.
    pub fn parameters_of(kind: Kind) -> Vec<Arc<dyn AnyParameter>> {
        let mut all = Self::parameters();
        for parameter in &mut all {
            // What these take depends on the kind.
            if parameter.facts().name == Self::RECORD_EVERY.name() {
                *parameter = Arc::new(Parameter { bounds: kind, ..Self::RECORD_EVERY });
            } else if parameter.facts().name == Self::QUANTITIES.name() {
                *parameter = Arc::new(Parameter { bounds: kind, ..Self::QUANTITIES });
            } else if parameter.facts().name == Self::COMPARE.name() {
                *parameter = Arc::new(Self::compare_of(kind));
            }
        }
        let of_iterations = [Self::LAGS.name(), Self::WINDOW.name()];
        // Nothing is drawn of recordings, and nothing predicted.
        let of_runs = [Self::SEED.name(), Self::PREDICT.name()];
        all.retain(|parameter| match kind {
            Kind::Sample => !of_iterations.contains(&parameter.facts().name),
            Kind::Recorded => !of_runs.contains(&parameter.facts().name),
            _ => true,
        });
        all
    }

    /// What is compared of a kind.
    pub(super) fn compare_of(kind: Kind) -> Parameter<Vec<Comparison>> {
        Parameter { bounds: kind, ..Self::COMPARE }
    }

    /// Settings of the given values, defaults filling in.
    pub(super) fn new(kind: Kind, given: &Values) -> Result<Self, Conflict> {
        let mut settings = Self::of(kind);
        for (name, value) in given {
            if !settings.set(name, value) {
                return Err(Conflict::of(
                    [name],
                    format!("`{name}` is no key of an analysis with such values"),
                ));
            }
        }
        Ok(settings)
    }

    /// With what these conditions yield where nothing is said of it: compositions have angles of
    /// their own, recordings a repeat each.
    pub(super) fn measuring(
        mut self,
        kind: Kind,
        given: &Values,
        conditions: &[Condition],
    ) -> Self {
        let composed = |condition: &Condition| matches!(condition, Condition::Sample(c) if c.draw != Draw::OneStep);
        let is_usual = !given.contains_key(Self::QUANTITIES.name());
        if is_usual
            && kind == Kind::Sample
            && !conditions.is_empty()
            && conditions.iter().all(composed)
        {
            self.observers = observers(&COMPOSED);
        }
        let recordings = conditions.iter().filter_map(|condition| match condition {
            Condition::Recorded(recorded) => Some(recorded.networks().len()),
            _ => None,
        });
        if let Some(most) = recordings.max().filter(|_| !given.contains_key(Self::REPEATS.name())) {
            self.repeats = most.max(1);
        }
        self
    }

    /// With what predictions of these conditions are recorded by, if predictions are asked for.
    pub(super) fn predicting(mut self, conditions: &[Condition]) -> Self {
        let mut wanted = Vec::new();
        if self.predict {
            let isolated = |condition: &Condition| match condition {
                Condition::Isolate(c) => c.is_followed() && !c.is_predicted(),
                _ => false,
            };
            let trained =
                |c: &Condition| matches!(c, Condition::Train(c) if c.unpredicted().is_none());
            let recurrent =
                |c: &Condition| matches!(c, Condition::Recurrent(c) if c.is_predicted());
            let deep = conditions.iter().any(|c| isolated(c) || recurrent(c));
            let of_isolated = conditions.iter().any(|c| matches!(c, Condition::Isolate(_)));
            // What one hidden layer had is as it was; conditions that none of this holds for are
            // refused below.
            if of_isolated && !conditions.iter().all(isolated) {
                wanted.push(Quantity::ConditionalAlignment);
            }
            if deep || conditions.iter().any(trained) {
                wanted.push(Quantity::PredictedWeightAlignment);
            }
            if conditions.iter().any(trained) {
                wanted.push(Quantity::PredictedLoss);
            }
        }
        wanted.retain(|quantity| {
            self.observers.iter().all(|observer| observer.quantity != *quantity)
        });
        self.observers
            .extend(wanted.into_iter().map(|quantity| Observer { quantity, record_every: None }));
        self.observers.sort_unstable_by_key(|observer| observer.quantity);
        self
    }

    /// Checks that need the conditions.
    pub(super) fn conflicts(&self, conditions: &[Condition]) -> Vec<Conflict> {
        let mut found = Vec::new();
        found.extend(self.unreached_report(conditions));
        found.extend(self.missing_recording(conditions));
        found.extend(self.unpredicted_training(conditions));
        found.extend(self.compared_values(conditions));
        found.extend(self.unpredicted_sequences(conditions));
        found.extend(self.too_many_records(conditions));
        found.extend(self.undrawn_quantities(conditions));
        found.extend(self.conditional_prediction(conditions));
        found.extend(self.lag_beyond_window());
        found.extend(self.windowed_sum());
        found.extend(self.delayed_errors(conditions));
        found.extend(self.too_many_jobs(conditions));
        found
    }

    /// The first quantity that this holds of.
    fn measured(&self, is_wanted: fn(Quantity) -> bool) -> Option<Quantity> {
        self.observers
            .iter()
            .map(|observer| observer.quantity)
            .find(|&quantity| is_wanted(quantity))
    }

    /// Reports of iterations that not every condition reaches.
    fn unreached_report(&self, conditions: &[Condition]) -> Option<Conflict> {
        let shortest = conditions.iter().map(Condition::last_iteration).min()?;
        let beyond = self.report_at.iter().find(|&&k| k > shortest)?;
        let message =
            format!("report-at {beyond} is never reached: the last iteration is {shortest}");
        Some(Conflict::of([Self::REPORT_AT.name()], message))
    }

    /// Recordings that are not there for what is asked of them.
    fn missing_recording(&self, conditions: &[Condition]) -> Option<Conflict> {
        let recording = RecordedCondition::RECORDING.name();
        conditions.iter().find_map(|condition| {
            let Condition::Recorded(recorded) = condition else { return None };
            let (found, name) = (recorded.networks().len(), label(condition, &[recording]));
            if found == 0 {
                let message = "recording: say which recordings, such as runs/fa-*";
                return Some(Conflict::of([recording], message.into()));
            }
            if found < self.repeats {
                let message = format!(
                    "repeats {}: of {name} there are {found} recordings; take fewer repeats, or \
                     record more",
                    self.repeats
                );
                return Some(Conflict::of([Self::REPEATS.name(), recording], message));
            }
            self.unrecorded_report(recorded, &name)
        })
    }

    /// Reports of updates that are not on record.
    fn unrecorded_report(&self, recorded: &RecordedCondition, name: &str) -> Option<Conflict> {
        let updates = recorded.updates();
        let k = self.report_at.iter().find(|&k| updates.binary_search(k).is_err())?;
        let place = updates.partition_point(|update| update < k);
        let near: Vec<String> = [place.checked_sub(1), Some(place)]
            .into_iter()
            .filter_map(|place| updates.get(place?).map(ToString::to_string))
            .collect();
        let message = format!(
            "report-at {k} is not on record in {name}: the nearest is {}",
            near.join(" or ")
        );
        let concerned = [Self::REPORT_AT.name(), RecordedCondition::RECORDING.name()];
        Some(Conflict::of(concerned, message))
    }

    /// Predictions of training that none of the conditions has.
    fn unpredicted_training(&self, conditions: &[Condition]) -> Option<Conflict> {
        let reason = |condition: &Condition| match condition {
            Condition::Train(c) => c.unpredicted(),
            _ => None,
        };
        if !self.predict || conditions.iter().any(|condition| reason(condition).is_none()) {
            return None;
        }
        let reason = conditions.first().and_then(reason)?;
        let message = format!("there is no prediction ({reason}), or leave predict out");
        Some(Conflict::of([Self::PREDICT.name()], message))
    }

    /// Comparisons with values that no condition has.
    fn compared_values(&self, conditions: &[Condition]) -> Vec<Conflict> {
        let missing = |Comparison { parameter, first, second }: &Comparison| {
            let has = |wanted: &str| {
                let value =
                    |c: &Condition| c.values().get(parameter.as_str()).map(ToString::to_string);
                conditions.iter().any(|condition| value(condition).as_deref() == Some(wanted))
            };
            let missing = [first, second].into_iter().find(|value| !has(value))?;
            let message = format!(
                "no condition has {parameter} `{missing}`: compare values that are varied over"
            );
            Some(Conflict::of([Self::COMPARE.name()], message))
        };
        self.compare.iter().filter_map(missing).collect()
    }

    /// Predictions of recurrent networks that none of the conditions has.
    fn unpredicted_sequences(&self, conditions: &[Condition]) -> Option<Conflict> {
        let unpredicted = |c: &Condition| matches!(c, Condition::Recurrent(c) if !c.is_predicted());
        if !self.predict || conditions.is_empty() || !conditions.iter().all(unpredicted) {
            return None;
        }
        let message = "there is no prediction: theory is of linear units in isolation under \
                       credit rflo; set these, or leave predict out";
        let concerned =
            [Self::PREDICT.name(), recurrent::Setup::CREDIT.name(), Setup::ACTIVATION.name()];
        Some(Conflict::of(concerned, message.into()))
    }

    /// Schedules that record more than a job can hold.
    fn too_many_records(&self, conditions: &[Condition]) -> Option<Conflict> {
        let mut schedules = self
            .observers
            .iter()
            .filter_map(|observer| observer.record_every)
            .chain([self.record_every]);
        let count = |record_every: RecordEvery, c: &Condition| {
            record_every.count(c.last_iteration(), c.iterations_per_epoch(), self.report_at.len())
        };
        let record_every = schedules.find(|&record_every| {
            conditions.iter().any(|condition| count(record_every, condition) > MOST_RECORDED)
        })?;
        let message = format!(
            "record-every {record_every} records more than {MOST_RECORDED} iterations per job: \
             record less often, or log:N"
        );
        let concerned =
            [Self::RECORD_EVERY.name(), IsolateCondition::ITERATIONS.name(), Setup::EPOCHS.name()];
        Some(Conflict::of(concerned, message))
    }

    /// Quantities that the draws of a sample do not yield.
    fn undrawn_quantities(&self, conditions: &[Condition]) -> Vec<Conflict> {
        let conflict = |quantity: Quantity| {
            let draw = conditions.iter().find_map(|condition| match condition {
                Condition::Sample(c) if !quantity.is_drawn_by(c.draw) => Some(c.draw),
                _ => None,
            })?;
            let of_draw =
                Quantity::of_kind(Kind::Sample).filter(|quantity| quantity.is_drawn_by(draw));
            let names: Vec<&str> = of_draw.map(Quantity::name).collect();
            let message = format!(
                "draw `{}` does not yield {}: expected {}",
                draw.name(),
                quantity.name(),
                list(&names)
            );
            let concerned = [Self::QUANTITIES.name(), SampleCondition::DRAW.name()];
            Some(Conflict::of(concerned, message))
        };
        self.observers.iter().filter_map(|observer| conflict(observer.quantity)).collect()
    }

    /// The conditional alignment where no condition has a prediction.
    fn conditional_prediction(&self, conditions: &[Condition]) -> Option<Conflict> {
        let predicted = |condition: &Condition| match condition {
            Condition::Isolate(c) => c.is_predicted() || self.predict && c.is_followed(),
            _ => true,
        };
        self.measured(|quantity| quantity == Quantity::ConditionalAlignment)?;
        if conditions.iter().any(predicted) {
            return None;
        }
        let message = "predictions exist for activation `linear`, and without wn for `relu` (three \
                       layers with schedule `held` or `shared`, or batch times iterations up to \
                       20000), without output mask and bias (conditional_alignment: linear, \
                       three layers, no wn; with delay, trace or leak no other): set these, or \
                       leave predict and conditional_alignment out";
        let concerned =
            [Self::PREDICT.name(), Self::QUANTITIES.name(), IsolateCondition::ACTIVATION.name()];
        Some(Conflict::of(concerned, message.into()))
    }

    /// Terms of lags that the window leaves out.
    fn lag_beyond_window(&self) -> Option<Conflict> {
        let window = self.window?;
        let lag = self.lags.iter().find(|&&lag| lag > window)?;
        self.measured(Quantity::is_term)?;
        let message = format!("lag {lag} lies beyond the window of {window} lags");
        Some(Conflict::of([Self::WINDOW.name(), Self::LAGS.name()], message))
    }

    /// Sums over every lag where the window leaves some out.
    fn windowed_sum(&self) -> Option<Conflict> {
        self.window?;
        let name = self.measured(Quantity::reaches_to_start)?.name();
        let message = format!("{name} takes every lag back to the start: leave window at `all`");
        Some(Conflict::of([Self::WINDOW.name(), Self::QUANTITIES.name()], message))
    }

    /// Quantities of the instant rule where errors come late.
    fn delayed_errors(&self, conditions: &[Condition]) -> Option<Conflict> {
        let delayed =
            |c: &Condition| matches!(c, Condition::Isolate(c) if c.timing() != Timing::INSTANT);
        let of_instant = |quantity: Quantity| quantity.is_of_instant_rule();
        let quantity = self.measured(of_instant).filter(|_| conditions.iter().any(delayed))?;
        let message = format!(
            "{} is about errors that meet the activity of their own iteration: leave delay, \
             trace and leak out, or this",
            quantity.name()
        );
        let concerned =
            [Self::QUANTITIES.name(), Times::DELAY.name(), Times::TRACE.name(), Times::LEAK.name()];
        Some(Conflict::of(concerned, message))
    }

    fn too_many_jobs(&self, conditions: &[Condition]) -> Option<Conflict> {
        if conditions.len().saturating_mul(self.repeats) <= MOST_JOBS {
            return None;
        }
        let message = format!(
            "{} conditions of {} repeats are more than {MOST_JOBS} jobs: use fewer repeats, or \
             several specs",
            conditions.len(),
            self.repeats
        );
        Some(Conflict::of([Self::REPEATS.name()], message))
    }
}
