//! Matrices, and recorded histories of them, named on the command line.

use super::UsageError;
use crate::array::{Array, Header, header, place, read};
use crate::file::memory;
use crate::matrix::Matrix;
use crate::measure::angle::angle;
use crate::measure::null::WeightNull;
use crate::measure::orientation::Orientation;
use clap::Arg;
use std::path::PathBuf;

/// A matrix, or one per iteration, of which the header has been read.
struct Named {
    /// As typed.
    name: String,
    path: PathBuf,
    member: Option<String>,
    /// Rows and columns.
    shape: (usize, usize),
    /// Number of matrices, if this is a history.
    iterations: Option<usize>,
}

impl Named {
    /// Opens `FILE` or `FILE#MEMBER`. Nothing is read of what cannot be used.
    fn open(text: &str) -> Result<Self, UsageError> {
        let (path, member) = place(text);
        let Header { shape, .. } =
            header(&path, member).map_err(|error| UsageError(error.to_string()))?;
        let (iterations, rows, columns) = match shape[..] {
            [rows, columns] => (None, rows, columns),
            [iterations, rows, columns] => (Some(iterations), rows, columns),
            _ => {
                return Err(UsageError(format!(
                    "{text} holds an array of {shape:?}: expected a matrix (rows x columns) or a \
                     history (iterations x rows x columns)"
                )));
            }
        };
        if shape.contains(&0) {
            return Err(UsageError(format!(
                "{text} holds an array of {shape:?}: there is nothing to measure"
            )));
        }
        let member = member.map(String::from);
        Ok(Self { name: text.into(), path, member, shape: (rows, columns), iterations })
    }

    /// Number of all values.
    fn values(&self) -> u128 {
        (self.iterations.unwrap_or(1) as u128) * entries(self.shape)
    }

    /// `W.npy (100 x 20)`.
    fn title(&self) -> String {
        title(&self.name, self.iterations, self.shape)
    }

    /// Reads the values.
    fn read(self) -> Result<Recorded, UsageError> {
        let Array { shape, data } = read(&self.path, self.member.as_deref())
            .map_err(|error| UsageError(error.to_string()))?;
        let expected: Vec<usize> =
            self.iterations.into_iter().chain([self.shape.0, self.shape.1]).collect();
        if shape != expected {
            return Err(UsageError(format!(
                "{} was changed while it was read: try again",
                self.name
            )));
        }
        Ok(Recorded { name: self.name, shape: self.shape, iterations: self.iterations, data })
    }
}

fn entries((rows, columns): (usize, usize)) -> u128 {
    rows as u128 * columns as u128
}

fn title(name: &str, iterations: Option<usize>, (rows, columns): (usize, usize)) -> String {
    let history = iterations.map(|n| format!("{n} x ")).unwrap_or_default();
    format!("{name} ({history}{rows} x {columns})")
}

/// Matrices of one shape that are held at once while they are measured, beside what was read; or
/// why matrices of this shape are not.
pub(super) type Copies = fn((usize, usize)) -> Result<usize, UsageError>;

/// Refuses what needs more memory than there is: the values of all files, and `copies` matrices to
/// work with.
fn check_memory(named: &[&Named], copies: usize) -> Result<(), UsageError> {
    let values: u128 = named.iter().map(|named| named.values()).sum();
    let largest = named.iter().map(|named| entries(named.shape)).max().unwrap_or(0);
    let titles: Vec<String> = named.iter().map(|named| named.title()).collect();
    let need = 8 * (values + copies as u128 * largest);
    memory::check_left(&titles.join(" beside "), need)
        .map_err(|error| UsageError(error.to_string()))
}

/// A matrix, or one per iteration.
pub(super) struct Recorded {
    /// As typed.
    pub name: String,
    /// Rows and columns.
    pub shape: (usize, usize),
    /// Number of matrices, if this is a history.
    pub iterations: Option<usize>,
    data: Vec<f64>,
}

