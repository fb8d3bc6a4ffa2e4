//! Forms of signals: a process with its mean, its scale and its correlations, as typed.

use super::arguments::Arguments;
use super::error::{FormError, RecordedError};
use super::process::{Facts, Held, MODIFIERS, Process, White};
use crate::matrix::Matrix;
use crate::text::{Refused, Setting, snapped};
use serde_json::Value as Json;
use std::fmt::{Display, Formatter};
use std::sync::LazyLock;

/// A process with its mean, its scale, and its correlation across the batch and across units.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// How values follow in time.
    pub process: Process,
    /// Mean.
    pub mean: f64,
    /// Standard deviation; of `paper` and `classes`, whose variance changes, that of the first
    /// iteration, and on average over classes.
    pub std: f64,
    /// Factor on the process around its mean, which makes that its standard deviation.
    pub(crate) scale: f64,
    /// Correlation between any two samples of the batch.
    pub batch: f64,
    /// Correlation between any two units.
    pub units: f64,
    /// Its times, and how long an iteration takes.
    pub(crate) clock: Clock,
}

/// What a form knows of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Clock {
    /// Its numbers with their units, where one has a unit.
    typed: Option<String>,
    /// Milliseconds per iteration, where the process has times and these are known.
    step: Option<f64>,
}

/// Forms, in words.
pub static EXPECTED: LazyLock<String> = LazyLock::new(|| {
    let forms: Vec<&str> = Process::ALL.iter().map(|facts| facts.form).collect();
    let (last, others) = forms.split_last().unwrap_or((&"", &[]));
    format!(
        "{} or {last}, with mean=, std=, batch= and units= after a comma (or after the colon); \
         times are iterations, or with dt also ms or s",
        others.join(", ")
    )
});

impl Form {
    /// White noise, N(0, 1).
    pub const WHITE: Self = Self::plain(Process::White(White));
    /// Drawn once, N(0, 1).
    pub const HELD: Self = Self::plain(Process::Held(Held::FOREVER));

    /// A process of mean 0 without correlation across the batch or units.
    const fn plain(process: Process) -> Self {
        Self {
            process,
            mean: 0.0,
            std: 1.0,
            scale: 1.0,
            batch: 0.0,
            units: 0.0,
            clock: Clock { typed: None, step: None },
        }
    }

