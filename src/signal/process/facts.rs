//! What is known of a process before any text is read.

/// Keys that processes have in common: see [`Form`](crate::signal::Form).
pub(in crate::signal) const MODIFIERS: [&str; 4] = ["mean", "std", "batch", "units"];

/// What a number of a process is, which decides what units it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A number without a unit.
    Pure,
    /// A time: iterations, `ms` or `s`.
    Time,
    /// Events per iteration, or per second (`Hz`).
    Rate,
}

/// Whether what follows the colon is the name of a file, and so not cut at commas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileName {
    /// It is not.
    Never,
    /// It is.
    Always,
    /// It is, unless it begins with a number.
    UnlessNumber,
}

/// What is known of a process before any text is read.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Name in options and files.
    pub name: &'static str,
    /// The ways to type it, with letters in place of numbers.
    pub form: &'static str,
    /// What is expected in place of the wrong arguments.
    pub expected: &'static str,
    /// What its numbers are, in order; those beyond are pure numbers.
    pub measures: &'static [Measure],
    /// Keys that it alone takes, such as `within` in `within=0.8`.
    pub keys: &'static [&'static str],
    /// Those among `mean`, `std`, `batch` and `units` that it takes.
    pub modifiers: &'static [&'static str],
    /// Whether any number of values are jointly normal.
    pub gaussian: bool,
    /// Whether what follows the colon is the name of a file.
    pub file: FileName,
    /// Examples in their canonical text form, for the documentation. Every one that reads no file
    /// is tested against its covariance.
    pub examples: &'static [&'static str],
    /// What it is, in one line of the documentation.
    pub meaning: &'static str,
}

impl Facts {
    /// What most processes have in common: they are Gaussian, and take numbers and all modifiers.
    pub(super) const COMMON: Self = Self {
        name: "",
        form: "",
        expected: "",
        measures: &[],
        keys: &[],
        modifiers: &MODIFIERS,
        gaussian: true,
        file: FileName::Never,
        examples: &[],
        meaning: "",
    };
}
