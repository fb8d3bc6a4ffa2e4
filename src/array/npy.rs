//! NumPy's `.npy` and `.npz`.

use super::{Array, ArrayError, Header, Stored, check_size, room};
use crate::file::write_atomically;
use npyz::{DType, Endianness, NpyHeader, Order, WriterBuilder};
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Write};
use std::path::Path;
use zip::ZipArchive;
use zip::write::{SimpleFileOptions, ZipWriter};

/// Reads a `.npy` file: real numbers, integers or truth values, either byte order, C or Fortran order.
///
/// # Errors
/// As [`super::read`], but for values that are not finite.
pub fn read_npy(path: &Path) -> Result<Array, ArrayError> {
    let size = std::fs::metadata(path).map_err(|source| refused("read", path, source))?.len();
    read_array(path, BufReader::new(open(path)?), size)
}

/// Reads a member of an `.npz` archive, or its only one.
///
/// # Errors
/// As [`super::read`], but for values that are not finite.
pub fn read_npz(path: &Path, member: Option<&str>) -> Result<Array, ArrayError> {
    in_archive(path, member, |file, size| read_array(path, file, size))
}

/// Names of the members of an `.npz` archive, without their extension.
///
/// # Errors
/// If the archive cannot be read.
pub fn members(path: &Path) -> Result<Vec<String>, ArrayError> {
    names(path, &archive(path)?)
}

/// Header of a `.npy` file.
pub(super) fn header_npy(path: &Path) -> Result<Header, ArrayError> {
    let size = std::fs::metadata(path).map_err(|source| refused("read", path, source))?.len();
    Ok(open_header(path, BufReader::new(open(path)?), size)?.header)
}

/// Header of a member of an `.npz` archive, or of its only one.
pub(super) fn header_npz(path: &Path, member: Option<&str>) -> Result<Header, ArrayError> {
    in_archive(path, member, |file, size| Ok(open_header(path, file, size)?.header))
}

fn damaged(path: &Path, why: String) -> ArrayError {
    ArrayError::Damaged { path: path.into(), format: ".npy", why }
}

type Archive = ZipArchive<BufReader<File>>;

fn archive(path: &Path) -> Result<Archive, ArrayError> {
    let broken = |why: String| ArrayError::Damaged { path: path.into(), format: ".npz", why };
    ZipArchive::new(BufReader::new(open(path)?)).map_err(|e| broken(e.to_string()))
}

fn names(path: &Path, archive: &Archive) -> Result<Vec<String>, ArrayError> {
    let broken = |why: String| ArrayError::Damaged { path: path.into(), format: ".npz", why };
    let names: Result<Vec<_>, _> = archive.file_names().collect();
    let names = names.map_err(|e| broken(e.to_string()))?;
    Ok(names.iter().map(|n| n.strip_suffix(".npy").unwrap_or(n).to_string()).collect())
}

/// Opens a member of an archive, or its only one, for `use_it`, which is also told its size.
fn in_archive<R>(
    path: &Path,
    member: Option<&str>,
    use_it: impl FnOnce(&mut dyn Read, u64) -> Result<R, ArrayError>,
) -> Result<R, ArrayError> {
    let broken = |why: String| ArrayError::Damaged { path: path.into(), format: ".npz", why };
    let mut archive = archive(path)?;
    let members = names(path, &archive)?;
    let wanted = match (member, &members[..]) {
        (Some(member), _) if members.iter().any(|name| name == member) => member,
        (None, [only]) => only,
        _ => {
            let wanted = member.map(str::to_string);
            return Err(ArrayError::Member { path: path.into(), wanted, members });
        }
    };
    let name = if archive.index_for_name(wanted).is_some() { wanted.to_string() } else { format!("{wanted}.npy") };
    let mut file = archive.by_name(&name).map_err(|e| broken(format!("member `{wanted}`: {e}")))?;
    let (size, stored) = (file.size(), file.compressed_size());
    if size / MOST_DEFLATED > stored {
        return Err(broken(format!(
            "member `{wanted}` claims {size} bytes, and {stored} stored ones cannot hold these"
        )));
    }
    use_it(&mut file, size)
}

