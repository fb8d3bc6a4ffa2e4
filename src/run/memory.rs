//! How much memory jobs take, told from their parameters before anything is allocated.
//!
//! The numbers are upper bounds, as near as the shapes of what is held allow: an allocation that
//! fails ends the program, and takes with it what else was under way.

use super::attempt::Export;
use super::job::{Job, Record};
use super::plan::Plan;
use crate::condition::{
    Condition, IsolateCondition, RecordedCondition, RecurrentCondition, ReplayCondition,
    SampleCondition, TrainCondition,
};
use crate::file::memory::{MemoryError, MemoryLimit, in_words};
use crate::network::Optimizer;
use crate::quantity::Quantity;
use crate::real::Precision;
use crate::rule::{Backward, Timing};
use crate::signal::{Cross, Surrogate};
use crate::theory::moments::{self, MOST};
use std::collections::{BTreeMap, HashSet};

/// Part of what a job takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// In bytes.
    pub bytes: u128,
    /// What makes it less.
    pub remedy: &'static str,
}

/// What a job takes, share by share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Need(Vec<Share>);

impl Need {
    fn add(&mut self, bytes: u128, remedy: &'static str) {
        self.0.push(Share { bytes, remedy });
    }

    fn and(mut self, bytes: u128, remedy: &'static str) -> Self {
        self.add(bytes, remedy);
        self
    }

    /// All of it, in bytes.
    pub fn bytes(&self) -> u128 {
        self.0.iter().map(|share| share.bytes).fold(0, u128::saturating_add)
    }

    /// What makes the largest share less.
    pub fn remedy(&self) -> &'static str {
        self.0.iter().max_by_key(|share| share.bytes).map_or("", |share| share.remedy)
    }
}

const NETWORK: &str = "make layers or batch smaller";
const DELAYED: &str = "make delay shorter, or layers or batch smaller";
const RECORDS: &str = "record less often, with --record-every";
const PAST: &str = "set --window to fewer lags, or ask for fewer --lags";
const SIGNALS: &str = "record the signals of fewer updates, with --export signals:N";
const REPLAYED: &str = "make replay-updates smaller";
const SNAPSHOTS: &str = "make snapshot-every larger";
const DRAWS: &str = "make draws or layers smaller";
const UNITS: &str = "make units or batch smaller";
const SEQUENCES: &str = "make sequences shorter, with --length, or batch smaller";
const FEWER_LAGS: &str = "ask for shorter --lags, or make units smaller";
const FOLLOWED: &str = "make iterations or batch smaller, or leave predictions out";
const RECORDED: &str = "make the recording, or the batch, smaller";

/// Sequences that a network is tested on, at most.
const MOST_TESTED: u128 = 400;

/// Bytes of a value of a precision.
fn width(precision: Precision) -> u128 {
    match precision {
        Precision::F32 => 4,
        Precision::F64 => 8,
    }
}

/// Numbers of weights: of all matrices, and of those above the first.
fn weights(sizes: &[usize]) -> [u128; 2] {
    let count = |sizes: &[usize]| sizes.windows(2).map(|n| n[0] as u128 * n[1] as u128).sum();
    [count(sizes), count(sizes.get(1..).unwrap_or_default())]
}

fn sum(units: &[usize]) -> u128 {
    units.iter().map(|&n| n as u128).sum()
}

impl Condition {
    /// What a job of this condition takes, whatever it measures, but for its data set.
    pub fn need(&self) -> Need {
        match self {
            Self::Isolate(c) => isolated(c),
            Self::Train(c) => Need::default().and(trained(c), NETWORK),
            Self::Plane(c) => {
                let [all, _] = weights(&c.train.sizes());
                let snapshots = self.last_iteration().div_ceil(c.every) as u128;
                // Both trajectories in single precision, what is centred of them, their Gram
                // matrices, two directions.
                let kept = 2 * 4 * (all * snapshots) + 3 * 8 * (2 * snapshots).pow(2) + 4 * 8 * all;
                Need::default().and(2 * trained(&c.train), NETWORK).and(kept, SNAPSHOTS)
            }
            Self::Replay(c) => replayed(c, &self.sizes()),
            Self::Sample(c) => sampled(c),
            Self::Recurrent(c) => recurrent(c),
            Self::Recorded(c) => recorded(c),
        }
    }
}

