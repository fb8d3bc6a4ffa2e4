//! Ctrl-C.

use anyhow::Context as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static LISTENING: Mutex<bool> = Mutex::new(false);

/// A flag that Ctrl-C sets. A second Ctrl-C ends the process at once with exit code 130, which
/// harms nothing: files are renamed into place when they are whole.
///
/// # Errors
/// If the handler cannot be set, as when another part of the program has set one.
pub(super) fn interrupt_on_ctrl_c() -> anyhow::Result<&'static AtomicBool> {
    let mut listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
    if !*listening {
        let handler = || {
            if INTERRUPTED.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        };
        ctrlc::set_handler(handler).context("cannot listen for Ctrl-C")?;
        *listening = true;
    }
    Ok(&INTERRUPTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_twice_is_listening() {
        interrupt_on_ctrl_c().unwrap();
        assert!(!interrupt_on_ctrl_c().unwrap().load(Ordering::Relaxed));
    }
}
