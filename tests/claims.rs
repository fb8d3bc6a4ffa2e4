//! Every part of every claim finds what it judges, among the conditions, quantities, layers and
//! iterations of its analysis.

use crate::common::{alignscope, bytes, done, json, refused};
use alignscope::claim::{Evidence, judge};
use alignscope::condition::{Condition, Draw};
use alignscope::random::{Role, Stream};
use alignscope::run::{Job, JobResult, Outcome, Plan, Record};
use alignscope::spec::{ClaimSet, Spec, parse_spec, read_spec};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tempfile::TempDir;

/// Repeats of every analysis.
const REPEATS: usize = 4;
/// Draws of every repeat of a drawing: of angles that are composed enough to fill a map.
const DRAWS: [usize; 2] = [400, 60_000];

/// What `job` would record, with numbers that mean nothing: angles from 0 to 180, shares in
/// percent, others from 0 to 2.
fn invented(job: &Job) -> JobResult {
    // Every condition has its own, so that one taken for another is found.
    let own = u64::from_str_radix(&job.address()[..16], 16).unwrap();
    let mut noise = Stream::new(job.seed ^ own, job.repeat, Role::Null);
    let mut records = Vec::new();
    for quantity in job.quantities() {
        let iterations = match job.condition {
            Condition::Sample(_) => {
                (0..DRAWS[usize::from(quantity.is_drawn_by(Draw::Composition))]).collect()
            }
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

/// Specs of this project.
fn specs() -> Vec<Spec> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("analyses");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| read_spec(&path).unwrap()).collect()
}

#[test]
fn every_part_of_every_claim_finds_what_it_judges() {
    let mut judged = BTreeSet::new();
    for mut spec in specs() {
        spec.analyses.iter_mut().for_each(|analysis| {
            analysis.settings.repeats = analysis.settings.repeats.min(REPEATS)
        });
        let name = spec.name.clone();
        let plan = Plan::new(vec![spec]).unwrap();
        let results: Vec<Option<JobResult>> =
            plan.jobs.iter().map(|job| Some(invented(job))).collect();
        for claim in judge(&Evidence::new(&plan, &results)) {
            for part in &claim.parts {
                // Every two repeats have one variance.
                let expected =
                    if part.statistic.starts_with("variance") { REPEATS / 2 } else { REPEATS };
                let least = expected.min(part.n);
                assert!(
                    least == expected || name == "akrout-long",
                    "{name}: {}: {} of `{}`",
                    claim.name,
                    part.n,
                    part.statistic
                );
                assert!(
                    part.n > 1,
                    "{name}: {} finds nothing for `{}`",
                    claim.name,
                    part.statistic
                );
            }
            assert!(judged.insert(claim.name.clone()), "{} stands in two specs", claim.name);
        }
    }
    assert!(judged.len() > 140, "{}", judged.len());
}

#[test]
fn families_are_as_large_as_their_specs_say() {
    let specs = specs();
    let mut counted: BTreeMap<(String, ClaimSet), usize> = BTreeMap::new();
    for claim in specs.iter().flat_map(|spec| &spec.claims) {
        let (document, set) = claim.family();
        *counted.entry((document.to_string(), set)).or_default() += 1;
        assert!(
            !claim.statement.is_empty() && !claim.source.is_empty() && !claim.why.is_empty(),
            "{}",
            claim.name
        );
    }
    for spec in &specs {
        for claim in &spec.claims {
            let (document, set) = claim.family();
            let said = spec
                .families
                .get(document)
                .unwrap_or_else(|| panic!("{}: no family {document}", spec.name));
            assert_eq!(
                said.of(set),
                counted[&(document.to_string(), set)],
                "{}: {document}",
                spec.name
            );
        }
    }
}

const OWN: &str = r#"
name = "mine"
extends = "quickstart.toml"
[[analysis]]
name = "isolated"
kind = "isolate"
repeats = 10
record-every = 10
[analysis.base]
layers = [10, 20, 10]
batch = 20
eta = 2e-3
iterations = 200
[analysis.sweep]
schedule = ["held", "white"]
[[claim]]
name = "white-is-worse"
statement = "Held signals align by 5 degrees more than white ones"
let.held = { quantity = "weight_alignment", layer = 1, where = { schedule = "held" } }
let.white = { like = "held", where = { schedule = "white" } }
part = [{ value = "white - held", at-least = 5 }]
"#;

/// A directory with the quickstart, and the spec that extends it.
fn beside_the_quickstart() -> (TempDir, String) {
    let here = TempDir::new().unwrap();
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("analyses/quickstart.toml");
    std::fs::copy(quickstart, here.path().join("quickstart.toml")).unwrap();
    let own = OWN
        .replace("let.held = { ", "let.held = { analysis = \"isolated\", ")
        .replace("schedule = \"held\" }", "schedule = \"held\", activation = \"relu\" }");
    (here, own)
}

/// Evidence may be added to for as long as one likes: repeats beyond those of the spec go beside
/// those that are there.
#[test]
fn claims_are_followed_beyond_the_repeats_of_their_spec() {
    let (here, own) = beside_the_quickstart();
    std::fs::write(here.path().join("mine.toml"), own).unwrap();
    let found = |args: &[&str]| {
        let line = [&["verify", "mine.toml", "--json"], args].concat();
        let all = json(here.path(), &line);
        let mut claims = all["claims"].as_array().unwrap().iter();
        let claim = claims.find(|claim| claim["name"] == "mine/white-is-worse").unwrap();
        (claim["parts"][0]["n"].as_u64().unwrap(), claim["parts"][0]["mean"].as_f64().unwrap())
    };
    let jobs = |out: &str| std::fs::read_dir(here.path().join(out).join("jobs")).unwrap().count();
    let first = found(&["--out", "grown", "--repeats", "2"]);
    assert_eq!((first.0, jobs("grown")), (2, 2 * 5));
    let grown = found(&["--out", "grown", "--repeats", "5"]);
    assert_eq!((grown.0, jobs("grown")), (5, 5 * 5));
    assert_eq!(grown, found(&["--out", "whole", "--repeats", "5"]));
    refused(here.path(), &["verify", "--quick", "--repeats", "5"], 2);
}

/// Thirteen repeats of which all are so show a share above 0.7 (at a level of 5 %), which is found
/// at the look after 20; ten are enough for the other claim, whose condition is left alone then.
#[test]
fn only_what_is_open_is_run_further() {
    let here = TempDir::new().unwrap();
    let spec = r#"
        [[analysis]]
        name = "toy"
        kind = "isolate"
        repeats = 40
        base = { layers = [4, 5, 4], iterations = 20, batch = 5 }
        sweep = { schedule = ["held", "white"] }
        [[claim]]
        name = "slow/share"
        statement = "Angles of held signals are above 0 in most repeats"
        let.held = { quantity = "weight_alignment", layer = 1, where = { schedule = "held" } }
        part = [{ value = "held > 0", at-least = 0.7, values = "share" }]
        [[claim]]
        name = "quick/share"
        statement = "Angles of white signals are above 0 in half of all repeats"
        let.white = { quantity = "weight_alignment", layer = 1, where = { schedule = "white" } }
        part = [{ value = "white > 0", at-least = 0.5, values = "share" }]
    "#;
    std::fs::write(here.path().join("toy.toml"), spec).unwrap();
    let verify = |args: &[&str]| {
        let line = [&["verify", "toy.toml"], args].concat();
        let output = alignscope(here.path()).args(line).output().unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    };
    let jobs = |out: &str| std::fs::read_dir(here.path().join(out).join("jobs")).unwrap().count();
    let text = verify(&["--out", "whole"]);
    assert!(text.contains("looked after 10, 20 repeats; 30 jobs were run"), "{text}");
    assert!(text.contains("2 hold, 0 fail"), "{text}");
    assert_eq!(jobs("whole"), 30);
    // Short of what it takes, the claim stays open, and what there is counts when it goes on.
    let text = verify(&["--out", "parts", "--most-repeats", "12"]);
    assert!(text.contains("looked after 10, 12 repeats; 22 jobs were run"), "{text}");
    assert!(text.contains("about 13 repeats would decide"), "{text}");
    let text = verify(&["--out", "parts"]);
    assert!(text.contains("2 hold, 0 fail") && jobs("parts") == 30, "{text}");
    // Of claims that are named, the others are left as they are, and stand in the table of verdicts.
    let text = verify(&["--out", "one", "--claim", "quick/share"]);
    assert!(text.contains("looked after 10 repeats; 10 jobs were run"), "{text}");
    assert!(text.contains("quick/share holds") && !text.contains("slow/share"), "{text}");
    let table = String::from_utf8(bytes(&here.path().join("one"), "verdicts.csv")).unwrap();
    assert!(table.contains("slow/share,undecided"), "{table}");
    let text = verify(&["--out", "other", "--claim", "slow/share", "--dry-run"]);
    assert!(text.contains("slow/share") && !text.contains("quick/share"), "{text}");
    let text = verify(&["--out", "one", "--claim", "slow/share,quick/share"]);
    assert!(text.contains("2 hold, 0 fail") && jobs("one") == 30, "{text}");
    let error = refused(here.path(), &["verify", "toy.toml", "--claim", "quik/share"], 2);
    assert!(
        error.contains("expected slow/share or quick/share; did you mean `quick/share`?"),
        "{error}"
    );
}

/// A job that no claim needs is left out where its file is damaged: of all tables, then.
#[test]
fn tables_are_of_the_results_that_there_are() {
    let here = TempDir::new().unwrap();
    let spec = r#"
        [[analysis]]
        name = "toy"
        kind = "isolate"
        repeats = 3
        base = { layers = [4, 5, 4], iterations = 20, batch = 5 }
        sweep = { schedule = ["held", "white"] }
        [[claim]]
        name = "toy/held"
        statement = "Held signals align"
        let.held = { quantity = "weight_alignment", layer = 1, where = { schedule = "held" } }
        part = [{ value = "held", at-most = 89 }]
    "#;
    std::fs::write(here.path().join("toy.toml"), spec).unwrap();
    done(here.path(), &["run", "toy.toml", "--out", "run"]);
    let repeats = || {
        let mut table = csv::Reader::from_path(here.path().join("run/summary.csv")).unwrap();
        let names = table.headers().unwrap().clone();
        let at = |name: &str| names.iter().position(|known| known == name).unwrap();
        let rows = table.records().map(|row| row.unwrap());
        let white = rows.filter(|row| &row[at("schedule")] == "white");
        white.map(|row| row[at("n")].to_string()).collect::<BTreeSet<_>>()
    };
    assert_eq!(repeats(), BTreeSet::from(["3".to_string()]));
    let jobs = std::fs::read_dir(here.path().join("run/jobs")).unwrap().flatten();
    let of_white = |path: &Path| std::fs::read_to_string(path).unwrap().contains("\"white\"");
    let job = jobs.map(|job| job.path()).find(|path| of_white(path)).unwrap();
    std::fs::write(job, "{}").unwrap();
    alignscope(here.path()).args(["verify", "run"]).output().unwrap();
    assert_eq!(repeats(), BTreeSet::from(["2".to_string()]));
}

/// What is no number is no evidence, neither for a claim nor against it, and a difference is neither
/// so nor not.
#[test]
fn values_that_no_evidence_can_be_made_of_are_not_judged() {
    let (here, own) = beside_the_quickstart();
    for part in [
        "value = \"sqrt(held - 1000)\", within = [-1, 1], values = \"exact\"",
        "value = \"sqrt(held - 1000)\", at-least = 0.1, reach = 5",
        "value = \"held / (white - white)\", at-least = 85, reach = 5",
        "value = \"acos(held)\", at-most = 90, values = \"gaussian\"",
        "value = \"held / (white - white)\", at-least = 0.5, values = \"share\"",
        "value = \"white - held\", at-least = 0.5, values = \"share\"",
        "value = \"white - held\", every = 0.9",
    ] {
        let spec = own.replace("value = \"white - held\", at-least = 5", part);
        assert_ne!(spec, own);
        std::fs::write(here.path().join("mine.toml"), spec).unwrap();
        let output = alignscope(here.path())
            .args(["verify", "mine.toml", "--out", "run", "--most-repeats", "4"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.contains("mine/white-is-worse") && text.contains("not judged"),
            "{part}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(text.contains("in repeat 0"), "{part}: {text}");
    }
    // Without a reach that says anything nothing is decided, whichever way the values lie.
    for asked in [
        "at-least = 5, reach = 0",
        "at-most = 5, reach = 0",
        "at-least = 80, reach = 0",
        "at-most = 80, reach = 0",
        "at-least = 0, reach = 1e-18",
        "at-most = 0, reach = 1e-18",
    ] {
        let part = format!("value = \"white - held\", {asked}");
        let spec = own.replace("value = \"white - held\", at-least = 5", &part);
        std::fs::write(here.path().join("mine.toml"), spec).unwrap();
        let line = ["verify", "mine.toml", "--out", "zero", "--most-repeats", "4"];
        let output = alignscope(here.path()).args(line).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains("undecided"), "{part}: {text}");
    }
    for (part, said) in [
        ("value = \"white - held\", at-least = 5, reach = -5", "reach is a distance"),
        ("value = \"held\", near = 85, tolerance = -1", "tolerance is a distance"),
        ("value = \"white - held\", at-least = 5, reach = 1e-15", "nearly the same number"),
        ("value = \"held\", at-least = 5, for.layer = []", "for.layer has no value"),
    ] {
        let spec = own.replace("value = \"white - held\", at-least = 5", part);
        std::fs::write(here.path().join("mine.toml"), spec).unwrap();
        let output = alignscope(here.path()).args(["verify", "mine.toml"]).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && error.contains(said), "{part}: {error}");
    }
}

#[test]
fn a_claim_of_ones_own_is_judged_and_those_of_other_settings_are_not() {
    let (here, own) = beside_the_quickstart();
    std::fs::write(here.path().join("mine.toml"), own).unwrap();
    let output =
        alignscope(here.path()).args(["verify", "mine.toml", "--out", "run"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("mine/white-is-worse holds"), "{text}");
    assert!(
        text.contains("not judged: batch is 20 here, and the criterion was set for 100"),
        "{text}"
    );
    assert!(text.contains("quickstart/digits holds"), "{text}");
    // No statistic is a formula to a spreadsheet.
    let formula = "at-least = 5, statistic = \"=1+1\"";
    let path = here.path().join("mine.toml");
    let spec = std::fs::read_to_string(&path).unwrap().replace("at-least = 5", formula);
    std::fs::write(here.path().join("formula.toml"), spec).unwrap();
    alignscope(here.path())
        .args(["verify", "formula.toml", "--out", "formula", "--most-repeats", "2"])
        .output()
        .unwrap();
    let table = std::fs::read_to_string(here.path().join("formula/verdicts.csv")).unwrap();
    assert!(table.contains(",'=1+1,"), "{table}");
    // The run directory says the same, from the spec that it keeps.
    let again = alignscope(here.path()).args(["verify", "run"]).output().unwrap();
    assert_eq!(String::from_utf8(again.stdout).unwrap(), text);
}

/// What is changed in a claim, to what, and what is said then.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "\"weight_alignment\"",
        "\"weight_alignement\"",
        "mine.toml:18:25: unknown quantity `weight_alignement`",
    ),
    ("\"weight_alignment\"", "\"weight_norm\"", "`isolated` does not measure weight_norm"),
    ("schedule = \"white\" } }", "schedule = \"shared\" } }", "there is held or white"),
    ("schedule = \"white\" } }", "scedule = \"white\" } }", "did you mean `schedule`?"),
    (
        "where = { schedule = \"held\" }",
        "where = {}",
        "2 conditions of `isolated` are meant: say which by schedule",
    ),
    ("layer = 1,", "layer = 2,", "weight_alignment is of layers 1, not of 2"),
    ("layer = 1,", "layer = 1, at = 105,", "not recorded at 105: the nearest are 100 and 110"),
    (
        "\"white - held\"",
        "\"white - hold\"",
        "there is no term `hold`: expected held or white; did you mean `held`?",
    ),
    ("\"white - held\"", "\"maen(white)\"", "there is no function `maen`"),
    ("at-least = 5", "at-laest = 5", "unknown key `at-laest` of a part of a claim"),
    ("at-least = 5", "at-least = 5, at-most = 7", "a part has one criterion"),
    (", at-least = 5", "", "this part asks nothing"),
    ("at-least = 5", "at-least = 5, epsilon = -1", "epsilon is a distance, and not below 0"),
    (
        "at-least = 5",
        "within = [5, 7], epsilon = 1",
        "epsilon is 1: everything between the bounds is within it of one of them",
    ),
    ("at-least = 5", "at-least = 5, published-error = -1", "published-error is a distance"),
    (
        "statement = \"Held signals align by 5 degrees more than white ones\"\n",
        "",
        "says nothing: add statement",
    ),
    (
        "like = \"held\"",
        "like = \"hled\"",
        "there is no term `hled` to be like; did you mean `held`?",
    ),
    ("like = \"held\"", "like = \"white\"", "like each other in a circle"),
    (
        "value = \"white - held\"",
        "for = { l = [1] }, value = \"white - {k}\"",
        "no variable is called `k`: expected l",
    ),
];

#[test]
fn what_is_wrong_with_a_claim_is_said_before_anything_runs() {
    let claim = |changes: &[(&str, &str)]| {
        changes.iter().fold(
            OWN.replace("extends = \"quickstart.toml\"\n", ""),
            |text, (from, to)| {
                assert!(text.contains(from), "{from}");
                text.replace(from, to)
            },
        )
    };
    assert!(parse_spec(Path::new("mine.toml"), &claim(&[])).is_ok());
    for &(from, to, expected) in WRONG {
        let error =
            parse_spec(Path::new("mine.toml"), &claim(&[(from, to)])).unwrap_err().to_string();
        assert!(error.contains(expected), "{to}:\n{error}\nlacks\n{expected}");
    }
}
