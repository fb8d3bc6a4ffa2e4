//! `manifest.json` and `log.json`: what a run directory holds, and when it was made.

use super::flag::flags;
use super::job::{JobResult, Outcome, RESULTS_VERSION};
use super::plan::Plan;
use super::report::Ended;
use super::results::Results;
use super::series::columns;
use super::shard::Shard;
use crate::file::{sealed, unsealed};
use crate::quantity::Quantity;
use crate::spec::Spec;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

/// Word every manifest of this program starts with.
pub const FORMAT: &str = "alignscope run";

/// What the manifest of a run says in place of why it ended, while it has not.
pub const UNDER_WAY: &str = "under way";

/// The manifest of a run, or of a shard of it, that ended so far as `ended` (`None`: under way)
/// with these results.
pub fn manifest(
    plan: &Plan,
    results: &[Option<JobResult>],
    ended: Option<Ended>,
    shard: Option<Shard>,
) -> Json {
    let mut absent: BTreeMap<&str, usize> = BTreeMap::new();
    let mut diverged = Vec::new();
    for planned in plan.planned() {
        let Some(result) = results.get(planned.job).and_then(Option::as_ref) else { continue };
        for record in result.records.iter().filter(|record| record.value.is_none()) {
            *absent.entry(record.quantity.name()).or_default() += 1;
        }
        if let Outcome::Diverged { iteration, layer } = result.outcome {
            diverged.push(json!({
                "analysis": planned.analysis.name,
                "condition": planned.condition.parameters(),
                "repeat": planned.repeat,
                "iteration": iteration,
                "layer": layer,
                "job": result.address,
            }));
        }
    }
    let quantities: Vec<Quantity> = Quantity::ALL
        .iter()
        .copied()
        .filter(|quantity| {
            plan.analyses()
                .any(|analysis| analysis.quantities().any(|measured| measured == *quantity))
        })
        .collect();
    let describe = |quantity: &Quantity| {
        let info = quantity.info();
        let entry =
            json!({ "symbol": info.symbol, "unit": info.unit, "definition": info.definition });
        (info.name.to_string(), entry)
    };
    let dictionary: BTreeMap<String, Json> = quantities.iter().map(describe).collect();
    let columns: Vec<Json> =
        columns(plan).iter().map(|(name, what)| json!({ "name": name, "holds": what })).collect();
    let seeds: BTreeMap<&str, u64> =
        plan.analyses().map(|a| (a.name.as_str(), a.settings.seed)).collect();
    let mut manifest = json!({
        "format": FORMAT,
        "version": env!("CARGO_PKG_VERSION"),
        "results-version": RESULTS_VERSION,
        "address": plan.address(),
        "ended": ended.map_or(UNDER_WAY, Ended::as_str),
        "jobs": { "planned": plan.jobs.len(), "finished": results.iter().flatten().count() },
        "seed": seeds,
        "absent": absent,
        "diverged": diverged,
        "flags": flags(Results::new(plan, results)).iter().map(ToString::to_string).collect::<Vec<_>>(),
        "specs": plan.specs.iter().map(Spec::to_json).collect::<Vec<_>>(),
        "columns": columns,
        "quantities": dictionary,
    });
    if let Some(shard) = shard {
        manifest["shard"] = shard.to_string().into();
    }
    manifest
}

/// What stands around the hash in the first line of the log, which is JSON all the same.
const LOG_HEAD: [&str; 2] = ["{ \"blake3\": \"", "\","];

/// The runs of a log; `None` if it is not as it was written. Version 0.1.0 wrote no hash.
fn logged(bytes: &[u8]) -> Option<Vec<Json>> {
    let text = match unsealed(LOG_HEAD, bytes) {
        Some(rest) => [b"{".as_slice(), rest].concat(),
        None if bytes.starts_with(b"{\n") => bytes.to_vec(),
        None => return None,
    };
    serde_json::from_slice::<Json>(&text).ok()?.get("runs").and_then(Json::as_array).cloned()
}

/// Whether a log is as it was written; one that is not there is.
pub fn log_is_whole(path: &Path) -> bool {
    std::fs::read(path)
        .map_or_else(|error| error.kind() == ErrorKind::NotFound, |bytes| logged(&bytes).is_some())
}

/// The text of a log with one more entry. A log that is damaged is begun anew: it holds nothing
/// that results depend on.
pub fn log_with(path: &Path, entry: Json) -> Vec<u8> {
    let mut runs = std::fs::read(path).ok().and_then(|bytes| logged(&bytes)).unwrap_or_default();
    runs.push(entry);
    let text = pretty(&json!({ "runs": runs }));
    sealed(LOG_HEAD, text.strip_prefix(b"{\n").unwrap_or(&text))
}

/// Indented JSON text with a final newline.
pub fn pretty(json: &Json) -> Vec<u8> {
    let mut bytes = format!("{json:#}").into_bytes();
    bytes.push(b'\n');
    bytes
}
