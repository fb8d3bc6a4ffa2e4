//! What every quantity says of itself, and how families of them are declared.

use super::instruments::{Instruments, Place};
use crate::condition::{Condition, Kind};
use crate::real::Real;
use crate::rule::decomposition::DecompositionError;

/// What the world needs to know of a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantityInfo {
    /// Name in files and options.
    pub name: &'static str,
    /// Short label of axes and tables.
    pub label: &'static str,
    /// Symbol.
    pub symbol: &'static str,
    /// Unit; empty for pure numbers.
    pub unit: &'static str,
    /// Definition in a sentence or two.
    pub definition: &'static str,
    /// Kinds of analysis that measure it.
    pub kinds: &'static [Kind],
}

/// What every quantity says of itself.
pub(super) trait Measured {
    /// What the world needs to know of it.
    const INFO: QuantityInfo;

    /// Layers for which a condition that has layers yields it; `None` stands for the network as a
    /// whole.
    fn layers(condition: &Condition) -> Vec<Option<usize>>;

    /// Its value at a place; `None` where there is none.
    ///
    /// # Errors
    /// If an update cannot be decomposed: a defect.
    fn value<T: Real>(
        state: &mut dyn Instruments<T>,
        at: &Place<'_>,
    ) -> Result<Option<f64>, DecompositionError>;
}

/// A value that `?` makes absent.
pub(super) fn present(value: impl FnOnce() -> Option<f64>) -> Option<f64> {
    value()
}

/// Declares quantities of one family. `sees` takes what their values are made of from the
/// instruments of an experiment, for one place; where it has nothing, there is no value. An entry
/// has name in Rust and in files, label, symbol, unit, kinds that measure it, the function of
/// [`super::layers`], the value of what is seen at a place, and the definition.
macro_rules! family {
    (
        sees |$state:ident, $place:ident| $look:expr;
        $(
            $quantity:ident: $name:literal, $label:literal, $symbol:literal, $unit:literal,
            $kinds:expr, $layers:path,
                |$seen:ident, $at:ident| $value:expr,
                $definition:literal;
        )*
    ) => {$(
        family!(@quantity $quantity $name $label $symbol $unit $kinds, $layers, $definition, {
            fn value<T: crate::real::Real>(
                $state: &mut dyn super::instruments::Instruments<T>,
                $place: &super::instruments::Place<'_>,
            ) -> Result<Option<f64>, crate::rule::decomposition::DecompositionError> {
                let found: Result<Option<_>,
                    crate::rule::decomposition::DecompositionError> = $look;
                let ($at, Some($seen)) = ($place, found?) else { return Ok(None) };
                // Not every value asks for the place.
                let _ = $at;
                Ok(super::family::present(|| $value))
            }
        });
    )*};
    (
        recorded by the experiment;
        $(
            $quantity:ident: $name:literal, $label:literal, $symbol:literal, $unit:literal,
            $kinds:expr, $layers:path,
                $definition:literal;
        )*
    ) => {$(
        family!(@quantity $quantity $name $label $symbol $unit $kinds, $layers, $definition, {
            fn value<T: crate::real::Real>(
                _: &mut dyn super::instruments::Instruments<T>,
                _: &super::instruments::Place<'_>,
            ) -> Result<Option<f64>, crate::rule::decomposition::DecompositionError> {
                Ok(None)
            }
        });
    )*};
    (
        @quantity $quantity:ident $name:literal $label:literal $symbol:literal $unit:literal $kinds:expr,
        $layers:path, $definition:literal, { $value:item }
    ) => {
        #[doc = $definition]
        pub(super) struct $quantity;

        impl super::family::Measured for $quantity {
            const INFO: super::family::QuantityInfo = super::family::QuantityInfo {
                name: $name,
                label: $label,
                symbol: $symbol,
                unit: $unit,
                definition: $definition,
                kinds: $kinds,
            };

            fn layers(condition: &crate::condition::Condition) -> Vec<Option<usize>> {
                $layers(condition)
            }

            $value
        }
    };
}

pub(super) use family;