/// What signals of so many samples, inputs and outputs take, without a recording.
fn signals(
    pair: &crate::signal::Pair,
    batch: usize,
    [inputs, outputs]: [usize; 2],
    width: u128,
) -> u128 {
    let ahead = match pair.cross {
        Cross::Lagged { lag, .. } => 1 + u128::from(lag.unsigned_abs()),
        Cross::None | Cross::Same => 0,
    };
    let (inputs, outputs) = (inputs as u128, outputs as u128);
    let [activity, error] = [&pair.activity, &pair.error].map(|form| 1 + form.frames() as u128);
    width * batch as u128 * (inputs * (activity + ahead) + outputs * error)
}

fn isolated(c: &IsolateCondition) -> Need {
    let (width, batch, timing) = (width(c.precision), c.batch as u128, c.timing());
    let [all, upper] = weights(&c.layers);
    let ends = [c.layers[0], c.layers[c.layers.len() - 1]];
    // Weights and the updates of both rules; backward weights, those of BP, and directions in
    // double precision.
    let network = width * (4 * all + 2 * upper) + 8 * upper;
    // Pre-activations, activities and deltas, and the two signals as they are given.
    let pass = width * batch * (3 * sum(&c.layers[1..]) + sum(&ends));
    // What the rule keeps of the past, and the room to work on it.
    let kept = if timing == Timing::INSTANT { 0 } else { 6 + timing.delay as u128 };
    let past = kept * width * batch * (2 * sum(&c.layers) + sum(&ends[..1]));
    let files = [&c.signals.activity, &c.signals.error].into_iter().zip(ends);
    let files = files.filter(|(form, _)| form.is_recorded());
    let recorded: u128 =
        files.map(|(_, units)| 16 * c.iterations as u128 * batch * units as u128).sum();
    let need =
        Need::default().and(network + pass + signals(&c.signals, c.batch, ends, width), NETWORK);
    need.and(recorded, RECORDED).and(past, DELAYED)
}

/// What a network on data takes, but for its data set, which is shared.
fn trained(c: &TrainCondition) -> u128 {
    let (width, sizes) = (width(c.precision), c.sizes());
    let (batch, images) = (c.setup.batch as u128, c.training_images() as u128);
    let [all, upper] = weights(&sizes);
    // Velocities or moments, and gradients that are put together before a step is made of them.
    let moments = match c.setup.optimizer {
        Optimizer::Sgd => u128::from(c.setup.momentum != 0.0),
        Optimizer::Nesterov => 2,
        Optimizer::Adam | Optimizer::AdamW => 3,
        Optimizer::Muon => 7,
    };
    let learning = c.setup.rule.facts().backward == Backward::Learning;
    let velocity = moments * (all + if learning { upper } else { 0 });
    // Of the trainer and the probe, which has the updates of both rules.
    let network = width * (4 * all + 4 * upper + velocity) + 8 * upper;
    // A checkpoint: the state in double precision, and as text.
    let checkpoint = (8 + 2 * 24) * (all + velocity);
    let (inputs, outputs, above) =
        (sizes[0] as u128, sizes[sizes.len() - 1] as u128, sum(&sizes[1..]));
    let pass = width * batch * (2 * inputs + 2 * 3 * above + 2 * outputs + 2 * above);
    // Orders of the images, and norms of their error signals by layer.
    network + checkpoint + pass + images * (24 + 32 * sizes.len() as u128)
}

fn replayed(c: &ReplayCondition, sizes: &[usize]) -> Need {
    let (width, batch) = (width(c.train.precision), c.train.setup.batch as u128);
    let values = batch * c.updates as u128 * (sizes[0] + sizes[sizes.len() - 1]) as u128;
    let copies = if c.surrogate.is_some() { 2 } else { 1 };
    // Covariance, eigenvectors, root and the room for them.
    let room = if c.surrogate == Some(Surrogate::Gaussian) {
        8 * 8 * (c.updates as u128).pow(2)
    } else {
        0
    };
    let [all, upper] = weights(sizes);
    let network =
        width * (2 * all + upper + batch * (3 * sum(&sizes[1..]) + sum(sizes))) + 8 * upper;
    let recorded = copies * width * values + room + 24 * c.updates as u128;
    Need::default().and(trained(&c.train) + network, NETWORK).and(recorded, REPLAYED)
}

