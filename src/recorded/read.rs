//! From archives to recordings, with everything that is wrong said at once.

use super::extent::{self, Extents, MemberExtent};
use super::{Progress, RecordedRun, Stack};
use crate::array::{self, ArrayError, Spool, members};
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

/// What a member holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Weights,
    Backward,
    Bias,
    Activity,
    Delta,
    Labels,
}

impl Part {
    /// What the name of a member says, and which layer it belongs to.
    fn of(name: &str) -> Option<(Self, usize)> {
        if name == "labels" {
            return Some((Self::Labels, 0));
        }
        let prefixes = [
            ("activity", Self::Activity),
            ("delta", Self::Delta),
            ("W", Self::Weights),
            ("B", Self::Backward),
            ("b", Self::Bias),
        ];
        let (part, digits) = prefixes.iter().find_map(|(prefix, part)| Some((*part, name.strip_prefix(prefix)?)))?;
        // 999 is far beyond any network, and keeps a typo from making lists of that length.
        let layer: usize = digits.parse().ok().filter(|l: &usize| *l < 1000 && digits == l.to_string())?;
        let lowest = usize::from(matches!(part, Self::Backward | Self::Bias | Self::Delta));
        (layer >= lowest).then_some((part, layer))
    }

    /// Whether, with so many dimensions, the first one counts states or iterations.
    fn is_stacked(self, dimensions: usize) -> bool {
        match self {
            Self::Weights | Self::Backward | Self::Activity | Self::Delta => dimensions == 3,
            Self::Bias | Self::Labels => dimensions == 2,
        }
    }

    /// Whether it is of a state, rather than of an iteration.
    pub(super) fn is_of_state(self) -> bool {
        matches!(self, Self::Weights | Self::Backward | Self::Bias)
    }

    /// Numbers of dimensions it may have.
    fn dimensions(self) -> [usize; 2] {
        match self {
            Self::Weights => [2, 3],
            Self::Backward => [2, 2],
            Self::Activity | Self::Delta => [3, 3],
            Self::Bias | Self::Labels => [1, 2],
        }
    }
}

/// Name and shape of every member that is known.
type Shapes = BTreeMap<(Part, usize), (String, Vec<usize>)>;

pub(super) fn open(path: &Path, progress: &Progress) -> Result<RecordedRun, RecordedRunError> {
    let mut problems = Vec::new();
    let (mut extents, ignored) = extents(path, &mut problems)?;
    let remarks: Vec<String> = extent::settle(&mut extents).into_iter().collect();
    let shapes: Shapes = extents.iter().map(|(key, of)| (*key, (of.name.clone(), of.shape.clone()))).collect();
    if problems.is_empty()
        && !shapes.keys().any(|(part, _)| matches!(part, Part::Weights | Part::Activity | Part::Delta))
    {
        problems.push(format!(
            "it has none of W0, W1, ..., activity0, ..., delta1, ...: its members are {}",
            ignored.join(", ")
        ));
    }
    let (sizes, transposed) = sizes(&shapes, &mut problems);
    check_counts(&shapes, &mut problems);
    if !problems.is_empty() {
        return Err(RecordedRunError::Unfit { path: path.into(), problems });
    }
    let progress = progress.clone();
    let run = RecordedRun { transposed, ignored, remarks, progress, ..RecordedRun::of_layers(sizes.len()) };
    load(path, &extents, run)
}

/// Extents of the members that are known, and the names of others.
fn extents(path: &Path, problems: &mut Vec<String>) -> Result<(Extents, Vec<String>), ArrayError> {
    let (mut known, mut ignored) = (Extents::new(), Vec::new());
    for name in members(path)? {
        let Some(key) = Part::of(&name) else {
            ignored.push(name);
            continue;
        };
        match array::extent(path, Some(&name)) {
            Err(error) => problems.push(format!("`{name}`: {error}")),
            Ok(found) => {
                let (shape, [least, most]) = (&found.header.shape, key.0.dimensions());
                if !(least..=most).contains(&shape.len()) {
                    let expected = if least == most { least.to_string() } else { format!("{least} or {most}") };
                    problems.push(format!("`{name}` is {shape:?}: expected {expected} dimensions"));
                    continue;
                }
                let stacked = key.0.is_stacked(shape.len());
                match MemberExtent::new(name, found, stacked, path.is_dir()) {
                    Ok(member) if member.shape.contains(&0) => {
                        problems.push(format!("`{}` is {:?}: it is empty", member.name, member.shape));
                    }
                    Ok(member) => {
                        known.insert(key, member);
                    }
                    Err(why) => problems.push(why),
                }
            }
        }
    }
    Ok((known, ignored))
}

