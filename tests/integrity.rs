//! Run directories in which anything was changed: nothing that was is read in silence.

use crate::common::{alignscope, done, line, refused, specs, tree};
use alignscope::data::Library;
use alignscope::experiment::run_job;
use alignscope::run::{
    Attempt, Export, Job, JobError, JobResult, Plan, RunError, RunOptions, RunReport, StoredError,
    Unobserved, damaged_figures, read_directory, read_runs, run,
};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// Kinds of all sorts, with figures of the spec.
fn spec() -> String {
    let head = "name = \"kinds\"\ntitle = \"Of all sorts\"\n";
    let rule = specs::rule(2, &["held", "white"]) + specs::RULE_FIGURE;
    let network = specs::network(2).replace("hidden = [10]", "hidden = [4]\nbatch = 100");
    let sample = "[[analysis]]\nname = \"angles\"\nkind = \"sample\"\nrepeats = \
        1\n[analysis.base]\ndraws = 3\n";
    [head, &rule, &network, sample].concat()
}

/// A run directory of everything that can be in one, made once: results, both kinds of exports,
/// figures of the spec and one more.
fn original() -> &'static Path {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    MADE.get_or_init(|| {
        let here = TempDir::new().unwrap();
        std::fs::write(here.path().join("kinds.toml"), spec()).unwrap();
        done(here.path(), &line("run kinds.toml --export weights --out run"));
        done(here.path(), &line("run run --export signals:1"));
        done(
            here.path(),
            &line("figure run --analysis rule --quantity weight_alignment --format svg"),
        );
        here
    })
    .path()
}

/// A copy of the run directory, beside its spec.
fn copied() -> TempDir {
    let here = TempDir::new().unwrap();
    std::fs::copy(original().join("kinds.toml"), here.path().join("kinds.toml")).unwrap();
    copy(&original().join("run"), &here.path().join("run"));
    here
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (from, to) =
            (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
        if from.is_dir() {
            copy(&from, &to)
        } else {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}

/// Files that hold anything, the log of times among them.
fn files(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = tree(run);
    files.insert("log.json".into(), std::fs::read(run.join("log.json")).unwrap());
    files.retain(|_, bytes| !bytes.is_empty());
    files
}

/// Changes a bit anywhere, or a digit where there are digits; gives what, in words.
fn change(random: &mut ChaCha8Rng, bytes: &mut [u8]) -> String {
    let digits: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at].is_ascii_digit()).collect();
    if digits.is_empty() || random.random_range(0..2) == 0 {
        let (at, bit) = (random.random_range(0..bytes.len()), random.random_range(0..8));
        bytes[at] ^= 1 << bit;
        format!("bit {bit} of byte {at}")
    } else {
        let at = digits[random.random_range(0..digits.len())];
        bytes[at] = b'0' + (bytes[at] - b'0' + random.random_range(1..10)) % 10;
        format!("the digit at byte {at}")
    }
}

/// What a reader says of a run directory; none if it sees nothing wrong.
fn said(run: &Path) -> Vec<String> {
    let mut said = match read_runs(&[run.to_path_buf()], &[]) {
        Ok(stored) => stored.warnings,
        Err(error) => vec![error.to_string()],
    };
    said.extend(damaged_figures(run).unwrap());
    said
}

#[test]
fn of_a_thousand_changes_none_is_read_in_silence() {
    let here = copied();
    let run = here.path().join("run");
    assert_eq!(said(&run), [""; 0]);
    let files = files(&run);
    let names: Vec<&PathBuf> = files.keys().collect();
    for kind in [
        "jobs/",
        "weights/",
        "signals/",
        "figures/",
        "spec",
        "manifest",
        "series",
        "log",
        "checksums",
    ] {
        assert!(names.iter().any(|name| name.to_string_lossy().starts_with(kind)), "{kind}");
    }
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for number in 0..1000 {
        // Every file as often, however long.
        let name = names[number % names.len()];
        let mut bytes = files[name].clone();
        let what = change(&mut random, &mut bytes);
        std::fs::write(run.join(name), bytes).unwrap();
        let said = said(&run);
        assert!(!said.is_empty(), "{what} of {}", name.display());
        let file = name.file_name().unwrap().to_string_lossy();
        // A change in the list is one of what it lists.
        let told = said.iter().any(|text| text.contains(&*file)) || file == "checksums";
        assert!(told, "{what} of {}: {said:?}", name.display());
        std::fs::write(run.join(name), &files[name]).unwrap();
    }
    assert_eq!(said(&run), [""; 0]);
}