impl Recorded {
    /// Reads `FILE` or `FILE#MEMBER`, if there is room for it and for what is done with it.
    pub fn read(text: &str, copies: Copies) -> Result<Self, UsageError> {
        let named = Named::open(text)?;
        check_memory(&[&named], copies(named.shape)?)?;
        named.read()
    }

    /// Number of matrices.
    pub fn count(&self) -> usize {
        self.iterations.unwrap_or(1)
    }

    /// The matrix of an iteration; a single one is that of all.
    pub fn at(&self, iteration: usize) -> Matrix<f64> {
        let ((rows, columns), iteration) = (self.shape, iteration.min(self.count() - 1));
        let size = rows * columns;
        Matrix::from_vec(
            rows,
            columns,
            self.data[iteration * size..(iteration + 1) * size].to_vec(),
        )
    }

    /// Whether all matrices are symmetric.
    fn is_symmetric(&self) -> bool {
        let (n, columns) = self.shape;
        let symmetric =
            |matrix: &[f64]| (0..n).all(|i| (0..i).all(|j| matrix[i * n + j] == matrix[j * n + i]));
        n == columns && self.data.chunks_exact(n * n).all(symmetric)
    }

    /// Hash of the values: what tells one file of this name from another.
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        self.data.iter().for_each(|value| {
            hasher.update(&value.to_le_bytes());
        });
        hasher.finalize().to_hex()[..16].into()
    }

    /// `W.npy (100 x 20)`.
    pub fn title(&self) -> String {
        title(&self.name, self.iterations, self.shape)
    }
}

/// What decided how `W` and `B` are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DecidedBy {
    Shape,
    Option,
    /// One of the matrices is symmetric, so that it makes no difference.
    Symmetry,
    /// Nothing: both readings stand, the last being likelier by the convention, or because only in
    /// it the matrices are closer, or farther, than chance.
    Nothing {
        by_values: bool,
    },
}

/// Below this p-value a single reading is beyond chance, and above [`CHANCE`] the other is not.
const BEYOND_CHANCE: f64 = 1e-6;
const CHANCE: f64 = 1e-3;

/// Forward and backward weights.
pub(super) struct MatrixPair {
    pub forward: Recorded,
    pub backward: Recorded,
    /// How they may be compared, the likeliest last; never empty.
    pub readings: Vec<Orientation>,
    settled: DecidedBy,
}

impl MatrixPair {
    /// Reads both, of shapes and numbers of iterations that go together, if there is room for them
    /// and for what is done with them. `asked` is what the user says of their orientation.
    pub fn read(
        [forward, backward]: [&str; 2],
        asked: Option<Orientation>,
        copies: Copies,
    ) -> Result<Self, UsageError> {
        let (forward, backward) = (Named::open(forward)?, Named::open(backward)?);
        let readings = possible(&forward, &backward, asked)?;
        let (first, second) = (forward.iterations.unwrap_or(1), backward.iterations.unwrap_or(1));
        if first != second && first > 1 && second > 1 {
            return Err(UsageError(format!(
                "W is {} and B is {}: both must have as many iterations, or one of them a single \
                 one",
                forward.title(),
                backward.title()
            )));
        }
        check_memory(&[&forward, &backward], copies(forward.shape)?)?;
        let settled = if asked.is_some() { DecidedBy::Option } else { DecidedBy::Shape };
        let mut pair =
            Self { forward: forward.read()?, backward: backward.read()?, readings, settled };
        if pair.readings.len() > 1 {
            pair.weigh();
        }
        Ok(pair)
    }

