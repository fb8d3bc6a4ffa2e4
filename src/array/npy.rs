//! NumPy's `.npy`.

use super::refusal::unread;
use super::{Array, ArrayError, Header, Location, Stored, refused, store};
use npyz::{DType, Endianness, NpyHeader, Order, WriterBuilder};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Reads a `.npy` file: real numbers, integers or truth values, either byte order, C or Fortran
/// order.
///
/// # Errors
/// As [`super::read`], but for values that are not finite.
pub fn read_npy(path: &Path) -> Result<Array, ArrayError> {
    in_file(path, read_array)
}

/// Header of a `.npy` file.
pub(super) fn header_npy(path: &Path) -> Result<Header, ArrayError> {
    in_file(path, read_header)
}

/// Opens a file for `use_it`, which is also told its size.
fn in_file<R>(
    path: &Path,
    use_it: impl FnOnce(&Location, &mut dyn Read, u64) -> Result<R, ArrayError>,
) -> Result<R, ArrayError> {
    let failed = |source| refused("read", path, source);
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    use_it(&Location { path, member: None }, &mut BufReader::new(file), size)
}

/// Reads the header of an array that is `size` bytes long.
pub(super) fn read_header(
    source: &Location,
    reader: &mut dyn Read,
    size: u64,
) -> Result<Header, ArrayError> {
    Ok(open(source, reader, size)?.header)
}

/// Reads an array of a file or member that is `size` bytes long, to its end.
pub(super) fn read_array(
    source: &Location,
    reader: &mut dyn Read,
    size: u64,
) -> Result<Array, ArrayError> {
    let opened = open(source, reader, size)?;
    let data = read_values(source, reader, &opened)?;
    let Header { shape, stored } = opened.header;
    if stored == Stored::Bool && data.iter().any(|v| *v > 1.0) {
        return Err(source.damaged("its truth values are not all 0 or 1".into()));
    }
    let data =
        if opened.order == Order::Fortran { from_fortran(source, &shape, &data)? } else { data };
    Ok(Array { shape, data })
}

/// Bytes that are read at once: a multiple of the width of every type.
const CHUNK: usize = 1 << 16;

/// Reads the values and makes sure that nothing follows them.
fn read_values(
    source: &Location,
    reader: &mut dyn Read,
    opened: &Opened,
) -> Result<Vec<f64>, ArrayError> {
    let Header { shape, stored } = &opened.header;
    let values: usize = shape.iter().product();
    let failed = |error: std::io::Error| source.failed(&error);
    let (mut data, mut chunk) = (source.room(values)?, vec![0; CHUNK]);
    let mut missing = values as u64 * stored.width() as u64;
    while missing > 0 {
        let wanted = missing.min(CHUNK as u64) as usize;
        let mut filled = 0;
        while filled < wanted {
            match reader.read(&mut chunk[filled..wanted]).map_err(failed)? {
                0 => break,
                more => filled += more,
            }
        }
        stored.widen(&chunk[..filled], opened.big_endian, &mut data);
        missing -= filled as u64;
        if filled < wanted {
            return Err(source.damaged(cut_short(values as u128, missing.into(), *stored)));
        }
    }
    // Reading on to the end also has the checksum of a member compared.
    match reader.read(&mut chunk).map_err(failed)? {
        0 => Ok(data),
        _ => Err(source.damaged(format!("something follows the last of its {values} values"))),
    }
}

/// How many values there are when `missing` bytes are not.
pub(super) fn cut_short(values: u128, missing: u128, stored: Stored) -> String {
    let width = stored.width() as u128;
    let there = values * width - missing;
    let digits = usize::from(!there.is_multiple_of(width));
    format!(
        "it is cut short: {:.digits$} of {values} values are there",
        there as f64 / width as f64
    )
}

/// Most bytes of a header: NumPy reads 10000.
const MOST_HEADER: u64 = 1 << 16;

/// How deep the text of a header nests: that of a plain array is a tuple in a dictionary. The time
/// that npyz takes doubles with every level.
const MOST_NESTED: usize = 8;