static NEVER: AtomicBool = AtomicBool::new(false);

fn runner(job: &Job, attempt: &Attempt<'_>) -> Result<JobResult, JobError> {
    run_job(job, attempt, &Library::default())
}

/// Goes on with a run directory.
fn resumed(directory: &Path, export: Export) -> Result<RunReport, RunError> {
    let plan = Plan::new(read_directory(directory)?.specs).unwrap();
    let options = RunOptions {
        out: directory.to_path_buf(),
        threads: 1,
        export,
        shard: None,
        only: None,
        interrupt: &NEVER,
        observer: &Unobserved,
    };
    run(&plan, &options, &runner)
}

#[test]
fn what_was_changed_is_said_and_made_again_to_the_same_bytes() {
    let here = copied();
    let run = here.path().join("run");
    let files = files(&run);
    let of_jobs =
        |name: &&PathBuf| ["jobs", "weights"].iter().any(|directory| name.starts_with(directory));
    let of_run = ["manifest.json", "series.csv", "log.json"].map(PathBuf::from);
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for name in files.keys().filter(of_jobs).chain(&of_run) {
        let mut bytes = files[name].clone();
        let what = format!("{} of {}", change(&mut random, &mut bytes), name.display());
        std::fs::write(run.join(name), bytes).unwrap();
        let report = resumed(&run, Export::Weights).unwrap();
        let ran = usize::from(name.parent() != Some(Path::new("")));
        assert_eq!(
            (report.ran, report.warnings.len(), report.damaged.len()),
            (ran, 1, 0),
            "{what}: {report:?}"
        );
        assert!(
            report.warnings[0].contains(&*name.to_string_lossy()),
            "{what}: {:?}",
            report.warnings
        );
        let again = if ran == 1 { "runs again" } else { "it is written again" };
        assert!(report.warnings[0].ends_with(again), "{what}: {:?}", report.warnings);
        for (path, bytes) in tree(&run) {
            assert!(
                bytes.is_empty() || bytes == files[&path],
                "{what}: {} differs",
                path.display()
            );
        }
        assert_eq!(resumed(&run, Export::Weights).unwrap().warnings, [""; 0], "{what}");
    }
}

