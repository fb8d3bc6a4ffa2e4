//! Processes whose second moments were measured, and stand in a file.
//!
//! The values are Gaussian of variance 1. The autocorrelations of the file hold exactly at its
//! lags, and beyond them go on as in the process that presumes least of all that have them: an
//! autoregression of as many lags (the process of maximum entropy, Burg 1975).

use super::ar::AutoRegression;
use super::derived::Derived;
use super::place::Place;
use super::{Arguments, FormError, Model, NewSampler, Noise, Real, RecordedError};
use crate::array::Array;
use std::f64::consts::TAU;
use std::marker::PhantomData;

/// Most lags of a file that are read. A sampler keeps as many frames, and weights for each number
/// of them at the start of a run.
const MOST_LAGS: usize = 1024;

/// Lags at which the autocorrelation is that of a spectrum, unless less is enough for it to be
/// foreseen without error.
const LAGS_OF_SPECTRUM: usize = 256;

/// The share of the variance below which what is left to chance counts as rounding.
const FORESEEN: f64 = 1e-10;

/// What a file holds.
pub trait Moments: Clone + std::fmt::Debug + PartialEq {
    /// The process that has these moments.
    ///
    /// # Errors
    /// What is wrong with them, and what would be right.
    fn process(array: &Array) -> Result<AutoRegression, String>;
}

/// Autocovariances at lags 0, 1, 2, ...
#[derive(Clone, Debug, PartialEq)]
pub struct Autocovariance;

/// Spectral densities.
#[derive(Clone, Debug, PartialEq)]
pub struct Density;

impl Moments for Autocovariance {
    fn process(array: &Array) -> Result<AutoRegression, String> {
        of_autocorrelations(&autocorrelations(array)?)
    }
}

impl Moments for Density {
    fn process(array: &Array) -> Result<AutoRegression, String> {
        Ok(of_density(&densities(array)?))
    }
}

/// A process whose second moments stand in a file, which is read when it is needed.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured<M> {
    place: Place,
    found: Derived<Option<AutoRegression>>,
    moments: PhantomData<M>,
}

impl<M: Moments> Measured<M> {
    /// The process.
    ///
    /// # Errors
    /// If the file cannot be read, changed, or holds no moments of a process.
    fn regression(&self) -> Result<AutoRegression, RecordedError> {
        let found = self.found.get(|| self.find().ok());
        found.clone().map_or_else(|| self.find(), Ok)
    }

    fn find(&self) -> Result<AutoRegression, RecordedError> {
        let path = &self.place.path;
        let array = self.place.load()?;
        M::process(&array).map_err(|why| RecordedError::Contents { path: path.clone(), why })
    }
}

impl<M: Moments> Model for Measured<M> {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        let place = arguments.place.and_then(Place::read).ok_or_else(|| arguments.malformed())?;
        Ok(Self { place, found: Derived::default(), moments: PhantomData })
    }

    fn arguments(&self) -> String {
        self.place.to_string()
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        Some(self.regression().ok()?.autocovariance(lags))
    }

    fn frames(&self) -> usize {
        2 + self.regression().map_or(0, |regression| regression.lags())
    }

    fn check_shape(&self, _shape: [usize; 3]) -> Result<(), RecordedError> {
        self.regression().map(drop)
    }

    fn resolve(&mut self) -> Result<(), RecordedError> {
        self.place.resolve()?;
        self.regression().map(drop)
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], _noise: &mut Noise<T>) -> NewSampler<T> {
        Ok(self.regression()?.sampler(1.0))
    }
}

/// The values of a file of one column, or of one row.
fn column(array: &Array) -> Option<&[f64]> {
    matches!(array.shape[..], [_] | [_, 1] | [1, _]).then_some(&array.data)
}

