//! Forms of signals: how one sequence follows in time, as typed and with its exact autocovariance.

use super::linear::{AutoRegression, Innovations};
use crate::array::{self, DIGEST};
use crate::matrix::Matrix;
use crate::text::{Refused, Setting};
use serde_json::Value as Json;
use std::fmt::{Display, Formatter};
use std::path::PathBuf;
use thiserror::Error;

/// How the values of one unit and sample follow each other in time. All but [`Process::Uniform`] and
/// [`Process::Classes`] are Gaussian, and all but the recorded one have mean 0 before [`Form::mean`] is added.
#[derive(Clone, Debug, PartialEq)]
pub enum Process {
    /// `white`: redrawn every iteration, N(0, 1).
    White,
    /// `uniform`: redrawn every iteration, uniform of width 1 (on 0 to 1 unless a mean is given).
    Uniform,
    /// `constant:1`: that number always.
    Constant,
    /// `held` (drawn once), `held:2` (redrawn every 2 iterations), N(0, 1).
    Held(Option<usize>),
    /// `ar1:0.9`: `x_t = r x_{t-1} + sqrt(1 - r^2) n_t`, variance 1 and autocovariance `r^h` from the start.
    Ar1(f64),
    /// `ar:0.5,0.3`: `x_t = 0.5 x_{t-1} + 0.3 x_{t-2} + n_t`, noise of variance 1, stationary from the start.
    Ar(Vec<f64>),
    /// `ma:1,0.5`: `x_t = n_t + 0.5 n_{t-1}`, noise of variance 1.
    Ma(Vec<f64>),
    /// `acf:0.9,0.4`: variance 1, these autocorrelations at lags 1, 2, ..., none beyond.
    Acf(Vec<f64>),
    /// `paper:0.8`: `x_t = b x_{t-1} + (1 - b) n_t`, `x_0 ~ N(0, 1)`: the recursion of the paper (Fig 4), whose variance
    /// decays to `(1 - b) / (1 + b)`.
    Paper(f64),
    /// `classes:10,within=0.8,between=0.1`: every sample is of a class, drawn anew each iteration and the same for
    /// activity and error; the values of one unit correlate by `within` for samples of one class and by `between` for
    /// samples of different classes, whatever their iterations. Variance 1.
    Classes {
        /// Number of classes.
        classes: usize,
        /// Correlation within a class.
        within: f64,
        /// Correlation between classes.
        between: f64,
    },
    /// `file:run.npz#delta`: recorded, iterations x samples x units.
    File {
        /// `.npz`, `.npy` or `.csv`.
        path: PathBuf,
        /// Member of an archive.
        member: Option<String>,
        /// First 16 hexadecimal digits of the BLAKE3 hash of the file, so that results belong to contents.
        digest: Option<String>,
    },
}

/// A process with its mean, its scale, and its correlation across the batch and across units.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// How values follow in time.
    pub process: Process,
    /// Mean.
    pub mean: f64,
    /// Factor on the process around its mean.
    pub std: f64,
    /// Correlation between any two samples of the batch.
    pub batch: f64,
    /// Correlation between any two units.
    pub units: f64,
}

/// Why a form cannot be used.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FormError {
    /// No such form.
    #[error("unknown form `{0}`: expected {EXPECTED}")]
    Unknown(String),
    /// A form with the wrong numbers.
    #[error("form `{text}`: expected {expected}")]
    Malformed {
        /// As typed.
        text: String,
        /// What it should look like.
        expected: String,
    },
    /// An autoregression that runs away.
    #[error(
        "form `{text}` is not stationary: reflection coefficient {reflection} at lag {lag} must lie strictly between -1 \
         and 1; use smaller coefficients, or `held` for a signal that never changes"
    )]
    NotStationary {
        /// As typed.
        text: String,
        /// The lag at which it fails.
        lag: usize,
        /// The reflection coefficient (partial autocorrelation) there.
        reflection: f64,
    },
    /// Correlations that no signal has.
    #[error("form `{text}` has a covariance that is not positive definite: {why}")]
    NotPositiveDefinite {
        /// As typed.
        text: String,
        /// What gives it away.
        why: String,
    },
}

