//! Updates of a run, decomposed as it goes: what past updates they owe their direction to.

use crate::matrix::Matrix;
use crate::quantity::{Built, ByClass, DecomposedUpdate, Quantity, fraction};
use crate::random::{Role, Stream};
use crate::real::Real;
use crate::rule::decomposition::{
    ClassSplit, Decomposition, DecompositionError, Earlier, Follower, LinearSum, Now, Passes, Plan,
    Reading, Samples, Towards, Wanted, split_by_class,
};
use crate::rule::{Feedback, Layers, Pass, normal_matrix};
use crate::run::Job;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

/// Most that the weights of the past may take.
const MOST_BYTES: u64 = 4 << 30;

/// The update that comes next.
pub(super) struct NextUpdate<'a, T> {
    /// Updates so far.
    pub iteration: usize,
    /// The network before the update.
    pub layers: &'a Layers<T>,
    /// What the update is made of, in one part or several.
    pub passes: &'a Passes<'a, T>,
    /// Class of every sample; empty where there are no classes.
    pub labels: &'a [u8],
    /// What the sum over the batch is multiplied by.
    pub eta: T,
}

/// The past of a run, and what its updates owe to it. Index `l - 1` of the lists is that of `W_l`.
pub(super) struct Decomposed<T> {
    follower: Follower<T>,
    lags: Vec<usize>,
    /// What is due at an iteration.
    due: BTreeMap<usize, Vec<Quantity>>,
    period: Option<NonZeroUsize>,
    backward: Vec<Matrix<T>>,
    towards: Vec<Towards>,
    linear: Option<Vec<LinearSum<T>>>,
    built: Option<BesideNetwork<T>>,
    /// Samples of earlier iterations whose pairs of classes are wanted, and these iterations.
    kept: BTreeMap<usize, Kept<T>>,
    wanted: BTreeSet<usize>,
    /// What has been found of the update to come.
    found: BTreeMap<usize, DecomposedUpdate>,
    split: BTreeMap<(usize, usize), [Reading; 2]>,
}

struct Kept<T> {
    parts: Vec<(Matrix<T>, Pass<T>)>,
    labels: Vec<u8>,
    eta: T,
}

/// Weights that are built up beside those of the network, of what these updates are made of.
struct BesideNetwork<T> {
    linear: Vec<Matrix<T>>,
    control: Option<Vec<Matrix<T>>>,
    control_towards: Vec<Towards>,
}

impl<T: Real> Decomposed<T> {
    /// For what `job` measures, from the present state of a network on; `None` if nothing is
    /// decomposed, or there is no layer or no B to decompose for. `period` is the number of
    /// iterations after which batches come again.
    ///
    /// # Errors
    /// What does not fit into memory, and what to do.
    pub fn new(
        job: &Job,
        layers: &Layers<T>,
        feedback: &Feedback<T>,
        period: Option<NonZeroUsize>,
    ) -> Result<Option<Self>, String> {
        let measured: Vec<Quantity> =
            job.quantities().filter(|quantity| quantity.is_decomposition()).collect();
        let backward: Vec<Matrix<T>> =
            (1..layers.depth()).filter_map(|l| feedback.backward(l).cloned()).collect();
        if measured.is_empty() || backward.is_empty() {
            return Ok(None);
        }
        let mut due: BTreeMap<usize, Vec<Quantity>> = BTreeMap::new();
        for &quantity in &measured {
            job.recorded_iterations(quantity)
                .into_iter()
                .for_each(|k| due.entry(k).or_default().push(quantity));
        }
        let measures =
            |is_wanted: fn(Quantity) -> bool| measured.iter().any(|&quantity| is_wanted(quantity));
        let controls = measures(|quantity| quantity == Quantity::ControlAlignment)
            .then(|| controls(job, &backward));
        let control_towards = controls.iter().flatten().map(Towards::transpose_of).collect();
        let last = due.keys().last().copied().unwrap_or(0);
        let plan = Plan {
            window: job.decomposition_window().min(last),
            projection: job.condition.has_projections(),
            control: controls,
        };
        let sizes = layers.sizes();
        let built = measures(Quantity::is_of_built_weights).then(|| {
            let start = layers.weights[1..].to_vec();
            let control = plan.control.is_some().then(|| start.clone());
            BesideNetwork { linear: start, control, control_towards }
        });
        let of_linear = |n: &[usize]| LinearSum::new(n[0], n[2]);
        let by_class = |quantity: &Quantity| quantity.is_by_class();
        let split_at = due.iter().filter(|(_, due)| due.iter().any(by_class)).map(|(&k, _)| k);
        Ok(Some(Self {
            wanted: split_at
                .flat_map(|k| job.lags.iter().filter_map(move |lag| k.checked_sub(*lag)))
                .collect(),
            follower: follower(layers, &sizes, &plan)?,
            lags: job.lags.clone(),
            due,
            period,
            towards: backward.iter().map(Towards::transpose_of).collect(),
            backward,
            linear: measures(Quantity::is_linear_form)
                .then(|| sizes.windows(3).map(of_linear).collect()),
            built,
            kept: BTreeMap::new(),
            found: BTreeMap::new(),
            split: BTreeMap::new(),
        }))
    }

