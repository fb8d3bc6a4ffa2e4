//! From archives to recordings, with everything that is wrong said at once.

use super::axes;
use super::backward::{Backward, Told};
use super::error::RecordedRunError;
use super::evidence::{self, Both};
use super::extent::{self, Extents, MemberExtent};
use super::labels;
use super::layout::{BackwardReading, Layout, Member, MemberKind, Members, check_counts};
use super::progress::{Progress, ReadingObserver};
use super::read_thinned::read_thinned;
use super::run::{Reading, RecordedRun};
use super::stack::Stack;
use crate::array::{self, Array, ArrayError, Spool, members};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why members are left out, by part and number.
type LeftOut = BTreeMap<(MemberKind, usize), String>;

impl RecordedRun {
    /// Opens an archive or a directory: reads every member once, and keeps none that is large.
    ///
    /// # Errors
    /// If it cannot be read, and with every member that is malformed or does not fit the others.
    pub fn open(path: &Path) -> Result<Self, RecordedRunError> {
        open(path, &Progress::hidden())
    }

    /// The same; `observer` learns how far reading and then analysing it has come.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_observed(
        path: &Path,
        observer: Arc<dyn ReadingObserver>,
    ) -> Result<Self, RecordedRunError> {
        open(path, &Progress::told_to(observer))
    }
}

fn open(path: &Path, progress: &Progress) -> Result<RecordedRun, RecordedRunError> {
    let (mut problems, mut left_out) = (Vec::new(), LeftOut::new());
    let (mut extents, ignored) = extents(path, &mut problems, &mut left_out)?;
    let remarks: Vec<String> = extent::settle(&mut extents).into_iter().collect();
    let mut known = Members::new();
    for (key, extent) in &extents {
        let member = Member { name: extent.name.clone(), shape: extent.shape.clone() };
        match member.flaw(key.0) {
            None => drop(known.insert(*key, member)),
            Some(flaw) if key.0.is_optional() => {
                drop(left_out.insert(*key, format!("`{}` {flaw}", extent.name)))
            }
            Some(flaw) => problems.push(format!("`{}` {flaw}", extent.name)),
        }
    }
    if problems.is_empty()
        && !known.keys().any(|(part, _)| {
            matches!(part, MemberKind::Weights | MemberKind::Activity | MemberKind::Delta)
        })
    {
        problems.push(format!(
            "it has none of W0, W1, ..., activity0, ..., delta1, ...: {}",
            what_else(path, &ignored)
        ));
    }
    // As far as members are whole: whatever is wrong then is wrong between them.
    let whole = problems.is_empty().then(|| known.clone());
    check_counts(&known, &mut left_out, &mut problems);
    known.retain(|key, _| !left_out.contains_key(key));
    // Of a recording that cannot be used, names are not interpreted: members that would tell are
    // missing.
    let mut layouts =
        if problems.is_empty() { Layout::all(&known) } else { vec![Layout::as_named(&known)] };
    // All of them have equally few; the first is that of the names as they stand, if that is among
    // them.
    problems.extend(layouts.first().map(|layout| layout.problems.clone()).unwrap_or_default());
    if !problems.is_empty() {
        if let Some(order) = whole.and_then(|members| axes::other_order(&members)) {
            return Err(RecordedRunError::Unfit { path: path.into(), problems: vec![order] });
        }
        problems.extend(left_out.into_values());
        problems.extend(layouts.swap_remove(0).left_out.into_values());
        return Err(RecordedRunError::Unfit { path: path.into(), problems });
    }
    extents.retain(|key, _| known.contains_key(key));
    let mut loaded = load(path, &extents, &mut left_out, progress)?;
    let (mut layout, open) = choose(layouts, &loaded.stacks)?;
    if open {
        layout = layout.without_doubtful_backward(&known);
    }
    let mut reading = Reading {
        numbering: layout.numbering,
        numbering_open: open,
        ignored,
        ..Reading::default()
    };
    reading.remarks = remarks;
    reading.renumbered = layout.numbering.examples(&known);
    reading.left_out = left_out.into_values().chain(layout.left_out.values().cloned()).collect();
    loaded.stacks.retain(|key, _| !layout.left_out.contains_key(key));
    let mut run = RecordedRun { progress: progress.clone(), ..build(loaded, layout, reading)? };
    run.thinned = read_thinned(path, &mut run, progress)?;
    Ok(run)
}

