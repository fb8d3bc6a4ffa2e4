//! The live view of a run, as a browser meets it.

use crate::common::{alignscope, assert_same, done, refused, specs, tree};
use serde_json::Value as Json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A directory with a run of six jobs, whose titles would like to be more than text.
fn ran() -> TempDir {
    let here = TempDir::new().unwrap();
    let figure = "[[analysis.figure]]\nname = \"angles\"\ntitle = \"</script><b>\"\n";
    let spec = ["name = \"tiny\"\n", &specs::rule(3, &["held", "white"]), figure].concat();
    std::fs::write(here.path().join("tiny.toml"), spec).unwrap();
    alignscope(here.path()).args(["run", "tiny.toml", "--out", "run"]).assert().success();
    here
}

/// A program that serves a page, and where.
struct Served {
    child: Child,
    port: u16,
    path: String,
}

impl Served {
    fn start(here: &Path, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_alignscope"))
            .args(args)
            .current_dir(here)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let rest = line.trim_end().strip_prefix("http://127.0.0.1:").expect(&line);
        let (port, path) = rest.split_once('/').unwrap();
        Self { child, port: port.parse().unwrap(), path: format!("/{path}") }
    }

    /// The head and the body of a reply.
    fn get(&self, file: &str) -> (String, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let (path, port) = (&self.path, self.port);
        write!(stream, "GET {path}{file} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n").unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        (head.to_string(), body.to_string())
    }

    fn json(&self, file: &str) -> Json {
        let (head, body) = self.get(file);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(!body.contains('<') && !body.contains('&'), "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// What it says of the run, once that is so.
    fn until(&self, is_so: impl Fn(&Json) -> bool) -> Json {
        let mut last = String::new();
        for _ in 0..3000 {
            last = self.get("progress").1;
            match serde_json::from_str::<Json>(&last) {
                Ok(progress) if progress["version"].is_u64() && is_so(&progress) => {
                    return progress;
                }
                _ => std::thread::sleep(std::time::Duration::from_millis(20)),
            }
        }
        panic!("it never came to that: {last}");
    }

    /// Ends it as Ctrl-C does; its exit code and standard error.
    fn interrupt(self) -> (Option<i32>, String) {
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        let output = self.child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn a_run_that_has_ended_is_shown_and_nothing_is_written() {
    let here = ran();
    let before = tree(&here.path().join("run"));
    let served = Served::start(here.path(), &["watch", "run"]);
    let progress = served.until(|_| true);
    assert_eq!(progress["jobs"], serde_json::json!([6, 6]));
    assert_eq!((&progress["share"], &progress["standing"]), (&1.0.into(), &"completed".into()));
    let results = served.json("results");
    let figure = &results["analyses"][0]["figures"][0];
    assert_eq!(figure["title"], "</script><b>");
    let panel = &figure["data"]["panels"][0];
    assert_eq!(panel["curves"][0]["n"], 3);
    assert_eq!(panel["bands"][0]["label"], "independent W and B, 95 %", "the null");
    let (head, page) = served.get("");
    assert!(head.contains("Content-Type: text/html") && page.contains("script.js"), "{head}");
    assert!(!page.contains("http") && !page.contains("tiny"), "{page}");
    assert!(
        served.get("script.js").1.contains("uPlot") && served.get("style.css").0.contains("css")
    );
    for file in ["../run", "run", "results/", "manifest.json", "%2e%2e/manifest.json"] {
        assert!(served.get(file).0.starts_with("HTTP/1.1 404"), "{file}");
    }
    let (code, said) = served.interrupt();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("note: the run in run has ended (completed)"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    assert!(before == tree(&here.path().join("run")), "the run is as it was");
}

#[test]
fn more_that_comes_is_shown() {
    let here = ran();
    let served = Served::start(here.path(), &["watch", "run"]);
    let version = served.until(|_| true)["version"].as_u64().unwrap();
    done(here.path(), &["run", "run", "--repeats", "5"]);
    let progress = served.until(|so_far| so_far["jobs"][0] == 10 && so_far["over"] == true);
    assert!(progress["version"].as_u64().unwrap() > version);
    assert_eq!(progress["damages"], serde_json::json!([]));
    let results = served.json("results");
    assert_eq!(results["analyses"][0]["jobs"], "10 of 10 jobs");
    assert_eq!(results["analyses"][0]["figures"][0]["data"]["panels"][0]["curves"][0]["n"], 5);
    served.interrupt();
}

#[test]
fn what_is_missing_or_damaged_is_told_of() {
    let here = ran();
    for (args, said, code) in [
        (&["watch", "none"][..], "none does not exist; give a directory that a run wrote", 1),
        (&["watch", "."], "there is no manifest.json in it", 1),
        (&["watch", "run", "--port", "0"], "1..=65535", 2),
        (&["watch", "run", "--port", "65536"], "65536", 2),
        (&["run", "tiny.toml", "--watch", "--dry-run"], "cannot be used with", 2),
        (&["run", "tiny.toml", "--port", "8000"], "--watch", 2),
    ] {
        let error = refused(here.path(), args, code);
        assert!(error.contains(said), "{error}\nshould contain\n{said}");
    }
    let run = here.path().join("run");
    let job = std::fs::read_dir(run.join("jobs")).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&job, "{ \"addr").unwrap();
    let served = Served::start(here.path(), &["watch", "run"]);
    let progress = served.until(|so_far| so_far["damages"] != serde_json::json!([]));
    assert_eq!(progress["jobs"], serde_json::json!([5, 6]));
    assert!(progress["damages"][0].as_str().unwrap().contains("is damaged"), "{progress}");
    // A port in use is not shared.
    let port = served.port.to_string();
    let error = refused(here.path(), &["watch", "run", "--port", &port], 1);
    assert!(error.contains("choose another with --port"), "{error}");
    served.interrupt();
    std::fs::write(run.join("manifest.json"), "{").unwrap();
    std::fs::remove_file(run.join("spec.toml")).unwrap();
    let error = refused(here.path(), &["watch", "run"], 1);
    assert!(error.contains("manifest.json is damaged"), "{error}");
}

#[test]
fn a_run_serves_a_page_and_ends_as_it_would() {
    let here = ran();
    let error = refused(here.path(), &["run", "tiny.toml", "--out", "other", "--watch"], 0);
    assert!(error.contains("watch: http://127.0.0.1:"), "{error}");
    assert_same(&here.path().join("run"), &here.path().join("other"));
}