/// A bound on how many bytes a stored one may become: deflate reaches 1032.
const MOST_DEFLATED: u64 = 1100;

fn open(path: &Path) -> Result<File, ArrayError> {
    File::open(path).map_err(|source| refused("read", path, source))
}

fn refused(action: &'static str, path: &Path, source: std::io::Error) -> ArrayError {
    ArrayError::File { action, path: path.into(), source }
}

/// Reads an array of a file or member that is `size` bytes long, to its end.
fn read_array(path: &Path, reader: impl Read, size: u64) -> Result<Array, ArrayError> {
    let mut opened = open_header(path, reader, size)?;
    let Header { shape, stored } = opened.header;
    let data = read_values(path, &mut opened.rest, stored, opened.big_endian, shape.iter().product())?;
    if stored == Stored::Bool && data.iter().any(|v| *v > 1.0) {
        return Err(damaged(path, "its truth values are not all 0 or 1".into()));
    }
    let order = opened.order;
    Ok(Array { data: if order == Order::Fortran { from_fortran(path, &shape, &data)? } else { data }, shape })
}

/// Bytes that are read at once: a multiple of the width of every type.
const CHUNK: usize = 1 << 16;

/// Reads `values` values and makes sure that nothing follows them.
fn read_values(
    path: &Path,
    reader: &mut impl Read,
    stored: Stored,
    big_endian: bool,
    values: usize,
) -> Result<Vec<f64>, ArrayError> {
    let failed = |error: std::io::Error| damaged(path, error.to_string());
    let (mut data, mut chunk) = (room(path, values)?, vec![0; CHUNK]);
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
        stored.widen(&chunk[..filled], big_endian, &mut data);
        missing -= filled as u64;
        if filled < wanted {
            return Err(damaged(path, cut_short(values as u64, missing, stored)));
        }
    }
    // Reading on to the end also has the checksum of a member compared.
    match reader.read(&mut chunk).map_err(failed)? {
        0 => Ok(data),
        _ => Err(damaged(path, format!("something follows the last of its {values} values"))),
    }
}

/// How many values there are when `missing` bytes are not.
fn cut_short(values: u64, missing: u64, stored: Stored) -> String {
    let width = stored.width() as u64;
    let there = values * width - missing;
    let digits = usize::from(there % width != 0);
    format!("it is cut short: {:.digits$} of {values} values are there", there as f64 / width as f64)
}

/// Most bytes of a header: NumPy reads 10000.
const MOST_HEADER: u64 = 1 << 16;

/// How deep the text of a header nests: that of a plain array is a tuple in a dictionary. The time that npyz takes doubles with
/// every level.
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

/// The largest product of numbers between two brackets: no shape in the text has more values. npyz multiplies unchecked.
fn most_values(text: &[u8]) -> u128 {
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse().ok().or(Some(u128::MAX));
    let product = |list: &[u8]| {
        let numbers = list.split(|byte| !byte.is_ascii_digit()).filter(|digits| !digits.is_empty()).filter_map(number);
        // A zero comes too late for a product that has left its range before.
        numbers.filter(|&n| n > 0).fold(1, u128::saturating_mul)
    };
    text.split(|byte| b"()[]".contains(byte)).map(product).max().unwrap_or(1)
}

/// An array whose header has been read and checked.
struct Opened<R> {
    header: Header,
    order: Order,
    big_endian: bool,
    /// The values.
    rest: R,
}

