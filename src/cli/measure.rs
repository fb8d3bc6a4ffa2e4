//! Subcommands that run jobs, draw their figures and print a summary: one for each kind of
//! analysis, and `run` for specs.

use super::args::{changes, dry_run, output_options, parameter_options, shard_option, specs};
use super::exit::Exit;
use super::request::{Request, run_plan};
use super::watch::{self, Watch};
use super::{dry, output, plot};
use crate::condition::{Condition, Kind};
use crate::rule::WeightNorm;
use crate::run::Ended;
use crate::text::Choice;
use clap::{ArgMatches, Command};
use std::collections::BTreeSet;

/// The subcommand that runs one condition of `kind`.
pub(super) fn of_kind(kind: Kind) -> Command {
    let [about, long] = match kind {
        Kind::Isolate => [
            "The rule in isolation: exogenous signals, no loss, no data",
            "Run the update rule in isolation on exogenous signals: no loss, no target, no data. \
             Defaults are the paper's first experiment. A number, alone or in a form, may be a \
             range, lin:A..B:N or log:A..B:N: one is swept, two make a map, as in --dt 1ms \
             --activity ou:log:5ms..320ms:7 --error ou:log:5ms..320ms:7",
        ],
        Kind::Train => [
            "A network on real data, with any of the rules",
            "Train a network on real data with any of the rules and measure alignment",
        ],
        Kind::Replay => [
            "Signals of a network through the rule alone: the causal test",
            "Replay the signals of a network on data, or surrogates of them, through the rule in \
             isolation: the causal test of the mechanism",
        ],
        Kind::Recurrent => [
            "A network with a memory, in isolation or on sequences",
            "Run a recurrent network of rate units by RFLO, BPTT and rules between them: on \
             exogenous signals, or on a task over sequences; measures alignment of read-out and \
             updates, and the rank of what is learnt",
        ],
        Kind::Recorded => [
            "Networks that another program trained and recorded",
            "Measure networks that another program trained, from their recordings: weight \
             alignment, updates and error signals beside those of BP, terms by lag, ranks, \
             similarities, of every state on record. Recordings of one pattern are repeats; after \
             the last update on record, quantities of updates are those of that update",
        ],
        Kind::Plane => [
            "The loss over the plane in which two networks move",
            "Train two networks from the same start and look at the loss over the plane in which \
             they move",
        ],
        Kind::Sample => [
            "Angles and spectra of drawn matrices: no network is run",
            "Draw random matrices and measure angles and spectra: no network is run",
        ],
    };
    // There is but one condition, and nothing to compare it with.
    let command =
        output_options(Command::new(kind.name()).args(parameter_options(kind, &["compare"])));
    command.about(about).long_about(long)
}

/// Runs one condition of `kind`.
pub(super) fn execute_kind(kind: Kind, matches: &ArgMatches) -> anyhow::Result<Exit> {
    let request = Request::single(kind, matches)?;
    tell_norms(&request);
    measure(&request, matches)
}

/// Says which norm layers have that weight normalisation was given none for.
fn tell_norms(request: &Request) {
    let conditions = request.plan.analyses().flat_map(|analysis| &analysis.conditions);
    let note = |condition: &Condition| {
        let (norm, depth) = (condition.weight_norm()?, condition.depth());
        let (WeightNorm::Neuron(norms) | WeightNorm::Matrix(norms)) = norm else { return None };
        let (&last, given) = (norms.last()?, norms.len());
        let beyond = (2..depth).contains(&given);
        beyond.then(|| {
            format!(
                "note: wn {norm} of {depth} layers: the last value, {last}, holds from layer {} on",
                given - 1
            )
        })
    };
    let notes: BTreeSet<String> = conditions.filter_map(note).collect();
    notes.iter().for_each(|note| tell!("{note}"));
}

/// The subcommand that runs specs.
pub(super) fn command() -> Command {
    let command =
        Command::new("run").about("Run specs, draw their figures, summarise; resumes").long_about(
            "Run the analyses of TOML specs, draw their figures and summarise; resumes \
            what was begun",
        );
    output_options(command)
        .args([specs().required(true), shard_option(), dry_run()])
        .args(changes())
        .args(watch::options())
}

/// Runs specs, or says what there is to be run.
pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let request = Request::of_files(matches)?;
    tell_norms(&request);
    if matches.get_flag("dry-run") {
        return dry::execute(&request, matches);
    }
    // Open pages see how it ended, whatever it is.
    let watched = watch::beside(&request.out, matches)?;
    let ended = measure(&request, matches);
    watched.map_or(Ok(()), Watch::end)?;
    ended
}

/// Runs a request, draws its figures and prints the summary; of a shard, which has but a part of
/// every figure, prints how far it is.
fn measure(request: &Request, matches: &ArgMatches) -> anyhow::Result<Exit> {
    let mut report = run_plan(request, matches)?;
    for diverged in &report.diverged {
        tell!("error: {diverged}");
    }
    let (plan, json) = (&request.plan, matches.get_flag("json"));
    match request.shard {
        Some(shard) => output::print_shard(plan, &report, shard, json)?,
        None => {
            let figures = output::write_figures(plan, &mut report)?;
            output::print_summary(plan, &report, &figures, json)?;
            if matches.get_flag("plot") {
                plot::print(plan, &report.results);
            }
        }
    }
    let is_whole = output::tell_damaged(&report.damaged);
    Ok(match report.ended {
        Ended::Completed if is_whole => Exit::Done,
        Ended::Completed | Ended::Partly => Exit::Failed,
        Ended::Diverged | Ended::Failed => Exit::Failed,
        Ended::Interrupted => {
            let [done, all] = output::share(plan, &report, request.shard);
            tell!(
                "interrupted: {done} of {all} jobs are done and kept; the same command continues \
                from there"
            );
            Exit::Interrupted
        }
    })
}
