//! `alignscope run --dry-run`: what would be run, and how long it would take.

use super::interrupt::interrupt_on_ctrl_c;
use super::table::aligned;
use super::time::said;
use super::{Exit, Request, admitted, args, library};
use crate::condition::Condition;
use crate::experiment::run_job;
use crate::run::{Finished, Pending, Plan, Planned, Seconds, estimate, finished, together};
use crate::spec::Analysis;
use crate::text::Choice;
use clap::ArgMatches;
use serde_json::{Value as Json, json};
use std::collections::HashSet;
use std::sync::atomic::Ordering;

/// Conditions of an analysis listed one by one.
const LISTED: usize = 24;

const METHOD: &str = "Estimated from up to 4 conditions per analysis, each begun on all threads at \
                      once and given up after half\na second at most: time per update and per \
                      recorded iteration, other conditions scaled by the\noperations of an update. \
                      The range holds what the timings differ by, and a factor of 1.5 for \
                      what\nthey cannot see. Work that grows during a job, as of decompositions \
                      over many lags, is underestimated.";

pub(super) fn execute(request: &Request, matches: &ArgMatches) -> anyhow::Result<Exit> {
    let Some(outlook) = Outlook::of(request, matches, &|_| true)? else {
        tell!("interrupted");
        return Ok(Exit::Interrupted);
    };
    if matches.get_flag("json") {
        say!("{}", serde_json::to_string(&outlook.json())?);
    } else {
        super::print::print(format_args!("{}", outlook.text()));
    }
    Ok(Exit::Done)
}

/// What would be run.
pub(super) struct Outlook<'a> {
    request: &'a Request,
    done: Vec<bool>,
    times: Vec<Pending>,
    threads: usize,
}