fn sampled(c: &SampleCondition) -> Need {
    let width = width(c.precision);
    let [n0, n1, n2, batch] =
        [c.layers[0], c.layers[1 % c.layers.len()], c.layers[c.layers.len() - 1], c.batch]
            .map(|n| n as u128);
    let ends = [c.layers[0], c.layers[c.layers.len() - 1]];
    let drawn = 2 * width * batch * (n0 + n2) + signals(&c.signals(), c.batch, ends, width);
    // The transformation, its parts, and what its eigenvalues take in double precision.
    let square = n2 * n2 * (3 * width + 6 * 8);
    let products = width * (n0 * n1 + 2 * n0 * n2 + 4 * n1 * n2 + 4 * batch * (n1 + n2));
    let composed = 8 * 3 * (batch * n2 + n1 * n2);
    Need::default().and(drawn + square + products + composed, NETWORK)
}

/// States and signals are read one at a time; decompositions check for themselves what they hold.
fn recorded(c: &RecordedCondition) -> Need {
    let weights = c.layers().iter().map(|layer| layer.shape.iter().product::<usize>() as u128);
    Need::default().and(8 * 8 * weights.sum::<u128>(), RECORDED)
}

fn recurrent(c: &RecurrentCondition) -> Need {
    let (width, sizes) = (width(c.precision), c.sizes());
    let [inputs, units, outputs] = [sizes[0], sizes[1], sizes[2]].map(|n| n as u128);
    let (batch, pair) = (c.setup.batch as u128, &c.setup.signals);
    let matrices = units * (inputs + units + outputs);
    // Weights, backward weights, updates by both rules and the start; room for spectra.
    let network = width * 5 * matrices + 8 * 6 * units * units;
    let length = c.setup.times().map_or(1, |times| times.length as u128);
    // Drives, activities and states; inputs, targets or errors, and copies of these.
    let of_sequences =
        |samples: u128| width * samples * length * (3 * units + 4 * (inputs + outputs));
    if !c.is_isolated() {
        let tested = of_sequences(MOST_TESTED);
        return Need::default().and(network, UNITS).and(of_sequences(batch) + tested, SEQUENCES);
    }
    // Traces of every synapse and sample, and what updates are compared on.
    let traces = width * batch * (units * (inputs + units) + 6 * units);
    let values = c.iterations as u128 * batch * (inputs + outputs);
    // The signals, and surrogates of them, with the room to make these.
    let room = match c.surrogate {
        None => 0,
        Some(Surrogate::Gaussian) => 3 * width * values + 8 * 8 * (c.iterations as u128).pow(2),
        Some(_) => 3 * width * values,
    };
    let files = [(&pair.activity, inputs), (&pair.error, outputs)].into_iter();
    let files = files.filter(|(form, _)| form.is_recorded());
    let recorded: u128 = files.map(|(_, units)| 16 * c.iterations as u128 * batch * units).sum();
    let driving = signals(pair, c.setup.batch, [sizes[0], sizes[2]], width);
    Need::default()
        .and(network + traces + driving, UNITS)
        .and(of_sequences(batch), SEQUENCES)
        .and(room + recorded, RECORDED)
}

/// What the quantities of a recurrent network take beside its condition.
fn measured_of_recurrent(job: &Job, c: &RecurrentCondition, need: &mut Need) {
    let (width, sizes) = (width(c.precision), c.sizes());
    let [inputs, units] = [sizes[0], sizes[1]].map(|n| n as u128);
    if job.quantities().any(Quantity::is_of_readout_lags) {
        let followed = job.lags.last().map_or(0, |&lag| lag.min(c.iterations)) as u128;
        let of_lag = units * (inputs + units + c.setup.batch as u128);
        need.add(width * (followed + 2) * of_lag, FEWER_LAGS);
    }
    if job.measures(Quantity::PredictedWeightAlignment)
        && let Some(linear) = c.linear()
    {
        need.add(linear.bytes(c.iterations), FOLLOWED);
    }
}

