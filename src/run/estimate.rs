//! How long a plan will take: jobs of it are begun, timed for a moment, and given up.

use super::attempt::Attempt;
use super::error::RunError;
use super::execute::{Runner, pool};
use super::job::{Job, JobError};
use super::plan::Plan;
use super::work::{of_control, of_decompositions};
use crate::condition::{Condition, Kind};
use crate::quantity::Quantity;
use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::{Add, Mul};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// An estimate of a time in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seconds {
    /// Hardly less.
    pub low: f64,
    /// The estimate.
    pub likely: f64,
    /// Hardly more.
    pub high: f64,
}

impl Seconds {
    /// The same in each of `low`, `likely` and `high`.
    fn exactly(seconds: f64) -> Self {
        Self { low: seconds, likely: seconds, high: seconds }
    }

    fn map(self, each: impl Fn(f64) -> f64) -> Self {
        Self { low: each(self.low), likely: each(self.likely), high: each(self.high) }
    }
}

impl Add for Seconds {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            low: self.low + other.low,
            likely: self.likely + other.likely,
            high: self.high + other.high,
        }
    }
}

impl Mul<f64> for Seconds {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        self.map(|seconds| seconds * factor)
    }
}

/// Repeats still to be run of one condition.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Name of the analysis.
    pub analysis: String,
    /// Place of the condition in it.
    pub condition: usize,
    /// Indices into [`Plan::jobs`], at least one.
    pub jobs: Vec<usize>,
    /// Time of each job, on a thread of its own.
    pub each: Seconds,
}

/// Conditions timed of an analysis, at most; the others are scaled by the operations of an update.
const MOST_PROBES: usize = 4;
/// Time of all probes, on every thread.
const BUDGET: Duration = Duration::from_secs(8);
/// Least and most time of a probe.
const PROBE: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(500)];
/// Beyond what the probes saw, times differ by such a factor: other work on the machine, caches,
/// clock rates.
const UNSEEN: f64 = 1.5;

/// Estimates the time of the jobs `pending` from that of a few of them, which are run on all
/// threads at once for a moment and then given up; none comes to its end, and nothing is written.
///
/// # Errors
/// If threads cannot be started or a job cannot run.
pub fn estimate(
    plan: &Plan,
    pending: &[usize],
    threads: usize,
    interrupt: &AtomicBool,
    runner: &Runner<'_>,
) -> Result<Vec<Pending>, RunError> {
    let pool = pool(threads)?;
    let mut all = by_condition(plan, pending);
    let analyses: Vec<&mut [Pending]> = all.chunk_by_mut(|a, b| a.analysis == b.analysis).collect();
    let probes: usize = analyses.iter().map(|groups| groups.len().min(MOST_PROBES)).sum();
    let time = BUDGET.checked_div(probes as u32).unwrap_or(BUDGET).clamp(PROBE[0], PROBE[1]);
    for groups in analyses {
        let mut rates = Vec::new();
        for index in spread(plan, groups) {
            let job = &plan.jobs[index];
            let fail = |message| RunError::Job { address: plan.addresses[index].clone(), message };
            // The first time loads the data.
            timed(job, Duration::ZERO, interrupt, runner).map_err(fail)?;
            let seen = pool.broadcast(|_| timed(job, time, interrupt, runner));
            rates.push(Rate::of(
                job,
                &seen.into_iter().collect::<Result<Vec<_>, _>>().map_err(fail)?,
            ));
        }
        for group in groups {
            let job = &plan.jobs[group.jobs[0]];
            let nearest = rates.iter().min_by(|a, b| a.distance(job).total_cmp(&b.distance(job)));
            group.each = nearest.map_or(Seconds::default(), |rate| rate.seconds(job));
        }
    }
    Ok(all)
}

/// Time of everything on so many threads.
pub fn together(pending: &[Pending], threads: usize) -> Seconds {
    let jobs: usize = pending.iter().map(|group| group.jobs.len()).sum();
    let sum = pending
        .iter()
        .fold(Seconds::default(), |sum, group| sum + group.each * group.jobs.len() as f64);
    let shared = sum * (1.0 / threads.min(jobs).max(1) as f64);
    // Jobs are not cut: the longest takes its time.
    let longest =
        |end: fn(&Seconds) -> f64| pending.iter().map(|group| end(&group.each)).fold(0.0, f64::max);
    Seconds {
        low: shared.low.max(longest(|s| s.low)),
        likely: shared.likely.max(longest(|s| s.likely)),
        high: shared.high.max(longest(|s| s.high)),
    }
}

