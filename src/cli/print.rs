//! What goes to the terminal: standard output, standard error, and what is kept from both.

use super::Exit;
use super::quote::steers;
use std::borrow::Cow;
use std::fmt::Arguments;
use std::io::{ErrorKind, IsTerminal, Write};

/// Prints a line on standard output.
macro_rules! say {
    ($($text:tt)*) => { $crate::cli::print::print(format_args!("{}\n", format_args!($($text)*))) };
}

/// Prints a line on standard error.
macro_rules! tell {
    ($($text:tt)*) => { $crate::cli::print::tell_line(format_args!($($text)*)) };
}

/// Writes to standard output. A reader that has seen enough ends the program, which has nothing
/// left to do but print; so does an output that takes no more, with an error.
pub(super) fn print(text: Arguments<'_>) {
    print_bytes(visible(&text.to_string()).as_bytes());
}

/// The same, of bytes that are passed on as they are: files and scripts.
pub(super) fn print_bytes(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            tell!("error: cannot write to standard output: {error}");
            std::process::exit(i32::from(Exit::Failed.code()));
        }
    }
}

/// Writes a line to standard error, shortened if it repeats an input at length. Where even that
/// takes nothing, there is nobody left to tell.
pub fn tell_line(text: Arguments<'_>) {
    // In one piece, lest lines of several processes mix.
    let line = format!("{}\n", visible(&cut(&text.to_string())));
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// Says what is wrong with a command line, or shows the help asked for; gives the exit code.
pub fn tell_usage(error: &clap::Error) -> u8 {
    let text = error.render().to_string();
    let shown = cut(&text);
    // What was typed may hold anything; the colours are lost only then.
    if error.use_stderr() && (shown.len() < text.len() || visible(&shown).len() > shown.len()) {
        tell!("{}", shown.trim_end());
    } else if error.use_stderr() || std::io::stdout().is_terminal() {
        // Where it cannot be printed there is nobody left to tell.
        let _ = error.print();
    } else {
        print(format_args!("{text}"));
    }
    u8::try_from(error.exit_code()).unwrap_or(Exit::Usage.code())
}

/// Characters that steer a terminal, or turn the direction of reading: what was read from files may
/// hold them, and is not to do so here. They become what they are called in JSON, which so keeps
/// its meaning.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if steers(character) {
            shown.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Characters of a line that are shown, at most: from its beginning, and from its end.
const LINE: [usize; 2] = [1500, 300];
/// Lines that are shown, at most.
const LINES: usize = 200;

/// A message short enough to be read.
fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= LINE[0] + LINE[1] {
        return Cow::Borrowed(text);
    }
    let mut lines: Vec<Cow<'_, str>> = text.lines().take(LINES).map(cut_line).collect();
    let left = text.lines().count() - lines.len();
    if left > 0 {
        lines.push(format!("... and {left} more lines").into());
    }
    Cow::Owned(lines.join("\n"))
}

fn cut_line(line: &str) -> Cow<'_, str> {
    let characters = line.chars().count();
    if characters <= LINE[0] + LINE[1] {
        return Cow::Borrowed(line);
    }
    let place =
        |number: usize| line.char_indices().nth(number).map_or(line.len(), |(place, _)| place);
    let (head, tail) = (&line[..place(LINE[0])], &line[place(characters - LINE[1])..]);
    format!("{head} ... ({} more characters) ... {tail}", characters - LINE[0] - LINE[1]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_and_not_sent() {
        assert_eq!(visible("grün\n\tα → β"), "grün\n\tα → β");
        assert_eq!(
            visible("a\u{1b}[31mb\rc\u{7f}\u{9b}2J\u{202e}d"),
            "a\\u001b[31mb\\u000dc\\u007f\\u009b2J\\u202ed"
        );
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({ "name": "\u{1b}\u{7f}\u{85}\u{9b}\u{202e}\\\u{7f}" });
        let text = value.to_string();
        let shown = visible(&text);
        assert!(!shown.chars().any(steers));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn long_messages_are_cut_and_say_so() {
        let short = "a line\n".repeat(100);
        assert_eq!(cut(&short), short);
        let long = format!("error: `{}` is unknown", "ü".repeat(1_000_000));
        let told = cut(&long);
        assert!(told.starts_with("error: `üü") && told.ends_with("üü` is unknown"));
        assert!(told.contains("(998220 more characters)") && told.len() < 5_000, "{}", told.len());
        let many = "problem\n".repeat(100_000);
        let told = cut(&many);
        assert_eq!(told.lines().count(), LINES + 1);
        assert!(told.ends_with("... and 99800 more lines"));
    }
}