/// What the quantities that a job measures take beside its condition.
fn measured(job: &Job, need: &mut Need) {
    let sizes = job.condition.sizes();
    let (precision, batch) = match &job.condition {
        Condition::Isolate(c) => (c.precision, c.batch),
        Condition::Train(c) => (c.precision, c.setup.batch),
        // These measure nothing that needs the past, and sums of the size of a signal.
        Condition::Replay(_) | Condition::Plane(_) | Condition::Sample(_) => return,
        Condition::Recurrent(c) => return measured_of_recurrent(job, c, need),
        Condition::Recorded(_) => return,
    };
    let network = Measuring { job, sizes, width: width(precision), batch: batch as u128 };
    network.add_present(need);
    network.add_predictions(need);
    network.add_past(need);
}

/// A network of layers whose job measures something.
struct Measuring<'a> {
    job: &'a Job,
    sizes: Vec<usize>,
    /// Bytes of a value.
    width: u128,
    batch: u128,
}

impl Measuring<'_> {
    fn measures(&self, is_wanted: fn(Quantity) -> bool) -> bool {
        self.job.quantities().any(is_wanted)
    }

    /// Signals of a pass.
    fn pass(&self) -> u128 {
        self.width * self.batch * (self.sizes[0] as u128 + 3 * sum(&self.sizes[1..]))
    }

    /// What is measured of the present state, and of what stands beside it.
    fn add_present(&self, need: &mut Need) {
        let Self { job, ref sizes, width, batch } = *self;
        let [all, upper] = weights(sizes);
        if let Condition::Train(c) = &job.condition
            && self.measures(Quantity::is_beside_twin)
        {
            // The twin, activities of both on some test images, and inner products of these.
            let images = 500 * (2 * (width + 16) * sum(sizes) + 6 * 8 * 500);
            need.add(trained(c) + images, NETWORK);
        }
        if self.measures(Quantity::is_rank) {
            // The largest matrix in double precision, what it is a product of, and the room to
            // decompose it.
            let sides = sizes.iter().map(|&n| (n as u128).max(batch)).max().unwrap_or(0);
            let largest = sizes.windows(2).map(|n| n[0] as u128 * n[1] as u128).max().unwrap_or(0);
            need.add(8 * (4 * largest.max(batch * sides) + 2 * batch * sides), NETWORK);
        }
        if self.measures(Quantity::is_budget) {
            need.add(width * 2 * (all + upper) + self.pass(), NETWORK);
        }
        if self.measures(|quantity| {
            (Quantity::AlignmentTerm..=Quantity::SuperalignmentSumNorm).contains(&quantity)
        }) {
            need.add(2 * (width + 8) * all + self.pass(), NETWORK);
        }
    }

    /// What theory goes along with.
    fn add_predictions(&self, need: &mut Need) {
        let Self { job, ref sizes, width, batch } = *self;
        let [all, _] = weights(sizes);
        let (inputs, outputs) = (sizes[0] as u128, sizes[sizes.len() - 1] as u128);
        if self.measures(|quantity| quantity == Quantity::ConditionalAlignment) {
            need.add(
                8 * (2 * inputs * outputs + 2 * outputs * outputs + batch * (inputs + outputs)),
                NETWORK,
            );
        }
        if self.measures(Quantity::is_followed) {
            need.add(8 * (8 * all + 8 * sum(sizes) * outputs + batch * sum(sizes)), NETWORK);
            if let Condition::Train(c) = &job.condition {
                // The images in double precision.
                need.add(2 * 8 * c.data_bytes() / width, NETWORK);
            }
        }
    }

    /// What is kept of earlier iterations.
    fn add_past(&self, need: &mut Need) {
        let Self { job, ref sizes, width, .. } = *self;
        let ([all, upper], pass) = (weights(sizes), self.pass());
        let longest = job.lags.last().copied().unwrap_or(0) as u128;
        let lags = job.lags.len() as u128;
        let last = job.condition.last_iteration() as u128;
        if self.measures(|quantity| quantity.is_by_class() || quantity.is_similarity()) {
            // Passes of earlier iterations, and which they are.
            need.add(pass * longest.min(last), PAST);
            need.add(32 * last.min(lags * recorded_iterations(job)), PAST);
        }
        if self.measures(Quantity::is_decomposition) {
            let window = job.decomposition_window() as u128;
            let control =
                u128::from(self.measures(|quantity| quantity == Quantity::ControlAlignment));
            let families = 1 + u128::from(job.condition.has_projections()) + control;
            let below = weights(&sizes[..sizes.len() - 1])[0];
            need.add(width * families * (window + 1) * below, PAST);
            let has_terms = self.measures(|quantity| quantity.is_term() && !quantity.is_by_class());
            let of_lags = if has_terms { lags } else { 0 };
            need.add(width * families * of_lags * upper + 24 * families * window, PAST);
            // Sums, and what stands beside the weights.
            need.add(width * (8 * families * upper + 4 * all + pass * (3 + families)), NETWORK);
        }
    }
}