/// Pending jobs by condition, in the order of the plan; what analyses share is the first one's.
fn by_condition(plan: &Plan, pending: &[usize]) -> Vec<Pending> {
    let mut left: HashSet<usize> = pending.iter().copied().collect();
    let mut groups: Vec<Pending> = Vec::new();
    for planned in plan.planned() {
        if !left.remove(&planned.job) {
            continue;
        }
        let same = |other: &&Condition| std::ptr::eq(*other, planned.condition);
        let condition =
            planned.analysis.conditions.iter().position(|other| same(&other)).unwrap_or_default();
        match groups
            .last_mut()
            .filter(|last| last.analysis == planned.analysis.name && last.condition == condition)
        {
            Some(last) => last.jobs.push(planned.job),
            None => groups.push(Pending {
                analysis: planned.analysis.name.clone(),
                condition,
                jobs: vec![planned.job],
                each: Seconds::default(),
            }),
        }
    }
    groups
}

/// Jobs to be timed for those of an analysis, from the smallest to the largest.
fn spread(plan: &Plan, groups: &[Pending]) -> Vec<usize> {
    let mut jobs: Vec<usize> = groups.iter().map(|group| group.jobs[0]).collect();
    jobs.sort_by(|&a, &b| operations(&plan.jobs[a]).total_cmp(&operations(&plan.jobs[b])));
    let probes = jobs.len().min(MOST_PROBES);
    (0..probes).map(|probe| jobs[probe * (jobs.len() - 1) / (probes - 1).max(1)]).collect()
}

/// Operations of the first steps of a job, which are those timed.
fn operations(job: &Job) -> f64 {
    match &job.condition {
        Condition::Replay(replay) => Condition::Train(replay.train.clone()).operations(),
        other => other.operations(),
    }
}

/// Length of a job in steps such as its first.
fn steps(job: &Job) -> f64 {
    let updates = job.condition.last_iteration() as f64;
    match &job.condition {
        Condition::Isolate(_)
        | Condition::Train(_)
        | Condition::Sample(_)
        | Condition::Recurrent(_) => updates,
        Condition::Recorded(_) => job.agenda().len() as f64,
        // The network's updates, and then the replayed ones.
        Condition::Replay(c) => {
            (c.from + c.updates) as f64 + updates * job.condition.operations() / operations(job)
        }
        Condition::Plane(c) => {
            // A point of the plane is a pass forward of all images at once: a sixth of an update
            // each, as measured.
            let images = c.train.training_images() as f64 / c.train.setup.batch as f64;
            let points =
                if job.measures(Quantity::PlaneLoss) { (c.mesh * c.mesh) as f64 } else { 0.0 };
            2.0 * updates + points * images / 6.0
        }
    }
}

/// Iterations after the start at which a job measures, beside its steps.
fn measured(job: &Job) -> HashSet<usize> {
    match job.condition.kind() {
        Kind::Isolate | Kind::Train | Kind::Recurrent => {
            job.agenda().into_keys().filter(|&iteration| iteration > 0).collect()
        }
        Kind::Sample | Kind::Replay | Kind::Plane | Kind::Recorded => HashSet::new(),
    }
}

/// A beginning of a job: time before the first step, and of the first steps, measurements included.
struct Timed {
    start: f64,
    steps: Vec<f64>,
}

/// Runs the beginning of a job: every step asks whether to stop, which is when the time is taken.
fn timed(
    job: &Job,
    time: Duration,
    interrupt: &AtomicBool,
    runner: &Runner<'_>,
) -> Result<Timed, String> {
    let (began, most) = (Instant::now(), (steps(job) / 2.0) as usize);
    let asked = RefCell::new(Vec::new());
    let stop = || {
        let mut asked = asked.borrow_mut();
        asked.push(Instant::now());
        let first = asked[0];
        asked.len() > most || first.elapsed() >= time || interrupt.load(Ordering::Relaxed)
    };
    match runner(job, &Attempt::bare(&stop)) {
        // A network that diverges at once comes to its end.
        Ok(_) | Err(JobError::Interrupted) => {}
        Err(JobError::Failed(message)) => return Err(message),
    }
    let asked = asked.into_inner();
    let start = asked.first().map_or(began.elapsed(), |&first| first - began).as_secs_f64();
    Ok(Timed {
        start,
        steps: asked.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect(),
    })
}

/// What timing jobs of a condition has shown.
struct Rate {
    operations: f64,
    start: f64,
    step: Seconds,
    measurement: Seconds,
}

impl Rate {
    fn of(job: &Job, seen: &[Timed]) -> Self {
        let measured = measured(job);
        let start = seen.iter().map(|one| one.start).sum::<f64>() / seen.len().max(1) as f64;
        let times = |wanted: bool| -> Vec<f64> {
            let each = seen.iter().flat_map(|one| one.steps.iter().enumerate());
            each.filter(|(step, _)| measured.contains(&(step + 1)) == wanted)
                .map(|(_, &time)| time)
                .collect()
        };
        // Where every step has something that grows, the first ones are made as short as without.
        let longest = seen.iter().map(|one| one.steps.len()).max().unwrap_or(0);
        let grown = of_control(job, longest) / (longest.max(1) as f64 * operations(job));
        let times = |wanted| times(wanted).into_iter().map(|time| time / (1.0 + grown)).collect();
        let (plain, with): (Vec<f64>, Vec<f64>) = (times(false), times(true));
        // All that is known of a job of a step or two is that its beginning takes longer than a
        // step.
        let unknown = Seconds { low: 0.0, likely: start / 2.0, high: start };
        let step = spread_of(&plain).or_else(|| spread_of(&with)).unwrap_or(unknown);
        let beyond = |seconds: Seconds| seconds.map(|seconds| (seconds - step.likely).max(0.0));
        // What is measured at the start is measured later, too.
        let measurement = if plain.is_empty() && !with.is_empty() {
            Seconds::default()
        } else {
            spread_of(&with).map_or(unknown, beyond)
        };
        Self { operations: operations(job), start, step, measurement }
    }