    /// What is due of the update of `W_l` to come, decomposed once.
    ///
    /// # Errors
    /// If something does not fit: a defect.
    pub fn update(
        &mut self,
        coming: &NextUpdate<'_, T>,
        l: usize,
    ) -> Result<&DecomposedUpdate, DecompositionError> {
        let found = match self.found.remove(&l) {
            Some(found) => found,
            None => self.decompose(coming, l)?,
        };
        Ok(self.found.entry(l).or_insert(found))
    }

    fn decompose(
        &mut self,
        coming: &NextUpdate<'_, T>,
        l: usize,
    ) -> Result<DecomposedUpdate, DecompositionError> {
        let due = self.due.get(&coming.iteration).map_or(&[][..], Vec::as_slice);
        let measures =
            |is_wanted: fn(Quantity) -> bool| due.iter().any(|&quantity| is_wanted(quantity));
        let cumulative = measures(|quantity| quantity == Quantity::TermCumulative);
        let revisits = measures(|quantity| {
            matches!(quantity, Quantity::RevisitsAngle | Quantity::RevisitsShare)
        });
        let wanted = Wanted {
            lags: if measures(|quantity| quantity.is_term() && !quantity.is_by_class()) {
                &self.lags
            } else {
                &[]
            },
            sums: measures(Quantity::is_of_every_lag),
            period: self.period.filter(|_| revisits),
            direct_remainder: false,
            backward: self.backward.get(l - 1).filter(|_| cumulative),
        };
        let split = self.follower.decompose(l, coming.passes, coming.eta, &wanted)?;
        let towards = &self.towards[l - 1];
        let linear = match &self.linear {
            Some(sums) if measures(Quantity::is_linear_form) => {
                let form = sums[l - 1].terms(
                    &samples(coming.passes, l),
                    &self.backward[l - 1],
                    coming.eta,
                )?;
                let sum = split.sums.as_ref().map(|sums| &sums.alignment);
                let deviation = sum.and_then(|sum| fraction(distance(&form, sum), sum.norm()));
                Some((towards.read(&form)?, deviation))
            }
            _ => None,
        };
        let readings = split.read(towards)?;
        Ok(DecomposedUpdate { readings, inner: split.inner, linear })
    }

    /// The alignment term of a lag of the update of `W_l` to come by class, where it can be told.
    ///
    /// # Errors
    /// If something does not fit: a defect.
    pub fn by_class(
        &mut self,
        coming: &NextUpdate<'_, T>,
        l: usize,
        lag: usize,
    ) -> Result<Option<ByClass>, DecompositionError> {
        if !self.split.contains_key(&(l, lag)) {
            let Some(pair) = self.split_by_class(coming, l, lag)? else { return Ok(None) };
            self.split.insert((l, lag), pair);
        }
        let Some([within, between]) = self.split.get(&(l, lag)).copied() else { return Ok(None) };
        let update = self.update(coming, l)?.readings.update.inner;
        Ok(Some(ByClass { within, between, update }))
    }

    /// The term of a lag over pairs of the same class and of different ones.
    fn split_by_class(
        &self,
        coming: &NextUpdate<'_, T>,
        l: usize,
        lag: usize,
    ) -> Result<Option<[Reading; 2]>, DecompositionError> {
        let kept = coming.iteration.checked_sub(lag).and_then(|k| self.kept.get(&k));
        let weights = self.follower.history(l).and_then(|history| history.state(lag));
        let (Some(kept), Some(weights)) = (kept, weights) else { return Ok(None) };
        let earlier: Vec<_> =
            kept.parts.iter().filter_map(|(input, pass)| Earlier::of(input, pass, l)).collect();
        let samples = samples(coming.passes, l);
        let (bias, activation) = (&coming.layers.biases[l - 1], coming.layers.activations[l - 1]);
        let now = Now { samples: &samples, bias, activation, eta: coming.eta };
        let then = (&earlier[..], &kept.labels[..]);
        let ClassSplit { within, between } =
            split_by_class(&weights, then, (&now, coming.labels), &self.backward[l - 1])?;
        // The split has the present rate for both updates; that of the earlier one was its own.
        let factor = kept.eta.to_f64() / coming.eta.to_f64();
        let reading = |part: &Matrix<T>| -> Result<Reading, DecompositionError> {
            let Reading { angle, norm, inner } = self.towards[l - 1].read(part)?;
            Ok(Reading { angle, norm: factor * norm, inner: factor * inner })
        };
        Ok(Some([reading(&within)?, reading(&between)?]))
    }

