//! Arrays as text: matrices, a row per line, and signals as tables
//! `iteration,sample,unit_0,unit_1,...`, a row per iteration and sample.
//!
//! Cells are separated by semicolons, tabs, commas or blanks: by the first of these that the first
//! line of cells has. Where semicolons or tabs part them, a comma inside of a cell is a decimal
//! comma. What follows a `#` or `%` at the start of a line, or behind a blank or a separator, is a
//! comment, as `numpy.savetxt` and MATLAB write them.

use super::{Array, ArrayError, Location, refused, store};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Reads a table of every iteration and sample, in this order, each from 0; or, if its first line
/// is none of names, a matrix.
///
/// # Errors
/// If the file cannot be read, and with its line, whatever is ragged, missing, out of order or no
/// finite number.
pub fn read_text(path: &Path) -> Result<Array, ArrayError> {
    let mut lines = Lines::open(path)?;
    let Some(first) = lines.next()? else {
        return Err(lines.wrong(format!("{EXPECTED}: it holds neither")));
    };
    if first.cells.first().is_some_and(|name| name == "iteration") {
        signal(lines, &first)
    } else {
        matrix(lines, first)
    }
}

/// What a file should hold.
const EXPECTED: &str = "expected the columns iteration,sample,unit_0,unit_1,... of a signal, or \
    numbers alone for a matrix";

/// What parts the cells of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    Semicolon,
    Tab,
    Comma,
    Blanks,
}

impl Separator {
    fn of(line: &str) -> Self {
        let all = [(';', Self::Semicolon), ('\t', Self::Tab), (',', Self::Comma)];
        all.into_iter()
            .find(|(sign, _)| line.contains(*sign))
            .map_or(Self::Blanks, |(_, separator)| separator)
    }

    /// The cells of a line, without blanks and quotes around them. A separator at the end of a line
    /// starts no cell.
    fn cells(self, line: &str) -> Vec<String> {
        let sign = match self {
            Self::Semicolon => ';',
            Self::Tab => '\t',
            Self::Comma => ',',
            Self::Blanks => return line.split_whitespace().map(String::from).collect(),
        };
        let line = line.strip_suffix(sign).unwrap_or(line);
        let bare = |cell: &str| {
            let cell = cell.trim();
            let quoted = cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"'));
            quoted.unwrap_or(cell).trim().to_string()
        };
        line.split(sign).map(bare).collect()
    }
}

/// A line that holds cells.
struct Line {
    /// From 1.
    number: u64,
    cells: Vec<String>,
}

/// The lines of a file that hold cells.
struct Lines<'a> {
    path: &'a Path,
    reader: BufReader<File>,
    /// Number of the line that was read last.
    number: u64,
    separator: Option<Separator>,
}

/// Most bytes of a line.
const MOST_LINE: u64 = 256 << 20;

impl<'a> Lines<'a> {
    fn open(path: &'a Path) -> Result<Self, ArrayError> {
        let file = File::open(path).map_err(|source| refused("read", path, source))?;
        Ok(Self { path, reader: BufReader::new(file), number: 0, separator: None })
    }

    /// An error of the line that was read last.
    fn wrong(&self, why: impl Into<String>) -> ArrayError {
        self.wrong_at(self.number.max(1), why)
    }

    fn wrong_at(&self, line: u64, why: impl Into<String>) -> ArrayError {
        ArrayError::Line { path: self.path.into(), line, why: why.into() }
    }