    /// How far a job is from the one timed.
    fn distance(&self, job: &Job) -> f64 {
        (operations(job) / self.operations).ln().abs()
    }

    fn seconds(&self, job: &Job) -> Seconds {
        let scale = operations(job) / self.operations;
        // What grows with the past is not among the first steps.
        let steps = steps(job) + of_decompositions(job) / operations(job);
        let all =
            self.step * (steps * scale) + self.measurement * (measured(job).len() as f64 * scale);
        let all = all + Seconds::exactly(self.start * scale);
        Seconds { low: all.low / UNSEEN, likely: all.likely, high: all.high * UNSEEN }
    }
}

/// Mean of times, and the least and largest mean of a quarter of them; `None` of no times.
fn spread_of(times: &[f64]) -> Option<Seconds> {
    let mean = |times: &[f64]| times.iter().sum::<f64>() / times.len() as f64;
    let quarters = times.chunks(times.len().div_ceil(4).max(1)).map(mean);
    let (low, high) =
        quarters.fold((f64::INFINITY, 0.0f64), |(low, high), m| (low.min(m), high.max(m)));
    (!times.is_empty()).then(|| Seconds { low, likely: mean(times), high })
}

#[cfg(test)]
mod tests {
    use super::super::execute::tests::plan_of;
    use super::*;
    use std::sync::atomic::AtomicUsize;

    /// A job that only asks whether to stop, and says if it came to its end.
    fn asking(
        job: &Job,
        attempt: &Attempt<'_>,
        ended: &AtomicUsize,
    ) -> Result<super::super::job::JobResult, JobError> {
        for _ in 1..=job.condition.last_iteration() {
            if attempt.is_to_stop() {
                return Err(JobError::Interrupted);
            }
        }
        ended.fetch_add(1, Ordering::Relaxed);
        Ok(job.finish(super::super::job::Outcome::Completed, Vec::new()))
    }

    #[test]
    fn times_are_those_of_steps_and_measurements() {
        let plan = plan_of(&[("iterations", "2000"), ("record-every", "20"), ("report-at", "")]);
        // 5 ms before the steps, 1 ms each, 4 ms more where the job measures.
        let steps = (1..=100).map(|step| if step % 20 == 0 { 0.005 } else { 0.001 }).collect();
        let each = Rate::of(&plan.jobs[0], &[Timed { start: 0.005, steps }]).seconds(&plan.jobs[0]);
        let exact = 0.005 + 2000.0 * 0.001 + 100.0 * 0.004;
        assert!((each.likely / exact - 1.0).abs() < 1e-9, "{each:?} against {exact}");
        assert!(each.low < exact && each.high > each.likely, "{each:?}");
    }

    #[test]
    fn jobs_share_threads_and_are_not_cut() {
        let plan = plan_of(&[("iterations", "2000"), ("record-every", "20"), ("report-at", "")]);
        let ended = AtomicUsize::new(0);
        let runner = |job: &Job, attempt: &Attempt<'_>| asking(job, attempt, &ended);
        let pending: Vec<usize> = (1..plan.jobs.len()).collect();
        let mut found = estimate(&plan, &pending, 2, &AtomicBool::new(false), &runner).unwrap();
        assert_eq!((found.len(), found[0].jobs.len(), ended.into_inner()), (1, 5, 0));
        found[0].each = Seconds::exactly(3.0);
        assert_eq!(together(&found, 2), Seconds::exactly(7.5));
        assert_eq!(together(&found, 100), Seconds::exactly(3.0));
    }

    #[test]
    fn no_job_comes_to_its_end_however_short() {
        for iterations in ["1", "2", "3"] {
            let plan = plan_of(&[("iterations", iterations), ("report-at", "")]);
            let ended = AtomicUsize::new(0);
            let runner = |job: &Job, attempt: &Attempt<'_>| asking(job, attempt, &ended);
            let found = estimate(&plan, &[0], 1, &AtomicBool::new(false), &runner).unwrap();
            assert_eq!(ended.into_inner(), 0);
            assert!(
                found[0].each.high > 0.0 && found[0].each.high.is_finite(),
                "{:?}",
                found[0].each
            );
        }
    }
}
