//! A run seen from outside while it is under way. Nothing is written, only results that are whole
//! are taken, and what was read is not read again.

use super::directory::is_written_to;
use super::error::RunError;
use super::files::MANIFEST;
use super::head::Head;
use super::job::JobResult;
use super::manifest::UNDER_WAY;
use super::plan::Plan;
use super::progress::Work;
use super::report::{DivergedJob, diverged_jobs};
use super::results::Results;
use super::shard::Shard;
use super::store::{Store, StoredResult};
use crate::file::Checksums;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Looks at a run directory, again and again.
#[derive(Debug)]
pub struct Follower {
    directory: PathBuf,
    known: Option<KnownRun>,
}

/// What a look found.
#[derive(Clone, Debug)]
pub struct Followed<'a> {
    /// What was planned.
    pub plan: &'a Plan,
    /// By index into [`Plan::jobs`]; `None` where nothing is stored, or nothing whole.
    pub results: &'a [Option<JobResult>],
    /// Whether `results` are others than at the look before.
    pub is_new: bool,
    /// Whether the run is under way.
    pub standing: Standing,
    /// The share of the jobs that is run here; `None` for all.
    pub shard: Option<Shard>,
    /// Jobs that are done, of those that are to be run here.
    pub jobs: [usize; 2],
    /// Share of their work that is done, from 0 to 1.
    pub share: f64,
    /// About how long the rest takes, from what was done since the run was begun or resumed; `None`
    /// where nothing was yet.
    pub left: Option<Duration>,
    /// Files that are not as they were written.
    pub damages: Vec<String>,
}

/// Whether a run is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does, as far as can be found out.
    UnderWay,
    /// Nobody writes to its directory, though it was not ended: it was killed.
    Killed,
    /// It ended, for this reason.
    Ended(String),
}

/// What was read of a run.
#[derive(Debug)]
struct KnownRun {
    address: String,
    plan: Plan,
    shard: Option<Shard>,
    results: Vec<Option<JobResult>>,
    /// When the files of the results were written.
    written: Vec<Option<SystemTime>>,
    /// Jobs whose files were not whole at the last look.
    doubtful: HashSet<usize>,
    /// Whether somebody writes to the directory, and when that was found out.
    writer: Option<(bool, Instant)>,
}

/// How long a run that gives no sign is assumed to be under way. Looking takes a
/// lock for a moment, in which no run can begin.
const PATIENCE: Duration = Duration::from_secs(10);

impl Follower {
    /// Of a directory, that need not be there yet.
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_path_buf(), known: None }
    }

    /// Reads what has come since the look before.
    ///
    /// # Errors
    /// If it is no run directory of this version, or does not say what it is of.
    pub fn look(&mut self) -> Result<Followed<'_>, RunError> {
        // What is being written while it is read is whole the next time.
        let (head, checksums, begun) = match self.head() {
            Err(RunError::NoRun(path)) => return Err(RunError::NoRun(path)),
            Err(_) => self.head()?,
            read => read?,
        };
        let (known, is_other) = match self.known.take() {
            Some(known) if known.address == head.address() => (known, false),
            older => (self.plan(&head, &checksums, older)?, true),
        };
        let known = self.known.insert(known);
        known.shard = head.shard;
        let (is_new, damages) = known.read(&self.directory, &checksums);
        let standing = known.standing(&self.directory, &head.ended, is_new);
        let (jobs, share, left) = known.pace(begun);
        let damages = head.damage.iter().cloned().chain(damages).collect();
        Ok(Followed {
            plan: &known.plan,
            results: &known.results,
            is_new: is_new || is_other,
            standing,
            shard: known.shard,
            jobs,
            share,
            left,
            damages,
        })
    }

    /// What the directory says of itself, what vouches for its files, and when its manifest was
    /// written: of a run that is under way, when it was begun or resumed.
    fn head(&self) -> Result<(Head, Checksums, Option<SystemTime>), RunError> {
        let checksums = Checksums::read(&self.directory)?;
        let begun = written(&self.directory.join(MANIFEST));
        Ok((Head::of_run(&self.directory, &checksums)?, checksums, begun))
    }

    /// What is to be followed, with the results that are known of what was followed before.
    fn plan(
        &self,
        head: &Head,
        checksums: &Checksums,
        older: Option<KnownRun>,
    ) -> Result<KnownRun, RunError> {
        let specs = head.specs(&self.directory, checksums)?.0;
        let plan = Plan::new(specs).map_err(|_| RunError::NoSpec(self.directory.clone()))?;
        let count = plan.jobs.len();
        let mut known = KnownRun {
            address: head.address().to_string(),
            plan,
            shard: head.shard,
            results: vec![None; count],
            written: vec![None; count],
            doubtful: HashSet::new(),
            writer: None,
        };
        if let Some(mut older) = older {
            let by_address = older.plan.by_address();
            for (job, address) in known.plan.addresses.iter().enumerate() {
                if let Some(&place) = by_address.get(address.as_str()) {
                    known.results[job] = older.results[place].take();
                    known.written[job] = older.written[place];
                }
            }
        }
        Ok(known)
    }
}