/// Extents of the members that are known, and the names of others.
fn extents(
    path: &Path,
    problems: &mut Vec<String>,
    left_out: &mut LeftOut,
) -> Result<(Extents, Vec<String>), ArrayError> {
    let (mut found, mut ignored) = (BTreeMap::new(), Vec::new());
    for name in members(path)? {
        let known =
            |key: &(MemberKind, usize)| found.contains_key(key) || left_out.contains_key(key);
        let Some(key) = MemberKind::of(&name).filter(|key| !known(key)) else {
            ignored.push(name);
            continue;
        };
        match array::extent(path, Some(&name)) {
            Ok(extent) => drop(found.insert(key, (name, extent))),
            Err(error @ ArrayError::Type { .. }) if key.0.is_optional() => {
                left_out.insert(key, format!("`{name}`: {error}"));
            }
            Err(error) => problems.push(format!("`{name}`: {error}")),
        }
    }
    let signals = found
        .iter()
        .filter(|((part, _), _)| matches!(part, MemberKind::Activity | MemberKind::Delta));
    let samples = signals.filter_map(|(_, (_, extent))| extent.header.shape.get(1).copied()).next();
    let mut extents = Extents::new();
    let states = found.iter().find_map(|((part, _), (_, extent))| match extent.header.shape[..] {
        [states, _, _] if *part == MemberKind::Weights => Some(states),
        _ => None,
    });
    for (key, (name, extent)) in found {
        let shape = key.0.without_single_axes(&extent.header.shape, states);
        let stacked = key.0.is_stacked(&shape, samples);
        match MemberExtent::new(name, extent, shape, stacked, path.is_dir()) {
            Ok(member) => drop(extents.insert(key, member)),
            Err(why) => problems.push(why),
        }
    }
    Ok((extents, ignored))
}

/// What there is where no recording is.
fn what_else(path: &Path, ignored: &[String]) -> String {
    if !ignored.is_empty() {
        return format!("its members are {}", ignored.join(", "));
    }
    // Recorders put convolutions, which are recordings by themselves, into directories below.
    let below = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let holds =
        |path: &PathBuf| path.is_dir() && members(path).is_ok_and(|members| !members.is_empty());
    let mut below: Vec<String> =
        below.filter(holds).map(|path| path.display().to_string()).collect();
    below.sort();
    match below.is_empty() {
        true => "it has no members".into(),
        false => format!("there are recordings in {}", below.join(", ")),
    }
}

/// Values by part and number.
struct Loaded {
    stacks: BTreeMap<(MemberKind, usize), Stack>,
    labels: Option<Vec<Vec<usize>>>,
}

/// Most labels: unlike all else, these are held.
const MOST_LABELS: usize = 1 << 24;

/// Bytes of compressed members that are unpacked into memory; more go to a file.
const UNPACKED: usize = 64 << 20;

fn load(
    path: &Path,
    extents: &Extents,
    left_out: &mut LeftOut,
    progress: &Progress,
) -> Result<Loaded, RecordedRunError> {
    progress.begin("reading", extents.values().map(MemberExtent::bytes).sum());
    let mut loaded = Loaded { stacks: BTreeMap::new(), labels: None };
    let signals = extents
        .iter()
        .find(|((part, _), _)| matches!(part, MemberKind::Activity | MemberKind::Delta));
    let signals = signals.map(|(_, extent)| [extent.shape[0], extent.shape[1]]);
    let (mut problems, mut spool) = (Vec::new(), Spool::new(UNPACKED));
    for (&key, extent) in extents {
        let name = &extent.name;
        if key.0 == MemberKind::Labels && extent.values() > MOST_LABELS {
            left_out.insert(
                key,
                format!(
                    "`{name}` has {} values, more than the {MOST_LABELS} that are held",
                    extent.values()
                ),
            );
            continue;
        }
        let stack = match Stack::open(path, name, &extent.layout(), &mut spool, progress) {
            Ok(stack) => stack,
            Err(error @ ArrayError::NotFinite { .. }) if key.0.is_optional() => {
                left_out.insert(key, format!("`{name}`: {error}"));
                continue;
            }
            Err(error) => {
                problems.push(format!("`{name}`: {error}"));
                continue;
            }
        };
        if key.0 != MemberKind::Labels {
            loaded.stacks.insert(key, stack);
            continue;
        }
        match labels::classes(&whole(&stack, &extent.shape)?, signals) {
            Ok(classes) => loaded.labels = Some(classes),
            Err(why) => {
                left_out.insert(key, format!("`{name}` are no classes of the samples: {why}"));
            }
        }
    }
    if problems.is_empty() {
        Ok(loaded)
    } else {
        Err(RecordedRunError::Unfit { path: path.into(), problems })
    }
}

