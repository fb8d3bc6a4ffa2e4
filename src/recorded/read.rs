//! From archives to recordings, with everything that is wrong said at once.

use super::evidence::{self, Both};
use super::layout::{BackwardReading, Layout, Member, Members, Part, check_counts};
use super::{Backward, Reading, RecordedRun, Stack, Told, labels};
use crate::array::{Array, ArrayError, MOST_BYTES, members, read, shape};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a recording cannot be used.
#[derive(Debug, Error)]
pub enum RecordedRunError {
    /// The archive cannot be read.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// Members that are malformed, or do not fit together.
    #[error("{} cannot be used:\n  {}", path.display(), problems.join("\n  "))]
    Unfit {
        /// The archive.
        path: PathBuf,
        /// Everything that is wrong.
        problems: Vec<String>,
    },
}

/// Why members are left out, by part and number.
type LeftOut = BTreeMap<(Part, usize), String>;

pub(super) fn open(path: &Path) -> Result<RecordedRun, RecordedRunError> {
    let (mut problems, mut left_out) = (Vec::new(), LeftOut::new());
    let (mut known, ignored) = shapes(path, &mut problems, &mut left_out)?;
    check_counts(&known, &mut left_out, &mut problems);
    known.retain(|key, _| !left_out.contains_key(key));
    let mut layouts = Layout::all(&known);
    // All of them have equally few; the first is that of the names as they stand, if that is among them.
    problems.extend(layouts.first().map(|of| of.problems.clone()).unwrap_or_default());
    let values = |shape: &[usize]| shape.iter().fold(1u128, |n, &size| n.saturating_mul(size as u128));
    let bytes = known.values().fold(0u128, |sum, of| sum.saturating_add(8 * values(&of.shape)));
    if bytes > u128::from(MOST_BYTES) {
        problems.push(format!(
            "its members claim {bytes} bytes in all, more than the {MOST_BYTES} that are read: record fewer iterations or \
             samples"
        ));
    }
    if !problems.is_empty() {
        problems.extend(left_out.into_values());
        problems.extend(layouts.swap_remove(0).left_out.into_values());
        return Err(RecordedRunError::Unfit { path: path.into(), problems });
    }
    let mut loaded = load(path, &known, &mut left_out)?;
    let (layout, open) = choose(layouts, &loaded.stacks)?;
    let mut reading = Reading { numbering: layout.numbering, numbering_open: open, ignored, ..Reading::default() };
    reading.renumbered = layout.numbering.examples(&known);
    reading.left_out = left_out.into_values().chain(layout.left_out.values().cloned()).collect();
    loaded.stacks.retain(|key, _| !layout.left_out.contains_key(key));
    Ok(build(loaded, layout, reading)?)
}

/// Members that are known, and the names of others.
fn shapes(
    path: &Path,
    problems: &mut Vec<String>,
    left_out: &mut LeftOut,
) -> Result<(Members, Vec<String>), ArrayError> {
    let (mut known, mut ignored) = (Members::new(), Vec::new());
    for name in members(path)? {
        let Some(key) = Part::of(&name).filter(|key| !known.contains_key(key) && !left_out.contains_key(key)) else {
            ignored.push(name);
            continue;
        };
        let member = match shape(path, &name) {
            Ok(shape) => Member { name: name.clone(), shape },
            Err(error @ ArrayError::Type { .. }) if key.0.is_optional() => {
                left_out.insert(key, format!("`{name}`: {error}"));
                continue;
            }
            Err(error) => {
                problems.push(format!("`{name}`: {error}"));
                continue;
            }
        };
        match member.flaw(key.0) {
            None => {
                known.insert(key, member);
            }
            Some(flaw) if key.0.is_optional() => {
                left_out.insert(key, format!("`{name}` {flaw}"));
            }
            Some(flaw) => problems.push(format!("`{name}` {flaw}")),
        }
    }
    if problems.is_empty()
        && !known.keys().any(|(part, _)| matches!(part, Part::Weights | Part::Activity | Part::Delta))
    {
        problems.push(format!(
            "it has none of W0, W1, ..., activity0, ..., delta1, ...: its members are {}",
            ignored.join(", ")
        ));
    }
    Ok((known, ignored))
}

