//! The kinds of figures. A new one is an entry here, and a file of its name in
//! `src/figure/compose/`.

use crate::text::Choice;

/// Hands every kind to a macro: what it shows, its name in Rust, and in specs, which is that of the
/// module that composes it, and those of its [`FigureFacts`] that are not the usual ones.
macro_rules! figure_kinds {
    ($macro:ident) => {
        $macro! {
            /// Means over repeats against iterations or epochs.
            Curves in curves { across: Across::Time,
                keys: &["layers", "together", "spread", "repeats"] };
            /// Values at the last iteration against a parameter.
            Sweep in sweep { across: Across::Parameter, keys: &["layers", "spread", "repeats"] };
            /// Values at the last iteration over two parameters, with the prediction beside them
            /// where there is one.
            Map in map { across: Across::Parameter, keys: &["y", "layers", "colours"] };
            /// Distributions over draws.
            Density in density { is_of_draws: true };
            /// Histograms of eigenvalues, with the random-matrix law where there is one.
            Spectrum in spectrum { is_of_draws: true };
            /// Means of a composed angle over the two angles it comes from.
            Cells in cells { is_of_draws: true, keys: &["colours"] };
            /// Distributions of a composed angle relative to the two angles it comes from, in
            /// groups of these.
            Groups in groups { is_of_draws: true };
            /// Values at the last iteration against the layer.
            Profile in profile { across: Across::Fixed("layers"),
                keys: &["layers", "spread", "repeats"] };
            /// Means over layers of one quantity at the last iteration against those of another.
            Scatter in scatter {
                across: Across::Fixed("first of its quantities"),
                keys: &["spread"],
                quantities: Some("two quantities, of the horizontal and of the vertical axis")
            };
            /// Values at the reported iterations against the lag.
            Lags in lags { across: Across::Fixed("lags"), keys: &["layers", "at", "spread"] };
            /// Loss over the plane of two trajectories, of the first repeat.
            Plane in plane { keys: &["colours"] };
        }
    };
}

#[cfg(feature = "plot")]
pub(crate) use figure_kinds;

/// What is on the horizontal axis of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Across {
    /// Iterations or epochs, as `x` says.
    Time,
    /// The parameter that `x` names.
    Parameter,
    /// This, so that `x` has no place.
    Fixed(&'static str),
    /// What the figure is of, whatever `x` says.
    Whatever,
}

/// What is known of a kind of figures before anything is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FigureFacts {
    /// Name in specs and options.
    pub name: &'static str,
    /// What it shows, in a sentence.
    pub meaning: &'static str,
    /// Whether it shows draws rather than iterations.
    pub is_of_draws: bool,
    /// Its horizontal axis.
    pub across: Across,
    /// The keys it takes beside those that every figure takes; it cannot do without `y`.
    pub keys: &'static [&'static str],
    /// Which two quantities it needs, in words; any number of them where this is `None`.
    pub quantities: Option<&'static str>,
}

impl FigureFacts {
    const USUAL: Self = Self {
        name: "",
        meaning: "",
        is_of_draws: false,
        across: Across::Whatever,
        keys: &[],
        quantities: None,
    };
}

/// Defines [`FigureKind`].
macro_rules! kinds {
    ($(
        $(#[doc = $meaning:literal])+
        $kind:ident in $module:ident { $($fact:ident: $value:expr),* };
    )*) => {
        /// What a figure draws.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FigureKind {
            $($(#[doc = $meaning])+ $kind,)*
        }

        impl Choice for FigureKind {
            const CHOICES: &'static [(&'static str, Self)] = &[$((stringify!($module), Self::$kind)),*];
        }

        impl FigureKind {
            /// All kinds, in the order of messages.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// What is known of the kind.
            pub fn facts(self) -> &'static FigureFacts {
                const FACTS: &[FigureFacts] = &[$(FigureFacts {
                    name: stringify!($module),
                    meaning: concat!($($meaning),+),
                    $($fact: $value,)*
                    ..FigureFacts::USUAL
                }),*];
                &FACTS[self as usize]
            }
        }
    };
}

figure_kinds!(kinds);

impl FigureKind {
    /// Whether it takes a key that not every figure takes.
    pub fn takes(self, key: &str) -> bool {
        self.facts().keys.contains(&key)
    }

    /// Names of the kinds that are such.
    pub(super) fn names(is_such: impl Fn(&FigureFacts) -> bool) -> Vec<&'static str> {
        Self::ALL
            .iter()
            .map(|kind| kind.facts())
            .filter(|facts| is_such(facts))
            .map(|facts| facts.name)
            .collect()
    }
}
