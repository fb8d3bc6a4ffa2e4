//! `alignscope watch` and `run --watch`: a run under way, in a browser of this machine.

use super::Exit;
use super::interrupt::interrupt_on_ctrl_c;
use super::serve::{Content, Server};
use crate::file::quote::operand;
use crate::report::live;
use crate::run::{Followed, Follower, RunError, Standing};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub(super) fn command() -> Command {
    Command::new("watch")
        .about("Follow a run in a browser")
        .long_about(
            "Follow a run in a browser: its figures over the jobs that are done so far, with null \
            and prediction, how far it is, the time left, validity flags. The page is served to \
            browsers of this machine alone, under an address that is printed; nothing is written \
            to the run and nothing leaves the machine. Ctrl-C ends the page, and the run \
            continues",
        )
        .arg(
            Arg::new("run")
                .value_name("RUN")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("Run directory, of a run that is under way or has ended"),
        )
        .arg(port())
}

fn port() -> Arg {
    Arg::new("port")
        .long("port")
        .value_name("N")
        .value_parser(value_parser!(u16).range(1..))
        .help("Port of 127.0.0.1 to serve the page at [default: one that is free]")
}

/// Options of `run`.
pub(super) fn options() -> [Arg; 2] {
    let watch = Arg::new("watch").long("watch").action(ArgAction::SetTrue);
    [
        watch.conflicts_with("dry-run").help(
            "Serve a page to browsers of this machine that follows the run, as `alignscope watch` \
             does, until it ends; its address is printed",
        ),
        port().requires("watch"),
    ]
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let Some(run) = matches.get_one::<PathBuf>("run") else { return Ok(Exit::Usage) };
    let mut follower = Follower::new(run);
    tell_standing(run, &follower.look()?);
    let server = Server::listen(matches.get_one("port").copied())?;
    let interrupt = interrupt_on_ctrl_c()?;
    say!("{}", server.address());
    tell!("open this address in a browser of this machine; Ctrl-C ends it");
    let seen = Arc::new(LivePage::default());
    let shown = seen.clone();
    // Not waited for: Ctrl-C need not wait for predictions, and nothing is written.
    std::thread::spawn(move || follow(&mut follower, &seen, &mut 0, interrupt));
    server.serve(&|path| shown.content(path), interrupt);
    Ok(Exit::Done)
}

/// Says of a run that does not go on that it does not.
fn tell_standing(run: &Path, found: &Followed<'_>) {
    let run = operand(run);
    match &found.standing {
        Standing::UnderWay => {}
        Standing::Killed => tell!(
            "note: no process writes to {run}, though its run has not ended: it was killed, and \
            `alignscope run {run}` continues it; what there is of it is shown"
        ),
        Standing::Ended(why) => {
            tell!("note: the run in {run} has ended ({why}); what it came to is shown")
        }
    }
    found.damages.iter().for_each(|damage| tell!("warning: {damage}"));
}

/// What a page gets to see of a run.
#[derive(Debug, Default)]
struct LivePage {
    progress: Mutex<Arc<String>>,
    results: Mutex<Arc<String>>,
    /// When a page asked last.
    asked: Mutex<Option<Instant>>,
    /// How often progress was written down, and how often that was when a page asked last.
    written: AtomicU64,
    told: AtomicU64,
}

impl LivePage {
    fn content(&self, path: &str) -> Option<Content> {
        let typed = |kind, text: String| Content { kind, bytes: Cow::Owned(text.into_bytes()) };
        let shared = |text: &Mutex<Arc<String>>| {
            let text = text.lock().unwrap_or_else(PoisonError::into_inner).clone();
            typed("application/json", text.as_ref().clone())
        };
        Some(match path {
            "" => typed("text/html; charset=utf-8", live::page()),
            "style.css" => typed("text/css; charset=utf-8", live::style()),
            "script.js" => typed("text/javascript; charset=utf-8", live::script()),
            "progress" => {
                let written = self.written.load(Ordering::Acquire);
                let content = shared(&self.progress);
                self.told.store(written, Ordering::Release);
                *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                content
            }
            "results" => shared(&self.results),
            _ => return None,
        })
    }

    fn write(text: &Mutex<Arc<String>>, new: String) {
        *text.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
    }