    /// Angle in degrees of the weights built up beside `W_l` to the `B` they are built with.
    pub fn built_alignment(&self, l: usize, built: Built) -> Option<f64> {
        let BesideNetwork { linear, control, control_towards } = self.built.as_ref()?;
        let index = l.checked_sub(1)?;
        let (towards, weights) = match built {
            Built::Control => (control_towards.get(index)?, control.as_ref()?.get(index)?),
            Built::Linear => (self.towards.get(index)?, linear.get(index)?),
        };
        towards.read(weights).ok()?.angle
    }

    /// Before an update: keeps what will be wanted of it.
    ///
    /// # Errors
    /// If something does not fit: a defect.
    pub fn before_update(&mut self, coming: &NextUpdate<'_, T>) -> Result<(), DecompositionError> {
        if self.wanted.contains(&coming.iteration) {
            let parts =
                coming.passes.iter().map(|&(input, pass)| (input.clone(), pass.clone())).collect();
            self.kept.insert(
                coming.iteration,
                Kept { parts, labels: coming.labels.to_vec(), eta: coming.eta },
            );
        }
        let longest = self.lags.last().copied().unwrap_or(0);
        self.kept = self.kept.split_off(&(coming.iteration + 1).saturating_sub(longest));
        self.build(coming)?;
        for (index, sum) in self.linear.iter_mut().flatten().enumerate() {
            sum.add(&samples(coming.passes, index + 1), coming.eta)?;
        }
        Ok(())
    }

    /// Changes the built weights by the update to come.
    fn build(&mut self, coming: &NextUpdate<'_, T>) -> Result<(), DecompositionError> {
        let Some(BesideNetwork { linear, control, .. }) = &mut self.built else { return Ok(()) };
        let wanted = if control.is_some() { Wanted::SUMS } else { Wanted::LAST };
        for index in 0..self.backward.len() {
            let Decomposition { last, sums, .. } =
                self.follower.decompose(index + 1, coming.passes, coming.eta, &wanted)?;
            if let Some(sums) = &self.linear {
                let form = sums[index].terms(
                    &samples(coming.passes, index + 1),
                    &self.backward[index],
                    coming.eta,
                )?;
                [&last, &form].into_iter().for_each(|part| linear[index] += part);
            }
            if let (Some(control), Some(part)) =
                (control.as_mut(), sums.and_then(|sums| sums.control))
            {
                [&last, &part].into_iter().for_each(|part| control[index] += part);
            }
        }
        Ok(())
    }

    /// After an update: `passes` made it, `after` is what came of it.
    ///
    /// # Errors
    /// If something does not fit: a defect.
    pub fn after_update(
        &mut self,
        passes: &Passes<'_, T>,
        eta: T,
        after: &Layers<T>,
    ) -> Result<(), DecompositionError> {
        self.found.clear();
        self.split.clear();
        self.follower.advance(passes, eta, after)
    }
}

fn follower<T: Real>(
    layers: &Layers<T>,
    sizes: &[usize],
    plan: &Plan<T>,
) -> Result<Follower<T>, String> {
    let bytes = Follower::bytes(sizes, plan);
    if bytes > MOST_BYTES {
        let (gib, most) = (bytes as f64 / f64::from(1 << 30), MOST_BYTES >> 30);
        let all = plan.window;
        return Err(format!(
            "a decomposition that reaches {all} lags back keeps {gib:.1} GiB of past weights, \
             above the {most} GiB it may: set --window to fewer lags"
        ));
    }
    Follower::new(layers, plan).map_err(|error| error.to_string())
}

/// Backward weights of the control: independent normal values of the root mean square of each
/// `B_l`.
fn controls<T: Real>(job: &Job, backward: &[Matrix<T>]) -> Vec<Matrix<T>> {
    let mut stream = Stream::new(job.seed, job.repeat, Role::Control);
    let like = |b: &Matrix<T>| {
        let std = (b.squared_norm() / b.as_slice().len() as f64).sqrt();
        normal_matrix(&mut stream, b.rows(), b.cols(), std)
    };
    backward.iter().map(like).collect()
}

fn samples<'a, T: Real>(passes: &Passes<'a, T>, l: usize) -> Vec<Samples<'a, T>> {
    passes.iter().filter_map(|&(input, pass)| Samples::of(input, pass, l)).collect()
}

fn distance<T: Real>(a: &Matrix<T>, b: &Matrix<T>) -> f64 {
    let squares =
        a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| (a.to_f64() - b.to_f64()).powi(2));
    squares.sum::<f64>().sqrt()
}