/// Autocorrelations at lags 0, 1, 2, ... from autocovariances in one column, or beside their lags.
fn autocorrelations(array: &Array) -> Result<Vec<f64>, String> {
    let values: Vec<f64> = match (column(array), &array.shape[..]) {
        (Some(values), _) => values.to_vec(),
        (None, [_, 2]) => {
            let pairs = array.data.chunks_exact(2);
            if let Some((at, pair)) = pairs.clone().enumerate().find(|(h, p)| p[0] != *h as f64) {
                return Err(format!(
                    "the lag {} in row {}: give lags 0, 1, 2, ... one after the other",
                    pair[0],
                    at + 1
                ));
            }
            pairs.map(|pair| pair[1]).collect()
        }
        _ => {
            return Err(format!(
                "values of shape {:?}: give autocovariances at lags 0, 1, 2, ... in one column, \
                 or a column of lags and one of autocovariances",
                array.shape
            ));
        }
    };
    let Some(&variance) = values.first().filter(|_| values.len() > 1) else {
        return Err("one value: give those at lags 0, 1, 2, ...".into());
    };
    if values.len() > MOST_LAGS + 1 {
        let found = values.len() - 1;
        return Err(format!("{found} lags, more than {MOST_LAGS}: leave those beyond out"));
    }
    if variance <= 0.0 || values.iter().any(|v| v.abs() > variance) {
        return Err(format!(
            "{variance} first, which is not the largest of its values: start at lag 0, where an \
             autocovariance is the variance, and an autocorrelation 1"
        ));
    }
    Ok(values.iter().map(|v| v / variance).collect())
}

/// Frequencies, in cycles per iteration, and densities there.
fn densities(array: &Array) -> Result<Vec<[f64; 2]>, String> {
    let points: Vec<[f64; 2]> = match (column(array), &array.shape[..]) {
        (Some(values), _) => {
            let spacing = 0.5 / (values.len().max(2) - 1) as f64;
            values.iter().enumerate().map(|(i, &v)| [i as f64 * spacing, v]).collect()
        }
        (None, [_, 2]) => array.data.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect(),
        _ => {
            return Err(format!(
                "values of shape {:?}: give densities at equally spaced frequencies from 0 to 1/2 \
                 cycles per iteration in one column, or a column of frequencies and one of \
                 densities",
                array.shape
            ));
        }
    };
    if points.len() < 3 {
        return Err(format!("{} densities: give three or more", points.len()));
    }
    if points.windows(2).any(|pair| pair[0][0] >= pair[1][0]) || points[0][0] < 0.0 {
        return Err("frequencies that do not ascend from 0 or more: sort them".into());
    }
    if let Some(highest) = points.last().map(|p| p[0]).filter(|f| *f > 0.5 + 1e-9) {
        return Err(format!(
            "the frequency {highest}, where there is none above 1/2 cycle per iteration: divide \
             frequencies in Hz by the iterations per second, and leave out those above 1/2"
        ));
    }
    if points.iter().any(|p| p[1] < 0.0) || points.iter().all(|p| p[1] == 0.0) {
        return Err("densities below 0, or none above: give power per frequency, not \
                    decibels"
            .into());
    }
    Ok(points)
}

/// The process with these autocorrelations, the first of which is 1.
fn of_autocorrelations(autocorrelations: &[f64]) -> Result<AutoRegression, String> {
    AutoRegression::of_autocorrelations(autocorrelations, FORESEEN).map_err(|lag| {
        format!(
            "autocovariances that no process has from lag {lag} on: give fewer lags, or estimates \
             that are divided by the number of all values at every lag, as most programs do by \
             default"
        )
    })
}

/// The process with the spectral density that is linear between the points, and 0 beyond them.
fn of_density(points: &[[f64; 2]]) -> AutoRegression {
    let lags = (0..=LAGS_OF_SPECTRUM).map(|h| points.windows(2).map(|p| cosine(p, h)).sum());
    let covariances: Vec<f64> = lags.collect();
    let correlations: Vec<f64> = covariances.iter().map(|c| c / covariances[0]).collect();
    // Where rounding makes them those of no process, the lags before are all that can be told.
    let whole = AutoRegression::of_autocorrelations(&correlations, FORESEEN);
    whole
        .or_else(|lag| AutoRegression::of_autocorrelations(&correlations[..lag], FORESEEN))
        .unwrap_or_else(|_| AutoRegression::white())
}