/// Iterations that a job records at, at most, over all its quantities.
fn recorded_iterations(job: &Job) -> u128 {
    let (last, per_epoch) = (job.condition.last_iteration(), job.condition.iterations_per_epoch());
    let iterations = |every: Option<crate::condition::RecordEvery>| {
        every.unwrap_or(job.record_every).count(last, per_epoch, job.report_at.len()) as u128
    };
    job.observers.iter().map(|observer| iterations(observer.record_every)).max().unwrap_or(0)
}

/// Values that a job records, at most.
pub fn records(job: &Job) -> u128 {
    let (last, per_epoch) = (job.condition.last_iteration(), job.condition.iterations_per_epoch());
    match &job.condition {
        Condition::Sample(c) => {
            (c.draws * job.observers.len() + c.layers[c.layers.len() - 1]) as u128
        }
        Condition::Plane(c) => (c.mesh * c.mesh + 4 * last.div_ceil(c.every) + 8) as u128,
        _ => {
            let values = |observer: &crate::quantity::Observer| {
                let every = observer.record_every.unwrap_or(job.record_every);
                let iterations = every.count(last, per_epoch, job.report_at.len()) as u128;
                let layers = observer.quantity.layers(&job.condition).len() as u128;
                let lags = if observer.quantity.has_lags() { job.lags.len() as u128 } else { 1 };
                iterations * layers * lags
            };
            job.observers.iter().map(values).sum()
        }
    }
}

/// What a job takes while it runs, but for its data set: upper bounds.
pub fn need(job: &Job, export: Export) -> Need {
    let mut need = job.condition.need();
    measured(job, &mut need);
    // The list of what is due when; records, and their text when they are stored.
    let due = 96
        * recorded_iterations(job)
        * if matches!(job.condition, Condition::Sample(_)) { 0 } else { 1 };
    let remedy = if matches!(job.condition, Condition::Sample(_)) { DRAWS } else { RECORDS };
    need.add(due + records(job) * (2 * size_of::<Record>() as u128 + 96), remedy);
    if let Condition::Train(c) = &job.condition {
        exported(c, job.condition.last_iteration(), export, &mut need);
    }
    need
}

/// What exports of a network take: arrays in double precision, and the file made of them.
fn exported(c: &TrainCondition, updates: usize, export: Export, need: &mut Need) {
    let sizes = c.sizes();
    let [all, upper] = weights(&sizes);
    if export.is_on() {
        need.add(width(c.precision) * all + 2 * 8 * (2 * all + upper), NETWORK);
    }
    if let Some(limit) = export.signals() {
        let states = 1 + limit.min(updates) as u128;
        let of_update =
            c.setup.batch as u128 * (sum(&sizes[..sizes.len() - 1]) + sum(&sizes[1..])) + all;
        need.add(2 * 8 * states * (of_update + sum(&sizes[1..])), SIGNALS);
    }
}

/// Why a run does not fit into memory.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}; or {remedy}")]
pub struct TooLarge {
    /// What needs how much, and how much there is.
    pub error: MemoryError,
    /// What makes it less.
    pub remedy: &'static str,
}

/// What a run takes, apart from its jobs: results, tables, data sets.
fn shared(plan: &Plan, pending: &[usize], left_out: &HashSet<usize>) -> Need {
    let mut records_of: BTreeMap<usize, u128> = BTreeMap::new();
    let mut rows = 0;
    for planned in plan.planned().filter(|planned| !left_out.contains(&planned.job)) {
        let records =
            *records_of.entry(planned.job).or_insert_with(|| records(&plan.jobs[planned.job]));
        // A row of the series: names and values of the condition, and what was recorded.
        let row = 64
            + planned.analysis.name.len() as u128
            + 12 * planned.analysis.columns().len() as u128;
        rows += records * row;
    }
    let held: u128 =
        records_of.values().map(|records| records * 2 * size_of::<Record>() as u128).sum();
    let mut data: BTreeMap<String, u128> = BTreeMap::new();
    for train in pending.iter().filter_map(|&job| plan.jobs[job].condition.train()) {
        let bytes = train.data_bytes().saturating_mul(2);
        data.insert(format!("{:?} {:?} {:?}", train.data, train.size, train.precision), bytes);
    }
    Need::default().and(held + 2 * rows, RECORDS).and(data.values().sum(), "make --size smaller")
}