/// Units of every layer, `None` where nothing tells; and the layers whose backward weights are transposed.
fn sizes(shapes: &Shapes, problems: &mut Vec<String>) -> (Vec<Option<usize>>, Vec<usize>) {
    let top = |(part, l): &(Part, usize)| l + usize::from(matches!(part, Part::Weights | Part::Backward));
    let layers = shapes.keys().filter(|(part, _)| *part != Part::Labels).map(top).max().map_or(0, |top| top + 1);
    let mut sizes: Vec<Option<(usize, String)>> = vec![None; layers];
    let mut settle = |l: usize, units: usize, name: &str, problems: &mut Vec<String>| match &sizes[l] {
        None => sizes[l] = Some((units, name.into())),
        Some((known, _)) if *known == units => {}
        Some((known, first)) => {
            problems.push(format!("`{name}` has {units} units in layer {l}, `{first}` has {known}"));
        }
    };
    for ((part, l), (name, shape)) in shapes {
        let last = shape[shape.len() - 1];
        match part {
            Part::Weights => {
                settle(*l, shape[shape.len() - 2], name, problems);
                settle(*l + 1, last, name, problems);
            }
            Part::Activity | Part::Delta | Part::Bias => settle(*l, last, name, problems),
            Part::Backward | Part::Labels => {}
        }
    }
    let sizes: Vec<Option<usize>> = sizes.into_iter().map(|size| size.map(|(units, _)| units)).collect();
    let mut transposed = Vec::new();
    for ((_, l), (name, shape)) in shapes.iter().filter(|((part, _), _)| *part == Part::Backward) {
        let fits = |[above, below]: [usize; 2]| {
            sizes[*l].is_none_or(|n| n == below) && sizes[*l + 1].is_none_or(|n| n == above)
        };
        match [shape[0], shape[1]] {
            shape if fits(shape) => {}
            [a, b] if fits([b, a]) => transposed.push(*l),
            [a, b] => {
                let units = |n: Option<usize>| n.map_or("?".into(), |n| n.to_string());
                let (above, below) = (units(sizes[*l + 1]), units(sizes[*l]));
                problems.push(format!(
                    "`{name}` is {a} x {b}: expected {above} x {below} (units of layer {}, of layer {l})",
                    l + 1
                ));
            }
        }
    }
    (sizes, transposed)
}

/// Iterations and samples must be the same throughout; states may be one more, the end.
fn check_counts(shapes: &Shapes, problems: &mut Vec<String>) {
    let mut signals: Option<(&str, [usize; 2])> = None;
    for ((part, _), (name, shape)) in shapes {
        if !matches!(part, Part::Activity | Part::Delta) {
            continue;
        }
        let found = [shape[0], shape[1]];
        match signals {
            None => signals = Some((name, found)),
            Some((_, known)) if known == found => {}
            Some((first, [t, p])) => problems.push(format!(
                "`{name}` has {} iterations of {} samples, `{first}` has {t} of {p}",
                found[0], found[1]
            )),
        }
    }
    let mut states: Option<(&str, usize)> = None;
    for ((part, _), (name, shape)) in shapes {
        let found = match (part, shape.len()) {
            (Part::Weights, 3) | (Part::Bias, 2) => shape[0],
            _ => continue,
        };
        match states {
            None => states = Some((name, found)),
            Some((_, known)) if known == found => {}
            Some((first, known)) => problems.push(format!("`{name}` has {found} states, `{first}` has {known}")),
        }
    }
    if let (Some((name, [iterations, _])), Some((weights, states))) = (signals, states)
        && states != iterations
        && states != iterations + 1
    {
        problems.push(format!(
            "`{weights}` has {states} states and `{name}` {iterations} iterations: expected a state before every iteration, \
             and perhaps the last"
        ));
    }
    if let (Some((name, shape)), Some((first, [iterations, samples]))) = (shapes.get(&(Part::Labels, 0)), signals) {
        let fits = match shape[..] {
            [p] => p == samples,
            [t, p] => t == iterations && p == samples,
            _ => false,
        };
        if !fits {
            problems.push(format!("`{name}` is {shape:?}, `{first}` has {iterations} iterations of {samples} samples"));
        }
    }
}

