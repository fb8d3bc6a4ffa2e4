//! What can be varied: parameters, and the conditions that their values make. A kind of analysis is
//! a file.

mod conflict;
mod isolate;
mod kind;
mod plane;
mod point;
mod record_every;
mod recorded;
mod recurrent;
mod replay;
mod sample;
mod train;

pub use conflict::{Conflict, Values};
pub use isolate::{IsolateCondition, Times};
pub use kind::Kind;
pub use plane::{PlaneCondition, PlanePair};
pub use point::{Condition, columns_in_order, label, parameters};
pub use record_every::RecordEvery;
pub use recorded::{RecordedCondition, Recordings, Remembered, remembering};
pub use recurrent::RecurrentCondition;
pub use replay::{ReplayActivation, ReplayCondition, ReplayWeights};
pub use sample::{Draw, SampleCondition};
pub use train::TrainCondition;
