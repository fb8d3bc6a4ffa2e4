//! Classes of samples, in the forms that they are recorded in.

use crate::array::Array;
use std::collections::BTreeMap;

/// Classes by iteration (one list where they are the same in all), numbered densely in the order of
/// their values.
///
/// Whole numbers of any size and sign are classes; so are rows with a single value that is above
/// all others, which are equal (one-hot). They are iterations x samples (x classes), or samples (x
/// classes), where `signals` are so many iterations of so many samples.
///
/// # Errors
/// Why these are no classes of these samples.
pub(super) fn classes(
    array: &Array,
    signals: Option<[usize; 2]>,
) -> Result<Vec<Vec<usize>>, String> {
    let mut shape = &array.shape[..];
    if let ([rest @ .., 1], true) = (shape, shape.len() > 1) {
        // A column for every sample.
        if signals.is_none_or(|[t, p]| rest == [p] || rest == [t, p]) {
            shape = rest;
        }
    }
    let samples = match (shape, signals) {
        ([p] | [_, p], None) => *p,
        ([p], Some([_, samples])) if *p == samples => *p,
        ([t, p], Some([iterations, samples])) if (*t, *p) == (iterations, samples) => *p,
        ([p, _], Some([_, samples])) if *p == samples => return one_hot(array, samples),
        ([t, p, _], Some([iterations, samples])) if (*t, *p) == (iterations, samples) => {
            return one_hot(array, samples);
        }
        ([_, p, _], None) => return one_hot(array, *p),
        _ => {
            let expected = signals
                .map(|[t, p]| format!(", not of {t} iterations of {p} samples"))
                .unwrap_or_default();
            return Err(format!("they are {:?}{expected}", array.shape));
        }
    };
    let is_whole = |v: &f64| v.fract() == 0.0 && v.abs() < 2f64.powi(53);
    if let Some(at) = array.data.iter().position(|v| !is_whole(v)) {
        return Err(format!(
            "they hold {} at index {:?}: classes are whole numbers",
            array.data[at],
            array.index(at)
        ));
    }
    Ok(numbered(array.data.iter().map(|v| *v as i64))
        .chunks_exact(samples)
        .map(<[usize]>::to_vec)
        .collect())
}

/// The place of the single value of every row that is above all others.
fn one_hot(array: &Array, samples: usize) -> Result<Vec<Vec<usize>>, String> {
    let classes = array.shape.last().copied().unwrap_or(1);
    let mut levels = None;
    let mut class_of = |(at, row): (usize, &[f64])| {
        let highest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let lowest = row.iter().copied().fold(f64::INFINITY, f64::min);
        // Rows that fill up a short batch are equal throughout, and of no class.
        if highest == lowest && highest <= 0.0 {
            return Ok(-1);
        }
        let single = row.iter().filter(|v| **v != lowest).count() == 1;
        let same = *levels.get_or_insert([lowest, highest]) == [lowest, highest];
        let place = row.iter().position(|v| *v == highest).filter(|_| single && same);
        place.map(|place| place as i64).ok_or_else(|| {
            format!(
                "row {:?} is no class: these have one value above the others, and the same two \
                 values in every row",
                &array.index(at * classes)[..array.shape.len() - 1]
            )
        })
    };
    let places = array
        .data
        .chunks_exact(classes)
        .enumerate()
        .map(&mut class_of)
        .collect::<Result<Vec<i64>, String>>()?;
    Ok(numbered(places.into_iter()).chunks_exact(samples).map(<[usize]>::to_vec).collect())
}

/// Numbers from 0 in the order of the values.
fn numbered(values: impl Iterator<Item = i64> + Clone) -> Vec<usize> {
    let mut classes: BTreeMap<i64, usize> = values.clone().map(|value| (value, 0)).collect();
    classes.values_mut().enumerate().for_each(|(number, class)| *class = number);
    values.map(|value| classes[&value]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shape: &[usize], data: &[f64]) -> Array {
        Array { shape: shape.to_vec(), data: data.to_vec() }
    }

    #[test]
    fn classes_are_read_in_every_form() {
        let signals = Some([2, 3]);
        let expected = vec![vec![0, 1, 2], vec![2, 1, 0]];
        let whole = [-1.0, 1.0, 363.0, 363.0, 1.0, -1.0];
        assert_eq!(classes(&array(&[2, 3], &whole), signals).unwrap(), expected);
        assert_eq!(classes(&array(&[2, 3, 1], &whole), signals).unwrap(), expected);
        assert_eq!(classes(&array(&[3], &whole[..3]), signals).unwrap(), expected[..1]);
        assert_eq!(classes(&array(&[3, 1], &whole[..3]), signals).unwrap(), expected[..1]);
        // One-hot, also with other levels than 0 and 1.
        for [off, on] in [[0.0, 1.0], [-1.0, 1.0], [0.05, 0.9]] {
            let row = |class: usize| (0..3).map(move |c| if c == class { on } else { off });
            let rows =
                |classes: &[usize]| classes.iter().flat_map(|c| row(*c)).collect::<Vec<f64>>();
            let found = classes(&array(&[2, 3, 3], &rows(&[0, 1, 2, 2, 1, 0])), signals).unwrap();
            assert_eq!(found, expected);
            assert_eq!(
                classes(&array(&[3, 3], &rows(&[0, 1, 2])), signals).unwrap(),
                expected[..1]
            );
        }
        // A row of zeros fills up a batch.
        let filled = array(&[1, 3, 2], &[0.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(classes(&filled, Some([1, 3])).unwrap(), [[2, 1, 0]]);
    }

    #[test]
    fn what_is_no_class_is_said() {
        let signals = Some([2, 3]);
        let error = classes(&array(&[2, 3], &[0.0, 1.0, 1.5, 0.0, 1.0, 2.0]), signals).unwrap_err();
        assert_eq!(error, "they hold 1.5 at index [0, 2]: classes are whole numbers");
        let error =
            classes(&array(&[1, 3, 2], &[0.5, 0.6, 0.7, 0.1, 0.7, 0.7]), Some([1, 3])).unwrap_err();
        assert!(error.contains("row [0, 1] is no class"), "{error}");
        assert_eq!(
            classes(&array(&[5], &[0.0; 5]), signals).unwrap_err(),
            "they are [5], not of 2 iterations of 3 samples"
        );
        // Iterations and samples may be as many as classes: then rows are samples of an iteration.
        let square = array(&[3, 3], &[0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(classes(&square, Some([3, 3])).unwrap(), [[0, 1, 0], [1, 0, 0], [0, 0, 1]]);
    }

    #[test]
    fn one_hot_rows_are_of_as_many_samples_as_the_signals() {
        let one_hot = [1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0];
        assert_eq!(classes(&array(&[4, 2], &one_hot), Some([2, 4])).unwrap(), [[0, 1, 1, 0]]);
        assert_eq!(
            classes(&array(&[4, 2], &one_hot), Some([2, 3])).unwrap_err(),
            "they are [4, 2], not of 2 iterations of 3 samples"
        );
        // Without signals a list is one iteration, of a single sample, too.
        assert_eq!(classes(&array(&[1], &[7.0]), None).unwrap(), [[0]]);
    }
}
