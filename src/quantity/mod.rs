//! What can be measured: the registry of quantities, the layers that have them, and when they are recorded.

mod layers;
mod observer;
mod registry;

pub use observer::{Observer, parse_observers};
pub use registry::{Quantity, QuantityInfo};
