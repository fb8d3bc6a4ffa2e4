//! `alignscope verify`: runs what is missing and prints the verdict on every claim.

use super::dry::Outlook;
use super::{Exit, Request, UsageError, args, output};
use crate::claim::{Evidence, JudgedClaim, Verdict, claims, judge, partly_judged};
use crate::run::{Ended, damaged_figures, is_stored};
use crate::spec::parse_spec;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;

/// A spec of the program.
type Own = (&'static str, &'static str);

macro_rules! own {
    ($name:literal) => {
        (concat!("analyses/", $name), include_str!(concat!("../../analyses/", $name)))
    };
}

/// The analyses that feed the quick claims.
const QUICK: &[Own] = &[own!("verify-quick.toml")];

/// The analyses that feed all claims.
const FULL: &[Own] = &[
    own!("verify-quick.toml"),
    own!("one-step.toml"),
    own!("schedules.toml"),
    own!("autocorrelation.toml"),
    own!("composition.toml"),
    own!("terms.toml"),
    own!("autocorrelation-map.toml"),
    own!("cross-correlation.toml"),
    own!("weight-normalisation.toml"),
    own!("label-change.toml"),
    own!("wrong-labels.toml"),
    own!("depth.toml"),
    own!("causal.toml"),
    own!("similarity.toml"),
    own!("planes.toml"),
    own!("decomposition.toml"),
    own!("width.toml"),
    own!("batch.toml"),
    own!("label-frequency.toml"),
    own!("rules.toml"),
    own!("akrout.toml"),
    own!("open.toml"),
];

pub(super) fn command() -> Command {
    args::output_options(
        Command::new("verify")
            .about("Judge the claims: statistic, interval, criterion, verdict")
            .long_about("Judge the claims: statistic, interval, criterion, verdict")
            .arg(
                Arg::new("quick")
                    .long("quick")
                    .action(ArgAction::SetTrue)
                    .help("The mechanism and learning on the embedded digits; well under a minute"),
            )
            .arg(Arg::new("full").long("full").action(ArgAction::SetTrue).help(
                "All claims but those of sensitivity and akrout-long; about 2.5 to 4 hours on two cores, --dry-run \
                 estimates it",
            ))
            .arg(
                Arg::new("dry-run")
                    .long("dry-run")
                    .action(ArgAction::SetTrue)
                    .help("Print the time budget of every claim, and run nothing"),
            )
            .arg(
                Arg::new("markdown")
                    .long("markdown")
                    .action(ArgAction::SetTrue)
                    .conflicts_with("json")
                    .help("Print the verdicts as Markdown, as in docs/claims.md"),
            )
            .arg(args::specs().help("Spec files, or a run directory: the claims that their analyses feed"))
            .group(ArgGroup::new("scope").args(["quick", "full", "specs"]).required(true)),
    )
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let request = if matches.contains_id("specs") {
        Request::of_files(matches)?
    } else {
        let own = if matches.get_flag("full") { FULL } else { QUICK };
        let specs = own.iter().map(|(path, text)| parse_spec(Path::new(path), text)).collect::<Result<_, _>>()?;
        Request::new(specs, matches, None)?
    };
    if let Some(shard) = request.shard {
        let message = format!("{} is shard {shard} of a run: merge the shards first", request.out.display());
        return Err(UsageError(message).into());
    }
    let plan = &request.plan;
    let dry = matches.get_flag("dry-run");
    let to_run = || plan.addresses.iter().any(|address| !is_stored(&request.out, address));
    if dry || matches.get_flag("full") && to_run() {
        let Some(outlook) = Outlook::of(&request, matches)? else { return Ok(Exit::Interrupted) };
        if dry {
            super::print::print(format_args!("{}", budget(&request, &outlook)));
            return Ok(Exit::Done);
        }
        tell!("{}", budget(&request, &outlook).trim_end());
    }
    let report = super::run_plan(&request, matches)?;
    if report.ended == Ended::Interrupted {
        tell!("interrupted: finished jobs are kept; the same command goes on from there");
        return Ok(Exit::Interrupted);
    }
    let is_whole = output::tell_damaged(&[report.damaged.clone(), damaged_figures(&request.out)?].concat());
    let claims = judge(&Evidence::new(plan, &report.results));
    if matches.get_flag("json") {
        let summary = output::summary(plan, &report);
        say!("{}", serde_json::to_string(&json!({ "claims": claims, "summary": summary }))?);
    } else if matches.get_flag("markdown") {
        super::print::print(format_args!("{}", markdown(&claims)));
    } else {
        super::print::print(format_args!("{}", table(&claims)));
    }
    let failed = claims.iter().any(|claim| claim.verdict == Verdict::Fails);
    Ok(match (failed, is_whole) {
        (true, _) => Exit::ClaimFailed,
        (false, true) => Exit::Done,
        (false, false) => Exit::Failed,
    })
}

/// What each claim will take: claims that one analysis feeds share its time.
fn budget(request: &Request, outlook: &Outlook<'_>) -> String {
    let claims = claims();
    let mut out = format!("{:<28} {:>6} {:>8}  claims\n", "analysis", "to run", "time");
    for analysis in request.plan.analyses() {
        let (jobs, time) = outlook.of_analysis(&analysis.name);
        let fed: Vec<&str> = claims.iter().filter(|c| c.analysis == analysis.name).map(|c| c.name.as_str()).collect();
        let fed = if fed.is_empty() { "(with others)".into() } else { fed.join(" ") };
        let _ = writeln!(out, "{:<28} {jobs:>6} {time:>8}  {fed}", analysis.name);
    }
    out + &format!("{}\n", outlook.total())
}

/// A section per claim.
fn markdown(claims: &[JudgedClaim]) -> String {
    let mut out = String::new();
    for claim in claims {
        let (name, verdict) = (&claim.name, claim.verdict.as_str());
        let _ = writeln!(out, "## {name}: {verdict}\n\n{}.\n\n*{}*\n", claim.statement, claim.source);
        out.push_str("| statistic | mean [95 %] | n | criterion | verdict |\n|---|---|---|---|---|\n");
        for part in &claim.parts {
            let (statistic, n, criterion) = (&part.statistic, part.n, &part.criterion);
            let (value, verdict) = (part.value(), part.verdict.as_str());
            let _ = writeln!(out, "| {statistic} | {value} | {n} | {criterion} | {verdict} |");
        }
        out.push('\n');
    }
    out
}

fn table(claims: &[JudgedClaim]) -> String {
    let mut out = String::new();
    for claim in claims {
        let _ = writeln!(out, "{:<10} {:<9} {}", claim.name, claim.verdict.as_str(), claim.statement);
        for part in &claim.parts {
            let value = part.value();
            let (verdict, n, criterion) = (part.verdict.as_str(), part.n, &part.criterion);
            let _ = writeln!(out, "  {:<66}\n    {value:<26} n {n:<4} asked {criterion:<15} {verdict}", part.statistic);
        }
    }
    let count = |verdict| claims.iter().filter(|claim| claim.verdict == verdict).count();
    let _ = writeln!(
        out,
        "{} hold, {} fail, {} undecided. Intervals: Student's t over repeats, 95 %; verdicts after Holm's correction \
         within a document, claims added after the first results by themselves.",
        count(Verdict::Holds),
        count(Verdict::Fails),
        count(Verdict::Undecided)
    );
    for (document, judged, all) in partly_judged(claims) {
        let _ = writeln!(
            out,
            "{document}: {judged} of its {all} claims judged; the correction counts these, and judging all may leave more undecided."
        );
    }
    out
}