fn deepest(text: &[u8]) -> usize {
    let depths = text.iter().scan(0usize, |depth, byte| {
        match byte {
            b'{' | b'[' | b'(' => *depth += 1,
            b'}' | b']' | b')' => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some(*depth)
    });
    depths.max().unwrap_or(0)
}

/// The largest product of numbers between two brackets: no shape in the text has more values. npyz
/// multiplies unchecked.
fn most_values(text: &[u8]) -> u128 {
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse().ok().or(Some(u128::MAX));
    let product = |list: &[u8]| {
        let numbers = list
            .split(|byte| !byte.is_ascii_digit())
            .filter(|digits| !digits.is_empty())
            .filter_map(number);
        // A zero comes too late for a product that has left its range before.
        numbers.filter(|&n| n > 0).fold(1, u128::saturating_mul)
    };
    text.split(|byte| b"()[]".contains(byte)).map(product).max().unwrap_or(1)
}

/// What the header of an array tells.
pub(super) struct Opened {
    pub header: Header,
    pub order: Order,
    pub big_endian: bool,
    /// Bytes of the header.
    pub length: u64,
    /// No shape in the header has more values than this.
    most_values: u128,
}

/// Reads the header of an array that is `size` bytes long. What it claims is checked before any
/// value is read: a type that is read, room for the values, and all of them there.
fn open(source: &Location, reader: &mut dyn Read, size: u64) -> Result<Opened, ArrayError> {
    let opened = parse(source, reader, size)?;
    source.check_size(opened.most_values)?;
    let Header { shape, stored } = &opened.header;
    let values: u128 = shape.iter().map(|&n| n as u128).product();
    let (needed, there) =
        (values * stored.width() as u128, u128::from(size.saturating_sub(opened.length)));
    if needed > there {
        return Err(source.damaged(cut_short(values, needed - there, *stored)));
    }
    Ok(opened)
}

/// Most values of a shape that is looked at: npyz counts them and their bytes in 64 bits,
/// unchecked.
const MOST_COUNTED: u128 = 1 << 59;

/// Reads the header of an array, once it is known to be there: npyz would allocate whatever length
/// it claims, take for ever over what nests deep, and lose count of too many values. Whether the
/// values are there is not looked at.
pub(super) fn parse(
    source: &Location,
    reader: &mut dyn Read,
    size: u64,
) -> Result<Opened, ArrayError> {
    let text = header_text(source, reader, size)?;
    if deepest(&text) > MOST_NESTED {
        return Err(source.damaged("its header nests too deep".into()));
    }
    let most_values = most_values(&text[10..]);
    if most_values > MOST_COUNTED {
        source.check_size(most_values)?;
    }
    let found = match NpyHeader::from_reader(&with_known_types(&text)[..]) {
        Ok(found) => found,
        Err(error) => {
            let unknown = error.to_string().contains("type string");
            let described = description(&text).filter(|_| unknown);
            return Err(described.map_or_else(
                || source.damaged(error.to_string()),
                |text| source.unread(&text, &[]),
            ));
        }
    };
    let shape: Vec<usize> = found.shape().iter().map(|&n| n as usize).collect();
    let dtype = found.dtype();
    let known = match &dtype {
        DType::Plain(plain) => {
            let kind = plain.to_string().chars().nth(1).unwrap_or('?');
            Stored::of(kind, plain.size_field()).map(|stored| (stored, plain.endianness()))
        }
        _ => None,
    };
    let Some((stored, endianness)) = known else { return Err(unread(source, &dtype, &shape)) };
    let header = Header { shape, stored };
    let (order, big_endian, length) =
        (found.order(), endianness == Endianness::Big, text.len() as u64);
    Ok(Opened { header, order, big_endian, length, most_values })
}

/// The bytes of a header, from the first one of the file, once they are known to be there.
fn header_text(source: &Location, reader: &mut dyn Read, size: u64) -> Result<Vec<u8>, ArrayError> {
    let cut = || source.damaged("it is cut short in the header".into());
    let mut text = Vec::new();
    let mut read = |length: u64, text: &mut Vec<u8>| {
        let got = reader.take(length).read_to_end(text).map_err(|error| source.failed(&error))?;
        if got as u64 == length { Ok(()) } else { Err(cut()) }
    };
    read(10, &mut text)?;
    if !text.starts_with(MAGIC) {
        return Err(source.damaged("it does not start as one".into()));
    }
    let length = match text[..] {
        [_, _, _, _, _, _, 1, _, a, b] => u64::from(u16::from_le_bytes([a, b])),
        _ => {
            read(2, &mut text)?;
            let [.., a, b, c, d] = text[..] else { return Err(cut()) };
            u64::from(u32::from_le_bytes([a, b, c, d]))
        }
    };
    if length > MOST_HEADER {
        return Err(source.damaged(format!("its header claims {length} bytes")));
    }
    if length > size {
        return Err(cut());
    }
    read(length, &mut text)?;
    Ok(text)
}

/// How a `.npy` file starts.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// The type as the text of a header gives it, if it is a name.
fn description(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let name =
        text.split_once("'descr':")?.1.trim_start().strip_prefix('\'')?.split('\'').next()?;
    Some(name.chars().take(40).flat_map(char::escape_debug).collect())
}

/// The header with a name npyz does not know replaced by one that it does: some versions of
/// ml_dtypes give bfloat16 by name.
fn with_known_types(text: &[u8]) -> Vec<u8> {
    let (named, known) = (b"'bfloat16'", b"'<V2'     ");
    match text.windows(named.len()).position(|window| window == named) {
        Some(at) => [&text[..at], known, &text[at + named.len()..]].concat(),
        None => text.to_vec(),
    }
}

/// Row-major values of column-major ones.
fn from_fortran(source: &Location, shape: &[usize], data: &[f64]) -> Result<Vec<f64>, ArrayError> {
    let strides: Vec<usize> =
        shape.iter().scan(1, |stride, &n| Some(std::mem::replace(stride, *stride * n))).collect();
    let mut index = vec![0; shape.len()];
    let mut out = source.room(data.len())?;
    for _ in 0..data.len() {
        out.push(data[index.iter().zip(&strides).map(|(i, s)| i * s).sum::<usize>()]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    Ok(out)
}

/// Bytes of an array as a `.npy` file of `f8`.
pub(super) fn to_bytes(array: &Array) -> std::io::Result<Vec<u8>> {
    let shape: Vec<u64> = array.shape.iter().map(|&n| n as u64).collect();
    let mut bytes = Vec::new();
    let mut writer =
        npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut bytes).begin_nd()?;
    writer.extend(array.data.iter().copied())?;
    writer.finish()?;
    Ok(bytes)
}

/// Writes a `.npy` file of `f8`, whole or not at all.
///
/// # Errors
/// If the file cannot be written.
pub fn write_npy(path: &Path, array: &Array) -> Result<(), ArrayError> {
    let bytes = to_bytes(array).map_err(|source| refused("write", path, source))?;
    store(path, &bytes)
}
