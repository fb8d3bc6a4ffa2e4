//! Data sets in `.npz` archives: `x` and `y`, and optionally `x_test` and `y_test`.

use super::{DataError, DataFacts, DataSet, Split, fixed_split};
use crate::array::{Array, members, read, shape};
use crate::matrix::Matrix;
use crate::real::Real;
use std::path::Path;

/// Names of the members.
const MEMBERS: [&str; 4] = ["x", "y", "x_test", "y_test"];

/// Sizes, from the header of `x` and from the labels.
pub(super) fn facts(path: &Path) -> Result<DataFacts, DataError> {
    let names = members(path)?;
    let parts = if has_test(&names) { 2 } else { 1 };
    let mut counts = Vec::new();
    let mut classes = 0;
    let mut per_sample: Option<Vec<usize>> = None;
    for part in 0..parts {
        let [x, y] = [MEMBERS[2 * part], MEMBERS[2 * part + 1]];
        let shape = shape(path, x)?;
        let (Some(&count), [_, rest @ ..]) = (shape.first(), &shape[..]) else {
            let why = format!("`{x}` has no dimensions: expected samples by features, or samples by height by width");
            return Err(DataError::Unfit { path: path.into(), why });
        };
        if rest.is_empty() || rest.len() > 2 || shape.contains(&0) {
            let why = format!("`{x}` is {shape:?}: expected samples by features, or samples by height by width");
            return Err(DataError::Unfit { path: path.into(), why });
        }
        if per_sample.as_deref().is_some_and(|other| other != rest) {
            let why = format!("samples of `x` and `x_test` differ in shape: {per_sample:?} and {rest:?}");
            return Err(DataError::Unfit { path: path.into(), why });
        }
        per_sample = Some(rest.to_vec());
        let labels = labels(path, y)?;
        super::check_counts(path, count, labels.len())?;
        classes = classes.max(labels.iter().max().map_or(0, |&label| usize::from(label) + 1));
        counts.push(count);
    }
    let rest = per_sample.unwrap_or_default();
    let (training_images, test_images) = match counts[..] {
        [all] => (fixed_split(all).0.len(), fixed_split(all).1.len()),
        _ => (counts[0], counts[1]),
    };
    let bytes = super::source::read_file(path)?;
    Ok(DataFacts {
        training_images,
        test_images,
        inputs: rest.iter().product(),
        image: <[usize; 2]>::try_from(rest).ok().map(|[height, width]| [1, height, width]),
        classes,
        fingerprint: Some(blake3::hash(&bytes).to_hex().to_string()),
    })
}

fn has_test(names: &[String]) -> bool {
    names.iter().any(|name| name == "x_test")
}

/// Loads the archive. Values stay as they are; without `x_test`, a fifth of the samples is held out, the same whatever
/// the seed.
pub(super) fn load<T: Real>(path: &Path, classes: usize) -> Result<DataSet<T>, DataError> {
    let part = |x: &str, y: &str| -> Result<Split<T>, DataError> {
        let Array { shape, data } = read(path, Some(x))?;
        let inputs = shape[1..].iter().product();
        let images = Matrix::from_vec(shape[0], inputs, data.into_iter().map(T::from_f64).collect());
        Ok(Split { images, labels: labels(path, y)? })
    };
    let all = part("x", "y")?;
    if has_test(&members(path)?) {
        return Ok(DataSet { train: all, test: part("x_test", "y_test")?, classes });
    }
    let (train, test) = fixed_split(all.labels.len());
    Ok(DataSet { train: all.select(&train), test: all.select(&test), classes })
}

/// Labels: whole numbers from 0 to 255.
fn labels(path: &Path, member: &str) -> Result<Vec<u8>, DataError> {
    let Array { shape, data } = read(path, Some(member))?;
    if shape.len() != 1 {
        let why = format!("`{member}` is {shape:?}: expected one label per sample");
        return Err(DataError::Unfit { path: path.into(), why });
    }
    let label = |(at, &value): (usize, &f64)| {
        let whole = value.fract() == 0.0 && (0.0..=255.0).contains(&value);
        let why = || format!("`{member}` holds {value} at index {at}: labels are whole numbers from 0 to 255");
        if whole { Ok(value as u8) } else { Err(DataError::Unfit { path: path.into(), why: why() }) }
    };
    data.iter().enumerate().map(label).collect()
}
