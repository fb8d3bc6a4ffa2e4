//! The elementwise passes of the decomposition, one unit at a time over the lags of a block.

use crate::real::Real;
use crate::rule::Activation;
use crate::rule::activation::{Pointwise, for_activation};
use crate::vmath::{Kernel, vectorise};
use std::marker::PhantomData;

/// Most samples of a panel: rows of this many values stay in the fastest cache.
pub(super) const PANEL: usize = 128;

/// Panels hold a multiple of this many samples, so that rows are whole vectors.
pub(super) const LANES: usize = 16;

/// What a unit contributes over the lags of a block, for the samples of a panel. Slot `s` is the
/// state `s` steps after the oldest of the block; slots are worked on from the latest back, and the
/// slot above the latest is the state after it. Rows have one value per sample of the panel.
pub(super) struct UnitOfBlock<'a, T> {
    /// Which unit, of how many.
    pub unit: usize,
    pub units: usize,
    /// Lags of the block.
    pub slots: usize,
    /// The unit's bias.
    pub bias: T,
    /// `zeta` without the bias, `(slots + 1) x units x samples`; slot `s + 1` is left with the
    /// term's factor of slot `s`: `f'(zeta^o) o (zeta^{o-1} - zeta^o)`, less what the projection
    /// contributes.
    pub block: &'a mut [T],
    /// `L dP`, `slots x units x samples`; left multiplied by `f'(zeta^o)`.
    pub projection: Option<&'a mut [T]>,
    /// `L dW'` of the control, likewise.
    pub control: Option<&'a mut [T]>,
    /// Row of the state after the latest of the block, without bias; left with that of the oldest.
    pub carry: &'a mut [T],
    /// Rows of sums over lags of what `block`, `projection` and `control` are left with; the latter
    /// two where those are.
    pub sum: &'a mut [T],
    pub projection_sum: &'a mut [T],
    pub control_sum: &'a mut [T],
    /// Row of the activity of the state after the latest of the block (left with that of the
    /// oldest), and of the sum of `r^o`.
    pub direct: Option<[&'a mut [T]; 2]>,
    /// Row of `delta_{l+1} B_l`, and the inner products with it that are added to, the shortest lag
    /// first.
    pub inner: Option<Inner<'a, T>>,
}

/// Inner products with the error that arrives at a unit.
pub(super) struct Inner<'a, T> {
    pub error: &'a [T],
    pub alignment: &'a mut [f64],
    pub projection: &'a mut [f64],
}

struct Terms<P>(PhantomData<P>);

impl<P: Pointwise, T: Real> Kernel<UnitOfBlock<'_, T>> for Terms<P> {
    type Output = ();
    #[inline(always)]
    fn run(work: UnitOfBlock<'_, T>) {
        let UnitOfBlock {
            unit,
            units,
            slots,
            bias,
            block,
            mut projection,
            mut control,
            carry,
            sum,
            ..
        } = work;
        let UnitOfBlock { projection_sum, control_sum, mut direct, mut inner, .. } = work;
        let width = carry.len().min(PANEL);
        let at = |slot: usize| (slot * units + unit) * width..(slot * units + unit + 1) * width;
        let (mut activity, mut slope) = ([T::zero(); PANEL], [T::zero(); PANEL]);
        let (activity, slope) = (&mut activity[..width], &mut slope[..width]);
        block[at(slots)].copy_from_slice(carry);
        for slot in (0..slots).rev() {
            let (below, above) = block.split_at_mut((slot + 1) * units * width);
            let (zeta, term) = (&below[at(slot)], &mut above[unit * width..(unit + 1) * width]);
            activity_and_slope::<P, T>(zeta, bias, activity, slope);
            if let Some([before, rest]) = &mut direct {
                remainder(before, activity, slope, [term, zeta], rest);
            }
            if let Some(rows) = &mut projection {
                let row = &mut rows[at(slot)];
                subtract(term, row);
                weigh(row, slope, projection_sum);
                if let Some(Inner { error, projection, .. }) = &mut inner {
                    projection[slots - 1 - slot] += product_sum(row, error);
                }
            }
            weigh_difference(term, zeta, slope, sum);
            if let Some(Inner { error, alignment, .. }) = &mut inner {
                alignment[slots - 1 - slot] += product_sum(term, error);
            }
            if let Some(rows) = &mut control {
                weigh(&mut rows[at(slot)], slope, control_sum);
            }
        }
        carry.copy_from_slice(&block[at(0)]);
    }
}

/// `f(zeta + b)` and `f'(zeta + b)`.
#[inline(always)]
fn activity_and_slope<P: Pointwise, T: Real>(
    zeta: &[T],
    bias: T,
    activity: &mut [T],
    slope: &mut [T],
) {
    for ((&zeta, a), s) in zeta.iter().zip(activity).zip(slope) {
        let z = zeta + bias;
        let value = P::value(z);
        *a = value;
        *s = P::through(T::one(), z, value);
    }
}