    /// Looks at the values where shapes leave two readings.
    fn weigh(&mut self) {
        if self.forward.is_symmetric() || self.backward.is_symmetric() {
            self.readings = vec![Orientation::OPPOSITE];
            self.settled = DecidedBy::Symmetry;
            return;
        }
        let last = self.iterations().unwrap_or(1) - 1;
        let null = WeightNull::new(self.shape().0 * self.shape().1);
        let p_value = |reading: &Orientation| {
            let [forward, transpose] = self.at(*reading, last);
            let angle = angle(&forward, &transpose).ok().flatten();
            angle.zip(null).map_or(1.0, |(angle, null)| null.p_value(angle))
        };
        let beyond: Vec<f64> = self.readings.iter().map(p_value).collect();
        let decided = |this: f64, other: f64| this < BEYOND_CHANCE && other > CHANCE;
        let by_values = match beyond[..] {
            [alike, opposite] if decided(alike, opposite) => {
                self.readings.reverse();
                true
            }
            [alike, opposite] => decided(opposite, alike),
            _ => false,
        };
        self.settled = DecidedBy::Nothing { by_values };
    }

    /// Number of pairs, if one of the two is a history.
    pub fn iterations(&self) -> Option<usize> {
        let both = [self.forward.iterations, self.backward.iterations];
        both.into_iter().flatten().max()
    }

    /// Shape in which both are compared.
    pub fn shape(&self) -> (usize, usize) {
        let (rows, columns) = self.forward.shape;
        if self.likeliest().forward { (columns, rows) } else { (rows, columns) }
    }

    /// `W` and `B^T`, in one layout, at an iteration.
    pub fn at(&self, reading: Orientation, iteration: usize) -> [Matrix<f64>; 2] {
        reading.apply(self.forward.at(iteration), self.backward.at(iteration))
    }

    /// The only reading, or the likelier one.
    pub fn likeliest(&self) -> Orientation {
        self.readings.last().copied().unwrap_or(Orientation::OPPOSITE)
    }

    /// What decided, for machines; `None` if nothing did.
    pub fn settled(&self) -> Option<&'static str> {
        match self.settled {
            DecidedBy::Shape => Some("shape"),
            DecidedBy::Option => Some("option"),
            DecidedBy::Symmetry => Some("symmetry"),
            DecidedBy::Nothing { .. } => None,
        }
    }

    /// What was made of the shapes, in words.
    pub fn sentence(&self) -> String {
        let reading = self.likeliest();
        match (self.settled, reading.backward) {
            (DecidedBy::Option, _) => {
                format!("{} (--transpose {})", in_words(reading), name(reading))
            }
            (DecidedBy::Shape, true) => "B has the shape of W': it was transposed to be compared \
                with W"
                .into(),
            (DecidedBy::Shape, false) => {
                "B has the shape of W: it is assumed to be stored as B', and was not transposed"
                    .into()
            }
            (DecidedBy::Symmetry, _) => {
                "W and B are square, and one of them is symmetric: it makes no difference whether \
                 B was transposed"
                    .into()
            }
            (DecidedBy::Nothing { by_values }, _) => {
                let why = if by_values {
                    "only in it W and B' are closer, or farther, than chance"
                } else {
                    "by the convention W_l: n_l x n_l+1, B_l: n_l+1 x n_l"
                };
                format!(
                    "W and B are square, so their shapes do not show whether they are stored the \
                    same way round or each as the transpose of the other. Both readings follow, \
                    the likelier last ({why}): --transpose none, or --transpose b, settles it"
                )
            }
        }
    }
}

/// The readings that shapes and the user leave.
fn possible(
    forward: &Named,
    backward: &Named,
    asked: Option<Orientation>,
) -> Result<Vec<Orientation>, UsageError> {
    let (rows, columns) = forward.shape;
    let titles = format!("W is {} and B is {}", forward.title(), backward.title());
    let found = Orientation::possible(forward.shape, backward.shape).map_err(|_| {
        UsageError(format!(
            "{titles}: B must be {columns} x {rows}, the shape of W', or {rows} x {columns} if it \
             is stored transposed"
        ))
    })?;
    match asked {
        None => Ok(found),
        Some(asked) if asked.fits(forward.shape, backward.shape) => Ok(vec![asked]),
        Some(asked) => Err(UsageError(format!(
            "--transpose {}: {titles}, which have no entries to compare then: leave the option \
            out, as the shapes decide",
            name(asked)
        ))),
    }
}

