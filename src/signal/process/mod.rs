//! How the values of one unit and sample follow each other in time: one process per file, one line
//! each in the registry.

mod derived;
mod facts;
mod linear;
mod margin;
mod measured;
mod model;
mod place;
mod registry;
mod unclocked;

pub(super) use facts::MODIFIERS;
pub use facts::{Facts, FileName, Measure};
pub(super) use held::Held;
pub(super) use model::{Model, NewSampler, Noise, Sampler};
pub(super) use unclocked::Unclocked;
pub(super) use white::White;

use super::arguments::Arguments;
use super::error::{FormError, RecordedError};
use crate::matrix::Matrix;
use crate::real::Real;
use model::{by_lag, list, power, symmetric};

macro_rules! processes {
    ($($name:ident in $module:ident;)*) => {
        $(mod $module;)*

        /// How the values of one unit and sample follow each other in time.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(missing_docs, reason = "the facts of each say what it is")]
        pub enum Process { $($name($module::$name),)* Unclocked(Unclocked) }

        impl Process {
            /// What is known of each process, in the order of the documentation.
            pub const ALL: &'static [Facts] = &[$($module::FACTS),*];

            /// What is known of this one.
            pub fn facts(&self) -> &'static Facts {
                match self { $(Self::$name(_) => &$module::FACTS,)* Self::Unclocked(process) => process.facts }
            }

            pub(super) fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
                if arguments.is_unclocked() {
                    return Unclocked::read(arguments).map(Self::Unclocked);
                }
                $(if arguments.facts.name == $module::FACTS.name {
                    return $module::$name::read(arguments).map(Self::$name);
                })*
                Err(arguments.malformed())
            }

            pub(super) fn model(&self) -> &dyn Model {
                match self { $(Self::$name(process) => process,)* Self::Unclocked(process) => process }
            }

            pub(super) fn model_mut(&mut self) -> &mut dyn Model {
                match self { $(Self::$name(process) => process,)* Self::Unclocked(process) => process }
            }

            pub(super) fn sampler<T: Real>(&self, shape: [usize; 3],
                noise: &mut Noise<T>) -> NewSampler<T> {
                match self {
                    $(Self::$name(process) => process.sampler(shape, noise),)*
                    Self::Unclocked(process) => process.sampler(shape, noise),
                }
            }
        }
    };
}

registry::registry!(processes);