/// Forms, in words.
pub const EXPECTED: &str = "white, uniform, constant:C, held, held:N, ar1:R, ar:R1,R2,..., ma:C0,C1,..., acf:R1,R2,..., \
                            paper:B, classes:K,within=W,between=B or file:PATH#MEMBER, with mean=, std=, batch= and \
                            units= after a comma (or after the colon)";

impl Form {
    /// White noise, N(0, 1).
    pub const WHITE: Self = Self::plain(Process::White);
    /// Drawn once, N(0, 1).
    pub const HELD: Self = Self::plain(Process::Held(None));

    /// A process without mean or correlation across the batch or units.
    pub const fn plain(process: Process) -> Self {
        Self { process, mean: 0.0, std: 1.0, batch: 0.0, units: 0.0 }
    }

    /// Reads a form as typed.
    ///
    /// # Errors
    /// If there is no such form, its numbers make no sense, or no signal can have such correlations.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = text.trim();
        if let Some(place) = text.strip_prefix("file:") {
            return parse_file(text, place);
        }
        // A form without numbers of its own needs no colon: `white,std=2` is `white:std=2`.
        let named = |(_, arguments): &(&str, &str)| arguments.split(',').all(|part| part.contains('='));
        let without_colon = || text.split_once(',').filter(named);
        let (name, arguments) = text.split_once(':').or_else(without_colon).unwrap_or((text, ""));
        let arguments = Arguments::read(text, arguments)?;
        let form = Self::of_arguments(name, text, &arguments)?;
        form.check(text)?;
        Ok(form)
    }

    fn of_arguments(name: &str, text: &str, arguments: &Arguments) -> Result<Self, FormError> {
        let wrong = |expected: &str| FormError::Malformed { text: text.into(), expected: expected.into() };
        let numbers = &arguments.numbers;
        let process = match (name, &numbers[..]) {
            ("white", []) => Process::White,
            ("uniform", []) => Process::Uniform,
            ("constant", [_]) => Process::Constant,
            ("held", []) => Process::Held(None),
            ("held", [n]) if *n >= 1.0 && n.fract() == 0.0 && *n <= 1e9 => Process::Held(Some(*n as usize)),
            ("ar1", [r]) => Process::Ar1(*r),
            ("ar", [_, ..]) => Process::Ar(numbers.clone()),
            ("ma", [_, ..]) => Process::Ma(numbers.clone()),
            ("acf", [_, ..]) => Process::Acf(numbers.clone()),
            ("paper", [b]) if (0.0..=1.0).contains(b) => Process::Paper(*b),
            ("classes", [k]) if *k >= 1.0 && k.fract() == 0.0 && *k <= 1e6 => {
                let within = arguments.get("within").ok_or_else(|| wrong("classes:K,within=W,between=B"))?;
                let between = arguments.get("between").unwrap_or(0.0);
                Process::Classes { classes: *k as usize, within, between }
            }
            ("white" | "uniform", _) => return Err(wrong(&format!("{name}, or {name}:mean=M,std=S"))),
            ("constant", _) => return Err(wrong("constant:C, one number")),
            ("held", _) => return Err(wrong("held, or held:N with a whole number of iterations from 1")),
            ("ar1", _) => return Err(wrong("ar1:R, one coefficient between -1 and 1")),
            ("ar" | "ma" | "acf", _) => return Err(wrong(&format!("{name}: and at least one number"))),
            ("paper", _) => return Err(wrong("paper:B, one number from 0 to 1")),
            ("classes", _) => return Err(wrong("classes:K,within=W,between=B with a whole number of classes from 1")),
            _ => return Err(unknown(text)),
        };
        let default_mean = match process {
            Process::Uniform => 0.5,
            Process::Constant => numbers[0],
            _ => 0.0,
        };
        let classes = matches!(process, Process::Classes { .. });
        if let Some((key, _)) = arguments.named.iter().find(|(key, _)| match key.as_str() {
            "within" | "between" => !classes,
            "batch" | "units" => classes || matches!(process, Process::Constant | Process::Uniform),
            "mean" => matches!(process, Process::Constant),
            _ => false,
        }) {
            return Err(wrong(&format!("no `{key}=` with this form")));
        }
        Ok(Self {
            process,
            mean: arguments.get("mean").unwrap_or(default_mean),
            std: arguments.get("std").unwrap_or(1.0),
            batch: arguments.get("batch").unwrap_or(0.0),
            units: arguments.get("units").unwrap_or(0.0),
        })
    }

    /// Checks what does not depend on sizes.
    fn check(&self, text: &str) -> Result<(), FormError> {
        let indefinite = |why: String| FormError::NotPositiveDefinite { text: text.into(), why };
        if self.std <= 0.0 {
            return Err(FormError::Malformed { text: text.into(), expected: "std= above 0".into() });
        }
        for (name, value) in [("batch", self.batch), ("units", self.units)] {
            if !(-1.0..=1.0).contains(&value) {
                return Err(indefinite(format!("{name}={value} is not a correlation")));
            }
        }
        let unstable = |(lag, reflection)| FormError::NotStationary { text: text.into(), lag, reflection };
        match &self.process {
            Process::Ar1(r) if r.abs() >= 1.0 => Err(unstable((1, *r))),
            Process::Ar(coefficients) => AutoRegression::new(coefficients).map(drop).map_err(unstable),
            Process::Acf(correlations) => Innovations::check(correlations).map_err(|frequency| {
                indefinite(format!("its spectrum is negative at {frequency:.4} cycles per iteration"))
            }),
            &Process::Classes { within, between, .. } if !(0.0..=1.0).contains(&within) || between < 0.0 => {
                Err(indefinite("within= and between= must lie between 0 and 1".into()))
            }
            &Process::Classes { within, between, .. } if between > within => {
                Err(indefinite(format!("between={between} is above within={within}")))
            }
            _ => Ok(()),
        }
    }

    /// Checks that the correlation across `samples` samples and `units` units is one that signals can have: equal
    /// correlations among n values are at least `-1 / (n - 1)`.
    ///
    /// # Errors
    /// [`FormError::NotPositiveDefinite`] if not.
    pub fn check_sizes(&self, samples: usize, units: usize) -> Result<(), FormError> {
        for (name, r, n) in [("batch", self.batch, samples), ("units", self.units, units)] {
            if 1.0 + (n as f64 - 1.0) * r < 0.0 {
                let why = format!("{name}={r} among {n}: at least {:.6}", -1.0 / (n as f64 - 1.0));
                return Err(FormError::NotPositiveDefinite { text: self.to_string(), why });
            }
        }
        Ok(())
    }

    /// Whether any number of values are jointly normal, so that moments of every order follow from the covariance.
    pub fn is_gaussian(&self) -> bool {
        !matches!(self.process, Process::Uniform | Process::Classes { .. } | Process::File { .. })
    }

    /// Exact covariance of one unit of one sample between all pairs of `iterations` iterations, `T x T`, the mean
    /// taken off; `None` for a recorded signal. For class-structured signals, whose classes are drawn anew every
    /// iteration, on average over classes.
    pub fn covariance(&self, iterations: usize) -> Option<Matrix<f64>> {
        let mut out = Matrix::zeros(iterations, iterations);
        let scale = self.std * self.std;
        match &self.process {
            Process::File { .. } => return None,
            &Process::Held(Some(period)) => fill(&mut out, |s, t| if s / period == t / period { scale } else { 0.0 }),
            &Process::Paper(b) => {
                let variance: Vec<f64> = (0..iterations).map(|s| scale * paper_variance(b, s)).collect();
                fill(&mut out, |s, t| variance[s] * power(b, t - s));
            }
            _ => {
                let by_lag: Vec<f64> = self.stationary(iterations).iter().map(|c| scale * c).collect();
                fill(&mut out, |s, t| by_lag[t - s]);
            }
        }
        Some(out)
    }

    /// Autocovariance by lag, before [`Form::std`], of the stationary processes.
    fn stationary(&self, lags: usize) -> Vec<f64> {
        let by_lag = |f: &dyn Fn(usize) -> f64| (0..lags).map(f).collect();
        match &self.process {
            Process::White => by_lag(&|h| f64::from(h == 0)),
            Process::Uniform => by_lag(&|h| if h == 0 { 1.0 / 12.0 } else { 0.0 }),
            Process::Held(_) => by_lag(&|_| 1.0),
            &Process::Ar1(r) => by_lag(&|h| power(r, h)),
            Process::Ar(coefficients) => {
                AutoRegression::new(coefficients).map_or_else(|_| vec![0.0; lags], |ar| ar.autocovariance(lags))
            }
            Process::Ma(c) => by_lag(&|h| c.iter().zip(c.iter().skip(h)).map(|(a, b)| a * b).sum()),
            Process::Acf(r) => by_lag(&|h| if h == 0 { 1.0 } else { r.get(h - 1).copied().unwrap_or(0.0) }),
            &Process::Classes { classes, within, between } => {
                let later = between + (within - between) / classes as f64;
                by_lag(&|h| if h == 0 { 1.0 } else { later })
            }
            Process::Constant | Process::Paper(_) | Process::File { .. } => vec![0.0; lags],
        }
    }

    /// The number that tells members of a family apart on an axis: the coefficient, 0 for white and 1 for held.
    pub fn coefficient(&self) -> Option<f64> {
        match &self.process {
            Process::White | Process::Uniform => Some(0.0),
            Process::Constant | Process::Held(None) => Some(1.0),
            Process::Held(Some(period)) => Some(*period as f64),
            Process::Ar1(r) | Process::Paper(r) => Some(*r),
            Process::Ar(c) | Process::Ma(c) | Process::Acf(c) => c.last().copied(),
            Process::Classes { within, .. } => Some(*within),
            Process::File { .. } => None,
        }
    }
}

