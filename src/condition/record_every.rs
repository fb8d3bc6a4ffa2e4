//! Recording schedule: at which iterations quantities are measured.

use super::kind::Kind;
use crate::text::{Refused, Setting, toml_string, toml_whole};
use serde_json::Value as Json;
use std::fmt::{Display, Formatter};

/// When to record. Iteration 0 and the last are recorded whatever the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordEvery {
    /// Every so many iterations.
    Every(usize),
    /// At the end of every epoch.
    Epoch,
    /// At so many distinct iterations, evenly spaced in the logarithm.
    Log(usize),
}

impl RecordEvery {
    /// Reads `10`, `log:40` or, when training, `epoch`.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, String> {
        let parsed = match text.strip_prefix("log:") {
            Some(points) => points.parse().ok().filter(|&n| n >= 2).map(Self::Log),
            None if text == "epoch" && matches!(kind, Kind::Train | Kind::Plane) => {
                Some(Self::Epoch)
            }
            None => text.parse().ok().filter(|&n| n >= 1).map(Self::Every),
        };
        let expected = Self::expected(kind);
        parsed.ok_or_else(|| format!("`{text}` is not a recording schedule: expected {expected}"))
    }

    /// What [`Self::parse`] takes.
    pub fn expected(kind: Kind) -> &'static str {
        match kind {
            Kind::Recorded => {
                "a number of states on record, or log:N for N log-spaced ones (N at least 2)"
            }
            Kind::Isolate | Kind::Sample | Kind::Replay | Kind::Recurrent => {
                "a number of iterations, or log:N for N log-spaced ones (N at least 2)"
            }
            Kind::Train | Kind::Plane => {
                "a number of iterations, `epoch`, or log:N for N log-spaced ones (N at least 2)"
            }
        }
    }

    /// Recorded iterations of a run of `last` iterations: ascending, distinct, with 0, `last` and
    /// those of `also` that the run reaches. An epoch has `per_epoch` iterations.
    pub fn iterations(self, last: usize, per_epoch: usize, also: &[usize]) -> Vec<usize> {
        let mut recorded = match self {
            Self::Every(step) => (0..=last).step_by(step.max(1)).collect(),
            Self::Epoch => (0..=last).step_by(per_epoch.max(1)).collect(),
            Self::Log(points) => log_spaced(last, points),
        };
        recorded.extend(also.iter().copied().filter(|&k| k <= last));
        recorded.extend([0, last]);
        recorded.sort_unstable();
        recorded.dedup();
        recorded
    }

    /// Upper bound on the number of iterations [`Self::iterations`] returns, before they are
    /// listed.
    pub fn count(self, last: usize, per_epoch: usize, also: usize) -> usize {
        let scheduled = match self {
            Self::Every(step) => last / step.max(1),
            Self::Epoch => last / per_epoch.max(1),
            Self::Log(points) => points.min(last),
        };
        scheduled.saturating_add(also).saturating_add(2)
    }
}

impl Display for RecordEvery {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Every(step) => write!(f, "{step}"),
            Self::Epoch => f.write_str("epoch"),
            Self::Log(points) => write!(f, "log:{points}"),
        }
    }
}

/// Of some kind of analysis.
impl Setting for RecordEvery {
    type Bounds = Kind;

    fn expected(kind: &Kind) -> String {
        Self::expected(*kind).into()
    }

    fn read(text: &str, kind: &Kind) -> Result<Self, Refused> {
        Self::parse(text, *kind).map_err(Refused::Message)
    }

    fn toml_text(value: &toml::de::DeValue<'_>, _: &Kind) -> Option<String> {
        toml_whole(value).or_else(|| toml_string(value))
    }

    fn json(&self, _: &Kind) -> Json {
        self.to_string().into()
    }
}

/// `points` distinct iterations from 1 to `last` (all of them if there are fewer): each at least
/// one above the one before, the ratio chosen anew over what remains, so that crowding at the start
/// costs no points.
fn log_spaced(last: usize, points: usize) -> Vec<usize> {
    if points >= last {
        return (1..=last).collect();
    }
    let mut chosen = vec![1usize];
    while chosen.len() < points {
        let previous = chosen[chosen.len() - 1];
        let left = points - chosen.len();
        let ratio = (last as f64 / previous as f64).powf(1.0 / left as f64);
        let next = (previous as f64 * ratio).round() as usize;
        chosen.push(next.clamp(previous + 1, last - (left - 1)));
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_and_end_are_always_recorded() {
        assert_eq!(RecordEvery::Every(4).iterations(10, 1, &[]), [0, 4, 8, 10]);
        assert_eq!(RecordEvery::Epoch.iterations(9, 3, &[4, 100]), [0, 3, 4, 6, 9]);
        assert_eq!(RecordEvery::Every(100).iterations(10, 1, &[]), [0, 10]);
    }

    #[test]
    fn log_points_are_distinct_and_as_many_as_asked() {
        for (last, points) in [(1500, 40), (1500, 2), (50, 40), (10, 40), (1_000_000, 7)] {
            let recorded = RecordEvery::Log(points).iterations(last, 1, &[]);
            assert_eq!(recorded.len(), points.min(last) + 1, "{last} {points}");
            assert!(recorded.windows(2).all(|pair| pair[0] < pair[1]));
            assert_eq!((recorded[0], recorded[1], recorded[recorded.len() - 1]), (0, 1, last));
        }
        let recorded = RecordEvery::Log(7).iterations(1_000_000, 1, &[]);
        assert_eq!(recorded, [0, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000]);
    }

    #[test]
    fn text_form_is_read_back() {
        for text in ["1", "25", "log:40", "epoch"] {
            assert_eq!(RecordEvery::parse(text, Kind::Train).unwrap().to_string(), text);
        }
        for text in ["0", "log:1", "log", "epoch", "-3", "often"] {
            assert!(
                RecordEvery::parse(text, Kind::Isolate).unwrap_err().contains("expected a number"),
                "{text}"
            );
        }
    }

    #[test]
    fn count_bounds_the_list() {
        for record_every in [RecordEvery::Every(3), RecordEvery::Epoch, RecordEvery::Log(9)] {
            assert!(
                record_every.iterations(100, 7, &[5, 6]).len() <= record_every.count(100, 7, 2)
            );
        }
    }
}
