//! How the values of one unit and sample follow each other in time: one process per file, one line
//! each in the registry.

mod linear;
mod registry;

pub use file::RecordedError;

use super::arguments::Arguments;
use super::form::{Form, FormError, MODIFIERS};
use crate::matrix::Matrix;
use crate::random::Stream;
use crate::real::Real;

/// What is known of a process before any text is read.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Name in options and files.
    pub name: &'static str,
    /// The ways to type it, with letters in place of numbers.
    pub form: &'static str,
    /// What is expected in place of the wrong arguments.
    pub expected: &'static str,
    /// Keys that it alone takes, such as `within` in `within=0.8`.
    pub keys: &'static [&'static str],
    /// Those among `mean`, `std`, `batch` and `units` that it takes.
    pub modifiers: &'static [&'static str],
    /// Whether any number of values are jointly normal.
    pub gaussian: bool,
    /// Whether what follows the colon is the name of a file, and so not cut at commas.
    pub verbatim: bool,
    /// Examples in their canonical text form, for the documentation. Every one that reads no file
    /// is tested against its covariance.
    pub examples: &'static [&'static str],
    /// What it is, in one line of the documentation.
    pub meaning: &'static str,
}

impl Facts {
    /// What most processes have in common: they are Gaussian, and take numbers and all modifiers.
    const COMMON: Self = Self {
        name: "",
        form: "",
        expected: "",
        keys: &[],
        modifiers: &MODIFIERS,
        gaussian: true,
        verbatim: false,
        examples: &[],
        meaning: "",
    };
}

/// A process with its numbers. All of its moments are those before [`Form::std`], around its mean.
pub(super) trait Model {
    /// Reads the arguments, and refuses numbers that no signal can have.
    ///
    /// # Errors
    /// What is wrong with them.
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError>
    where
        Self: Sized;

    /// The arguments as text, which [`Model::read`] reads back; without the modifiers.
    fn arguments(&self) -> String {
        String::new()
    }

    /// The mean, unless `mean=` says another.
    fn mean(&self) -> f64 {
        0.0
    }

    /// Exact autocovariance at lags `0 .. lags - 1`, of a process that is stationary from its first
    /// value on and has a spectrum; `None` for others.
    fn autocovariance(&self, _lags: usize) -> Option<Vec<f64>> {
        None
    }

    /// Exact covariance between all pairs of iterations, times `scale`; `None` if it is not known.
    /// A process that is not stationary says it here.
    fn covariance(&self, iterations: usize, scale: f64) -> Option<Matrix<f64>> {
        let by_lag = self.autocovariance(iterations)?;
        Some(symmetric(iterations, |s, t| scale * by_lag[t - s]))
    }

    /// The number that tells members of a family apart on an axis.
    fn coefficient(&self) -> Option<f64> {
        None
    }

    /// Number of classes, if its values depend on the classes of the samples.
    fn classes(&self) -> Option<usize> {
        None
    }

    /// Whether the values come from a file.
    fn is_recorded(&self) -> bool {
        false
    }

    /// Frames (samples x units) in memory while it is drawn: the current one, fresh noise, and
    /// those of the past that are kept.
    fn frames(&self) -> usize {
        1
    }

    /// Checks that there are so many iterations, samples and units of it.
    ///
    /// # Errors
    /// If the file it comes from cannot be read, or holds another shape.
    fn check_shape(&self, _shape: [usize; 3]) -> Result<(), RecordedError> {
        Ok(())
    }

    /// Names the contents of its file by their hash.
    ///
    /// # Errors
    /// If the file cannot be read, or has another hash than the one named already.
    fn resolve(&mut self) -> Result<(), RecordedError> {
        Ok(())
    }

    /// What draws it, for a run of `shape`: iterations, samples, units.
    ///
    /// # Errors
    /// As [`Model::check_shape`].
    fn sampler<T: Real>(&self, shape: [usize; 3], noise: &mut Noise<T>) -> NewSampler<T>
    where
        Self: Sized;
}

/// Draws a process: turns a frame, samples x units, from the values of the iteration before (zeros at
/// the start) into those of iteration `t`, with the noise and the classes of the samples there.
pub(super) type Sampler<T> = Box<dyn FnMut(&mut Matrix<T>, usize, &mut Noise<T>, &[usize]) + Send>;

/// A new sampler, or why a file cannot be used.
pub(super) type NewSampler<T> = Result<Sampler<T>, RecordedError>;

macro_rules! processes {
    ($($name:ident in $module:ident;)*) => {
        $(mod $module;)*

        /// How the values of one unit and sample follow each other in time.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(missing_docs, reason = "the facts of each say what it is")]
        pub enum Process { $($name($module::$name)),* }

        impl Process {
            /// What is known of each process, in the order of the documentation.
            pub const ALL: &'static [Facts] = &[$($module::FACTS),*];

            /// What is known of this one.
            pub fn facts(&self) -> &'static Facts {
                match self { $(Self::$name(_) => &$module::FACTS),* }
            }

            pub(super) fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
                $(if arguments.facts.name == $module::FACTS.name {
                    return $module::$name::read(arguments).map(Self::$name);
                })*
                Err(FormError::Unknown(arguments.text.into()))
            }

            pub(super) fn model(&self) -> &dyn Model {
                match self { $(Self::$name(process) => process),* }
            }

            pub(super) fn model_mut(&mut self) -> &mut dyn Model {
                match self { $(Self::$name(process) => process),* }
            }

            fn sampler<T: Real>(&self, shape: [usize; 3], noise: &mut Noise<T>) -> NewSampler<T> {
                match self { $(Self::$name(process) => process.sampler(shape, noise)),* }
            }
        }
    };
}