impl<'a> Outlook<'a> {
    /// Looks at what is done of what is wanted, and begins some of the rest; `None` if it was
    /// interrupted.
    pub fn of(
        request: &'a Request,
        matches: &ArgMatches,
        is_wanted: &dyn Fn(&Planned<'_>) -> bool,
    ) -> anyhow::Result<Option<Self>> {
        let plan = &request.plan;
        let Finished { done, warnings } = finished(plan, &request.out, args::export(matches))?;
        warnings.iter().for_each(|warning| tell!("warning: {warning}"));
        let wanted: HashSet<usize> =
            plan.planned().filter(is_wanted).map(|planned| planned.job).collect();
        let is_here =
            |job: &usize| request.shard.is_none_or(|shard| shard.has(*job)) && wanted.contains(job);
        let pending: Vec<usize> =
            (0..plan.jobs.len()).filter(is_here).filter(|&job| !done[job]).collect();
        let threads = admitted(request, &pending, matches)?;
        let library = library(request, matches)?;
        let interrupt = interrupt_on_ctrl_c()?;
        let times = estimate(plan, &pending, threads, interrupt, &|job, attempt| {
            run_job(job, attempt, &library)
        })?;
        Ok((!interrupt.load(Ordering::Relaxed)).then_some(Self { request, done, times, threads }))
    }

    /// What is to be run of the first repeats of every condition.
    fn first(&self, repeats: usize) -> impl Iterator<Item = Pending> {
        let cut = move |group: &Pending| {
            let jobs = group.jobs.iter().copied();
            let jobs: Vec<usize> =
                jobs.filter(|&job| self.plan().jobs[job].repeat < repeats as u64).collect();
            (!jobs.is_empty()).then(|| Pending { jobs, ..group.clone() })
        };
        self.times.iter().filter_map(cut)
    }

    /// Jobs to run of the first repeats of an analysis that no earlier one has, and their time in
    /// words if there are any.
    pub fn of_analysis(&self, name: &str, repeats: usize) -> (usize, String) {
        let groups: Vec<Pending> =
            self.first(repeats).filter(|group| group.analysis == name).collect();
        let jobs = groups.iter().map(|group| group.jobs.len()).sum();
        (jobs, if jobs > 0 { said(together(&groups, self.threads).likely) } else { "done".into() })
    }

    /// Time of the first repeats of everything in words.
    pub fn total(&self, repeats: usize) -> String {
        let total = together(&self.first(repeats).collect::<Vec<_>>(), self.threads);
        format!(
            "about {} on {} threads, between {} and {}",
            said(total.likely),
            self.threads,
            said(total.low),
            said(total.high)
        )
    }

    fn plan(&self) -> &Plan {
        &self.request.plan
    }

    /// Jobs of a condition that are to be run or done, and those done.
    fn jobs(&self, analysis: &Analysis, condition: usize) -> [usize; 2] {
        let jobs = self.plan().jobs_of(analysis, &analysis.conditions[condition]);
        let here = jobs.filter(|&job| self.request.shard.is_none_or(|shard| shard.has(job)));
        here.fold([0, 0], |[all, done], job| [all + 1, done + usize::from(self.done[job])])
    }

    /// Time of a condition's jobs, if any are left that no earlier analysis has.
    fn time(&self, analysis: &Analysis, condition: usize) -> Option<&Pending> {
        self.times
            .iter()
            .find(|group| group.analysis == analysis.name && group.condition == condition)
    }

    fn pending(&self) -> usize {
        self.times.iter().map(|group| group.jobs.len()).sum()
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for analysis in self.plan().analyses() {
            let (conditions, repeats) = (analysis.conditions.len(), analysis.settings.repeats);
            let kind = analysis.kind.name();
            out += &format!(
                "{} ({kind}), conditions: {conditions}, repeats: {repeats}\n",
                analysis.name
            );
            let mut rows = vec![
                ["condition", "jobs", "done", "seconds each", "range"].map(String::from).to_vec(),
            ];
            rows.extend((0..conditions.min(LISTED)).map(|condition| self.row(analysis, condition)));
            out += &aligned(rows, "  ");
            if conditions > LISTED {
                out += &format!("  and {} more conditions\n", conditions - LISTED);
            }
        }
        let (plan, out_directory) = (self.plan(), self.request.out.display());
        let jobs = (0..plan.jobs.len())
            .filter(|&job| self.request.shard.is_none_or(|shard| shard.has(job)));
        let all = jobs.count();
        let pending = self.pending();
        let shard =
            self.request.shard.map(|shard| format!(" of shard {shard}")).unwrap_or_default();
        out += &format!(
            "{all} jobs{shard}, {} of them done in {out_directory}, {pending} to run\n",
            all - pending
        );
        out += &format!("{}\n", self.total(usize::MAX));
        let predictions = predictions(plan);
        if predictions > 0 {
            out += &format!(
                "beside that, {predictions} exact predictions for the table, and up to \
                 {MOST_SHOWN} more for every curve drawn;\nthe time of each grows with the third \
                 power of its iteration\n"
            );
        }
        out + METHOD + "\n"
    }

    fn row(&self, analysis: &Analysis, condition: usize) -> Vec<String> {
        let [all, done] = self.jobs(analysis, condition);
        let time = self.time(analysis, condition).map(|group| group.each);
        let number = |end: fn(Seconds) -> f64| {
            time.map_or(String::new(), |time| format!("{:.2}", end(time)))
        };
        let range =
            time.map_or(String::new(), |time| format!("{:.2} to {:.2}", time.low, time.high));
        let label = analysis.label(&analysis.conditions[condition]);
        vec![label, all.to_string(), done.to_string(), number(|time| time.likely), range]
    }

    fn json(&self) -> Json {
        let range =
            |time: Seconds| json!({ "low": time.low, "likely": time.likely, "high": time.high });
        let analyses = self.plan().analyses().map(|analysis| {
            let conditions = (0..analysis.conditions.len()).map(|condition| {
                let [all, done] = self.jobs(analysis, condition);
                json!({
                    "condition": analysis.conditions[condition].parameters(),
                    "jobs": all,
                    "done": done,
                    "seconds-each": self.time(analysis, condition).map(|group| range(group.each)),
                })
            });
            json!({ "analysis": analysis.name, "conditions": conditions.collect::<Vec<_>>() })
        });
        json!({
            "analyses": analyses.collect::<Vec<_>>(),
            "directory": self.request.out.display().to_string(),
            "shard": self.request.shard.map(|shard| shard.to_string()),
            "jobs": self.plan().jobs.len(),
            "to-run": self.pending(),
            "threads": self.threads,
            "seconds": range(together(&self.times, self.threads)),
            "predictions": predictions(self.plan()),
            "method": METHOD.replace('\n', " "),
        })
    }
}

/// Most predictions along a curve of a figure.
const MOST_SHOWN: usize = 17;

/// Exact predictions that the table of a plan takes: of every condition that has them, at every
/// reported iteration.
fn predictions(plan: &Plan) -> usize {
    let of_analysis = |analysis: &Analysis| {
        let iterations = analysis.settings.report_at.len() + 1;
        let exact = |c: &&Condition| matches!(c, Condition::Isolate(c) if c.is_linear_toy());
        analysis.conditions.iter().filter(exact).count() * iterations
    };
    plan.analyses().filter(|analysis| analysis.settings.predict).map(of_analysis).sum()
}