/// Variance after `s` steps of the paper's recursion, from variance 1.
fn paper_variance(b: f64, s: usize) -> f64 {
    if b == 1.0 {
        return 1.0;
    }
    let limit = (1.0 - b) / (1.0 + b);
    limit + (1.0 - limit) * power(b * b, s)
}

fn power(base: f64, exponent: usize) -> f64 {
    base.powi(i32::try_from(exponent).unwrap_or(i32::MAX))
}

/// Fills a symmetric matrix from its upper triangle, `s <= t`.
fn fill(matrix: &mut Matrix<f64>, value: impl Fn(usize, usize) -> f64) {
    for s in 0..matrix.rows() {
        for t in s..matrix.cols() {
            let c = value(s, t);
            matrix.row_mut(s)[t] = c;
            matrix.row_mut(t)[s] = c;
        }
    }
}

/// What stands after the colon: numbers first, then `key=value`.
struct Arguments {
    numbers: Vec<f64>,
    named: Vec<(String, f64)>,
}

const KEYS: [&str; 6] = ["mean", "std", "batch", "units", "within", "between"];

impl Arguments {
    fn read(text: &str, arguments: &str) -> Result<Self, FormError> {
        let wrong = |expected: String| FormError::Malformed { text: text.into(), expected };
        let number = |part: &str| part.trim().parse().ok().filter(|n: &f64| n.is_finite());
        let (mut numbers, mut named) = (Vec::new(), Vec::<(String, f64)>::new());
        for part in arguments.split(',').filter(|_| !arguments.is_empty()) {
            let Some((key, value)) = part.split_once('=') else {
                numbers.push(number(part).ok_or_else(|| wrong(format!("a finite number in place of `{part}`")))?);
                continue;
            };
            let key = key.trim();
            if !KEYS.contains(&key) {
                return Err(wrong(format!("one of {} in place of `{key}`", KEYS.join(", "))));
            }
            let value = number(value).ok_or_else(|| wrong(format!("a finite number for `{key}=`")))?;
            if named.iter().any(|(known, _)| known == key) {
                return Err(wrong(format!("`{key}=` once")));
            }
            named.push((key.into(), value));
        }
        Ok(Self { numbers, named })
    }

