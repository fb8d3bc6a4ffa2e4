//! What can be varied: parameters, and the conditions that their values make.

mod choice;
mod kind;
mod label;
mod parameter;
mod point;
mod reader;
mod record_every;

pub use choice::{Draw, PlanePair, ReplayActivation, ReplayWeights};
pub use kind::Kind;
pub use label::label;
pub(crate) use parameter::unknown_parameter;
pub use parameter::{PARAMETERS, Parameter, Scope, Value, parameter, parameters};
pub use point::{
    Condition, Conflict, IsolateCondition, PlaneCondition, ReplayCondition, SampleCondition, TrainCondition, Values,
};
pub use record_every::RecordEvery;
