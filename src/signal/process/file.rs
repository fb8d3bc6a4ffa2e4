//! Signals recorded elsewhere: iterations x samples x units, from a file.

use super::place::Place;
use super::{Arguments, Facts, FileName, FormError, Model, NewSampler, Noise, Real, RecordedError};
use crate::array::{Array, header};

pub(super) const FACTS: Facts = Facts {
    name: "file",
    form: "file:PATH#MEMBER",
    expected: "file:PATH, or file:PATH#MEMBER for a member of an .npz archive",
    modifiers: &[],
    file: FileName::Always,
    gaussian: false,
    examples: &["file:run.npz#delta"],
    meaning: "recorded: iterations x samples x units, from `.npz`, `.npy` or `.csv`",
    ..Facts::COMMON
};

/// `file:run.npz#delta`, and with the hash of its contents `file:run.npz#delta@0123456789abcdef`.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    place: Place,
}

impl File {
    /// Reads the file for a run of `wanted` iterations, samples and units.
    fn load(&self, wanted: [usize; 3]) -> Result<Array, RecordedError> {
        let Place { path, member, .. } = &self.place;
        let [iterations, batch, units] = wanted;
        let check = |shape: &[usize]| match *shape {
            [t, p, n] if t >= iterations && p == batch && n == units => Ok(()),
            _ => Err(RecordedError::Shape { path: path.clone(), found: shape.to_vec(), wanted }),
        };
        // The header tells already, however long the signal is.
        check(&header(path, member.as_deref())?.shape)?;
        let values = self.place.load()?;
        check(&values.shape)?;
        Ok(values)
    }
}

impl Model for File {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        let place = arguments.place.and_then(Place::read).ok_or_else(|| arguments.malformed())?;
        Ok(Self { place })
    }

    fn arguments(&self) -> String {
        self.place.to_string()
    }

    fn is_recorded(&self) -> bool {
        true
    }

    fn frames(&self) -> usize {
        2
    }

    fn check_shape(&self, shape: [usize; 3]) -> Result<(), RecordedError> {
        self.load(shape).map(drop)
    }

    fn resolve(&mut self) -> Result<(), RecordedError> {
        self.place.resolve()
    }

    fn sampler<T: Real>(&self, shape: [usize; 3], _noise: &mut Noise<T>) -> NewSampler<T> {
        let values = self.load(shape)?;
        let last = values.shape[0].saturating_sub(1);
        Ok(Box::new(move |frame, t, _, _| {
            let size = frame.as_slice().len();
            let values = &values.data[t.min(last) * size..][..size];
            frame.as_mut_slice().iter_mut().zip(values).for_each(|(x, &y)| *x = T::from_f64(y));
        }))
    }
}
