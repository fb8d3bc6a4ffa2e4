//! Signals recorded elsewhere: iterations x samples x units, from a file.

use super::{Arguments, Facts, FormError, Model, NewSampler, Noise, Real, RecordedError};
use crate::array::{self, Array, DIGEST, header, read};
use std::path::PathBuf;

pub(super) const FACTS: Facts = Facts {
    name: "file",
    form: "file:PATH#MEMBER",
    expected: "file:PATH, or file:PATH#MEMBER for a member of an .npz archive",
    modifiers: &[],
    verbatim: true,
    gaussian: false,
    examples: &["file:run.npz#delta"],
    meaning: "recorded: iterations x samples x units, from `.npz`, `.npy` or `.csv`",
    ..Facts::COMMON
};

/// `file:run.npz#delta`, and with the hash of its contents `file:run.npz#delta@0123456789abcdef`.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// `.npz`, `.npy` or `.csv`.
    path: PathBuf,
    /// Member of an archive.
    member: Option<String>,
    /// First 16 hexadecimal digits of the BLAKE3 hash of the file, so that results belong to
    /// contents.
    digest: Option<String>,
}

impl File {
    /// Reads the file for a run of `wanted` iterations, samples and units.
    fn load(&self, wanted: [usize; 3]) -> Result<Array, RecordedError> {
        self.clone().resolve()?;
        let [iterations, batch, units] = wanted;
        let check = |shape: &[usize]| match *shape {
            [t, p, n] if t >= iterations && p == batch && n == units => Ok(()),
            _ => {
                Err(RecordedError::Shape { path: self.path.clone(), found: shape.to_vec(), wanted })
            }
        };
        // The header tells already, however long the signal is.
        check(&header(&self.path, self.member.as_deref())?.shape)?;
        let values = read(&self.path, self.member.as_deref())?;
        check(&values.shape)?;
        Ok(values)
    }
}

impl Model for File {
    /// `PATH`, `PATH#MEMBER`, and either with `@DIGEST`.
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        let place = arguments.text.strip_prefix("file:").unwrap_or_default();
        let is_digest = |d: &str| d.len() == DIGEST && d.bytes().all(|b| b.is_ascii_hexdigit());
        let (place, digest) = match place.rsplit_once('@') {
            Some((place, digest)) if is_digest(digest) => (place, Some(digest.to_string())),
            _ => (place, None),
        };
        let (path, member) = array::place(place);
        if path.as_os_str().is_empty() || member == Some("") {
            return Err(arguments.malformed());
        }
        Ok(Self { path, member: member.map(String::from), digest })
    }

    fn arguments(&self) -> String {
        let mut text = self.path.display().to_string();
        for (mark, part) in [('#', &self.member), ('@', &self.digest)] {
            text.extend(part.iter().map(|part| format!("{mark}{part}")));
        }
        text
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
        let found = array::digest(&self.path)?;
        match &self.digest {
            Some(wanted) if *wanted != found => Err(RecordedError::Changed {
                path: self.path.clone(),
                found,
                wanted: wanted.clone(),
            }),
            _ => {
                self.digest = Some(found);
                Ok(())
            }
        }
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