/// Reads the header of an array that is `size` bytes long, once it is known to be there: npyz would allocate whatever
/// length it claims, take for ever over what nests deep, and lose count of too many values. What it claims is checked
/// before any value is read: a type that is read, and all of the values there.
fn open_header<R: Read>(path: &Path, mut reader: R, size: u64) -> Result<Opened<R>, ArrayError> {
    let text = header_text(path, &mut reader, size)?;
    if deepest(&text) > MOST_NESTED {
        return Err(damaged(path, "its header nests too deep".into()));
    }
    let values = most_values(&text[10..]);
    check_size(path, values)?;
    let found = NpyHeader::from_reader(&with_known_types(&text)[..]).map_err(|e| damaged(path, e.to_string()))?;
    let unread = |found: String| ArrayError::Type { path: path.into(), found };
    let DType::Plain(plain) = found.dtype() else { return Err(unread("structured".into())) };
    let kind = plain.to_string().chars().nth(1).unwrap_or('?');
    let stored = Stored::of(kind, plain.size_field()).ok_or_else(|| unread(plain.to_string()))?;
    let values: u64 = found.shape().iter().product();
    let (needed, there) = (values * stored.width() as u64, size.saturating_sub(text.len() as u64));
    if needed > there {
        return Err(damaged(path, cut_short(values, needed - there, stored)));
    }
    let shape = found.shape().iter().map(|&n| n as usize).collect();
    let big_endian = plain.endianness() == Endianness::Big;
    Ok(Opened { header: Header { shape, stored }, order: found.order(), big_endian, rest: reader })
}

/// The bytes of a header, from the first one of the file, once they are known to be there.
fn header_text(path: &Path, reader: &mut impl Read, size: u64) -> Result<Vec<u8>, ArrayError> {
    let cut = || damaged(path, "it is cut short in the header".into());
    let mut text = Vec::new();
    let mut read = |length: u64, text: &mut Vec<u8>| {
        let got = reader.take(length).read_to_end(text).map_err(|e| damaged(path, e.to_string()))?;
        if got as u64 == length { Ok(()) } else { Err(cut()) }
    };
    read(10, &mut text)?;
    let length = match text[..] {
        [_, _, _, _, _, _, 1, _, a, b] => u64::from(u16::from_le_bytes([a, b])),
        _ => {
            read(2, &mut text)?;
            let [.., a, b, c, d] = text[..] else { return Err(cut()) };
            u64::from(u32::from_le_bytes([a, b, c, d]))
        }
    };
    if length > MOST_HEADER {
        return Err(damaged(path, format!("its header claims {length} bytes")));
    }
    if length > size {
        return Err(cut());
    }
    read(length, &mut text)?;
    Ok(text)
}

/// The header with a name npyz does not know replaced by one that it does: some versions of ml_dtypes give bfloat16
/// by name.
fn with_known_types(text: &[u8]) -> Vec<u8> {
    let (named, known) = (b"'bfloat16'", b"'<V2'     ");
    match text.windows(named.len()).position(|window| window == named) {
        Some(at) => [&text[..at], known, &text[at + named.len()..]].concat(),
        None => text.to_vec(),
    }
}

/// Row-major values of column-major ones.
fn from_fortran(path: &Path, shape: &[usize], data: &[f64]) -> Result<Vec<f64>, ArrayError> {
    let strides: Vec<usize> = shape.iter().scan(1, |stride, &n| Some(std::mem::replace(stride, *stride * n))).collect();
    let mut index = vec![0; shape.len()];
    let mut out = room(path, data.len())?;
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
fn to_bytes(array: &Array) -> std::io::Result<Vec<u8>> {
    let shape: Vec<u64> = array.shape.iter().map(|&n| n as u64).collect();
    let mut bytes = Vec::new();
    let mut writer = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut bytes).begin_nd()?;
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

/// Writes an `.npz` archive of `f8` members, whole or not at all; the same bytes for the same arrays.
///
/// # Errors
/// If the file cannot be written.
pub fn write_npz(path: &Path, members: &[(&str, &Array)]) -> Result<(), ArrayError> {
    let failed = |source| refused("write", path, source);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // Without the time of writing.
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    for (name, array) in members {
        archive.start_file(format!("{name}.npy"), options).map_err(|e| failed(e.into()))?;
        archive.write_all(&to_bytes(array).map_err(failed)?).map_err(failed)?;
    }
    let bytes = archive.finish().map_err(|e| failed(e.into()))?.into_inner();
    store(path, &bytes)
}

pub(super) fn store(path: &Path, bytes: &[u8]) -> Result<(), ArrayError> {
    write_atomically(path, bytes).map_err(|error| refused("write", path, std::io::Error::other(error)))
}