/// Bytes of compressed members that are unpacked into memory; more go to a file.
const UNPACKED: usize = 64 << 20;

fn load(
    path: &Path,
    extents: &Extents,
    mut run: RecordedRun,
) -> Result<RecordedRun, RecordedRunError> {
    let progress = run.progress.clone();
    progress.begin("reading", extents.values().map(MemberExtent::bytes).sum());
    let (mut problems, mut spool) = (Vec::new(), Spool::new(UNPACKED));
    for ((part, l), extent) in extents {
        let member = match Stack::open(path, &extent.name, &extent.layout(), &mut spool, &progress) {
            Ok(member) => member,
            Err(error) => {
                problems.push(format!("`{}`: {error}", extent.name));
                continue;
            }
        };
        match part {
            Part::Weights => run.weights[*l] = Some(member),
            Part::Backward => {
                let matrix = member.matrix(0)?;
                run.backward[*l] = Some(if run.transposed.contains(l) { matrix.transpose() } else { matrix });
            }
            Part::Bias => run.biases[*l] = Some(member),
            Part::Activity => run.activities[*l] = Some(member),
            Part::Delta => run.deltas[*l] = Some(member),
            Part::Labels => match labels(&member)? {
                Ok(labels) => run.labels = Some(labels),
                Err(why) => problems.push(why),
            },
        }
    }
    if problems.is_empty() { Ok(run) } else { Err(RecordedRunError::Unfit { path: path.into(), problems }) }
}

/// Whole numbers from 0 to 255, by iteration; or why they are not.
fn labels(member: &Stack) -> Result<Result<Vec<Vec<u8>>, String>, ArrayError> {
    let mut labels = Vec::new();
    for k in 0..member.len() {
        let values = member.matrix(k)?;
        let values = values.as_slice();
        if let Some(at) = values.iter().position(|v| v.fract() != 0.0 || !(0.0..=255.0).contains(v)) {
            let place = k * values.len() + at;
            return Ok(Err(format!(
                "`labels` holds {} at place {place}: expected whole numbers from 0 to 255",
                values[at]
            )));
        }
        labels.push(values.iter().map(|&v| v as u8).collect());
    }
    Ok(Ok(labels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::{Array, write_npz};

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
        assert_eq!((run.depth(), run.iterations(), run.ignored.len()), (2, 3, 1));
        assert_eq!(run.weights(1).unwrap().len(), 4);
        assert_eq!(run.weights(1).unwrap().matrix(3).unwrap().row(4), [2.0, 0.0]);
        assert_eq!((run.backward(1).unwrap().rows(), run.biases(1).unwrap().shape()), (2, [1, 5]));
        assert_eq!(run.labels(2).unwrap().len(), 6);
        assert!(run.transposed.is_empty() && run.backward(0).is_none() && run.delta(0).is_none());
    }

    #[test]
    fn backward_weights_are_turned_only_where_shapes_demand_it() {
        let (_keep, path) = write(&[("W1", &[5, 2]), ("B1", &[5, 2]), ("W2", &[2, 2]), ("B2", &[2, 2])]);
        let run = RecordedRun::open(&path).unwrap();
        assert_eq!(run.transposed, [1]);
        assert_eq!((run.backward(1).unwrap().rows(), run.backward(1).unwrap().cols()), (2, 5));
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
    fn names_mean_what_they_say() {
        assert_eq!(Part::of("W12"), Some((Part::Weights, 12)));
        assert_eq!(Part::of("b1"), Some((Part::Bias, 1)));
        for name in ["W", "W01", "W-1", "B0", "b0", "delta0", "Wx", "activity", "W1000", "W0_start"] {
            assert_eq!(Part::of(name), None, "{name}");
        }
    }
}