    fn tell(&self, progress: String) {
        Self::write(&self.progress, progress);
        self.written.fetch_add(1, Ordering::Release);
    }

    /// Whether a page that is open has not seen the latest.
    fn is_behind(&self) -> bool {
        let asked = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.is_some_and(|asked| asked.elapsed() < OPEN)
            && self.told.load(Ordering::Acquire) < self.written.load(Ordering::Acquire)
    }
}

/// Between one look and the next, at least.
const TURN: Duration = Duration::from_secs(1);
/// So many times as long as a look took nothing is looked at, so that the machine is left to the
/// run.
const REST: u32 = 9;
/// The longest rest, after a look that had predictions to compute, which are kept.
const LONGEST: Duration = Duration::from_secs(20);
/// How long after it asked a page is taken to be open.
const OPEN: Duration = Duration::from_secs(6);
/// How long the end of a run waits for pages to see it.
const PATIENCE: Duration = Duration::from_secs(4);

/// Looks at a run until `stop` is set; `version` counts its results.
fn follow(follower: &mut Follower, seen: &LivePage, version: &mut u64, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        look(follower, seen, version);
        let rest = (REST * begun.elapsed()).clamp(TURN, LONGEST);
        while begun.elapsed() < rest && !stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Looks once, and writes down what a page gets to see.
fn look(follower: &mut Follower, seen: &LivePage, version: &mut u64) {
    let found = match follower.look() {
        Ok(found) => found,
        // A run that begins has written nothing yet.
        Err(RunError::NoRun(_)) if *version == 0 => return,
        Err(error) => {
            return seen.tell(live::waiting(&format!("There is nothing to show: {error}.")));
        }
    };
    if found.is_new || *version == 0 {
        match live::results(&found) {
            Ok(results) => {
                LivePage::write(&seen.results, results);
                *version += 1;
            }
            Err(error) => return seen.tell(live::waiting(&format!("A figure fails: {error}."))),
        }
    }
    seen.tell(live::progress(&found, *version));
}

/// A page that follows a run of this process.
#[derive(Debug)]
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    ended: Arc<AtomicBool>,
    seen: Arc<LivePage>,
    threads: Vec<JoinHandle<()>>,
}

/// Serves a page beside a run, if that is asked for.
pub(super) fn beside(run: &Path, matches: &ArgMatches) -> anyhow::Result<Option<Watch>> {
    if !matches.get_flag("watch") {
        return Ok(None);
    }
    let server = Server::listen(matches.get_one("port").copied())?;
    tell!("watch: {}", server.address());
    Ok(Some(Watch::start(server, run)))
}

impl Watch {
    fn start(server: Server, run: &Path) -> Self {
        let [stop, ended] = [false, false].map(|flag| Arc::new(AtomicBool::new(flag)));
        let seen = Arc::new(LivePage::default());
        seen.tell(live::waiting("The run begins."));
        let looks = (Follower::new(run), seen.clone(), ended.clone());
        let serves = (seen.clone(), stop.clone());
        let threads = vec![
            std::thread::spawn(move || {
                let (mut follower, seen, ended) = looks;
                let mut version = 0;
                follow(&mut follower, &seen, &mut version, &ended);
                look(&mut follower, &seen, &mut version);
            }),
            std::thread::spawn(move || {
                let (seen, stop) = serves;
                server.serve(&|path| seen.content(path), &stop);
            }),
        ];
        Self { stop, ended, seen, threads }
    }

    /// Ends it when open pages have seen how the run ended.
    pub fn end(self) -> anyhow::Result<()> {
        let mut threads = self.threads.into_iter();
        self.ended.store(true, Ordering::Relaxed);
        let looked = threads.next().is_none_or(|thread| thread.join().is_ok());
        let begun = Instant::now();
        while self.seen.is_behind() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
        // The page asks for the results after it has seen that there are others.
        if begun.elapsed() > Duration::from_millis(50) {
            std::thread::sleep(Duration::from_millis(500));
        }
        self.stop.store(true, Ordering::Relaxed);
        let served = threads.next().is_none_or(|thread| thread.join().is_ok());
        anyhow::ensure!(looked && served, "the page that follows the run has failed");
        Ok(())
    }
}