/// A copy of the run directory, whose files are changed.
struct Changed {
    here: TempDir,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Changed {
    fn new() -> Self {
        let here = copied();
        let files = files(&here.path().join("run"));
        Self { here, files }
    }

    fn run(&self) -> PathBuf {
        self.here.path().join("run")
    }

    /// The first file of a directory.
    fn first(&self, directory: &str) -> PathBuf {
        self.files.keys().find(|name| name.starts_with(directory)).unwrap().clone()
    }

    /// Changes one bit of a file.
    fn flip(&self, name: &Path) {
        let mut bytes = self.files[name].clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(self.run().join(name), bytes).unwrap();
    }

    fn error_of(&self, command: &str, code: i32) -> String {
        refused(self.here.path(), &line(command), code)
    }

    fn assert_same(&self) {
        for (path, bytes) in tree(&self.run()) {
            assert!(bytes.is_empty() || bytes == self.files[&path], "{} differs", path.display());
        }
    }
}

/// Readers leave it out, and say what runs it again.
#[test]
fn the_program_says_which_result_was_changed_and_its_exit_code_does_too() {
    let changed = Changed::new();
    let job = changed.first("jobs");
    changed.flip(&job);
    let said = format!("{} ", Path::new("run").join(&job).display());
    for command in ["report run", "figure run"] {
        let error = changed.error_of(command, 1);
        assert!(
            error.contains(&said) && error.contains("`alignscope run run` runs the job again"),
            "{error}"
        );
        assert!(error.contains("6 of 7 jobs are stored, and only these are shown"), "{error}");
    }
    assert!(changed.error_of("run run --dry-run", 0).contains("the job will run again"));
    let error = changed.error_of("run run", 0);
    assert!(error.contains(&said) && error.contains("the job runs again"), "{error}");
    changed.assert_same();
    changed.flip(&job);
    assert!(changed.error_of("verify run", 0).contains(&said));
    assert!(
        changed.error_of("run run", 0).is_empty()
            || !changed.error_of("run run", 0).contains("checksum")
    );
    changed.assert_same();
}

/// They are made again where they are asked for; otherwise an error says how.
#[test]
fn the_program_says_which_exports_were_changed_and_its_exit_code_does_too() {
    let changed = Changed::new();
    for (directory, export) in [("weights", "weights"), ("signals", "signals:1")] {
        let name = changed.first(directory);
        for broken in [
            &[][..],
            &changed.files[&name][..changed.files[&name].len() / 2],
            &vec![0; changed.files[&name].len()],
        ] {
            std::fs::write(changed.run().join(&name), broken).unwrap();
            for command in ["run run", "verify run", "report run", "figure run", "merge new run"] {
                let error = changed.error_of(command, 1);
                let remedy = format!("`alignscope run run --export {directory}` makes it again");
                assert!(error.contains(&remedy), "{command}: {error}");
            }
            let error = changed.error_of(&format!("run run --export {export}"), 0);
            assert!(error.contains("the job runs again"), "{error}");
            changed.assert_same();
            std::fs::remove_dir_all(changed.here.path().join("new")).unwrap();
        }
    }
}

/// Those of the spec are drawn again, and another is told of.
#[test]
fn the_program_says_which_figure_was_changed_and_its_exit_code_does_too() {
    let changed = Changed::new();
    let [of_spec, other] =
        ["figures/rule.csv", "figures/weight_alignment-curves.csv"].map(PathBuf::from);
    assert!(changed.files.contains_key(&other), "{:?}", changed.files.keys());
    changed.flip(&of_spec);
    assert!(
        changed
            .error_of("verify run", 1)
            .contains("run/figures/rule.csv does not match its checksum")
    );
    assert!(
        changed
            .error_of("run run", 0)
            .contains("run/figures/rule.csv does not match its checksum; it is drawn again")
    );
    changed.assert_same();
    changed.flip(&other);
    for command in ["run run", "verify run", "report run", "figure run"] {
        assert!(
            changed
                .error_of(command, 1)
                .contains("weight_alignment-curves.csv does not match its checksum"),
            "{command}"
        );
    }
    done(
        changed.here.path(),
        &line("figure run --analysis rule --quantity weight_alignment --format svg"),
    );
    done(changed.here.path(), &line("run run"));
    changed.assert_same();
}

#[test]
fn a_damaged_manifest_is_rebuilt_from_the_spec_and_the_jobs() {
    let here = copied();
    let (here, run) = (here.path(), here.path().join("run"));
    let whole = tree(&run);
    let text = std::fs::read_to_string(run.join("manifest.json")).unwrap();
    let broken = [
        "".to_string(),
        "{}".into(),
        text[..text.len() / 2].into(),
        text.replace("\"seed\"", "\"sead\""),
    ];
    for manifest in broken {
        assert_ne!(manifest, text);
        std::fs::write(run.join("manifest.json"), &manifest).unwrap();
        for (command, code) in [("report run", 1), ("figure run", 1), ("run run", 0)] {
            let error = refused(here, &line(command), code);
            assert!(error.contains("run/manifest.json"), "{command}: {error}");
        }
        assert!(tree(&run) == whole);
    }
    std::fs::remove_file(run.join("manifest.json")).unwrap();
    assert!(
        refused(here, &line("run run"), 0)
            .contains("run/manifest.json is missing; it is written again")
    );
    assert!(tree(&run) == whole);
    // With neither, the spec has to be given, and is believed as the jobs are its own.
    for name in ["manifest.json", "spec.toml"] {
        std::fs::write(run.join(name), "x").unwrap();
    }
    assert!(
        refused(here, &line("run run"), 1)
            .contains("give the spec of the run with this directory as --out")
    );
    assert!(refused(here, &line("run kinds.toml --out run"), 0).contains("it is written again"));
    assert!(tree(&run) == whole);
    // A directory of something else is still refused.
    let other = spec().replace("iterations = 40", "iterations = 50");
    std::fs::write(here.join("other.toml"), other).unwrap();
    std::fs::write(run.join("manifest.json"), "x").unwrap();
    assert!(
        refused(here, &line("run other.toml --out run"), 1)
            .contains("holds the results of another spec")
    );
}

#[test]
fn of_a_shard_a_damaged_manifest_still_says_which() {
    let here = copied();
    let here = here.path();
    done(here, &line("run kinds.toml --shard 1/2 --out part"));
    let path = here.join("part/manifest.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"seed\"", "\"sead\"")).unwrap();
    let error = refused(here, &line("run part"), 0);
    assert!(error.contains("assumed to be that of shard 1/2, as it still says"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_changed_spec_is_not_run_in_silence() {
    let here = copied();
    let (here, run) = (here.path(), here.path().join("run"));
    let whole = tree(&run);
    let text = std::fs::read_to_string(run.join("spec.toml")).unwrap();
    for (from, to, said) in [
        ("name = \"kinds\"", "name = \"minds\"", "(name: \"minds\" now, \"kinds\" then)"),
        (
            "title = \"The rule\"",
            "title = \"The role\"",
            "(title: \"The role\" now, \"The rule\" then)",
        ),
        ("repeats = 2", "repeats = 3", "repeats: 3 now, 2 then"),
        ("name = \"kinds\"", "name = \"kinds", ""),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        std::fs::write(run.join("spec.toml"), changed).unwrap();
        for command in ["run run", "report run", "figure run", "verify run", "merge new run"] {
            let error = refused(here, &line(command), 1);
            assert!(
                error.contains("run/spec.toml was changed after the run wrote it"),
                "{command}: {error}"
            );
            assert!(error.contains(said), "{command}: {error}");
        }
        assert!(!here.join("new").exists());
    }
    // What is only written otherwise says the same.
    std::fs::write(run.join("spec.toml"), text.replacen('\n', "  \n", 1)).unwrap();
    assert!(
        refused(here, &line("run run"), 0)
            .contains("spec.toml does not match its checksum; it is written again")
    );
    assert!(tree(&run) == whole);
    // A change that is meant is said so, as the message tells.
    std::fs::write(run.join("spec.toml"), text.replacen("The rule", "A rule", 1)).unwrap();
    let error = refused(here, &line("run run"), 1);
    let command = error.split("say so with alignscope ").nth(1).unwrap().split(';').next().unwrap();
    done(here, &line(command));
    assert!(std::fs::read_to_string(run.join("spec.toml")).unwrap().contains("A rule"));
    assert!(!refused(here, &line("run run"), 0).contains("checksum"));
}

/// A bound that was changed in a run directory makes another verdict of the same results.
#[test]
fn a_changed_claim_is_not_judged_in_silence() {
    let here = TempDir::new().unwrap();
    let (here, run) = (here.path(), here.path().join("run"));
    let claim = "[families]\nkinds = { before = 1, exploratory = 0 }\n[[claim]]\nname = \
        \"kinds/held\"\nset = \"before\"\nstatement = \"Held signals align\"\nlet.held = { analysis = \
        \"rule\", quantity = \"weight_alignment\", layer = 1, where = { schedule = \"held\" } }\npart = \
        [{ value = \"held\", at-most = 95 }]\n";
    std::fs::write(here.join("kinds.toml"), [spec(), claim.into()].concat()).unwrap();
    done(here, &line("run kinds.toml --out run"));
    let text = std::fs::read_to_string(run.join("spec.toml")).unwrap();
    for (from, to, said) in [
        ("at-most = 95", "at-most = 25", "25"),
        ("before = 1", "before = 2", "before = 2"),
        ("[[claim]]", "#", ""),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}: {text}");
        std::fs::write(run.join("spec.toml"), changed).unwrap();
        for command in ["verify run", "report run", "run run"] {
            let error = refused(here, &line(command), 1);
            assert!(
                error.contains("run/spec.toml was changed after the run wrote it")
                    && error.contains(said),
                "{from}: {command}: {error}"
            );
        }
    }
}

#[test]
fn a_list_of_checksums_that_was_cut_is_said_to_be_what_is_damaged() {
    let here = copied();
    let (here, run) = (here.path(), here.path().join("run"));
    for kept in [0, 20] {
        let whole = std::fs::read(original().join("run/checksums")).unwrap();
        std::fs::write(run.join("checksums"), &whole[..kept]).unwrap();
        for command in ["report run", "figure run", "run run"] {
            let error = refused(here, &line(command), 1);
            assert!(error.contains("run/checksums was cut short or emptied"), "{command}: {error}");
        }
    }
    // The remedy works.
    std::fs::remove_file(run.join("checksums")).unwrap();
    done(here, &line("run run"));
    assert_eq!(said(&run), Vec::<String>::new());
}

#[test]
fn signals_of_more_updates_are_exported_when_they_are_asked_for() {
    let here = copied();
    let (here, run) = (here.path(), here.path().join("run"));
    let updates = || {
        let mut exports = std::fs::read_dir(run.join("signals")).unwrap();
        let path = exports.next().unwrap().unwrap().path();
        alignscope::array::shape(&path, "activity0").unwrap()[0]
    };
    assert_eq!(updates(), 1);
    done(here, &line("run run --export signals:3"));
    assert_eq!(updates(), 3);
    done(here, &line("run run --export signals:3"));
    assert_eq!(updates(), 3);
}

#[test]
fn a_share_of_a_finished_run_leaves_the_run_as_it_is() {
    let here = copied();
    let (here, run) = (here.path(), here.path().join("run"));
    let whole = tree(&run);
    done(here, &line("run run --shard 1/2"));
    assert!(tree(&run) == whole);
    assert!(here.join("run.shards/1-of-2/manifest.json").is_file());
}

#[test]
fn runs_without_checksums_are_read_and_said_to_have_none() {
    let here = copied();
    let (here, run) = (here.path(), here.path().join("run"));
    let whole = tree(&run);
    for list in ["checksums", "figures/checksums"] {
        std::fs::remove_file(run.join(list)).unwrap();
    }
    assert!(
        refused(here, &line("figure run --out elsewhere"), 0).contains("run holds no checksums")
    );
    assert!(refused(here, &line("report run"), 0).contains("run holds no checksums"));
    assert!(
        std::fs::read_to_string(here.join("report.html"))
            .unwrap()
            .contains("Run 1 holds no checksums")
    );
    assert!(refused(here, &line("merge new run"), 0).contains("run holds no checksums"));
    let error = refused(here, &line("run run"), 0);
    assert!(error.contains("run holds no checksums") && !error.contains("again"), "{error}");
    // From then on there are, of all but the figure that is not of the spec.
    let mut now = tree(&run);
    now.remove(Path::new("figures/checksums"));
    assert!(now.iter().all(|(path, bytes)| whole[path] == *bytes));
    assert!(!refused(here, &line("run run"), 0).contains("checksums"));
    // A name that was changed is seen in the manifest even so.
    std::fs::remove_file(run.join("checksums")).unwrap();
    let spec = std::fs::read_to_string(run.join("spec.toml")).unwrap();
    std::fs::write(run.join("spec.toml"), spec.replacen("\"kinds\"", "\"minds\"", 1)).unwrap();
    assert!(refused(here, &line("run run"), 1).contains("name: \"minds\" now, \"kinds\" then"));
}

#[test]
fn dropped_records_and_another_outcome_are_seen() {
    let here = copied();
    let (here, run) = (here.path(), here.path().join("run"));
    let whole = tree(&run);
    let name = whole.keys().find(|name| name.starts_with("jobs")).unwrap();
    let text = String::from_utf8(whole[name].clone()).unwrap();
    let (start, records) = text.split_once("\"records\":[").unwrap();
    let dropped = format!("{start}\"records\":[{}", &records[records.find("],[").unwrap() + 2..]);
    let diverged =
        text.replacen("\"completed\"", "{\"diverged\":{\"iteration\":3,\"layer\":0}}", 1);
    for changed in [dropped, diverged, text.replacen(':', ": ", 1), text + "\n"] {
        std::fs::write(run.join(name), changed).unwrap();
        assert!(
            refused(here, &line("run run"), 0)
                .contains("does not match its checksum; the job runs again")
        );
        assert!(tree(&run) == whole);
    }
}

#[test]
fn a_changed_checkpoint_is_not_gone_on_from() {
    let here = TempDir::new().unwrap();
    let options = [("epochs", "1"), ("hidden", "3"), ("batch", "300"), ("record-every", "epoch")];
    let analysis =
        alignscope::spec::Analysis::from_options(alignscope::condition::Kind::Train, options)
            .unwrap();
    let plan = Plan::single(analysis).unwrap();
    let stop = AtomicBool::new(false);
    let on = |out: &Path, interrupt| {
        let options = RunOptions {
            out: out.into(),
            threads: 1,
            export: Export::Off,
            shard: None,
            only: None,
            interrupt,
            observer: &Unobserved,
        };
        run(&plan, &options, &|job, attempt| {
            stop.store(true, Ordering::Relaxed);
            runner(job, attempt)
        })
        .unwrap()
    };
    let whole = here.path().join("whole");
    on(&whole, &NEVER);
    let out = here.path().join("stopped");
    let checkpoint = out.join("jobs").join(format!("{}.checkpoint", plan.addresses[0]));
    let stopped = || {
        stop.store(false, Ordering::Relaxed);
        let _ = std::fs::remove_dir_all(&out);
        on(&out, &stop);
        std::fs::read(&checkpoint).unwrap()
    };
    let kept = stopped();
    assert_eq!(on(&out, &NEVER).warnings, [""; 0]);
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for _ in 0..10 {
        assert_eq!(stopped(), kept);
        let mut bytes = kept.clone();
        let what = change(&mut random, &mut bytes);
        std::fs::write(&checkpoint, bytes).unwrap();
        let warnings = on(&out, &NEVER).warnings;
        assert!(
            warnings.iter().any(|text| text.ends_with("the job starts again")),
            "{what}: {warnings:?}"
        );
        assert!(tree(&out) == tree(&whole), "{what}");
    }
}

#[test]
fn what_a_killed_drawing_leaves_is_removed_and_two_drawings_do_not_collide() {
    let here = copied();
    let (here, run) = (here.path(), here.path().join("run"));
    let left = run.join("figures/.writing-rule.png");
    std::fs::write(&left, "half").unwrap();
    done(here, &line("figure run"));
    assert!(!left.exists());
    let whole = tree(&run);
    std::thread::scope(|scope| {
        let drawn: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| alignscope(here).args(["figure", "run"]).unwrap()))
            .collect();
        drawn.into_iter().for_each(|drawn| assert!(drawn.join().unwrap().status.success()));
    });
    assert!(tree(&run) == whole);
}

#[test]
fn errors_of_a_spec_given_are_still_those_of_the_spec() {
    let here = copied();
    let spec = here.path().join("kinds.toml");
    std::fs::write(&spec, self::spec().replacen("isolate", "isolat", 1)).unwrap();
    let error = read_runs(&[here.path().join("run")], &[spec]).unwrap_err();
    assert!(matches!(error, StoredError::Spec(_)), "{error}");
}
