//! What a first look takes, in one import: signals, the rule in isolation, networks on data, angles
//! and their null.
//!
//! ```
//! use alignscope::prelude::*;
//!
//! let toy = Isolation::of(&[20, 60, 10]).batch(20).eta(0.01).iterations(500);
//! let mut run = toy.activity("ar1:0.9")?.error("ar1:0.8")?.begin()?;
//! run.finish();
//! let angle = run.weight_alignment(1).ok_or("no angle to zero")?;
//! let null = WeightNull::new(60 * 10).ok_or("too few weights")?;
//! assert!(angle < 75.0 && null.p_value(angle) < 1e-9, "{angle}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use crate::data::{DataSet, Library, digits};
pub use crate::matrix::Matrix;
pub use crate::measure::angle::{angle, weight_alignment};
pub use crate::measure::null::WeightNull;
pub use crate::network::{Loss, Setup, Subset, Trainer};
pub use crate::rule::{Activation, Isolated, IsolatedRun, Isolation, Rule, WeightNorm};
pub use crate::signal::{Cross, Form, Pair, Signals, Sizes};
