//! Every part of every claim finds what it judges, among the conditions, quantities, layers and iterations of its analysis.

use alignscope::claim::{Evidence, claims, judge};
use alignscope::condition::{Condition, Draw};
use alignscope::random::{Role, Stream};
use alignscope::run::{Job, JobResult, Outcome, Plan, Record};
use alignscope::spec::read_spec;
use std::collections::BTreeSet;
use std::path::Path;

/// Repeats of every analysis.
const REPEATS: usize = 3;
/// Draws of every repeat of a drawing: of angles that are composed enough to fill a map.
const DRAWS: [usize; 2] = [400, 60_000];

/// What `job` would record, with numbers that mean nothing: angles from 0 to 180, shares in percent, others from 0 to 2.
fn invented(job: &Job) -> JobResult {
    let mut noise = Stream::new(job.seed, job.repeat, Role::Null);
    let mut records = Vec::new();
    for quantity in job.quantities() {
        let iterations = match job.condition {
            Condition::Sample(_) => (0..DRAWS[usize::from(quantity.is_drawn_by(Draw::Composition))]).collect(),
            _ => job.recorded_iterations(quantity),
        };
        let scale = match quantity.info().unit {
            "degrees" => 180.0,
            "percent" => 100.0,
            _ => 2.0,
        };
        for layer in quantity.layers(&job.condition) {
            for &iteration in &iterations {
                records.extend(job.lags_of(quantity, iteration).into_iter().map(|lag| {
                    let mut value = [0.0];
                    noise.fill_uniform(&mut value);
                    Record { iteration, layer, lag, quantity, value: Some(scale * value[0]) }
                }));
            }
        }
    }
    job.finish(Outcome::Completed, records)
}

#[test]
fn every_part_of_every_claim_finds_what_it_judges() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("analyses");
    let mut judged = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let mut spec = read_spec(&entry.unwrap().path()).unwrap();
        spec.analyses
            .iter_mut()
            .for_each(|analysis| analysis.settings.repeats = analysis.settings.repeats.min(REPEATS));
        let name = spec.name.clone();
        let plan = Plan::new(vec![spec]).unwrap();
        let results: Vec<Option<JobResult>> = plan.jobs.iter().map(|job| Some(invented(job))).collect();
        for claim in judge(&Evidence::new(&plan, &results)) {
            for part in &claim.parts {
                assert!(part.n == REPEATS, "{name}: {} finds nothing for `{}`", claim.name, part.statistic);
            }
            judged.insert(claim.name);
        }
    }
    let all: BTreeSet<String> = claims().into_iter().map(|claim| claim.name).collect();
    assert_eq!(judged, all, "claims without an analysis");
}