    /// The next line that is neither empty nor a comment.
    fn next(&mut self) -> Result<Option<Line>, ArrayError> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let limited = &mut (&mut self.reader).take(MOST_LINE);
            let got = limited
                .read_until(b'\n', &mut bytes)
                .map_err(|source| refused("read", self.path, source))?;
            if got == 0 {
                return Ok(None);
            }
            self.number += 1;
            if got as u64 == MOST_LINE {
                return Err(
                    self.wrong(format!("it has more than the {MOST_LINE} bytes that are read"))
                );
            }
            let start = if self.number == 1 { self.without_mark(&bytes)? } else { &bytes[..] };
            let Ok(text) = std::str::from_utf8(start) else {
                return Err(self.wrong("it is no text in UTF-8: save it as such"));
            };
            // Tabs at either end may stand for cells.
            let text = without_comment(text.trim_matches([' ', '\r', '\n']));
            if text.trim().is_empty() {
                continue;
            }
            if text.contains('\r') {
                return Err(
                    self.wrong("its lines end by carriage returns alone: save it with line feeds")
                );
            }
            let separator = *self.separator.get_or_insert_with(|| Separator::of(text));
            return Ok(Some(Line { number: self.number, cells: separator.cells(text) }));
        }
    }

    /// The first line without the mark of its encoding, which must be UTF-8.
    fn without_mark<'b>(&self, bytes: &'b [u8]) -> Result<&'b [u8], ArrayError> {
        match bytes {
            [0xef, 0xbb, 0xbf, rest @ ..] => Ok(rest),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                Err(self.wrong("it is text in UTF-16: save it in UTF-8"))
            }
            _ => Ok(bytes),
        }
    }
}

/// A line without the comment at its end. A sign inside of a cell, as in `unit#1` or `50%`, starts
/// none.
fn without_comment(line: &str) -> &str {
    let starts = |(at, _): &(usize, &str)| {
        line[..*at].chars().next_back().is_none_or(|before| " \t,;".contains(before))
    };
    let comment = line.match_indices(['#', '%']).find(starts);
    comment.map_or(line, |(at, _)| line[..at].trim_end_matches(' '))
}

/// What was seen of the numbers of a file, which decides what commas and whole numbers mean.
#[derive(Default)]
struct Style {
    /// Whether a comma inside of a cell is taken to be a decimal one.
    reads_commas: bool,
    /// Cells with a comma, and some where it cannot part thousands.
    commas: bool,
    decimal_commas: bool,
    points: bool,
    /// A number that is not written as a whole one.
    fractions: bool,
}

impl Style {
    fn of(separator: Option<Separator>) -> Self {
        let reads_commas = matches!(separator, Some(Separator::Semicolon | Separator::Tab));
        Self { reads_commas, ..Self::default() }
    }

    /// The finite number a cell holds. Commas are taken to be decimal ones, see [`Style::doubt`].
    fn number(&mut self, cell: &str) -> Option<f64> {
        let value = match cell.split_once(',') {
            None => cell.parse().ok(),
            Some((_, fraction)) if fraction.is_empty() || !self.reads_commas => None,
            Some((whole, fraction)) => {
                self.commas = true;
                let digits = whole.trim_start_matches(['+', '-']);
                let thousands = (1..=3).contains(&digits.len())
                    && !digits.starts_with('0')
                    && fraction.len() == 3;
                self.decimal_commas |= !(thousands && fraction.bytes().all(|b| b.is_ascii_digit()));
                format!("{whole}.{fraction}").parse().ok()
            }
        };
        self.points |= cell.contains('.');
        self.fractions |= cell.contains(['.', ',', 'e', 'E']);
        value.filter(|v: &f64| v.is_finite())
    }

    /// Why it cannot be told what the commas mean.
    fn doubt(&self) -> Option<&'static str> {
        match self {
            Self { commas: true, points: true, .. } => {
                Some("numbers with decimal commas and with decimal points: write all with points")
            }
            Self { commas: true, decimal_commas: false, .. } => Some(
                "a comma before three digits each time may part thousands or be a decimal one: \
                 write a point, or none",
            ),
            _ => None,
        }
    }
}

/// Longest part of a cell that is repeated in an error.
const MOST_SHOWN: usize = 40;

/// A cell as an error shows it: short, and without what moves a terminal's cursor.
fn shown(cell: &str) -> String {
    let short: String = cell.chars().take(MOST_SHOWN).collect();
    let dots = if short.len() < cell.len() { "..." } else { "" };
    format!("{}{dots}", short.escape_debug())
}

