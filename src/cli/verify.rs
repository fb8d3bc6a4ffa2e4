//! `alignscope verify`: runs what is missing and prints the verdict on every claim.

use super::dry::Outlook;
use super::tabular::summary;
use super::{Exit, Request, UsageError, args, output, run_jobs};
use crate::claim::{
    ALPHA, ClaimedConditions, Evidence, FIRST_LOOK, FULL, JudgedClaim, Looked, QUICK, Verdict,
    claims, judge, look, verdicts_csv,
};
use crate::run::{
    Ended, Planned, Results, RunReport, TableFile, damaged_figures, is_stored, write_table,
};
use crate::spec::parse_spec;
use crate::text::{capital, list, suggestion};
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, value_parser};
use serde_json::{Value as Json, json};
use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;
use std::path::Path;

pub(super) fn command() -> Command {
    args::output_options(
        Command::new("verify")
            .about("Judge the claims: statistic, interval, criterion, verdict")
            .long_about(
                "Judge the claims: statistic, interval, criterion, verdict.\n\nRepeats are run \
                10, 20, 40, ..., up to those of the spec, and only for conditions of claims that \
                are not decided yet. To run all of them, for figures, use `alignscope run`. \
                The exit code is 3 if a claim fails, and 0 if none does, decided or not.",
            )
            .arg(
                Arg::new("quick")
                    .long("quick")
                    .action(ArgAction::SetTrue)
                    .help("The mechanism and learning on the embedded digits; well under a minute"),
            )
            .arg(Arg::new("full").long("full").action(ArgAction::SetTrue).help(
                "All claims but those of specs that take long or were asked beside the paper \
                 (docs/running.md); many hours on two cores, which --dry-run estimates",
            ))
            .arg(
                Arg::new("dry-run")
                    .long("dry-run")
                    .action(ArgAction::SetTrue)
                    .help("Print the time budget of every claim, and run nothing"),
            )
            .args(how_far())
            .arg(
                Arg::new("markdown")
                    .long("markdown")
                    .action(ArgAction::SetTrue)
                    .conflicts_with("json")
                    .help("Print the verdicts as Markdown"),
            )
            .arg(args::specs().help(
                "Spec files, or a run directory: the claims that their \
                analyses feed",
            ))
            .group(ArgGroup::new("scope").args(["quick", "full", "specs"]).required(true)),
    )
}

/// How many repeats are run, and for what.
fn how_far() -> [Arg; 3] {
    [
        Arg::new("most-repeats")
            .long("most-repeats")
            .value_name("N")
            .value_parser(value_parser!(u32).range(1..))
            .help(
                "Run at most N repeats of each condition: what is open then stays undecided until \
                 the command is given again without this option",
            ),
        Arg::new("repeats")
            .long("repeats")
            .value_name("N")
            .conflicts_with_all(["quick", "full"])
            .help(
                "Run up to N repeats of each condition, in place of those of the spec: repeats may \
                 be added as long as claims are undecided, those there are count",
            ),
        Arg::new("claim")
            .long("claim")
            .value_name("NAMES")
            .value_delimiter(',')
            .action(ArgAction::Append)
            .help(
                "Run repeats for these claims alone, and print these; verdicts.csv has all, on the \
                 repeats there are",
            ),
    ]
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let request = if matches.contains_id("specs") {
        Request::of_files(matches)?
    } else {
        let files = if matches.get_flag("full") { FULL } else { QUICK };
        let specs = files
            .iter()
            .map(|(path, text)| parse_spec(Path::new(path), text))
            .collect::<Result<_, _>>()?;
        Request::new(specs, matches, None)?
    };
    if let Some(shard) = request.shard {
        let message =
            format!("{} is shard {shard} of a run: merge the shards first", request.out.display());
        return Err(UsageError(message).into());
    }
    let plan = &request.plan;
    let followed = followed(&request, matches)?;
    let is_followed = |name: &str| followed.is_empty() || followed.contains(name);
    let dry = matches.get_flag("dry-run");
    let to_run = || plan.addresses.iter().any(|address| !is_stored(&request.out, address));
    if dry || matches.get_flag("full") && to_run() {
        let open = ClaimedConditions::of(plan, &is_followed);
        let wanted = |planned: &Planned<'_>| open.has(planned);
        let Some(outlook) = Outlook::of(&request, matches, &wanted)? else {
            return Ok(Exit::Interrupted);
        };
        if dry {
            super::print::print(format_args!("{}", budget(&request, &outlook, &is_followed)));
            return Ok(Exit::Done);
        }
        tell!("{}", budget(&request, &outlook, &is_followed).trim_end());
    }
    let report = run_looks(&request, matches, &is_followed)?;
    if report.ended == Ended::Interrupted {
        tell!("interrupted: finished jobs are kept; the same command continues from there");
        return Ok(Exit::Interrupted);
    }
    output::renew_tables(plan, &report)?;
    let is_whole =
        output::tell_damaged(&[report.damaged.clone(), damaged_figures(&request.out)?].concat());
    let claims = judge(&Evidence::new(plan, &report.results));
    if !claims.is_empty() {
        write_table(&request.out, TableFile::Verdicts, &verdicts_csv(&claims)?)?;
    }
    let claims: Vec<JudgedClaim> =
        claims.into_iter().filter(|claim| is_followed(&claim.name)).collect();
    if matches.get_flag("json") {
        let summary = summary(Results::new(plan, &report.results));
        say!("{}", serde_json::to_string(&json!({ "claims": claims, "summary": summary }))?);
    } else if matches.get_flag("markdown") {
        super::print::print(format_args!("{}", markdown(&claims)));
    } else {
        super::print::print(format_args!("{}", table(&claims, &|claim| cost(&request, claim))));
    }
    let failed = claims.iter().any(|claim| claim.verdict == Verdict::Fails);
    Ok(match (failed, is_whole) {
        (true, _) => Exit::ClaimFailed,
        (false, true) => Exit::Done,
        (false, false) => Exit::Failed,
    })
}