    fn get(&self, key: &str) -> Option<f64> {
        self.named.iter().find(|(known, _)| known == key).map(|(_, value)| *value)
    }
}

/// Why there is no form of this text: where one is named and a comma follows, a colon is missing.
fn unknown(text: &str) -> FormError {
    const NAMES: [&str; 10] = ["white", "uniform", "constant", "held", "ar1", "ar", "ma", "acf", "paper", "classes"];
    match text.split_once(',') {
        Some((name, rest)) if NAMES.contains(&name.trim()) => {
            let expected = format!("a colon after the name, as in {}:{}", name.trim(), rest.trim());
            FormError::Malformed { text: text.into(), expected }
        }
        _ => FormError::Unknown(text.into()),
    }
}

/// `PATH`, `PATH#MEMBER`, and either with `@DIGEST`.
fn parse_file(text: &str, place: &str) -> Result<Form, FormError> {
    let is_digest = |d: &str| d.len() == DIGEST && d.bytes().all(|b| b.is_ascii_hexdigit());
    let (place, digest) = match place.rsplit_once('@') {
        Some((place, digest)) if is_digest(digest) => (place, Some(digest.to_string())),
        _ => (place, None),
    };
    let (path, member) = array::place(place);
    let member = member.map(String::from);
    if path.as_os_str().is_empty() || member.as_deref() == Some("") {
        let expected = "file:PATH, or file:PATH#MEMBER for a member of an .npz archive".into();
        return Err(FormError::Malformed { text: text.into(), expected });
    }
    Ok(Form::plain(Process::File { path, member, digest }))
}