/// How many of `threads` may run the jobs `pending` at a time, each of which takes what the largest
/// does. Those that are `left_out` have no results, and get none.
///
/// # Errors
/// If not even one fits, with what would help.
pub fn admit(
    plan: &Plan,
    pending: &[usize],
    left_out: &HashSet<usize>,
    export: Export,
    threads: usize,
    limit: MemoryLimit,
) -> Result<usize, TooLarge> {
    let thread = limit.of_threads(1);
    if thread > u128::from(limit.bytes) && !pending.is_empty() {
        let what = "a thread, with the address space that products of matrices reserve,".into();
        let remedy = "limit the memory in use in its place, as control groups do";
        return Err(TooLarge { error: MemoryError { what, need: thread, limit }, remedy });
    }
    let shared = shared(plan, pending, left_out);
    let largest = pending
        .iter()
        .map(|&job| (need(&plan.jobs[job], export), job))
        .max_by_key(|(need, _)| need.bytes());
    // The first thread is that of the program, which waits.
    let [first, second] = [0, 1].map(|threads| limit.of_threads(threads));
    let each = largest.as_ref().map_or(0, |(need, _)| need.bytes() + second - first);
    let (always, predicted) = (shared.bytes().saturating_add(first), predicted(plan));
    let left = u128::from(limit.bytes).saturating_sub(always);
    if always <= u128::from(limit.bytes) && each.max(predicted) <= left {
        let fit = left.checked_div(each).and_then(|fit| usize::try_from(fit).ok());
        return Ok(fit.map_or(threads, |fit| threads.min(fit)));
    }
    let (what, remedy) = match &largest {
        _ if predicted > each.max(shared.bytes()) => {
            ("the prediction".into(), "leave --predict out")
        }
        Some((need, job)) if each >= shared.bytes() => (plan_name(plan, *job), need.remedy()),
        _ => ("this run, with all its results,".into(), shared.remedy()),
    };
    let error = MemoryError { what, need: each.max(predicted).saturating_add(always), limit };
    Err(TooLarge { error, remedy })
}

/// What the predictions beside the results take, which are made one after the other when the jobs
/// are done.
fn predicted(plan: &Plan) -> u128 {
    let wanted = plan
        .analyses()
        .filter(|analysis| analysis.settings.predict)
        .flat_map(|analysis| &analysis.conditions);
    let exact = wanted.filter_map(|condition| match condition {
        Condition::Isolate(c) if c.is_linear_toy() => Some(c.iterations),
        _ => None,
    });
    // Longer runs have no such prediction.
    exact.filter(|&iterations| iterations <= MOST).map(moments::bytes).max().unwrap_or(0)
}

/// The job, for people.
fn plan_name(plan: &Plan, job: usize) -> String {
    let planned = plan.planned().find(|planned| planned.job == job);
    planned.map_or_else(String::new, |planned| {
        let label = planned.analysis.label(planned.condition);
        let label = if label.is_empty() { String::new() } else { format!(" ({label})") };
        format!("a job of `{}`{label}", planned.analysis.name)
    })
}