/// Names of the claims to be followed; none where all are.
fn followed(request: &Request, matches: &ArgMatches) -> Result<BTreeSet<String>, UsageError> {
    let named: BTreeSet<String> =
        matches.get_many::<String>("claim").into_iter().flatten().cloned().collect();
    let known: Vec<&str> =
        claims(&request.plan).into_iter().map(|claim| claim.name.as_str()).collect();
    match named.iter().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => {
            let near = suggestion(unknown, known.iter().copied());
            let expected = match known.len() {
                0 => "none: the specs have no claims".into(),
                1..=20 => list(&known),
                many => format!("one of {many} names, which --dry-run lists"),
            };
            Err(UsageError(format!(
                "--claim: unknown claim `{unknown}`: expected {expected}{near}"
            )))
        }
        None => Ok(named),
    }
}

/// Runs the repeats that the claims need, and says how many these were.
fn run_looks(
    request: &Request,
    matches: &ArgMatches,
    is_followed: &dyn Fn(&str) -> bool,
) -> anyhow::Result<RunReport> {
    let most = matches.get_one::<u32>("most-repeats").map_or(usize::MAX, |&most| most as usize);
    let Looked { report, after, ran } =
        look(&request.plan, most, is_followed, |only| run_jobs(request, matches, only))?;
    if !after.is_empty() && report.ended != Ended::Interrupted {
        let looks: Vec<String> = after.iter().map(ToString::to_string).collect();
        let planned = report.results.len();
        let has = report.results.iter().flatten().count();
        tell!(
            "looked after {} repeats; {ran} jobs were run, and {has} of {planned} that were \
             planned have results",
            looks.join(", ")
        );
    }
    Ok(report)
}

/// What each claim that is followed will take: claims that one analysis feeds share its time.
fn budget(request: &Request, outlook: &Outlook<'_>, is_followed: &dyn Fn(&str) -> bool) -> String {
    let claims = claims(&request.plan);
    let mut out =
        format!("{:<28} {:>6} {:>8} {:>8}  claims\n", "analysis", "jobs", "10 each", "all");
    for analysis in request.plan.analyses() {
        let (_, first) = outlook.of_analysis(&analysis.name, FIRST_LOOK);
        let (jobs, time) = outlook.of_analysis(&analysis.name, usize::MAX);
        let fed: Vec<&str> = claims
            .iter()
            .filter(|c| c.analysis() == analysis.name && is_followed(&c.name))
            .map(|c| c.name.as_str())
            .collect();
        if fed.is_empty() && jobs == 0 {
            continue;
        }
        let fed = if fed.is_empty() { "(with others)".into() } else { fed.join(" ") };
        let _ = writeln!(out, "{:<28} {jobs:>6} {first:>8} {time:>8}  {fed}", analysis.name);
    }
    let (first, all) = (outlook.total(FIRST_LOOK), outlook.total(usize::MAX));
    out + &format!(
        "{FIRST_LOOK} repeats of each: {first}\nall repeats, if none is decided before: {all}\n"
    )
}