/// Values by part and number.
struct Loaded {
    stacks: BTreeMap<(Part, usize), Stack>,
    labels: Option<Vec<Vec<usize>>>,
}

fn load(path: &Path, known: &Members, left_out: &mut LeftOut) -> Result<Loaded, RecordedRunError> {
    let mut loaded = Loaded { stacks: BTreeMap::new(), labels: None };
    let signals = known.iter().find(|((part, _), _)| matches!(part, Part::Activity | Part::Delta));
    let signals = signals.map(|(_, of)| [of.shape[0], of.shape[1]]);
    let mut problems = Vec::new();
    for (&key, Member { name, .. }) in known {
        let array = match read(path, Some(name)) {
            Ok(array) => array,
            Err(error @ ArrayError::NotFinite { .. }) if key.0 == Part::Labels => {
                left_out.insert(key, format!("`{name}`: {error}"));
                continue;
            }
            Err(error) => {
                problems.push(format!("`{name}`: {error}"));
                continue;
            }
        };
        if key.0 == Part::Labels {
            match labels::classes(&array, signals) {
                Ok(classes) => loaded.labels = Some(classes),
                Err(why) => {
                    left_out.insert(key, format!("`{name}` are no classes of the samples: {why}"));
                }
            }
        } else if let Some(stack) = Stack::new(if key.0 == Part::Bias { as_rows(array) } else { array }) {
            loaded.stacks.insert(key, stack);
        }
    }
    if problems.is_empty() { Ok(loaded) } else { Err(RecordedRunError::Unfit { path: path.into(), problems }) }
}

/// Vectors as matrices of one row.
fn as_rows(array: Array) -> Array {
    let shape = match array.shape[..] {
        [units] => vec![1, units],
        [states, units] => vec![states, 1, units],
        _ => array.shape,
    };
    Array { shape, data: array.data }
}

/// The layout that the signals bear out best, and whether nothing tells it from others.
fn choose(mut layouts: Vec<Layout>, stacks: &BTreeMap<(Part, usize), Stack>) -> Result<(Layout, bool), ArrayError> {
    if layouts.len() < 2 {
        return Ok((layouts.pop().unwrap_or_default(), false));
    }
    let scores = layouts.iter().map(|layout| Ok(evidence::score(&relations(layout, stacks)?)));
    let scores: Vec<i32> = scores.collect::<Result<_, ArrayError>>()?;
    let best = scores.iter().copied().max().unwrap_or(0);
    let tied: Vec<usize> = (0..layouts.len()).filter(|place| scores[*place] == best).collect();
    // That every kind of member lacks its first layer is less likely than that all count from 1.
    let from_one = tied.iter().copied().find(|place| layouts[*place].is_all_from_one());
    let place = from_one.or(tied.first().copied()).unwrap_or(0);
    Ok((layouts.swap_remove(place), tied.len() > 1 && from_one.is_none()))
}

/// What all signals say of all matrices, if they are numbered like this.
fn relations(layout: &Layout, stacks: &BTreeMap<(Part, usize), Stack>) -> Result<Vec<Both>, ArrayError> {
    let by_layer: BTreeMap<(Part, usize), &Stack> =
        stacks.iter().map(|(key, stack)| ((key.0, layout.numbering.layer(*key)), stack)).collect();
    let get = |part: Part, l: usize| by_layer.get(&(part, l)).copied();
    let mut found = Vec::new();
    for l in 0..layout.sizes.len().saturating_sub(1) {
        let (here, next) = (get(Part::Activity, l), get(Part::Activity, l + 1));
        let (delta, above) = (get(Part::Delta, l), get(Part::Delta, l + 1));
        let weights = get(Part::Weights, l);
        if let (Some(weights), Some(here), Some(next)) = (weights, here, next) {
            found.push(evidence::order(here, weights, get(Part::Bias, l + 1), next)?);
        }
        if let (Some(weights), Some(here), Some(above)) = (weights, here, above) {
            found.push(evidence::steps(weights, here, above)?);
        }
        if let (Some(delta), Some(above), true) = (delta, above, l > 0) {
            found.extend(get(Part::Backward, l).map(|b| evidence::carriage(delta, above, b)).transpose()?);
        }
    }
    Ok(found)
}