/// All values of a member that is small, as an array of this shape.
fn whole(stack: &Stack, shape: &[usize]) -> Result<Array, ArrayError> {
    let mut data = Vec::new();
    for k in 0..stack.len() {
        data.extend_from_slice(stack.matrix(k)?.as_slice());
    }
    Ok(Array { shape: shape.to_vec(), data })
}

/// The layout that the signals bear out best, and whether nothing distinguishes it from others.
fn choose(
    mut layouts: Vec<Layout>,
    stacks: &BTreeMap<(MemberKind, usize), Stack>,
) -> Result<(Layout, bool), ArrayError> {
    if layouts.len() < 2 {
        return Ok((layouts.pop().unwrap_or_default(), false));
    }
    let scores = layouts.iter().map(|layout| Ok(evidence::score(&relations(layout, stacks)?)));
    let scores: Vec<i32> = scores.collect::<Result<_, ArrayError>>()?;
    let best = scores.iter().copied().max().unwrap_or(0);
    let tied: Vec<usize> = (0..layouts.len()).filter(|place| scores[*place] == best).collect();
    // That every kind of member lacks its first layer is less likely than that all count from 1.
    // One layer alone may be any of its network, as a convolution that is recorded by itself, and
    // nothing depends on its number.
    let count = |part: MemberKind| stacks.keys().filter(|key| key.0 == part).count();
    let alone = count(MemberKind::Weights) == 1
        && count(MemberKind::Backward) + count(MemberKind::Direct) == 0;
    let from_one = tied.iter().copied().find(|place| !alone && layouts[*place].is_all_from_one());
    let place = from_one.or(tied.first().copied()).unwrap_or(0);
    Ok((layouts.swap_remove(place), tied.len() > 1 && from_one.is_none() && !alone))
}

/// What all signals say of all matrices, if they are numbered like this.
fn relations(
    layout: &Layout,
    stacks: &BTreeMap<(MemberKind, usize), Stack>,
) -> Result<Vec<Both>, ArrayError> {
    let by_layer: BTreeMap<(MemberKind, usize), &Stack> =
        stacks.iter().map(|(key, stack)| ((key.0, layout.numbering.layer(*key)), stack)).collect();
    let get = |part: MemberKind, l: usize| by_layer.get(&(part, l)).copied();
    let mut found = Vec::new();
    for l in 0..layout.sizes.len().saturating_sub(1) {
        let (here, next) = (get(MemberKind::Activity, l), get(MemberKind::Activity, l + 1));
        let (delta, above) = (get(MemberKind::Delta, l), get(MemberKind::Delta, l + 1));
        let weights = get(MemberKind::Weights, l);
        if let (Some(weights), Some(here), Some(next)) = (weights, here, next) {
            found.push(evidence::order(here, weights, get(MemberKind::Bias, l + 1), next)?);
        }
        if let (Some(weights), Some(here), Some(above)) = (weights, here, above) {
            found.push(evidence::steps(weights, here, above)?);
        }
        if let (Some(delta), Some(above), true) = (delta, above, l > 0) {
            found.extend(
                get(MemberKind::Backward, l)
                    .map(|b| evidence::carriage(delta, above, b))
                    .transpose()?,
            );
        }
    }
    Ok(found)
}

fn build(loaded: Loaded, layout: Layout, mut reading: Reading) -> Result<RecordedRun, ArrayError> {
    let mut run =
        RecordedRun { labels: loaded.labels, ..RecordedRun::of_layers(layout.sizes.len()) };
    for (key, stack) in loaded.stacks {
        let l = layout.numbering.layer(key);
        let list = match key.0 {
            MemberKind::Weights => &mut run.weights,
            MemberKind::Bias => &mut run.biases,
            MemberKind::Activity => &mut run.activities,
            MemberKind::Delta => &mut run.deltas,
            MemberKind::Labels => continue,
            MemberKind::Backward | MemberKind::Direct => {
                match layout.backward.get(&l).filter(|_| l > 0) {
                    Some(readings) => run.backward[l] = Backward::new(stack, readings.clone()),
                    None => reading
                        .left_out
                        .push(format!("B{l} is not used: no error is carried to the inputs")),
                }
                continue;
            }
        };
        if let Some(place) = list.get_mut(l) {
            let turned = key.0 == MemberKind::Weights && layout.turned.contains(&l);
            *place = Some(if turned { stack.turned() } else { stack });
        }
    }
    let by_shape = |readings: &[BackwardReading]| readings.iter().all(|reading| reading.turned);
    reading.transposed = layout
        .backward
        .iter()
        .filter(|(l, readings)| **l > 0 && by_shape(readings))
        .map(|(l, _)| *l)
        .collect();
    reading.weights_turned = layout.turned.iter().map(|l| (*l, Told::Shape)).collect();
    run.reading = reading;
    settle_square_weights(&mut run, &layout)?;
    Ok(run)
}