registry::registry!(processes);

pub(super) use held::Held;
pub(super) use white::White;

/// One realisation of a process around its mean, before [`Form::mean`] and [`Form::std`].
pub(super) struct Realisation<T> {
    sampler: Sampler<T>,
    noise: Noise<T>,
    frame: Matrix<T>,
    iteration: usize,
}

impl<T: Real> Realisation<T> {
    /// Draws iteration 0 of a run of `shape`: iterations, samples, units. `labels` are the classes
    /// of the samples.
    ///
    /// # Errors
    /// If the file it comes from cannot be used.
    pub fn new(form: &Form, shape: [usize; 3], stream: Stream, labels: &[usize]) -> Result<Self, RecordedError> {
        let [_, samples, units] = shape;
        let mix = |r: f64, n: usize| (r != 0.0).then(|| equal_mixture(r, n));
        let mixes = [mix(form.batch, samples), mix(form.units, units)];
        let mut noise = Noise { stream, mixes, shape: [samples, units] };
        let mut sampler = form.process.sampler(shape, &mut noise)?;
        let mut frame = noise.zeros();
        sampler(&mut frame, 0, &mut noise, labels);
        Ok(Self { sampler, noise, frame, iteration: 0 })
    }

    /// Values of the current iteration, samples x units.
    pub fn frame(&self) -> &Matrix<T> {
        &self.frame
    }

    /// Moves to the next iteration; `labels` are the classes of its samples.
    pub fn advance(&mut self, labels: &[usize]) {
        self.iteration += 1;
        (self.sampler)(&mut self.frame, self.iteration, &mut self.noise, labels);
    }
}

/// What a process is driven by.
pub(super) struct Noise<T> {
    /// Random numbers.
    pub stream: Stream,
    /// Factors of an equally correlated mixture, over the batch and over units.
    mixes: [Option<(T, T)>; 2],
    /// Samples and units.
    shape: [usize; 2],
}

impl<T: Real> Noise<T> {
    /// A frame of zeros.
    fn zeros(&self) -> Matrix<T> {
        Matrix::zeros(self.shape[0], self.shape[1])
    }

    /// Overwrites a frame by standard normals with the correlation across the batch and units.
    fn fill(&mut self, frame: &mut Matrix<T>) {
        self.stream.fill_normal(frame.as_mut_slice());
        mix(frame, &self.mixes);
    }

    /// A new frame of such normals.
    fn frame(&mut self) -> Matrix<T> {
        let mut frame = self.zeros();
        self.fill(&mut frame);
        frame
    }
}

/// `(a, b)` such that `a x_i + b sum_j x_j` has variance 1 and correlation `r` for independent `x`
/// of variance 1: the symmetric square root of the correlation matrix.
fn equal_mixture<T: Real>(r: f64, n: usize) -> (T, T) {
    let single = (1.0 - r).max(0.0).sqrt();
    let common = (1.0 + (n as f64 - 1.0) * r).max(0.0).sqrt();
    (T::from_f64(single), T::from_f64((common - single) / n as f64))
}

fn mix<T: Real>(frame: &mut Matrix<T>, [over_batch, over_units]: &[Option<(T, T)>; 2]) {
    if let Some((single, common)) = *over_batch {
        let mut sums = vec![T::zero(); frame.cols()];
        for row in frame.as_slice().chunks_exact(frame.cols()) {
            sums.iter_mut().zip(row).for_each(|(s, &x)| *s += x);
        }
        for p in 0..frame.rows() {
            let row = frame.row_mut(p).iter_mut();
            row.zip(&sums).for_each(|(x, &s)| *x = single * *x + common * s);
        }
    }
    if let Some((single, common)) = *over_units {
        for p in 0..frame.rows() {
            let row = frame.row_mut(p);
            let sum = row.iter().fold(T::zero(), |sum, &x| sum + x);
            row.iter_mut().for_each(|x| *x = single * *x + common * sum);
        }
    }
}

/// A symmetric matrix from its upper triangle, `s <= t`.
fn symmetric(size: usize, value: impl Fn(usize, usize) -> f64) -> Matrix<f64> {
    let mut matrix = Matrix::zeros(size, size);
    for s in 0..size {
        for t in s..size {
            let c = value(s, t);
            matrix.row_mut(s)[t] = c;
            matrix.row_mut(t)[s] = c;
        }
    }
    matrix
}

fn by_lag(lags: usize, value: impl Fn(usize) -> f64) -> Option<Vec<f64>> {
    Some((0..lags).map(value).collect())
}

fn power(base: f64, exponent: usize) -> f64 {
    base.powi(i32::try_from(exponent).unwrap_or(i32::MAX))
}

/// Numbers with commas between them.
fn list(numbers: &[f64]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