/// The canonical text: read back, it gives the same form.
impl Display for Form {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let list = |numbers: &[f64]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let (name, mut parts) = match &self.process {
            Process::White => ("white", vec![]),
            Process::Uniform => ("uniform", vec![]),
            Process::Constant => ("constant", vec![self.mean.to_string()]),
            Process::Held(None) => ("held", vec![]),
            Process::Held(Some(period)) => ("held", vec![period.to_string()]),
            Process::Ar1(r) => ("ar1", vec![r.to_string()]),
            Process::Ar(c) => ("ar", vec![list(c)]),
            Process::Ma(c) => ("ma", vec![list(c)]),
            Process::Acf(r) => ("acf", vec![list(r)]),
            Process::Paper(b) => ("paper", vec![b.to_string()]),
            Process::Classes { classes, within, between } => {
                ("classes", vec![classes.to_string(), format!("within={within}"), format!("between={between}")])
            }
            Process::File { path, member, digest } => {
                write!(f, "file:{}", path.display())?;
                member.iter().try_for_each(|member| write!(f, "#{member}"))?;
                return digest.iter().try_for_each(|digest| write!(f, "@{digest}"));
            }
        };
        let default_mean = if self.process == Process::Uniform { 0.5 } else { 0.0 };
        if self.process != Process::Constant && self.mean != default_mean {
            parts.push(format!("mean={}", self.mean));
        }
        let rest = [("std", self.std, 1.0), ("batch", self.batch, 0.0), ("units", self.units, 0.0)];
        parts.extend(rest.iter().filter(|(_, v, default)| v != default).map(|(name, v, _)| format!("{name}={v}")));
        f.write_str(name)?;
        if parts.is_empty() { Ok(()) } else { write!(f, ":{}", parts.join(",")) }
    }
}

impl Setting for Form {
    type Bounds = ();

    fn expected((): &()) -> String {
        EXPECTED.into()
    }

    fn read(text: &str, (): &()) -> Result<Self, Refused> {
        Self::parse(text).map_err(|error| Refused::After(format!(": {error}")))
    }

    fn json(&self, (): &()) -> Json {
        self.to_string().into()
    }