    /// Reads a form as typed. One whose times have units is [told](Self::at) how long an iteration
    /// takes before it is drawn.
    ///
    /// # Errors
    /// If there is no such form, its numbers make no sense, or no signal can have such
    /// correlations.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        Self::parse_at(text, None)
    }

    /// The same where an iteration takes `step` milliseconds.
    ///
    /// # Errors
    /// If its times make no process at that step.
    pub fn at(&self, step: Option<f64>) -> Result<Self, FormError> {
        match &self.clock.typed {
            Some(_) => Self::parse_at(&self.to_string(), step),
            None => {
                let step = step.filter(|_| self.process.model().time().is_some());
                Ok(Self { clock: Clock { typed: None, step }, ..self.clone() })
            }
        }
    }

    /// Checks that it is known how many iterations its times are.
    ///
    /// # Errors
    /// [`FormError::Unclocked`] if not.
    pub fn check_clock(&self) -> Result<(), FormError> {
        match &self.process {
            Process::Unclocked(process) => Err(process.error()),
            _ => Ok(()),
        }
    }

    fn parse_at(text: &str, step: Option<f64>) -> Result<Self, FormError> {
        let text = text.trim();
        // A form without numbers of its own needs no colon: `white,std=2` is `white:std=2`.
        let named = |(_, rest): &(&str, &str)| rest.split(',').all(|part| part.contains('='));
        let without_colon = || text.split_once(',').filter(named);
        let (name, rest) = text.split_once(':').or_else(without_colon).unwrap_or((text, ""));
        let facts = Process::ALL.iter().find(|facts| facts.name == name);
        let mut keys: Vec<&str> =
            Process::ALL.iter().flat_map(|facts| facts.keys).copied().collect();
        keys.dedup();
        let arguments =
            Arguments::read(text, facts.ok_or_else(|| unknown(text))?, rest, &keys, step)?;
        if arguments.get("std").is_some_and(|std| std <= 0.0) {
            return Err(arguments.expected("std= above 0".into()));
        }
        for key in ["batch", "units"] {
            if let Some(r) = arguments.get(key).filter(|r| !(-1.0..=1.0).contains(r)) {
                return Err(arguments.indefinite(format!("{key}={r} is not a correlation")));
            }
        }
        let process = Process::read(&arguments)?;
        let [mean, std, batch, units] = MODIFIERS.map(|key| arguments.get(key));
        let process_std = process.model().std();
        Ok(Self {
            mean: mean.unwrap_or(process.model().mean()),
            std: std.unwrap_or(process_std),
            scale: std.map_or(1.0, |std| std / process_std),
            batch: batch.unwrap_or(0.0),
            units: units.unwrap_or(0.0),
            clock: Clock {
                typed: arguments.typed(),
                step: step.filter(|_| process.model().time().is_some()),
            },
            process,
        })
    }

    /// Checks that the correlation across `samples` samples and `units` units is one that signals
    /// can have: equal correlations among n values are at least `-1 / (n - 1)`.
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

    /// Whether any number of values are jointly normal, so that moments of every order follow from
    /// the covariance.
    pub fn is_gaussian(&self) -> bool {
        self.process.facts().gaussian
    }

    /// Whether the covariance depends on the lag alone, and is that of a spectrum.
    pub fn is_stationary(&self) -> bool {
        self.process.model().autocovariance(1).is_some()
    }

    /// Whether the values come from a file, so that neither mean nor covariance is known.
    pub fn is_recorded(&self) -> bool {
        self.process.model().is_recorded()
    }

    /// Number of classes, if values depend on the classes of the samples.
    pub fn classes(&self) -> Option<usize> {
        self.process.model().classes()
    }

    /// Exact covariance of one unit of one sample between all pairs of `iterations` iterations, `T
    /// x T`, the mean taken off; `None` for a recorded signal. For class-structured signals, whose
    /// classes are drawn anew every iteration, on average over classes.
    pub fn covariance(&self, iterations: usize) -> Option<Matrix<f64>> {
        self.process.model().covariance(iterations, self.scale * self.scale)
    }

    /// The number that distinguishes members of a family on an axis: the coefficient, 0 for white
    /// and 1 for held. Of processes distinguished by a time, this in milliseconds where it is known
    /// how long an iteration takes.
    pub fn coefficient(&self) -> Option<f64> {
        let in_time = self.clock.step.zip(self.process.model().time());
        in_time
            .map(|(step, (_, time))| snapped(step * time))
            .or_else(|| self.process.model().coefficient())
    }

    /// What its [coefficient](Self::coefficient) is, and in what, where that is a time.
    pub fn time(&self) -> Option<(&'static str, &'static str)> {
        let unit = if self.clock.step.is_some() { "ms" } else { "iterations" };
        self.process.model().time().map(|(name, _)| (name, unit))
    }

    /// Frames (samples x units) in memory while the signal is drawn: the current one, fresh noise,
    /// and those of the past that are kept.
    pub fn frames(&self) -> usize {
        self.process.model().frames()
    }

    /// The form with the hash of its file; unchanged where there is no file.
    ///
    /// # Errors
    /// If the file cannot be read, or has another hash than the form says.
    pub(super) fn resolve(&self) -> Result<Self, RecordedError> {
        let mut form = self.clone();
        form.process.model_mut().resolve()?;
        Ok(form)
    }
}

/// Why there is no form of this text: where one is named and a comma follows, a colon is missing.
fn unknown(text: &str) -> FormError {
    let known = |name: &str| Process::ALL.iter().any(|facts: &Facts| facts.name == name.trim());
    match text.split_once(',').filter(|(name, _)| known(name)) {
        Some((name, rest)) => {
            let expected = format!("a colon after the name, as in {}:{}", name.trim(), rest.trim());
            FormError::Malformed { text: text.into(), expected }
        }
        None => FormError::Unknown { text: text.into(), expected: EXPECTED.as_str() },
    }
}