fn build(loaded: Loaded, layout: Layout, mut reading: Reading) -> Result<RecordedRun, ArrayError> {
    let layers = layout.sizes.len();
    let depth = layers.saturating_sub(1);
    let mut run = RecordedRun {
        weights: vec![None; depth],
        backward: vec![None; depth],
        biases: vec![None; layers],
        activities: vec![None; layers],
        deltas: vec![None; layers],
        labels: loaded.labels,
        reading: Reading::default(),
    };
    for (key, stack) in loaded.stacks {
        let l = layout.numbering.layer(key);
        let list = match key.0 {
            Part::Weights => &mut run.weights,
            Part::Bias => &mut run.biases,
            Part::Activity => &mut run.activities,
            Part::Delta => &mut run.deltas,
            Part::Labels => continue,
            Part::Backward | Part::Direct => {
                match layout.backward.get(&l).filter(|_| l > 0) {
                    Some(readings) => run.backward[l] = Backward::new(stack, readings.clone()),
                    None => reading.left_out.push(format!("B{l} is not used: no error is carried to the inputs")),
                }
                continue;
            }
        };
        if let Some(place) = list.get_mut(l) {
            let turned = key.0 == Part::Weights && layout.turned.contains(&l);
            *place = Some(if turned { stack.turned() } else { stack });
        }
    }
    let by_shape = |readings: &[BackwardReading]| readings.iter().all(|reading| reading.turned);
    reading.transposed = layout.backward.iter().filter(|(l, of)| **l > 0 && by_shape(of)).map(|(l, _)| *l).collect();
    reading.weights_turned = layout.turned.iter().map(|l| (*l, Told::Shape)).collect();
    run.reading = reading;
    settle_square_weights(&mut run, &layout)?;
    Ok(run)
}

/// Turns square weights that the signals, or those of all other layers, say are stored as their transposes.
fn settle_square_weights(run: &mut RecordedRun, layout: &Layout) -> Result<(), ArrayError> {
    let mut as_is = run.weights.iter().flatten().count() > layout.square.len() + layout.turned.len();
    let mut open = Vec::new();
    for &l in &layout.square {
        match told(run, l)? {
            Some((true, told)) => turn(run, l, told),
            Some((false, _)) => as_is = true,
            None => open.push(l),
        }
    }
    match (as_is, run.reading.weights_turned.is_empty()) {
        (false, false) => open.iter().for_each(|l| turn(run, *l, Told::OtherLayers)),
        (true, true) => {}
        _ => run.reading.weights_open = open,
    }
    run.reading.weights_turned.sort_unstable_by_key(|(l, _)| *l);
    Ok(())
}

fn turn(run: &mut RecordedRun, l: usize, told: Told) {
    run.weights[l] = run.weights[l].take().map(Stack::turned);
    run.reading.weights_turned.push((l, told));
}