    /// Its coefficient, if it has one.
    fn coordinate(&self) -> Option<f64> {
        self.coefficient()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_is_read_back() {
        let texts = [
            "white",
            "white:mean=0.5",
            "uniform",
            "uniform:mean=0",
            "constant:1",
            "constant:-2.5",
            "held",
            "held:2",
            "ar1:0.9",
            "ar1:-0.5,mean=1,std=2,batch=0.1,units=-0.01",
            "ar:0.5,0.3",
            "ma:1,0.5",
            "acf:0.6,0.2",
            "paper:0.8",
            "classes:10,within=0.8,between=0.1",
            "file:run.npz#delta",
            "file:a#b@c/run.npy",
            "file:run.npz#delta@0123456789abcdef",
        ];
        for text in texts {
            assert_eq!(Form::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Form::parse(" ar1:0.90 ").unwrap(), Form::parse("ar1:.9").unwrap());
        assert_eq!(Form::parse("uniform").unwrap().mean, 0.5);
        // A comma where no number needs a colon.
        for (typed, meant) in [("white,std=2", "white:std=2"), ("held, mean=1, std=2", "held:mean=1,std=2")] {
            assert_eq!(Form::parse(typed).unwrap(), Form::parse(meant).unwrap());
        }
        for typed in ["ar1,0.5", "white,2", "held,2,std=2", "classes,3,within=0.5"] {
            let error = Form::parse(typed).unwrap_err().to_string();
            assert!(error.contains("expected a colon after the name, as in ") && !error.contains("paper"), "{error}");
        }
    }

    #[test]
    fn refusals_say_what_is_wrong() {
        let cases = [
            ("wite", "unknown form `wite`: expected white, uniform"),
            ("ar1", "ar1:R, one coefficient"),
            ("ar1:x", "a finite number in place of `x`"),
            ("ar1:nan", "a finite number in place of `nan`"),
            ("ar1:1", "not stationary"),
            ("ar1:-1.2", "not stationary"),
            ("ar:0.5,0.6", "not stationary: reflection coefficient"),
            ("ar:1.1", "not stationary"),
            ("acf:0.9,0", "not positive definite: its spectrum is negative at"),
            ("held:0", "held:N with a whole number"),
            ("held:1.5", "held:N with a whole number"),
            ("paper:1.5", "one number from 0 to 1"),
            ("white:mean=0.5,mean=1", "`mean=` once"),
            ("white:sd=1", "one of mean, std, batch, units, within, between in place of `sd`"),
            ("white:std=0", "std= above 0"),
            ("white:within=0.5", "no `within=` with this form"),
            ("constant:1,mean=2", "no `mean=` with this form"),
            ("white:batch=2", "not positive definite: batch=2 is not a correlation"),
            ("classes:3,within=0.2,between=0.5", "not positive definite: between=0.5 is above within=0.2"),
            ("classes:3", "classes:K,within=W"),
            ("file:", "file:PATH"),
        ];
        for (text, expected) in cases {
            let error = Form::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let form = Form::parse("white:batch=-0.2").unwrap();
        assert!(form.check_sizes(6, 3).is_ok());
        assert!(form.check_sizes(7, 3).unwrap_err().to_string().contains("batch=-0.2 among 7: at least -0.1666"));
    }

    #[test]
    fn covariances_in_closed_form() {
        let at = |text: &str, s: usize, t: usize| Form::parse(text).unwrap().covariance(12).unwrap().row(s)[t];
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        close(at("ar1:0.9", 2, 5), 0.729);
        close(at("ar1:0.9,std=2", 5, 2), 2.916);
        close(at("ma:1,0.5", 3, 3), 1.25);
        close(at("ma:1,0.5", 3, 4), 0.5);
        close(at("ma:1,0.5", 3, 5), 0.0);
        close(at("held:2", 4, 5), 1.0);
        close(at("held:2", 5, 6), 0.0);
        close(at("paper:0.8", 0, 0), 1.0);
        close(at("paper:0.8", 1, 1), 0.68);
        close(at("paper:0.8", 1, 3), 0.68 * 0.64);
        close(at("paper:1", 3, 9), 1.0);
        close(at("constant:3", 1, 1), 0.0);
        close(at("uniform", 1, 1), 1.0 / 12.0);
        // AR(2): rho_1 = a / (1 - b), variance (1 - b) / ((1 + b) ((1 - b)^2 - a^2)).
        let variance = 0.7 / (1.3 * (0.49 - 0.25));
        close(at("ar:0.5,0.3", 0, 0), variance);
        close(at("ar:0.5,0.3", 4, 5), variance * 0.5 / 0.7);
        close(at("ar:0.5,0.3", 4, 6), variance * (0.5 * 0.5 / 0.7 + 0.3));
        close(at("ar:0.9", 4, 6), 0.81 / 0.19);
        assert!(Form::parse("file:a.npy").unwrap().covariance(3).is_none());
    }
}