/// The canonical text: read back, it gives the same form.
impl Display for Form {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let (facts, model) = (self.process.facts(), self.process.model());
        let process_std = model.std();
        let values = [self.mean, self.std, self.batch, self.units];
        let defaults = [model.mean(), process_std, 0.0, 0.0];
        let mut parts = vec![self.clock.typed.clone().unwrap_or_else(|| model.arguments())];
        for (key, (value, default)) in MODIFIERS.iter().zip(values.iter().zip(defaults)) {
            if *value != default && facts.modifiers.contains(key) {
                // Up to version 0.1 `std=` was a factor. Where the process has another standard
                // deviation than 1 it is written as `sd=`, so that results of then are not taken
                // for those of now.
                let key = if *key == "std" && process_std != 1.0 { "sd" } else { key };
                parts.push(format!("{key}={value}"));
            }
        }
        parts.retain(|part| !part.is_empty());
        f.write_str(facts.name)?;
        if parts.is_empty() { Ok(()) } else { write!(f, ":{}", parts.join(",")) }
    }
}

impl Setting for Form {
    type Bounds = ();

    fn expected((): &()) -> String {
        EXPECTED.clone()
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
            "acf:measured.csv,mean=1,std=2",
            "psd:a,b=c.npz#f@0123456789abcdef,units=0.1",
            "uniform:sd=2",
            "ma:1,0.5,sd=3",
            "ou:20",
            "ou:20ms",
            "ou:0.02s,std=2",
            "osc:12ms,30",
            "sin:12ms",
            "held:20ms",
            "poisson:20Hz,5ms",
            "poisson:20Hz,5ms,mean=0",
            "osc:12,30,std=2",
            "sin:12",
            "pink:1,units=0.2",
            "poisson:0.2,5",
            "poisson:0.2,5,mean=0",
            "student:5",
            "gamma:2,ac=-0.3",
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
        assert_eq!(Form::parse("uniform:std=2").unwrap(), Form::parse("uniform:sd=2").unwrap());
        // A comma where no number needs a colon.
        for (typed, meant) in
            [("white,std=2", "white:std=2"), ("held, mean=1, std=2", "held:mean=1,std=2")]
        {
            assert_eq!(Form::parse(typed).unwrap(), Form::parse(meant).unwrap());
        }
        for typed in ["ar1,0.5", "white,2", "held,2,std=2", "classes,3,within=0.5"] {
            let error = Form::parse(typed).unwrap_err().to_string();
            assert!(
                error.contains("expected a colon after the name, as in ")
                    && !error.contains("paper"),
                "{error}"
            );
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
            ("ou:0", "a time constant above 0"),
            ("ou:-1ms", "a time constant above 0"),
            ("ou:1m", "a finite number, in iterations, ms or s in place of `1m`"),
            ("ar1:0.5ms", "a finite number in place of `0.5ms`"),
            ("poisson:20ms,5", "a finite number, per iteration or in Hz in place of `20ms`"),
            ("sin:1", "at least 2 iterations"),
            ("sin:9,units=0.1", "no `units=` with this form"),
            ("osc:12", "osc:PERIOD,TAU"),
            ("pink:2", "one exponent between 0 and 2"),
            ("poisson:0,5", "spikes per iteration from 1e-6"),
            ("poisson:1e6,1e5", "at most 1e4 spikes within one"),
            ("student:2", "above 2 and at most 1e6 degrees of freedom"),
            ("student:1e8", "above 2 and at most 1e6 degrees of freedom"),
            ("gamma:2,ac=1", "R below 1"),
            ("gamma:0.5,ac=-0.9", "ac= of at least -0.43"),
            ("white:mean=0.5,mean=1", "`mean=` once"),
            (
                "white:dev=1",
                "one of mean, std, batch, units, ac, within, between in place of `dev`",
            ),
            ("white:std=0", "std= above 0"),
            ("white:within=0.5", "no `within=` with this form"),
            ("constant:1,mean=2", "no `mean=` with this form"),
            ("white:batch=2", "not positive definite: batch=2 is not a correlation"),
            (
                "classes:3,within=0.2,between=0.5",
                "not positive definite: between=0.5 is above within=0.2",
            ),
            ("classes:3", "classes:K,within=W"),
            ("file:", "file:PATH"),
        ];
        for (text, expected) in cases {
            let error = Form::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let form = Form::parse("white:batch=-0.2").unwrap();
        assert!(form.check_sizes(6, 3).is_ok());
        assert!(
            form.check_sizes(7, 3)
                .unwrap_err()
                .to_string()
                .contains("batch=-0.2 among 7: at least -0.1666")
        );
    }

    #[test]
    fn times_are_iterations_once_these_have_a_length() {
        for (typed, step, plain) in [
            ("ou:20ms", 0.5, "ou:40"),
            ("ou:0.02s,std=2", 1.0, "ou:20,std=2"),
            ("osc:12ms,30", 2.0, "osc:6,30"),
            ("sin:9ms", 3.0, "sin:3"),
            ("held:20ms", 5.0, "held:4"),
            ("poisson:20Hz,10ms", 2.0, "poisson:0.04,5"),
            ("poisson:20Hz,10ms,mean=0", 2.0, "poisson:0.04,5,mean=0"),
            ("ar1:0.9", 2.0, "ar1:0.9"),
        ] {
            let [form, plain] = [typed, plain].map(|text| Form::parse(text).unwrap());
            let timed = form.at(Some(step)).unwrap();
            assert_eq!(timed.to_string(), typed);
            assert_eq!((&timed.process, timed.mean), (&plain.process, plain.mean), "{typed}");
            assert_eq!(timed.covariance(9), plain.covariance(9));
        }
        // On axes both are milliseconds, and iterations where nothing is known of these.
        let on_axis = |text: &str, step| {
            let form = Form::parse(text).unwrap().at(step).unwrap();
            (form.coefficient(), form.time())
        };
        assert_eq!(on_axis("ou:20ms", Some(0.5)), (Some(20.0), Some(("time constant", "ms"))));
        assert_eq!(on_axis("ou:20", Some(0.5)), (Some(10.0), Some(("time constant", "ms"))));
        assert_eq!(on_axis("ou:20", None), (Some(20.0), Some(("time constant", "iterations"))));
        assert_eq!(on_axis("held", Some(0.5)), (Some(1.0), None));

        let unclocked = Form::parse("ou:20ms").unwrap();
        assert_eq!((unclocked.covariance(3), unclocked.is_gaussian()), (None, true));
        assert_eq!(Form::parse("ou:20.0ms").unwrap(), unclocked);
        let error = unclocked.check_clock().unwrap_err().to_string();
        assert!(error.contains("say how long an iteration takes with dt, such as 1ms"), "{error}");
        for (text, step, said) in [
            ("sin:1ms", 1.0, "at least 2 iterations"),
            ("held:5ms", 2.0, "held:N with a whole number"),
        ] {
            let error = Form::parse(text).unwrap().at(Some(step)).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn standard_deviations_are_those_of_the_covariances() {
        let examples = Process::ALL.iter().flat_map(|facts| facts.examples);
        let known = examples.filter_map(|text| {
            let process = Form::parse(text).unwrap().process;
            Some((text, process.model().std(), process.model().covariance(1, 1.0)?))
        });
        let mut count = 0;
        for (text, std, covariance) in known {
            assert!((std * std - covariance.row(0)[0]).abs() < 1e-9, "{text}: {std}");
            count += 1;
        }
        assert!(count >= 15, "{count}");
    }

    #[test]
    fn covariances_in_closed_form() {
        let at = |text: &str, s: usize, t: usize| {
            Form::parse(text).unwrap().covariance(12).unwrap().row(s)[t]
        };
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
        // The standard deviation is what is asked for, whatever the process has of its own.
        close(at("uniform:std=2", 1, 1), 4.0);
        close(at("ma:1,0.5,std=2", 3, 3), 4.0);
        close(at("ma:1,0.5,std=2", 3, 4), 4.0 * 0.5 / 1.25);
        close(at("poisson:0.2,5,std=3", 2, 2), 9.0);
        close(at("ar:0.9,std=0.5", 2, 3), 0.25 * 0.9);
        // AR(2): rho_1 = a / (1 - b), variance (1 - b) / ((1 + b) ((1 - b)^2 - a^2)).
        let variance = 0.7 / (1.3 * (0.49 - 0.25));
        close(at("ar:0.5,0.3", 0, 0), variance);
        close(at("ar:0.5,0.3", 4, 5), variance * 0.5 / 0.7);
        close(at("ar:0.5,0.3", 4, 6), variance * (0.5 * 0.5 / 0.7 + 0.3));
        close(at("ar:0.9", 4, 6), 0.81 / 0.19);
        assert!(Form::parse("file:a.npy").unwrap().covariance(3).is_none());
    }
}
