//! Kinds of analysis that measure the same quantities.

use crate::condition::Kind;

pub(super) const ALL: &[Kind] = &[Kind::Isolate, Kind::Train, Kind::Sample, Kind::Recorded];
pub(super) const WEIGHING: &[Kind] = &[Kind::Isolate, Kind::Train, Kind::Replay, Kind::Recorded];
pub(super) const ISOLATE: &[Kind] = &[Kind::Isolate];
pub(super) const ISOLATE_TRAIN: &[Kind] = &[Kind::Isolate, Kind::Train];
pub(super) const ISOLATE_REPLAY: &[Kind] = &[Kind::Isolate, Kind::Replay];
pub(super) const ISOLATE_SAMPLE: &[Kind] = &[Kind::Isolate, Kind::Sample];
pub(super) const UPDATING: &[Kind] = &[Kind::Isolate, Kind::Train, Kind::Recorded];
pub(super) const OBSERVED: &[Kind] = &[Kind::Train, Kind::Recorded];
pub(super) const TRAIN: &[Kind] = &[Kind::Train];
pub(super) const SAMPLE: &[Kind] = &[Kind::Sample];
pub(super) const REPLAY: &[Kind] = &[Kind::Replay];
pub(super) const RECURRENT: &[Kind] = &[Kind::Recurrent];
pub(super) const ALIGNING: &[Kind] =
    &[Kind::Isolate, Kind::Train, Kind::Replay, Kind::Recurrent, Kind::Recorded];
pub(super) const FOLLOWED: &[Kind] = &[Kind::Isolate, Kind::Train, Kind::Recurrent];
pub(super) const PLANE: &[Kind] = &[Kind::Plane];
