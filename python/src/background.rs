//! Long work beside the interpreter: it goes on while other threads of Python run, and Ctrl-C ends
//! it.

use pyo3::prelude::*;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How often Python is asked whether the user wants to stop.
const ASKED: Duration = Duration::from_millis(100);

/// Gives what `work` makes on a thread of its own. Its argument is set once the user wants to stop;
/// what Python raises for that comes before what was made.
pub(crate) fn interruptible<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&AtomicBool) -> T + Send,
) -> PyResult<T> {
    let stop = AtomicBool::new(false);
    let mut raised = Ok(());
    let found = std::thread::scope(|scope| {
        let (done, mut waits) = channel::<()>();
        let stop = &stop;
        let worker = scope.spawn(move || {
            let found = work(stop);
            // Nobody waits only where this one is no longer waited for.
            let _ = done.send(());
            found
        });
        loop {
            let waits = &mut waits;
            let ended = py.detach(move || waits.recv_timeout(ASKED));
            // A thread that panicked has let go of its end.
            if !matches!(ended, Err(RecvTimeoutError::Timeout)) {
                break;
            }
            if raised.is_ok() {
                raised = py.check_signals();
                stop.store(raised.is_err(), Ordering::Relaxed);
            }
        }
        py.detach(|| worker.join())
    });
    raised.and_then(|()| found.map_or_else(|panic| resume_unwind(panic), Ok))
}

/// Gives what `work` makes on a thread of its own. It cannot be stopped: after Ctrl-C it is no
/// longer waited for.
pub(crate) fn abandonable<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    let (done, mut waits) = channel();
    let worker = std::thread::spawn(move || {
        // Nobody waits after Ctrl-C.
        let _ = done.send(work());
    });
    loop {
        let waits = &mut waits;
        match py.detach(move || waits.recv_timeout(ASKED)) {
            Ok(found) => return Ok(found),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => match py.detach(|| worker.join()) {
                Err(panic) => resume_unwind(panic),
                Ok(()) => return Err(crate::refused("the work ended without a result")),
            },
        }
    }
}
