//! The engine of the explorer: the library's own rule in isolation, for a page in a browser.
//!
//! A host asks with a text and reads a text, byte by byte, so that nothing but numbers passes
//! between the two and no memory is shared:
//!
//! ```text
//! explorer_write(byte)...      the settings, as JSON ([`Settings`])
//! explorer_begin()             starts a run; the reply is what is known of it ([`Begun`]), or {"error": "..."}
//! explorer_advance(updates)    goes on by up to as many updates; the reply is where it stands ([`Point`])
//! explorer_average(updates)    the reply is the mean angle over all repeats after so many ([`Average`])
//! explorer_read()              the next byte of the reply, -1 at its end
//! ```

mod run;
mod settings;

pub use run::{Average, Begun, Point, Run, Theory};
pub use settings::{Refused, Settings};

use serde::Serialize;
use std::cell::RefCell;

/// What is kept between two calls of the host.
#[derive(Default)]
struct Engine {
    request: Vec<u8>,
    reply: Vec<u8>,
    read: usize,
    run: Option<Run>,
}

/// Why nothing was done.
#[derive(Serialize)]
struct Failure {
    error: String,
}

impl Engine {
    fn answer<A: Serialize>(&mut self, answer: Result<A, String>) {
        self.read = 0;
        let text = match answer {
            Ok(answer) => serde_json::to_vec(&answer),
            Err(error) => serde_json::to_vec(&Failure { error }),
        };
        self.reply = text.unwrap_or_default();
    }

    fn begin(&mut self) {
        let request = std::mem::take(&mut self.request);
        let begun = Settings::read(&request)
            .and_then(|settings| Run::begin(&settings))
            .map_err(|error| error.to_string());
        let (run, begun) = match begun {
            Ok((run, begun)) => (Some(run), Ok(begun)),
            Err(error) => (None, Err(error)),
        };
        self.run = run;
        self.answer(begun);
    }

    /// Has the run answer, if there is one.
    fn ask<A: Serialize>(&mut self, question: impl FnOnce(&mut Run) -> A) {
        let answer = self.run.as_mut().map(question).ok_or_else(|| "nothing has begun".to_string());
        self.answer(answer);
    }
}

thread_local! {
    static ENGINE: RefCell<Engine> = RefCell::default();
}

/// The exports. To export by name counts as unsafe, as a library linked with this one could have
/// the same: none does.
#[allow(unsafe_code)]
mod exports {
    use super::ENGINE;

    /// Takes the next byte of the settings.
    #[unsafe(no_mangle)]
    pub extern "C" fn explorer_write(byte: u8) {
        ENGINE.with_borrow_mut(|engine| engine.request.push(byte));
    }

    /// Begins a run with the settings that were written.
    #[unsafe(no_mangle)]
    pub extern "C" fn explorer_begin() {
        ENGINE.with_borrow_mut(super::Engine::begin);
    }

    /// Goes on by up to so many updates.
    #[unsafe(no_mangle)]
    pub extern "C" fn explorer_advance(updates: u32) {
        ENGINE.with_borrow_mut(|engine| engine.ask(|run| run.advance(updates as usize)));
    }

    /// Asks for the mean over repeats after so many updates.
    #[unsafe(no_mangle)]
    pub extern "C" fn explorer_average(updates: u32) {
        ENGINE.with_borrow_mut(|engine| engine.ask(|run| run.average(updates as usize)));
    }

    /// The next byte of the reply, -1 at its end.
    #[unsafe(no_mangle)]
    pub extern "C" fn explorer_read() -> i32 {
        ENGINE.with_borrow_mut(|engine| {
            let byte = engine.reply.get(engine.read).map_or(-1, |&byte| i32::from(byte));
            engine.read += 1;
            byte
        })
    }
}