/// Whether cells are 0, 1, 2, ..., written as whole numbers; or 1, 2, 3, ..., of which two are too
/// few to tell.
fn counts(cells: &[String]) -> bool {
    let from = |first: usize| {
        cells.iter().enumerate().all(|(column, cell)| *cell == (column + first).to_string())
    };
    cells.len() > 1 && from(0) || cells.len() > 2 && from(1)
}

/// Values, rows by rows, with room that is asked for as it is needed.
struct TextValues<'a> {
    source: Location<'a>,
    data: Vec<f64>,
}

impl TextValues<'_> {
    fn push(&mut self, value: f64) -> Result<(), ArrayError> {
        if self.data.len() == self.data.capacity() {
            let more = self.data.len().max(1 << 10);
            self.source.check_size((self.data.len() + more) as u128)?;
            self.source.reserve(&mut self.data, more)?;
        }
        self.data.push(value);
        Ok(())
    }
}

fn matrix(mut lines: Lines, first: Line) -> Result<Array, ArrayError> {
    let columns = first.cells.len();
    check_first(&lines, &first)?;
    let column_numbers = counts(&first.cells);
    let mut values =
        TextValues { source: Location { path: lines.path, member: None }, data: Vec::new() };
    let (mut style, mut rows, mut indices) = (Style::of(lines.separator), 0usize, [true; 2]);
    let (start, mut next) = (first.number, Some(first));
    while let Some(line) = next {
        if line.cells.len() != columns {
            return Err(lines.wrong(format!("{} cells, expected {columns}", line.cells.len())));
        }
        for (from, still) in indices.iter_mut().enumerate() {
            *still &= line.cells[0] == (rows + from).to_string();
        }
        for (column, cell) in line.cells.iter().enumerate() {
            let value = style.number(cell).ok_or_else(|| no_number(&lines, column, cell))?;
            values.push(value)?;
        }
        rows += 1;
        next = lines.next()?;
    }
    if let Some(doubt) = style.doubt() {
        return Err(lines.wrong_at(start, doubt));
    }
    if style.fractions && column_numbers {
        let why = "it counts the columns, as pandas does: leave such a line out, with to_csv(f, \
                   header=False, index=False), or write 1.0 for a value of 1";
        return Err(lines.wrong_at(start, why));
    }
    // From 1, as R counts, two rows are too few to tell.
    let row_numbers = columns > 1 && (indices[0] && rows > 1 || indices[1] && rows > 2);
    if style.fractions && row_numbers {
        let why = "the first column counts the rows, as pandas does: leave it out, with to_csv(f, \
                   header=False, index=False), or write 1.0 for a value of 1";
        return Err(lines.wrong_at(start, why));
    }
    Ok(Array { shape: vec![rows, columns], data: values.data })
}

/// Refuses a first line of names, or one whose separator cannot be told.
fn check_first(lines: &Lines, first: &Line) -> Result<(), ArrayError> {
    let is_number = |cell: &String| {
        Style::of(lines.separator).number(cell).is_some() || cell.parse::<f64>().is_ok()
    };
    if first.cells.iter().all(is_number) {
        return Ok(());
    }
    let blanks = |cell: &String| cell.split_whitespace().count() > 1;
    if lines.separator == Some(Separator::Comma)
        && first.cells.iter().any(blanks)
        && first
            .cells
            .iter()
            .flat_map(|cell| cell.split_whitespace())
            .all(|part| part.parse::<f64>().is_ok())
    {
        return Err(lines.wrong(
            "commas and blanks both part its numbers: write decimal points, and one separator",
        ));
    }
    // An empty cell in a corner stands above the names of rows.
    let is_word = |cell: &String| cell.starts_with(char::is_alphabetic);
    let any_word = first.cells.iter().any(|cell| !is_number(cell) && is_word(cell))
        || first.cells[0].is_empty();
    if !any_word && first.cells.iter().any(is_number) {
        return Ok(());
    }
    let names = first.cells.iter().filter(|cell| !is_number(cell));
    let name = |cell: &String| {
        if cell.is_empty() { "an empty cell".into() } else { format!("`{}`", shown(cell)) }
    };
    let names: Vec<String> = names.take(4).map(name).collect();
    Err(lines.wrong(format!(
        "{EXPECTED}: it holds {}; leave names out, in pandas with to_csv(f, header=False, \
         index=False), or start their line with #",
        names.join(", ")
    )))
}