// Rows are worked on in chunks that are read whole before they are written: rows that might overlap
// would not vectorise.

/// Chunks of a row.
#[inline(always)]
fn chunks<T>(row: &[T]) -> &[[T; LANES]] {
    row.as_chunks().0
}

/// Chunks of a row.
#[inline(always)]
fn chunks_mut<T>(row: &mut [T]) -> &mut [[T; LANES]] {
    row.as_chunks_mut().0
}

/// `row -= values`.
#[inline(always)]
fn subtract<T: Real>(row: &mut [T], values: &[T]) {
    for (row, values) in chunks_mut(row).iter_mut().zip(chunks(values)) {
        for i in 0..LANES {
            row[i] -= values[i];
        }
    }
}

/// `row = slope o row`, added to `sum`.
#[inline(always)]
fn weigh<T: Real>(row: &mut [T], slope: &[T], sum: &mut [T]) {
    for ((row, slope), sum) in chunks_mut(row).iter_mut().zip(chunks(slope)).zip(chunks_mut(sum)) {
        let (mut out, mut added) = (*row, *sum);
        for i in 0..LANES {
            out[i] = slope[i] * out[i];
            added[i] += out[i];
        }
        (*row, *sum) = (out, added);
    }
}

/// `row = slope o (row - zeta)`, added to `sum`.
#[inline(always)]
fn weigh_difference<T: Real>(row: &mut [T], zeta: &[T], slope: &[T], sum: &mut [T]) {
    let factors = chunks(zeta).iter().zip(chunks(slope));
    for ((row, (zeta, slope)), sum) in chunks_mut(row).iter_mut().zip(factors).zip(chunks_mut(sum))
    {
        let (mut out, mut added) = (*row, *sum);
        for i in 0..LANES {
            out[i] = slope[i] * (out[i] - zeta[i]);
            added[i] += out[i];
        }
        (*row, *sum) = (out, added);
    }
}

/// `rest += f(zeta^{o-1}) - f(zeta^o) - f'(zeta^o) o (zeta^{o-1} - zeta^o)`; `before` becomes
/// `f(zeta^o)`.
#[inline(always)]
fn remainder<T: Real>(
    before: &mut [T],
    activity: &[T],
    slope: &[T],
    [later, zeta]: [&[T]; 2],
    rest: &mut [T],
) {
    let steps = chunks(slope).iter().zip(chunks(later)).zip(chunks(zeta));
    let rows = chunks_mut(before).iter_mut().zip(chunks(activity));
    for (((before, activity), ((slope, later), zeta)), rest) in
        rows.zip(steps).zip(chunks_mut(rest))
    {
        let mut added = *rest;
        for i in 0..LANES {
            added[i] += (before[i] - activity[i]) - slope[i] * (later[i] - zeta[i]);
        }
        (*before, *rest) = (*activity, added);
    }
}

/// Inner product of two rows. Lanes have the precision of the rows, which are short; their sum is
/// in double precision.
#[inline(always)]
fn product_sum<T: Real>(a: &[T], b: &[T]) -> f64 {
    let mut lanes = [T::zero(); LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for i in 0..LANES {
            lanes[i] += a[i] * b[i];
        }
    }
    let mut sum = 0.0;
    for lane in lanes {
        sum += lane.to_f64();
    }
    sum
}

/// Works on one unit of a block.
pub(super) fn terms<T: Real>(activation: Activation, work: UnitOfBlock<'_, T>) {
    for_activation!(activation, P => vectorise(Terms::<P>(PhantomData), work));
}

struct WithBias<P>(PhantomData<P>);

impl<P: Pointwise, T: Real> Kernel<(&[T], &[T], &mut [T])> for WithBias<P> {
    type Output = ();
    #[inline(always)]
    fn run((zeta, bias, activity): (&[T], &[T], &mut [T])) {
        let width = zeta.len() / bias.len().max(1);
        for ((zeta, activity), &bias) in
            zeta.chunks_exact(width.max(1)).zip(activity.chunks_exact_mut(width.max(1))).zip(bias)
        {
            for (&zeta, a) in zeta.iter().zip(activity) {
                *a = P::value(zeta + bias);
            }
        }
    }
}

/// `f(zeta + b)`, rows being units; `bias` has one value per row.
pub(super) fn activities<T: Real>(
    activation: Activation,
    zeta: &[T],
    bias: &[T],
    activity: &mut [T],
) {
    for_activation!(activation, P => vectorise(WithBias::<P>(PhantomData), (zeta, bias, activity)));
}
