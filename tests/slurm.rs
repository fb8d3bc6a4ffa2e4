//! The job-array script: in a shell that plays SLURM, and on a real one.
#![cfg(target_os = "linux")]

use crate::common::{line, specs};
use assert_cmd::Command as Checked;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// 12 jobs of about a fifth of a second.
fn spec() -> String {
    spec_of(4)
}

/// Three times as many such jobs as there are repeats.
fn spec_of(repeats: usize) -> String {
    let rule = specs::rule(repeats, &["held", "shared", "white"]) + specs::RULE_FIGURE;
    let long = rule
        .replace("iterations = 40", "iterations = 400000")
        .replace("record-every = 10", "record-every = 20000");
    format!("name = \"array\"\n{long}")
}

/// What must be the same, whoever ran the jobs.
const RESULTS: [&str; 5] =
    ["series.csv", "manifest.json", "spec.toml", "figures/rule.svg", "figures/rule.csv"];

fn alignscope(here: &Path, line: &str) -> Output {
    Checked::cargo_bin("alignscope")
        .unwrap()
        .current_dir(here)
        .args(line.split(' '))
        .output()
        .unwrap()
}

/// A directory with a blank in its name, the spec, its results, and the script.
fn prepared(options: &str) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let here = directory.path().join("a b");
    std::fs::create_dir(&here).unwrap();
    std::fs::write(here.join("array.toml"), spec()).unwrap();
    assert!(alignscope(&here, "run array.toml --out whole").status.success());
    let script = alignscope(&here, &format!("sbatch array.toml --out merged/ {options}"));
    assert!(script.status.success(), "{script:?}");
    std::fs::write(here.join("job.sh"), script.stdout).unwrap();
    (directory, here)
}