/// What the repeats that would decide a claim cost: jobs, and their time by that of those that ran
/// here.
fn cost(request: &Request, claim: &JudgedClaim) -> Option<String> {
    let seen = claim.parts.iter().map(|part| part.n).max()?;
    let conditions = ClaimedConditions::of(&request.plan, &|name| name == claim.name);
    let jobs = claim.needed?.checked_sub(seen)? * conditions.len();
    let log: Json =
        serde_json::from_slice(&std::fs::read(request.out.join("log.json")).ok()?).ok()?;
    let addresses: HashSet<&str> = request
        .plan
        .planned()
        .filter(|planned| conditions.has(planned))
        .map(|planned| request.plan.addresses[planned.job].as_str())
        .collect();
    let entries = log["runs"].as_array()?.iter().filter_map(|run| run["jobs"].as_array()).flatten();
    let times =
        entries.filter(|entry| entry["job"].as_str().is_some_and(|job| addresses.contains(job)));
    let (count, seconds) = times
        .filter_map(|entry| entry["seconds"].as_f64())
        .fold((0.0, 0.0), |(n, sum), s| (n + 1.0, sum + s));
    let time = (count > 0.0)
        .then(|| format!(", {} on one thread", super::time::said(seconds / count * jobs as f64)));
    Some(format!("{jobs} jobs more{}", time.unwrap_or_default()))
}

/// A section per claim.
fn markdown(claims: &[JudgedClaim]) -> String {
    let mut out = String::new();
    for claim in claims {
        let (name, verdict) = (&claim.name, claim.verdict.as_str());
        let _ =
            writeln!(out, "## {name}: {verdict}\n\n{}.\n\n*{}*\n", claim.statement, claim.source);
        for said in [&claim.origin(), &claim.changed, &claim.outlook()]
            .into_iter()
            .filter(|said| !said.is_empty())
        {
            let _ = writeln!(out, "{}.\n", capital(said));
        }
        if claim.parts.is_empty() {
            continue;
        }
        out.push_str(
            "| statistic | mean [95 %] | n | criterion | verdict |\n|---|---|---|---|---|\n",
        );
        for part in &claim.parts {
            let (statistic, n, criterion) = (&part.statistic, part.n, &part.criterion);
            let (value, verdict) = (part.value(), part.verdict.as_str());
            let _ = writeln!(out, "| {statistic} | {value} | {n} | {criterion} | {verdict} |");
        }
        out.push('\n');
    }
    out
}

fn table(claims: &[JudgedClaim], cost: &dyn Fn(&JudgedClaim) -> Option<String>) -> String {
    let mut out = String::new();
    for claim in claims {
        let _ =
            writeln!(out, "{:<10} {:<9} {}", claim.name, claim.verdict.as_str(), claim.statement);
        let outlook = claim.outlook();
        if !outlook.is_empty() {
            let cost = cost(claim).map(|cost| format!(": {cost}")).unwrap_or_default();
            let _ = writeln!(out, "  {outlook}{cost}");
        }
        for part in &claim.parts {
            let value = part.value();
            let (verdict, n, criterion) = (part.verdict.as_str(), part.n, &part.criterion);
            let _ = writeln!(
                out,
                "  {:<66}\n    {value:<26} n {n:<4} asked {criterion:<15} {verdict}",
                part.statistic
            );
        }
    }
    let count = |verdict| claims.iter().filter(|claim| claim.verdict == verdict).count();
    let planned: BTreeSet<&str> = claims.iter().filter_map(|claim| claim.plan.as_deref()).collect();
    for plan in planned {
        let judged = claims.iter().filter(|claim| claim.plan.as_deref() == Some(plan)).count();
        let _ =
            writeln!(out, "{judged} of {} claims are judged as planned in {plan}.", claims.len());
    }
    let refused = count(Verdict::Refused);
    let not_judged = if refused > 0 { format!(", {refused} not judged") } else { String::new() };
    let _ = writeln!(
        out,
        "{} hold, {} fail, {} at the bound, {} undecided{not_judged}. Intervals are at 95 %; \
         verdicts by e-processes, which may be looked at after every repeat: any wrong one among \
         the claims of a document has a probability of at most {} %.",
        count(Verdict::Holds),
        count(Verdict::Fails),
        count(Verdict::AtTheBound),
        count(Verdict::Undecided),
        100.0 * ALPHA
    );
    out
}