/// Turns square weights that the signals, or those of all other layers, say are stored as their
/// transposes.
fn settle_square_weights(run: &mut RecordedRun, layout: &Layout) -> Result<(), ArrayError> {
    let mut as_is =
        run.weights.iter().flatten().count() > layout.square.len() + layout.turned.len();
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
        // Errors are carried back by the transpose, unless B carries them: then these have none to
        // do with the weights.
        let independent = evidence::directions(above)? * delta.shape()[1] as f64;
        let [as_is, turned] =
            evidence::carriage(delta, above, weights)?.map(|signs| signs.limited_to(independent));
        let by_backward =
            run.backward(l).map(|b| evidence::carriage(delta, above, b.states())).transpose()?;
        let others =
            by_backward.iter().flatten().filter_map(evidence::Agreement::share).fold(0.0, f64::max);
        let best =
            [as_is, turned].iter().filter_map(evidence::Agreement::share).fold(0.0, f64::max);
        if let Some(turned) =
            evidence::turned(&[turned, as_is]).filter(|_| best >= 0.97 && others < 0.85)
        {
            return Ok(Some((turned, Told::Errors)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::write_npz;
    use crate::matrix::Matrix;
    use crate::random::{Role, Stream};
    use crate::rule::normal_matrix;

    fn write(members: &[(&str, &[usize])]) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.npz");
        let arrays: Vec<(&str, Array)> = members
            .iter()
            .map(|(name, shape)| {
                let values = shape.iter().product();
                (
                    *name,
                    Array {
                        shape: shape.to_vec(),
                        data: (0..values).map(|i| (i % 3) as f64).collect(),
                    },
                )
            })
            .collect();
        let arrays: Vec<(&str, &Array)> =
            arrays.iter().map(|(name, array)| (*name, array)).collect();
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
        assert_eq!(
            (run.backward(1).unwrap().states().shape()[0], run.biases(1).unwrap().shape()),
            (2, [1, 5])
        );
        assert_eq!(run.labels(2).unwrap().len(), 6);
        assert!(
            run.reading.transposed.is_empty()
                && run.backward(0).is_none()
                && run.delta(0).is_none()
        );
    }

    #[test]
    fn backward_weights_are_turned_only_where_shapes_demand_it() {
        let (_keep, path) =
            write(&[("W1", &[5, 2]), ("B1", &[5, 2]), ("W2", &[2, 2]), ("B2", &[2, 2])]);
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

    #[test]
    fn errors_that_the_weights_carry_back_tell_how_square_weights_are_stored() {
        let mut stream = Stream::new(4, 0, Role::Probe);
        let mut drawn = |rows, units| normal_matrix::<f64>(&mut stream, rows, units, 1.0);
        let (w, b, above) = (drawn(6, 6), drawn(6, 6), drawn(200, 6));
        let carried = (&above * w.t()).to_matrix();
        // Errors of which every so many have the wrong sign.
        let flipped = |every: usize| {
            let mut errors = carried.clone();
            errors.as_mut_slice().iter_mut().step_by(every).for_each(|v| *v = -*v);
            errors
        };
        let told_of = |stored: &Matrix<f64>, errors: &Matrix<f64>, b: Option<&Matrix<f64>>| {
            let mut run = RecordedRun::of_layers(3);
            run.weights[1] = Some(Stack::of(std::slice::from_ref(stored)));
            run.deltas[1] = Some(Stack::of(std::slice::from_ref(errors)));
            run.deltas[2] = Some(Stack::of(std::slice::from_ref(&above)));
            let as_is = BackwardReading { direct: false, turned: false };
            run.backward[1] =
                b.and_then(|b| Backward::new(Stack::of(std::slice::from_ref(b)), vec![as_is]));
            told(&run, 1).unwrap()
        };
        assert_eq!(told_of(&w, &carried, None), Some((false, Told::Errors)));
        assert_eq!(told_of(&w.transpose(), &carried, None), Some((true, Told::Errors)));
        assert_eq!(told_of(&w, &flipped(1200), Some(&b)), Some((false, Told::Errors)));
        // One sign of 16 is wrong: what carried these is something else.
        assert_eq!(told_of(&w, &flipped(16), None), None);
        // Backward weights that carry them as well leave nothing for the weights to say.
        assert_eq!(told_of(&w, &carried, Some(&w.transpose())), None);
    }
}