fn assert_merged(here: &Path) {
    for name in RESULTS {
        let of = |run: &str| {
            std::fs::read(here.join(run).join(name)).unwrap_or_else(|e| panic!("{run}/{name}: {e}"))
        };
        assert!(of("whole") == of("merged"), "{name} differs");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn jobs_done(shard: &Path) -> usize {
    let names = std::fs::read_dir(shard.join("jobs"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name());
    names
        .filter(|name| {
            !name.to_string_lossy().starts_with('.') && name.to_string_lossy().ends_with(".json")
        })
        .count()
}

/// Waits for something to become true.
fn wait_for(what: &str, seconds: u64, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(
            began.elapsed() < Duration::from_secs(seconds),
            "{what} did not come in {seconds} s"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Processes that run a shard, by their command line.
fn pids(shard: &str) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let running = processes.filter(|process| {
        let words = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = words.split(|&byte| byte == 0).collect();
        words.get(1) == Some(&b"run".as_slice()) && words.contains(&shard.as_bytes())
    });
    running.filter_map(|process| process.file_name().to_string_lossy().parse().ok()).collect()
}

fn signal(name: &str, pid: u32) {
    Command::new("kill").args([name, &pid.to_string()]).status().unwrap();
}

/// A script `scontrol` that notes what it is asked.
fn fake_scontrol(here: &Path) -> String {
    let bin = here.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let path = bin.join("scontrol");
    std::fs::write(&path, "#!/bin/sh\necho \"$@\" >> requeued\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())
}

fn task(here: &Path, path: &str, number: usize) -> Command {
    let mut command = Command::new("bash");
    command.current_dir(here).args(["job.sh", "shard"]).env("PATH", path);
    command
        .env("SLURM_ARRAY_TASK_ID", number.to_string())
        .env("SLURM_JOB_ID", (100 + number).to_string());
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

#[test]
fn tasks_that_are_stopped_come_back_and_go_on() {
    let (_directory, here) = prepared("--shards 3 --time 1-02:00 --partition short,long --cpus 2");
    let script = std::fs::read_to_string(here.join("job.sh")).unwrap();
    for line in [
        "--time=1-02:00",
        "--partition=short,long",
        "--cpus-per-task=2",
        "--job-name=alignscope-array",
        "--requeue",
    ] {
        assert!(script.contains(&format!("\n#SBATCH {line}\n")), "{script}");
    }
    let path = fake_scontrol(&here);
    let requeued = || std::fs::read_to_string(here.join("requeued")).unwrap_or_default();
    let out = "merged.shards/1-of-3";
    // Other tests run shards of this name, too: only those below this script are ours.
    let ours = |child: &Child| pids(out).into_iter().find(|pid| parent(*pid) == Some(child.id()));
    // So many jobs that some are left when the signal comes, however fast the machine.
    std::fs::write(here.join("array.toml"), spec_of(4000)).unwrap();
    let mut done = 0;
    // Told that its time is up; killed; cancelled; killed once too often.
    for (signalled, whom, count, comes_back, code) in [
        ("-USR1", "script", "0", true, 130),
        ("-KILL", "program", "3", true, 137),
        ("-TERM", "script", "0", false, 130),
        ("-KILL", "program", "20", false, 137),
    ] {
        std::fs::remove_file(here.join("requeued")).ok();
        let child = task(&here, &path, 1).env("SLURM_RESTART_COUNT", count).spawn().unwrap();
        // A program that has just been started does not listen to signals yet: one that has
        // finished a job does.
        wait_for("a finished job", 60, || {
            ours(&child).is_some() && jobs_done(&here.join(out)) > done
        });
        signal(signalled, if whom == "script" { child.id() } else { ours(&child).unwrap() });
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{signalled}: {}", text(&output.stderr));
        assert_eq!(requeued(), if comes_back { "requeue 101\n" } else { "" }, "{signalled}");
        done = jobs_done(&here.join(out));
    }
    assert!(jobs_done(&here.join(out)) < 4000);
    // As few jobs as will be merged: a shard is stopped when some of it is done, and goes on from
    // there.
    std::fs::remove_dir_all(here.join(out)).unwrap();
    std::fs::remove_file(here.join("requeued")).ok();
    std::fs::write(here.join("array.toml"), spec()).unwrap();
    let child = task(&here, &path, 1).spawn().unwrap();
    wait_for("a finished job", 60, || jobs_done(&here.join(out)) > 0);
    signal("-USR1", child.id());
    let code = child.wait_with_output().unwrap().status.code();
    // On a machine that is slow to pass signals on, all may be done by then.
    assert!(code == Some(130) || (code == Some(0) && jobs_done(&here.join(out)) == 4), "{code:?}");
    std::fs::remove_file(here.join("requeued")).ok();
    let merge =
        || Command::new("bash").current_dir(&here).args(["job.sh", "merge"]).output().unwrap();
    assert!(task(&here, &path, 1).status().unwrap().success());
    assert!(task(&here, &path, 3).status().unwrap().success());
    let early = merge();
    assert_eq!(early.status.code(), Some(1));
    let command =
        "alignscope run merged.shards/1-of-3 --shard 2/3 --out merged.shards/2-of-3    (4 jobs)";
    assert!(text(&early.stderr).contains(command), "{}", text(&early.stderr));
    assert!(task(&here, &path, 2).status().unwrap().success());
    let merged = merge();
    assert!(merged.status.success(), "{}", text(&merged.stderr));
    assert_merged(&here);
    assert_eq!(requeued(), "");
}

/// Names that a shell, `sbatch` or a template might take for something else, each with what it must
/// not leave behind.
fn odd_names() -> Vec<OsString> {
    let mut names: Vec<OsString> = [
        "$(touch X)",
        "`touch X`",
        "a;touch X",
        "a\n touch X\n",
        "\n#SBATCH --wrap=x\n",
        "'",
        "\"",
        "x'$(touch X)'\"",
        "*",
        "~",
        "!!",
        "#",
        "%j",
        "%a",
        "%%",
        "\\",
        "a\\%j",
        " a  b ",
        "-x",
        "--out",
        "@OUT@ ",
        "@SPECS@",
        "$out",
        "${program}",
        "\t\r\n",
        "\u{1b}[31m",
        "{a,b}",
        "[0]=x",
        "grün",
    ]
    .into_iter()
    .map(OsString::from)
    .collect();
    names.extend(
        [&b"\xff'\n"[..], b"-\x80$(touch X)", b"\\\xc3"]
            .map(|bytes| OsString::from_vec(bytes.into())),
    );
    names
}

/// A program `name` that notes its arguments in the file `noted`, each ended by a zero byte, and a
/// call of it by one more.
fn fake(bin: &Path, name: &str, noted: &Path, says: &str) {
    std::fs::create_dir_all(bin).unwrap();
    let path = bin.join(name);
    let script =
        format!("#!/bin/sh\nprintf '%s\\0' \"$@\" '' >> '{}'\necho '{says}'\n", noted.display());
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Calls that [`fake`] has noted since it was last asked.
fn calls(noted: &Path) -> Vec<Vec<OsString>> {
    let bytes = std::fs::read(noted).unwrap_or_default();
    std::fs::remove_file(noted).ok();
    let mut words = bytes
        .split(|&byte| byte == 0)
        .map(|word| OsString::from_vec(word.to_vec()))
        .collect::<Vec<_>>();
    words.pop();
    words.split(|word| word.is_empty()).filter(|call| !call.is_empty()).map(<[_]>::to_vec).collect()
}

/// Two words in one.
fn joined(start: impl AsRef<OsStr>, end: impl AsRef<OsStr>) -> OsString {
    let mut word = start.as_ref().to_os_string();
    word.push(end);
    word
}

/// Every file and directory below, by its path.
fn all_below(directory: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut left = vec![directory.to_path_buf()];
    while let Some(next) = left.pop() {
        for path in std::fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                left.push(path.clone());
            }
            found.insert(path);
        }
    }
    found
}

/// A directory in which the spec, the data and the results are called by an odd name.
struct Named<'a> {
    name: &'a OsStr,
    here: PathBuf,
    spec: OsString,
    /// Where programs are looked for.
    path: &'a str,
    /// Where these note what they are called with.
    noted: &'a Path,
}

impl<'a> Named<'a> {
    fn new(top: &Path, name: &'a OsStr, path: &'a str, noted: &'a Path) -> Self {
        let here = top.join("odd").join(joined(name, " in"));
        std::fs::create_dir_all(&here).unwrap();
        let spec = joined(name, ".toml");
        std::fs::write(here.join(&spec), self::spec()).unwrap();
        Self { name, here, spec, path, noted }
    }

    /// A name as an operand.
    fn operand(name: &OsStr) -> OsString {
        if name.as_bytes().starts_with(b"-") {
            Path::new(".").join(name).into()
        } else {
            name.into()
        }
    }

    fn out(&self) -> OsString {
        Self::operand(self.name)
    }

    /// Writes the script, with one that notes what it is called with in place of the program.
    fn write_script(&self) {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("alignscope"));
        command.current_dir(&self.here);
        command.args(line("sbatch --shards 2 --export signals:3 --time 9"));
        command.args(["--out=", "--data-dir="].map(|option| joined(option, self.name)));
        let printed = command.arg("--").arg(&self.spec).output().unwrap();
        assert!(printed.status.success(), "{:?}: {}", self.name, text(&printed.stderr));
        let script = String::from_utf8(printed.stdout).unwrap();
        assert!(!script.chars().any(|c| c.is_control() && c != '\n'), "{script}");
        let directives: Vec<&str> =
            script.lines().filter(|line| line.starts_with("#SBATCH")).collect();
        assert_eq!(directives.len(), 7, "{script}");
        let program = script.lines().find(|line| line.starts_with("program=")).unwrap();
        let script = script.replace(program, "program=alignscope");
        std::fs::write(self.here.join("job.sh"), script).unwrap();
    }

    /// What programs are called with when the script runs.
    fn bash(&self, argument: &str) -> Vec<Vec<OsString>> {
        let mut bash = Command::new("bash");
        bash.current_dir(&self.here)
            .env("PATH", self.path)
            .env("SLURM_ARRAY_TASK_ID", "1")
            .args(["job.sh", argument]);
        let output = bash.output().unwrap();
        assert!(output.status.success(), "{:?}: {}", self.name, text(&output.stderr));
        assert_eq!(text(&output.stderr), "", "{:?}", self.name);
        calls(self.noted)
    }

    /// The call that runs a shard.
    fn shard(&self) -> Vec<OsString> {
        vec![
            "run".into(),
            Self::operand(&self.spec),
            "--shard".into(),
            "1/2".into(),
            "--out".into(),
            joined(self.out(), ".shards/1-of-2"),
            "--threads".into(),
            "1".into(),
            joined("--data-dir=", self.name),
            "--export".into(),
            "signals:3".into(),
        ]
    }

    /// The call that submits a task of the script.
    fn submission(&self, first: &[&str], log: &str, task: &str) -> Vec<OsString> {
        let mut words: Vec<OsString> = first.iter().map(OsString::from).collect();
        words.push(joined("--chdir=", joined(self.out(), ".shards/logs")));
        let script = self.here.join("job.sh");
        words.extend([log.into(), "--no-kill".into(), script.into(), task.into()]);
        words
    }
}

#[test]
fn no_name_is_run_or_becomes_another() {
    let top = TempDir::new().unwrap();
    let (bin, noted) = (top.path().join("bin"), top.path().join("noted"));
    fake(&bin, "sbatch", &noted, "7;cluster");
    fake(&bin, "alignscope", &noted, "");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    for name in odd_names() {
        let named = Named::new(top.path(), &name, &path, &noted);
        named.write_script();
        let (here, out) = (&named.here, named.out());
        assert_eq!(named.bash("shard"), [named.shard()], "{name:?}");
        let submitted = named.bash("--no-kill");
        assert!(here.join(joined(&out, ".shards/logs")).is_dir());
        let [array, merge] = &submitted[..] else { panic!("{name:?}") };
        let options = ["--parsable", "--array=1-2"];
        assert_eq!(*array, named.submission(&options, "--output=%a.log", "shard"));
        let options = ["--parsable", "--dependency=afterany:7"];
        assert_eq!(*merge, named.submission(&options, "--output=merge.log", "merge"));
        let [merge] = &named.bash("merge")[..] else { panic!("{name:?}") };
        assert_eq!(merge[..2], ["merge".into(), out.clone()]);
        // Nothing else has come to be: the spec, the script, and where the logs go.
        let shards = here.join(joined(&out, ".shards"));
        let expected = [here.join(&named.spec), here.join("job.sh"), shards.join("logs"), shards];
        assert_eq!(all_below(here), BTreeSet::from(expected), "{name:?}");
    }
    assert!(!top.path().join("odd/X").exists() && !Path::new("X").exists());
}

fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn bad_requests_are_refused_before_anything_is_submitted() {
    let here = TempDir::new().unwrap();
    std::fs::write(here.path().join("array.toml"), spec()).unwrap();
    for (options, code, expected) in [
        ("--shards 0", 2, "0 is not in 1.."),
        ("--shards 200000", 2, "--shards: 200000 shards are more than the 100000 there may be"),
        ("--shards 2 --time soon", 2, "expected minutes, MM:SS"),
        ("--shards 2 --time 1:2:3:4", 2, "expected minutes, MM:SS"),
        ("--shards 2 --partition a;b", 2, "expected letters, digits"),
        ("--shards 2 --out .", 1, "holds no run of this program"),
        ("--shards 20", 0, "warning: there are 12 jobs, so 8 of the 20 shards have nothing to do"),
    ] {
        let out = if options.contains("--out") { "" } else { " --out merged" };
        let output = alignscope(here.path(), &format!("sbatch array.toml {options}{out}"));
        let error = text(&output.stderr);
        assert!(
            output.status.code() == Some(code) && error.contains(expected),
            "{options}: {error}"
        );
    }
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 1);
}

/// What SLURM says of a job: its state, and how often it was started again.
fn state(job: &str) -> String {
    let output = Command::new("scontrol").args(["show", "job", "-o", job]).output().unwrap();
    text(&output.stdout)
}

/// Nodes of the SLURM that is running; 0 if there is none.
fn nodes() -> usize {
    let listed = Command::new("sinfo").args(["-h", "-N", "-o", "%N"]).output();
    listed.map_or(0, |output| text(&output.stdout).lines().count())
}

/// Says past the capture of the test harness why a test is passed over: that must be seen.
fn pass_over(why: &str) {
    let _ = writeln!(std::io::stderr(), "PASSED OVER: {why}");
}

/// Numbers of the array and of the merge, as the script says them.
fn submitted(here: &Path, options: &[&str]) -> [String; 2] {
    let output =
        Command::new("bash").current_dir(here).arg("job.sh").args(options).output().unwrap();
    let said = text(&output.stdout);
    assert!(
        output.status.success() && said.starts_with("shards: job "),
        "{said}{}",
        text(&output.stderr)
    );
    ["shards: job ", "merge: job "].map(|after| {
        said.split_once(after).unwrap().1.chars().take_while(char::is_ascii_digit).collect()
    })
}

fn log(here: &Path, name: &str) -> String {
    std::fs::read_to_string(here.join("merged.shards/logs").join(name)).unwrap_or_default()
}

fn assert_completes(merge: &str, here: &Path) {
    wait_for("the merge", 400, || {
        let state = state(merge);
        state.contains("JobState=COMPLETED") || state.contains("JobState=FAILED")
    });
    let state = state(merge);
    assert!(state.contains("JobState=COMPLETED"), "{state}\n{}", log(here, "merge.log"));
}

#[test]
#[ignore = "needs a running SLURM of at least one node (SLURM_CONF), whose tasks run on this \
    machine"]
fn a_job_array_of_slurm_survives_a_killed_and_a_requeued_task() {
    if nodes() == 0 {
        pass_over(
            "there is no SLURM here: start one with tests/slurm/nodes.sh, and set SLURM_CONF",
        );
        return;
    }
    let (_directory, here) = prepared("--shards 4 --time 10");
    let [array, merge] = submitted(&here, &["--no-kill"]);
    let shard = |i: usize| here.join(format!("merged.shards/{i}-of-4"));

    // The first task's program is killed, as for want of memory; the second task is requeued by the
    // administrator.
    let program = || {
        pids("merged.shards/1-of-4")
            .into_iter()
            .find(|&pid| working_directory(pid) == Some(here.clone()))
    };
    wait_for("shard 1", 60, || program().is_some() && shard(1).join("spec.toml").is_file());
    signal("-KILL", program().unwrap());
    wait_for("shard 2", 60, || shard(2).join("spec.toml").is_file());
    let requeue =
        Command::new("scontrol").args(["requeue", &format!("{array}_2")]).output().unwrap();
    assert!(requeue.status.success(), "{}", text(&requeue.stderr));

    // Requeued jobs are held back for a while by SLURM.
    assert_completes(&merge, &here);
    for task in 1..=2 {
        let restarted = state(&format!("{array}_{task}"));
        assert!(
            restarted.contains("Restarts=1") && restarted.contains("JobState=COMPLETED"),
            "{restarted}"
        );
    }
    assert!(
        log(&here, "1.log").contains("shard 1/4 ended with code 137; it goes back into the queue"),
        "{}",
        log(&here, "1.log")
    );
    assert_merged(&here);
}

/// Ends all that runs on a node, and what keeps the node up, at once: a machine that loses its power.
fn lose(node: &str) {
    let config = Command::new("scontrol").args(["show", "config"]).output().unwrap();
    let config = text(&config.stdout);
    let line = config.lines().find(|line| line.starts_with("SlurmdPidFile")).unwrap();
    let file = line.split_once('=').unwrap().1.trim().replace("%n", node);
    let keeper: u32 = std::fs::read_to_string(file).unwrap().trim().parse().unwrap();
    let name = format!("SLURMD_NODENAME={node}");
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let of_node = processes.filter(|process| {
        let words = std::fs::read(process.path().join("environ")).unwrap_or_default();
        words.split(|&byte| byte == 0).any(|word| word == name.as_bytes())
    });
    let of_node: Vec<u32> =
        of_node.filter_map(|process| process.file_name().to_string_lossy().parse().ok()).collect();
    // Steps first, which would tell the controller how their tasks ended.
    let steps: Vec<u32> = of_node
        .iter()
        .filter_map(|&pid| parent(pid))
        .filter(|pid| *pid > 1 && !of_node.contains(pid))
        .collect();
    [keeper].iter().chain(&steps).chain(&of_node).for_each(|&pid| signal("-KILL", pid));
}

#[test]
#[ignore = "needs a running SLURM of several nodes (tests/slurm/nodes.sh, SLURM_CONF), all of them \
    this machine; one of them is lost for good"]
fn a_job_array_of_slurm_survives_the_loss_of_a_node() {
    if nodes() < 3 {
        pass_over("there is no SLURM of three nodes: start one with tests/slurm/nodes.sh");
        return;
    }
    let (_directory, here) = prepared("--shards 6 --time 10");
    let [array, merge] = submitted(&here, &[]);
    let started = |i: usize| here.join(format!("merged.shards/{i}-of-6/spec.toml")).is_file();
    wait_for("shard 2", 60, || started(2));
    let of_node = state(&format!("{array}_2"));
    let node = of_node.split_once(" NodeList=").unwrap().1.split_whitespace().next().unwrap();
    lose(node);

    assert_completes(&merge, &here);
    let restarted = state(&format!("{array}_2"));
    assert!(
        restarted.contains("Restarts=1") && restarted.contains("JobState=COMPLETED"),
        "{restarted}"
    );
    assert!(!restarted.contains(&format!(" NodeList={node} ")), "{restarted}");
    assert_merged(&here);
}

fn working_directory(pid: u32) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/cwd")).ok()
}
