//! What can be measured: quantities by family, each with its definition, the layers that have it,
//! and its value; the registry of all of them, and when they are recorded.

mod accuracy;
mod budget;
mod built;
mod by_class;
mod decomposition;
mod draw;
mod family;
mod instruments;
mod kinds;
mod lag_one;
mod layers;
mod learnt;
mod observer;
mod plane;
mod predicted;
mod rank;
mod recurrent;
mod registry;
mod similarity;
mod twin;
mod units;
mod update;
mod weights;

pub use family::QuantityInfo;
pub use instruments::{
    BudgetSoFar, Built, ByClass, Compared, DecomposedUpdate, Instruments, Learnt, Place, Predicted,
    Ranked, fraction,
};
pub use observer::{Observer, parse_observers, recorded_iterations};
pub use registry::Quantity;