fn no_number(lines: &Lines, column: usize, cell: &str) -> ArrayError {
    if cell.is_empty() {
        return lines.wrong(format!("column {column} is empty, expected a finite number"));
    }
    lines.wrong(format!("column {column} is `{}`, expected a finite number", shown(cell)))
}

fn signal(mut lines: Lines, header: &Line) -> Result<Array, ArrayError> {
    let columns = header.cells.len();
    let expected = |i: usize| match i {
        0 => "iteration".to_string(),
        1 => "sample".into(),
        _ => format!("unit_{}", i - 2),
    };
    if columns < 3 || header.cells.iter().enumerate().any(|(i, name)| *name != expected(i)) {
        return Err(lines.wrong(EXPECTED));
    }
    let mut values =
        TextValues { source: Location { path: lines.path, member: None }, data: Vec::new() };
    let (mut style, mut samples, mut rows) = (Style::of(lines.separator), None, 0usize);
    while let Some(line) = lines.next()? {
        if line.cells.len() != columns {
            return Err(lines.wrong(format!("{} cells, expected {columns}", line.cells.len())));
        }
        let whole = |i: usize| line.cells[i].parse::<usize>().ok();
        // The first iteration tells how many samples there are.
        if samples.is_none() && rows > 0 && whole(0) == Some(1) {
            samples = Some(rows);
        }
        let place = samples.map_or((0, rows), |samples| (rows / samples, rows % samples));
        if (whole(0), whole(1)) != (Some(place.0), Some(place.1)) {
            let found =
                format!("iteration {}, sample {}", shown(&line.cells[0]), shown(&line.cells[1]));
            let why =
                format!("found {found}, expected iteration {}, sample {} here", place.0, place.1);
            return Err(lines.wrong(why));
        }
        for (unit, cell) in line.cells.iter().skip(2).enumerate() {
            let refusal = || {
                lines.wrong(format!("unit_{unit} is `{}`, expected a finite number", shown(cell)))
            };
            let value = style.number(cell).ok_or_else(refusal)?;
            values.push(value)?;
        }
        rows += 1;
    }
    if let Some(doubt) = style.doubt() {
        return Err(lines.wrong_at(header.number, doubt));
    }
    let samples = samples.unwrap_or(rows);
    if rows == 0 || !rows.is_multiple_of(samples) {
        let why = format!(
            "{rows} rows of {samples} samples per iteration: the last iteration is cut short"
        );
        return Err(lines.wrong(if rows == 0 { "no rows".into() } else { why }));
    }
    Ok(Array { shape: vec![rows / samples, samples, columns - 2], data: values.data })
}

/// Writes a signal of iterations x samples x units as such a table, whole or not at all.
///
/// # Errors
/// If the file cannot be written, or the array has not three dimensions.
pub fn write_csv(path: &Path, array: &Array) -> Result<(), ArrayError> {
    let damaged = |why: String| ArrayError::Damaged { path: path.into(), format: ".csv", why };
    let &[_, samples, units] = &array.shape[..] else {
        return Err(damaged(format!("{:?} are not three dimensions", array.shape)));
    };
    let refuse = |error: csv::Error| damaged(error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["iteration".to_string(), "sample".into()];
    writer
        .write_record(header.into_iter().chain((0..units).map(|u| format!("unit_{u}"))))
        .map_err(refuse)?;
    for (row, values) in array.data.chunks_exact(units.max(1)).enumerate() {
        let place = [(row / samples).to_string(), (row % samples).to_string()];
        writer
            .write_record(place.into_iter().chain(values.iter().map(ToString::to_string)))
            .map_err(refuse)?;
    }
    let bytes = writer.into_inner().map_err(|error| refused("write", path, error.into_error()))?;
    store(path, &bytes)
}