/// What `--transpose` calls a reading.
pub(super) fn name(reading: Orientation) -> &'static str {
    match (reading.forward, reading.backward) {
        (false, false) => "none",
        (false, true) => "b",
        (true, false) => "w",
        (true, true) => "w,b",
    }
}

/// A reading in words.
pub(super) fn in_words(reading: Orientation) -> &'static str {
    match (reading.forward, reading.backward) {
        (false, false) => "W and B are compared as they are stored",
        (false, true) => "B was transposed to be compared with W",
        (true, false) => "W was transposed to be compared with B",
        (true, true) => "W and B were both transposed",
    }
}

/// `--transpose`.
pub(super) fn transpose_option() -> Arg {
    Arg::new("transpose").long("transpose").value_name("w|b|none").value_parser(parse_transpose).help(
        "Which of W and B is transposed before their entries are compared [default: B where shapes \
         demand it; of square matrices both readings are shown]",
    )
}

fn parse_transpose(text: &str) -> Result<Orientation, String> {
    let expected = || "expected w, b, none, or both as w,b".to_string();
    let mut reading = Orientation::ALIKE;
    for part in text.split(',').map(str::trim) {
        let turned = match part {
            "none" if text.trim() == "none" => return Ok(reading),
            "w" | "W" => &mut reading.forward,
            "b" | "B" => &mut reading.backward,
            _ => return Err(expected()),
        };
        if std::mem::replace(turned, true) {
            return Err(expected());
        }
    }
    Ok(reading)
}

/// How files are read, for `--help`.
pub(super) const FILES: &str = "Files are .npy, .npz (FILE#MEMBER), or text (.csv, .tsv, .txt, \
    .dat) with a row per line, cells separated by blanks, tabs, semicolons or commas, and \
    comments after #. Values are of half (f2, bfloat16), single or double precision, whole \
    numbers or truth values, of either byte order, in C or Fortran order. Archives are checked \
    against their checksums. A matrix has two dimensions; three are a history (iterations x rows \
    x columns).";

/// How orientation is read, for `--help`.
pub(super) const ORIENTATION: &str = "Shapes show whether B is stored as B (W_l: n_l x n_l+1, \
    B_l: n_l+1 x n_l) or with the shape of W, unless both are square: then both readings are \
    shown, the likelier last, and --transpose settles it. `none` is for programs that store both \
    the same way round (weight and weight_backward in PyTorch and BioTorch; kernel and B in flax \
    and bioflax), and for PyTorch's weight (n_l+1 x n_l) beside B_l as above; `b` is for W_l and \
    B_l as above.";

/// Most operations of a decomposition, the shorter side squared times the longer: a few minutes'
/// worth.
const MOST_WORK: u128 = 1_000_000_000_000;

/// Whether a matrix is small enough to be decomposed.
pub(super) fn is_decomposable((rows, columns): (usize, usize)) -> bool {
    let (short, long) = (rows.min(columns) as u128, rows.max(columns) as u128);
    short * short * long <= MOST_WORK
}

/// The argument of a matrix.
pub(super) fn file(id: &'static str, help: &'static str) -> Arg {
    Arg::new(id).value_name(id).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_transposed_is_named_as_it_is_asked_for() {
        for text in ["none", "w", "b", "w,b"] {
            assert_eq!(name(parse_transpose(text).unwrap()), text);
        }
        assert_eq!(parse_transpose("B, w"), parse_transpose("w,b"));
        for text in ["", "x", "w,w", "none,b", "b,none", "w b"] {
            assert!(parse_transpose(text).is_err(), "{text}");
        }
    }

    #[test]
    fn thin_matrices_are_cheap_and_square_ones_are_not() {
        assert!(is_decomposable((1_000_000, 1000)) && is_decomposable((10_000, 10_000)));
        assert!(!is_decomposable((10_001, 10_001)) && !is_decomposable((1_000_000, 1001)));
        assert!(is_decomposable((usize::MAX, 0)) && !is_decomposable((1 << 40, 1 << 40)));
    }
}
