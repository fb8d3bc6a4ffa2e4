//! What is drawn and told of a run that is not run again, as a user meets it.

use crate::common::{alignscope, bytes, done, refused, specs};
use tempfile::TempDir;

fn spec() -> String {
    let rule = specs::rule(3, &["held", "white"])
        .replace("name = \"rule\"", "name = \"tiny\"")
        .replace("The rule", "Held against white <signals>")
        .replace("record-every = 10", "record-every = 5")
        .replace("iterations = 40", "iterations = 20");
    let head = "name = \"tiny\"\ntitle = \"A tiny run\"\n";
    let sweep = "eta = [1e-3, 2e-3]\n";
    let figure = "[[analysis.figure]]\nname = \"angles\"\ntitle = \"Angles & repeats\"\n";
    [head, &rule, sweep, figure].concat()
}

/// A directory with a spec and its run.
fn ran() -> TempDir {
    let here = TempDir::new().unwrap();
    std::fs::write(here.path().join("tiny.toml"), spec()).unwrap();
    alignscope(here.path()).args(["run", "tiny.toml", "--out", "run"]).assert().success();
    here
}

#[test]
fn figures_are_redrawn_without_running_a_job() {
    let here = ran();
    let run = here.path().join("run");
    let before = ["log.json", "manifest.json", "series.csv"].map(|name| bytes(&run, name));
    let first =
        ["svg", "png", "csv"].map(|format| bytes(&run, &format!("figures/angles.{format}")));
    std::fs::remove_dir_all(run.join("figures")).unwrap();
    let listed = done(here.path(), &["figure", "run", "--format", "svg,png,pdf"]);
    assert_eq!(listed.lines().count(), 4, "{listed}");
    let again =
        ["svg", "png", "csv"].map(|format| bytes(&run, &format!("figures/angles.{format}")));
    assert!(first == again, "redrawn figures are the same");
    assert!(bytes(&run, "figures/angles.pdf").starts_with(b"%PDF-"));
    assert!(before == ["log.json", "manifest.json", "series.csv"].map(|name| bytes(&run, name)));
    let args = [
        "figure",
        "run",
        "--quantity",
        "weight_alignment",
        "--kind",
        "sweep",
        "--x",
        "eta",
        "--theme",
        "dark",
    ];
    done(here.path(), &[&args[..], &["--out", "own"]].concat());
    let svg = String::from_utf8(bytes(here.path(), "own/weight_alignment-sweep-dark.svg")).unwrap();
    assert!(svg.contains("#141619"), "the ground of the dark theme");
}

#[test]
fn bad_requests_for_figures_say_what_to_do() {
    let here = ran();
    for (args, said, code) in [
        (&["figure", "."][..], "holds no run of this program: there is no manifest.json", 1),
        (
            &["figure", "run", "--quantity", "weight_alinment"],
            "did you mean `weight_alignment`?",
            2,
        ),
        (&["figure", "run", "--kind", "sweep", "--x", "shedule"], "did you mean `schedule`?", 2),
        (&["figure", "run", "--figure", "angels"], "did you mean `angles`?", 2),
        (&["figure", "run", "--analysis", "tny", "--by", "schedule"], "did you mean `tiny`?", 2),
        (&["figure", "run", "--theme", "drak"], "did you mean `dark`?", 2),
        (&["figure", "run", "--format", "svg,pfd"], "did you mean `pdf`?", 2),
        (&["figure", "run", "--width", "1"], "expected one or two", 2),
        (&["figure", "run", "--spec", "none.toml"], "cannot read none.toml", 2),
    ] {
        let error = refused(here.path(), args, code);
        assert!(error.contains(said), "{error}\nshould contain\n{said}");
    }
    let jobs = here.path().join("run/jobs");
    let job = std::fs::read_dir(&jobs).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(job).unwrap();
    let error = refused(here.path(), &["figure", "run"], 0);
    assert!(error.contains("11 of 12 jobs are stored"), "{error}");
    assert!(!error.contains("error"), "{error}");
    std::fs::remove_dir_all(&jobs).unwrap();
    let error = refused(here.path(), &["figure", "run"], 1);
    assert!(error.contains("figure `angles` is not drawn"), "{error}");
}

#[test]
fn a_report_is_written_of_runs_and_of_nothing_else() {
    let here = ran();
    let run = here.path().join("run");
    let before = ["log.json", "manifest.json", "series.csv"].map(|name| bytes(&run, name));
    assert_eq!(done(here.path(), &["report", "run", "--out", "a.html"]), "a.html\n");
    done(here.path(), &["report", "run", "--spec", "tiny.toml", "--out", "b.html"]);
    let html = bytes(here.path(), "a.html");
    assert!(html == bytes(here.path(), "b.html"), "the spec given is that of the manifest");
    let html = String::from_utf8(html).unwrap();
    for said in [
        "A tiny run",
        "Held against white &lt;signals&gt;",
        "Angles &amp; repeats",
        "12 of 12",
        "These specs state no claim",
    ] {
        assert!(html.contains(said), "{said}");
    }
    assert!(!html.contains(&here.path().display().to_string()), "no path of this machine");
    assert!(before == ["log.json", "manifest.json", "series.csv"].map(|name| bytes(&run, name)));

    let index = done(here.path(), &["report", "run", "--markdown"]);
    assert!(index.starts_with("# Claims, verdicts and figures"), "{index}");
    let error = refused(here.path(), &["report", "run", "run"], 1);
    assert!(error.contains("two of these runs have an analysis named `tiny`"), "{error}");
    let error = refused(here.path(), &["report", "run", "--out", "none/a.html"], 1);
    assert!(error.contains("cannot write none/a.html"), "{error}");
    std::fs::write(run.join("manifest.json"), "{ \"format\"").unwrap();
    let error = refused(here.path(), &["report", "run"], 1);
    assert!(error.contains("manifest.json is not a manifest of this program"), "{error}");
}
