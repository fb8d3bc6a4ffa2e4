//! Class structure: every sample is of a class, drawn anew each iteration and the same for activity
//! and error. The values of one unit correlate by `within` for samples of one class and by
//! `between` for samples of different classes, whatever their iterations. Variance 1.

use super::{Arguments, Facts, FormError, Matrix, Model, NewSampler, Noise, Real, by_lag};

pub(super) const FACTS: Facts = Facts {
    name: "classes",
    form: "classes:K,within=W,between=B",
    expected: "classes:K,within=W,between=B with a whole number of classes from 1",
    keys: &["within", "between"],
    modifiers: &["mean", "std"],
    gaussian: false,
    examples: &["classes:10,within=0.8,between=0.1"],
    meaning: "class structure, shared by activity and error",
    ..Facts::COMMON
};

/// `classes:10,within=0.8,between=0.1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Classes {
    classes: usize,
    within: f64,
    between: f64,
}

impl Model for Classes {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        let (&[k], Some(within)) = (&arguments.numbers[..], arguments.get("within")) else {
            return Err(arguments.malformed());
        };
        let between = arguments.get("between").unwrap_or(0.0);
        if k < 1.0 || k.fract() != 0.0 || k > 1e6 {
            Err(arguments.malformed())
        } else if !(0.0..=1.0).contains(&within) || between < 0.0 {
            Err(arguments.indefinite("within= and between= must lie between 0 and 1".into()))
        } else if between > within {
            Err(arguments.indefinite(format!("between={between} is above within={within}")))
        } else {
            Ok(Self { classes: k as usize, within, between })
        }
    }

    fn arguments(&self) -> String {
        format!("{},within={},between={}", self.classes, self.within, self.between)
    }

    /// On average over classes.
    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        let later = self.between + (self.within - self.between) / self.classes as f64;
        by_lag(lags, |h| if h == 0 { 1.0 } else { later })
    }

    fn coefficient(&self) -> Option<f64> {
        Some(self.within)
    }

    fn classes(&self) -> Option<usize> {
        Some(self.classes)
    }

    fn frames(&self) -> usize {
        2
    }

    fn sampler<T: Real>(&self, [_, _, units]: [usize; 3], noise: &mut Noise<T>) -> NewSampler<T> {
        let mut means = Matrix::<T>::zeros(self.classes + 1, units);
        noise.stream.fill_normal(means.as_mut_slice());
        let common = means.row(self.classes).to_vec();
        let shared = T::from_f64(self.between.sqrt());
        let single = T::from_f64((self.within - self.between).sqrt());
        for class in 0..self.classes {
            for (value, &common) in means.row_mut(class).iter_mut().zip(&common) {
                *value = single * *value + shared * common;
            }
        }
        let scale = T::from_f64((1.0 - self.within).sqrt());
        Ok(Box::new(move |frame, _, noise, labels| {
            noise.fill(frame);
            for (p, &label) in labels.iter().enumerate().take(frame.rows()) {
                for (value, &mean) in frame.row_mut(p).iter_mut().zip(means.row(label)) {
                    *value = scale * *value + mean;
                }
            }
        }))
    }
}