/// Integral of a density, linear between two points, times `cos(2 pi h f)`.
fn cosine(points: &[[f64; 2]], h: usize) -> f64 {
    let [[from, low], [to, high]] = [points[0], points[1]];
    if h == 0 {
        return 0.5 * (low + high) * (to - from);
    }
    let omega = TAU * h as f64;
    let slope = (high - low) / (to - from);
    (high * (omega * to).sin() - low * (omega * from).sin()) / omega
        + slope * ((omega * to).cos() - (omega * from).cos()) / (omega * omega)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(rows: usize, data: Vec<f64>) -> Array {
        Array { shape: vec![rows, data.len() / rows], data }
    }

    #[test]
    fn few_lags_of_an_autoregression_are_enough() {
        // Those of AR(2), as covariances of variance 4, in three layouts.
        let exact = AutoRegression::new(&[0.5, 0.3]).unwrap().autocovariance(40);
        let scaled: Vec<f64> = exact[..4].iter().map(|c| 4.0 * c / exact[0]).collect();
        let beside = scaled.iter().enumerate().flat_map(|(h, &c)| [h as f64, c]).collect();
        for file in [array(4, scaled.clone()), array(1, scaled.clone()), array(4, beside)] {
            let found = of_autocorrelations(&autocorrelations(&file).unwrap()).unwrap();
            for (h, (found, c)) in found.autocovariance(40).iter().zip(&exact).enumerate() {
                assert!((found - c / exact[0]).abs() < 1e-12, "{h}");
            }
        }
    }

    #[test]
    fn densities_of_an_autoregression_give_it_back() {
        let density = |f: f64| (1.0 - 0.81) / (1.0 - 1.8 * (TAU * f).cos() + 0.81);
        let values: Vec<f64> = (0..=4000).map(|i| density(f64::from(i) / 8000.0)).collect();
        let found = of_density(&densities(&array(4001, values)).unwrap());
        for (h, c) in found.autocovariance(300).iter().enumerate() {
            assert!((c - 0.9f64.powi(h as i32)).abs() < 1e-5, "{h}: {c}");
        }
        // A band and nothing beyond, sin(2 pi h b) / (2 pi h b): all but a share of the variance is
        // soon foreseen, and the autoregression ends there, exact up to its last lag.
        let exact = |h: usize| (TAU * 0.1 * h as f64).sin() / (TAU * h as f64);
        let band = array(3, vec![0.0, 1.0, 0.1, 1.0, 0.100_000_01, 0.0]);
        let found = of_density(&densities(&band).unwrap());
        assert!((5..20).contains(&found.lags()), "{}", found.lags());
        for (h, c) in found.autocovariance(found.lags() + 1).iter().enumerate().skip(1) {
            assert!((c - exact(h) / 0.1).abs() < 1e-6, "{h}: {c}");
        }
        // With a floor beside it, as measurements have, at every lag that is asked for.
        let floor = 1e-4;
        let floored = array(4, vec![0.0, 1.0, 0.1, 1.0, 0.100_000_01, floor, 0.5, floor]);
        let found = of_density(&densities(&floored).unwrap());
        assert_eq!(found.lags(), LAGS_OF_SPECTRUM);
        for (h, c) in found.autocovariance(200).iter().enumerate().skip(1) {
            let exact = (1.0 - floor) * exact(h) / (0.1 + 0.4 * floor);
            assert!((c - exact).abs() < 1e-6, "{h}: {c}");
        }
    }

    #[test]
    fn what_are_no_moments_is_refused_with_the_remedy() {
        for (rows, values, said) in [
            (3, vec![0.5, 1.0, 0.5], "start at lag 0"),
            (1, vec![1.0], "lags 0, 1, 2"),
            (2, vec![1.0, 1.0, 2.0, 0.5], "the lag 1 in row 1"),
            (2, vec![1.0; 6], "in one column"),
            (3, vec![1.0, 0.9, 0.0], "give fewer lags"),
        ] {
            let read = autocorrelations(&array(rows, values));
            let error = read.and_then(|r| of_autocorrelations(&r)).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        for (rows, values, said) in [
            (3, vec![0.0, 1.0, 10.0, 1.0, 100.0, 1.0], "in Hz"),
            (3, vec![0.2, 1.0, 0.1, 1.0, 0.3, 1.0], "sort them"),
            (3, vec![-3.0, -20.0, -40.0], "not decibels"),
            (2, vec![1.0, 1.0], "three or more"),
            (3, vec![1.0; 9], "a column of frequencies"),
        ] {
            let error = densities(&array(rows, values)).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
