//! Times in words, and what is said of long ones before they pass.

use std::time::Instant;

/// A time in words.
pub(super) fn said(seconds: f64) -> String {
    match seconds {
        s if s < 0.95 => format!("{s:.1} s"),
        s if s < 99.5 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}

/// Says how long something takes, if that is long.
pub(super) fn announce(what: &str, seconds: f64) {
    const LONG: f64 = 10.0;
    if seconds > LONG {
        tell!("{what} take about {}", said(seconds));
    }
}

/// Says how long `updates` take, if that is long: their time grows as their number, and that of
/// the fewer that `run` is tried with tells it.
pub(super) fn announce_updates<E>(
    updates: f64,
    run: impl FnOnce(usize) -> Result<(), E>,
) -> Result<(), E> {
    const TRIED: usize = 2000;
    if updates <= 10.0 * TRIED as f64 {
        return Ok(());
    }
    let begun = Instant::now();
    run(TRIED)?;
    announce("the updates", begun.elapsed().as_secs_f64() * updates / TRIED as f64);
    Ok(())
}