/// Whether square `W_l` is stored as its transpose, and what tells.
fn told(run: &RecordedRun, l: usize) -> Result<Option<(bool, Told)>, ArrayError> {
    let Some(weights) = run.weights(l) else { return Ok(None) };
    if let (Some(here), Some(next)) = (run.activity(l), run.activity(l + 1)) {
        let both = evidence::order(here, weights, run.biases(l + 1), next)?;
        if let Some(turned) = evidence::turned(&both) {
            return Ok(Some((turned, Told::Activities)));
        }
    }
    if let (Some(here), Some(above)) = (run.activity(l), run.delta(l + 1)) {
        let both = evidence::steps(weights, here, above)?;
        if let Some(turned) = evidence::turned_by_steps(&both) {
            return Ok(Some((turned, Told::Steps)));
        }
    }
    if let (Some(delta), Some(above)) = (run.delta(l), run.delta(l + 1)) {
        // Errors are carried back by the transpose.
        let [as_is, turned] = evidence::carriage(delta, above, weights)?;
        if let Some(turned) = evidence::turned(&[turned, as_is]) {
            return Ok(Some((turned, Told::Errors)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::write_npz;

    fn write(members: &[(&str, &[usize])]) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.npz");
        let arrays: Vec<(&str, Array)> = members
            .iter()
            .map(|(name, shape)| {
                let values = shape.iter().product();
                (*name, Array { shape: shape.to_vec(), data: (0..values).map(|i| (i % 3) as f64).collect() })
            })
            .collect();
        let arrays: Vec<(&str, &Array)> = arrays.iter().map(|(name, array)| (*name, array)).collect();
        write_npz(&path, &arrays).unwrap();
        (directory, path)
    }

    #[test]
    fn a_whole_run_is_read() {
        let (_keep, path) = write(&[
            ("W0", &[4, 7, 5]),
            ("W1", &[4, 5, 2]),
            ("B1", &[2, 5]),
            ("b1", &[4, 5]),
            ("activity0", &[3, 6, 7]),
            ("activity1", &[3, 6, 5]),
            ("delta1", &[3, 6, 5]),
            ("delta2", &[3, 6, 2]),
            ("labels", &[3, 6]),
            ("note", &[1]),
        ]);
        let run = RecordedRun::open(&path).unwrap();
        assert_eq!((run.depth(), run.iterations(), run.reading.ignored.len()), (2, 3, 1));
        assert_eq!(run.weights(1).unwrap().len(), 4);
        assert_eq!(run.weights(1).unwrap().matrix(3).unwrap().row(4), [2.0, 0.0]);
        assert_eq!((run.backward(1).unwrap().states().shape()[0], run.biases(1).unwrap().shape()), (2, [1, 5]));
        assert_eq!(run.labels(2).unwrap().len(), 6);
        assert!(run.reading.transposed.is_empty() && run.backward(0).is_none() && run.delta(0).is_none());
    }

    #[test]
    fn backward_weights_are_turned_only_where_shapes_demand_it() {
        let (_keep, path) = write(&[("W1", &[5, 2]), ("B1", &[5, 2]), ("W2", &[2, 2]), ("B2", &[2, 2])]);
        let run = RecordedRun::open(&path).unwrap();
        assert_eq!(run.reading.transposed, [1]);
        assert_eq!(run.backward(1).unwrap().states().shape(), [2, 5]);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let (_keep, path) = write(&[
            ("W0", &[7, 5]),
            ("W1", &[6, 2]),
            ("B1", &[3, 3]),
            ("activity0", &[3, 6, 7]),
            ("delta1", &[3, 5, 5]),
            ("delta2", &[2]),
            ("labels", &[5]),
        ]);
        let error = RecordedRun::open(&path).unwrap_err().to_string();
        for words in [
            "`W1` has 6 units in layer 1, `W0` has 5",
            "`B1` is 3 x 3: expected 2 x 5",
            "`delta1` has 3 iterations of 5 samples, `activity0` has 3 of 6",
            "`delta2` is [2]: expected 3 dimensions",
            "`labels` is [5], `activity0` has 3 iterations of 6 samples",
        ] {
            assert!(error.contains(words), "lacks `{words}`:\n{error}");
        }
        let (_keep, path) = write(&[("weights", &[3, 3])]);
        let error = RecordedRun::open(&path).unwrap_err().to_string();
        assert!(error.contains("none of W0") && error.contains("weights"), "{error}");
    }
}