/// Says that fewer threads run than were asked for.
pub fn fewer_threads(admitted: usize, threads: usize, limit: MemoryLimit) -> String {
    format!(
        "{admitted} of {threads} threads are used, as jobs on more would need more memory than {}",
        in_words(limit.bytes.into())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Kind;
    use crate::file::memory::Bound;
    use crate::spec::Analysis;

    fn plan(kind: Kind, options: &[(&str, &str)]) -> Plan {
        Plan::single(Analysis::from_options(kind, options.iter().copied()).unwrap()).unwrap()
    }

    fn need_of(kind: Kind, options: &[(&str, &str)]) -> Need {
        need(&plan(kind, options).jobs[0], Export::Off)
    }

    /// A limit of all but address space.
    fn limit(bytes: u128) -> MemoryLimit {
        MemoryLimit { bytes: bytes as u64, bound: Bound::Machine }
    }

    #[test]
    fn what_is_asked_for_more_of_takes_more() {
        let less_and_more = |kind, option: (&'static str, &'static str), more: &'static str| {
            let base = [("report-at", ""), ("repeats", "1")];
            let with = |value| [&base[..], &[(option.0, value)]].concat();
            (need_of(kind, &with(option.1)), need_of(kind, &with(more)))
        };
        for (kind, option, more, remedy) in [
            (Kind::Isolate, ("batch", "100"), "100000", NETWORK),
            (Kind::Isolate, ("layers", "20,100,20"), "20,50000,20", NETWORK),
            (Kind::Isolate, ("record-every", "1000"), "1", RECORDS),
            (Kind::Isolate, ("activity", "ma:1,1"), "ma:1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", NETWORK),
            (Kind::Train, ("hidden", "50"), "5000", NETWORK),
            (Kind::Replay, ("replay-updates", "1"), "200", REPLAYED),
            (Kind::Sample, ("draws", "10"), "1000000", DRAWS),
            (Kind::Plane, ("snapshot-every", "1000"), "1", SNAPSHOTS),
        ] {
            let (less, more) = less_and_more(kind, option, more);
            assert!(less.bytes() < more.bytes(), "{option:?}: {less:?} {more:?}");
            if remedy != NETWORK && remedy != RECORDS || option.0 == "layers" {
                assert_eq!(more.remedy(), remedy, "{option:?}: {more:?}");
            }
        }
        let long = |quantities| {
            let options = [("iterations", "100000"), ("record-every", "100000"), ("report-at", "")];
            need_of(Kind::Isolate, &[&options[..], &[("quantities", quantities)]].concat())
        };
        assert_eq!(long("terms_angle").remedy(), PAST);
        assert!(long("terms_angle").bytes() > 100_000 * 20 * 100 * 8);
        assert!(long("weight_alignment").bytes() < 10 << 20);
        let job = &plan(Kind::Train, &[("epochs", "10")]).jobs[0];
        let exported =
            [Export::Off, Export::Weights, Export::Signals(10), Export::Signals(usize::MAX)];
        let needs = exported.map(|export| need(job, export).bytes());
        assert!(needs.is_sorted() && needs[3] > 2 * needs[2], "{needs:?}");
    }

    #[test]
    fn threads_are_as_many_as_fit_and_none_is_refused_with_the_remedy() {
        let plan = plan(Kind::Isolate, &[("batch", "10000"), ("repeats", "8")]);
        let pending: Vec<usize> = (0..8).collect();
        let each = need(&plan.jobs[0], Export::Off).bytes() + limit(0).of_threads(1);
        let none = HashSet::new();
        let shared = shared(&plan, &pending, &none).bytes();
        for fit in 1..=5u128 {
            for (spare, expected) in [(0, fit), (each - 1, fit), (each, fit + 1)] {
                let found = admit(
                    &plan,
                    &pending,
                    &none,
                    Export::Off,
                    4,
                    limit(shared + fit * each + spare),
                )
                .unwrap();
                assert_eq!(found as u128, expected.min(4), "{fit} {spare}");
            }
        }
        let error = admit(&plan, &pending, &none, Export::Off, 4, limit(shared + each - 1))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("a job of `isolate`")
                && error.ends_with("make layers or batch smaller"),
            "{error}"
        );
        assert_eq!(
            admit(&plan, &[], &none, Export::Off, 4, limit(shared)).unwrap(),
            4,
            "what is done takes nothing more"
        );
        let others = (1..8).collect();
        assert!(
            admit(&plan, &[], &others, Export::Off, 4, limit(shared / 2)).is_ok(),
            "results that are not there take nothing"
        );
        let error =
            admit(&plan, &[], &none, Export::Off, 4, limit(shared - 1)).unwrap_err().to_string();
        assert!(
            error.contains("this run, with all its results") && error.contains(RECORDS),
            "{error}"
        );
    }

    #[test]
    fn nothing_a_spec_may_ask_for_overflows() {
        let most = [
            ("iterations", "1000000000"),
            ("lags", "1-100000"),
            ("repeats", "1"),
            ("report-at", ""),
        ];
        let every = [("record-every", "200"), ("quantities", "term_angle,terms_angle")];
        let found = need_of(Kind::Isolate, &[&most[..], &every].concat());
        assert!(found.bytes() > 1 << 40, "{found:?}");
    }
}