impl KnownRun {
    /// Takes the results that have come, and leaves those that are there no more; gives whether
    /// there were any, and what is damaged.
    fn read(&mut self, directory: &Path, checksums: &Checksums) -> (bool, Vec<String>) {
        let store = Store::at(directory);
        let stored = store.addresses();
        let (mut fresh, mut is_new) = (Vec::new(), false);
        for (job, address) in self.plan.addresses.iter().enumerate() {
            match (stored.contains(address), self.results[job].is_some()) {
                (true, false) => fresh.push(job),
                (false, true) => {
                    (self.results[job], self.written[job], is_new) = (None, None, true);
                }
                _ => {}
            }
        }
        let load = |&job: &usize| {
            let time = written(&store.path(&self.plan.addresses[job]));
            (job, time, store.load(&self.plan.jobs[job], checksums))
        };
        let loaded: Vec<_> = fresh.par_iter().map(load).collect();
        let doubted = std::mem::take(&mut self.doubtful);
        let mut damages = Vec::new();
        for (job, time, found) in loaded {
            match found {
                StoredResult::Result(result, _) => {
                    (self.results[job], self.written[job], is_new) = (Some(result), time, true);
                }
                StoredResult::Nothing => {}
                // One that came after the checksums were read is whole at the next look.
                StoredResult::Damaged(why) => {
                    if doubted.contains(&job) {
                        damages.push(format!("{why}; it is left out"));
                    }
                    self.doubtful.insert(job);
                }
            }
        }
        (is_new, damages)
    }

    fn standing(&mut self, directory: &Path, ended: &str, is_new: bool) -> Standing {
        if ended != UNDER_WAY {
            self.writer = None;
            return Standing::Ended(ended.into());
        }
        let is_due = self.writer.is_none_or(|(_, since)| since.elapsed() >= PATIENCE);
        if is_new && self.writer.is_some() {
            self.writer = Some((true, Instant::now()));
        } else if is_due {
            let writes = is_written_to(directory).unwrap_or(true);
            self.writer = Some((writes, Instant::now()));
        }
        let writes = self.writer.is_none_or(|(writes, _)| writes);
        if writes { Standing::UnderWay } else { Standing::Killed }
    }

    /// Jobs done of all, the share of their work that is done, and how long the rest takes at the
    /// pace since the run was begun.
    fn pace(&self, begun: Option<SystemTime>) -> ([usize; 2], f64, Option<Duration>) {
        let (mut jobs, mut done, mut all, mut lately) = ([0, 0], 0.0, 0.0, 0.0);
        let mut last = None;
        for (index, job) in self.plan.jobs.iter().enumerate() {
            if self.shard.is_some_and(|shard| !shard.has(index)) {
                continue;
            }
            let units = Work::units(job) as f64;
            (jobs[1], all) = (jobs[1] + 1, all + units);
            if self.results[index].is_some() {
                (jobs[0], done) = (jobs[0] + 1, done + units);
                let time = self.written[index].filter(|time| begun.is_some_and(|b| *time >= b));
                if time.is_some() {
                    (lately, last) = (lately + units, last.max(time));
                }
            }
        }
        let left = begun.zip(last).and_then(|(begun, last)| {
            let took = last.duration_since(begun).ok()?.as_secs_f64();
            let since = last.elapsed().ok()?.as_secs_f64();
            let left = (took * (all - done) / lately - since).max(0.0);
            Duration::try_from_secs_f64(left).ok()
        });
        (jobs, if all > 0.0 { done / all } else { 1.0 }, left)
    }
}

impl Followed<'_> {
    /// The results, to be looked up.
    pub fn index(&self) -> Results<'_> {
        Results::new(self.plan, self.results)
    }

    /// Jobs that diverged so far.
    pub fn diverged(&self) -> Vec<DivergedJob> {
        diverged_jobs(self.plan, self.results)
    }
}

/// When a file was written last.
fn written(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|facts| facts.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::super::execute::tests::{fake, options, plan_of};
    use super::super::run;
    use super::*;
    use std::fs;

    /// A run of six jobs of which so many are stored, as one that was killed leaves it.
    fn begun(out: &Path, jobs: usize) -> Plan {
        let plan = plan_of(&[]);
        let some = (0..jobs).collect();
        let of_some = super::super::RunOptions { only: Some(&some), ..options(out, 1) };
        run(&plan, &of_some, &fake).unwrap();
        plan
    }

    #[test]
    fn results_are_taken_as_they_come_and_once() {
        let out = tempfile::tempdir().unwrap();
        let plan = begun(out.path(), 2);
        let mut follower = Follower::new(out.path());
        let first = follower.look().unwrap();
        assert_eq!((first.jobs, first.is_new, first.share), ([2, 6], true, 2.0 / 6.0));
        assert_eq!(first.standing, Standing::Ended("partly".into()));
        assert!(
            first.damages.is_empty() && first.left.is_none(),
            "nothing was done since it ended"
        );
        assert!(!follower.look().unwrap().is_new, "nothing has come");
        run(&plan, &options(out.path(), 1), &fake).unwrap();
        let last = follower.look().unwrap();
        assert_eq!((last.jobs, last.is_new), ([6, 6], true));
        assert_eq!(last.standing, Standing::Ended("diverged".into()));
        assert_eq!(last.diverged().len(), 1);
        let whole = super::super::read_runs(&[out.path().to_path_buf()], &[]).unwrap();
        assert_eq!(last.results, whole.results);
        fs::remove_file(Store::at(out.path()).path(&plan.addresses[3])).unwrap();
        assert_eq!(follower.look().unwrap().jobs, [5, 6], "what is gone is not shown");
    }

    #[test]
    fn more_repeats_are_followed_in_place() {
        let out = tempfile::tempdir().unwrap();
        begun(out.path(), 6);
        let mut follower = Follower::new(out.path());
        assert_eq!(follower.look().unwrap().jobs, [6, 6]);
        run(&plan_of(&[("repeats", "8")]), &options(out.path(), 1), &fake).unwrap();
        let grown = follower.look().unwrap();
        assert_eq!((grown.jobs, grown.is_new), ([8, 8], true));
    }

    #[test]
    fn a_file_that_is_not_whole_is_told_of_at_the_second_look() {
        let out = tempfile::tempdir().unwrap();
        let plan = begun(out.path(), 6);
        let path = Store::at(out.path()).path(&plan.addresses[1]);
        let bytes = fs::read(&path).unwrap();
        let torn = |until: usize| fs::write(&path, &bytes[..until]).unwrap();
        torn(bytes.len() / 2);
        let mut follower = Follower::new(out.path());
        let found = follower.look().unwrap();
        assert_eq!((found.jobs, found.damages.len()), ([5, 6], 0), "it may be being written");
        let found = follower.look().unwrap();
        assert_eq!((found.jobs, found.damages.len()), ([5, 6], 1));
        assert!(found.damages[0].ends_with("it is left out"), "{:?}", found.damages);
        torn(bytes.len());
        let found = follower.look().unwrap();
        assert_eq!((found.jobs, found.damages.len()), ([6, 6], 0));
    }

    #[test]
    fn a_run_that_goes_on_is_told_from_one_that_was_killed() {
        let out = tempfile::tempdir().unwrap();
        let plan = plan_of(&[]);
        let runner = |job: &super::super::Job, attempt: &super::super::Attempt<'_>| {
            let mut follower = Follower::new(out.path());
            let found = follower.look().unwrap();
            assert_eq!(found.standing, Standing::UnderWay);
            assert_eq!(found.jobs[0], job.repeat as usize, "{:?}", found.damages);
            assert_eq!(found.left.is_some(), job.repeat > 0, "known when a job is done");
            fake(job, attempt)
        };
        run(&plan, &options(out.path(), 1), &runner).unwrap();
        // As a run that is killed leaves its manifest.
        let manifest = fs::read_to_string(out.path().join(MANIFEST)).unwrap();
        let under_way = manifest.replace("\"ended\": \"diverged\"", "\"ended\": \"under way\"");
        assert_ne!(manifest, under_way);
        super::super::execute::tests::rewrite(out.path(), MANIFEST, under_way.as_bytes());
        assert_eq!(Follower::new(out.path()).look().unwrap().standing, Standing::Killed);
    }

    #[test]
    fn what_is_no_run_is_refused() {
        let out = tempfile::tempdir().unwrap();
        for path in [out.path().to_path_buf(), out.path().join("none")] {
            let error = Follower::new(&path).look().unwrap_err();
            assert!(matches!(error, RunError::NoRun(_)), "{error}");
        }
        begun(out.path(), 2);
        fs::write(out.path().join(MANIFEST), "{").unwrap();
        let mut follower = Follower::new(out.path());
        let found = follower.look().unwrap();
        assert!(found.damages[0].contains("not a manifest"), "{:?}", found.damages);
        fs::remove_file(out.path().join("spec.toml")).unwrap();
        assert!(matches!(Follower::new(out.path()).look(), Err(RunError::Manifest(_))));
    }
}
