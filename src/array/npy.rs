//! NumPy's `.npy` and `.npz`.

use super::{Array, ArrayError, MOST_BYTES};
use crate::file::write_atomically;
use npyz::{DType, NpyFile, Order, TypeChar, WriterBuilder};
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Write};
use std::path::Path;
use zip::ZipArchive;
use zip::write::{SimpleFileOptions, ZipWriter};

/// Reads a `.npy` file: real numbers or integers, either byte order, C or Fortran order.
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

/// Shape of a member of an `.npz` archive, from its header alone, whose type and size are checked.
///
/// # Errors
/// As [`read_npz`].
pub fn shape(path: &Path, member: &str) -> Result<Vec<usize>, ArrayError> {
    in_archive(path, Some(member), |file, size| check_header(path, &header(path, file, size)?, size))
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

/// Reads an array of a file or member that is `size` bytes long.
fn read_array(path: &Path, reader: impl Read, size: u64) -> Result<Array, ArrayError> {
    let broken = |why: String| damaged(path, why);
    let file = header(path, reader, size)?;
    let shape = check_header(path, &file, size)?;
    let DType::Plain(plain) = file.dtype() else {
        return Err(ArrayError::Type { path: path.into(), found: "structured".into() });
    };
    let order = file.order();
    let text = |e: std::io::Error| broken(e.to_string());
    macro_rules! widened {
        ($t:ty) => {
            file.into_vec::<$t>().map_err(text)?.into_iter().map(|v| v as f64).collect()
        };
    }
    let data: Vec<f64> = match (plain.type_char(), plain.size_field()) {
        (TypeChar::Float, 8) => file.into_vec::<f64>().map_err(text)?,
        (TypeChar::Float, 4) => widened!(f32),
        (TypeChar::Int, 1) => widened!(i8),
        (TypeChar::Int, 2) => widened!(i16),
        (TypeChar::Int, 4) => widened!(i32),
        (TypeChar::Int, 8) => widened!(i64),
        (TypeChar::Uint, 1) => widened!(u8),
        (TypeChar::Uint, 2) => widened!(u16),
        (TypeChar::Uint, 4) => widened!(u32),
        (TypeChar::Uint, 8) => widened!(u64),
        _ => return Err(ArrayError::Type { path: path.into(), found: plain.to_string() }),
    };
    let values: usize = shape.iter().product();
    if data.len() != values {
        return Err(broken(format!("{} of {values} values are there", data.len())));
    }
    Ok(Array { data: if order == Order::Fortran { from_fortran(&shape, &data) } else { data }, shape })
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

/// Reads the header of an array that is `size` bytes long, once it is known to be there: npyz would allocate whatever
/// length it claims, take for ever over what nests deep, and lose count of too many values.
fn header<R: Read>(path: &Path, mut reader: R, size: u64) -> Result<NpyFile<impl Read>, ArrayError> {
    let mut start = Vec::new();
    (&mut reader).take(12).read_to_end(&mut start).map_err(|e| damaged(path, e.to_string()))?;
    let length = match start[..] {
        [_, _, _, _, _, _, 1, _, a, b, ..] => u64::from(u16::from_le_bytes([a, b])),
        [_, _, _, _, _, _, _, _, a, b, c, d] => u64::from(u32::from_le_bytes([a, b, c, d])),
        _ => return Err(damaged(path, "it is cut short in the header".into())),
    };
    if length > size.min(MOST_HEADER) {
        return Err(damaged(path, format!("its header claims {length} bytes")));
    }
    // What is there of 12 bytes of the first version is part of the text already.
    (&mut reader).take(length).read_to_end(&mut start).map_err(|e| damaged(path, e.to_string()))?;
    if deepest(&start) > MOST_NESTED {
        return Err(damaged(path, "its header nests too deep".into()));
    }
    let values = most_values(&start[10..]);
    if values > u128::from(MOST_BYTES / 8) {
        return Err(ArrayError::TooLarge { path: path.into(), bytes: values.saturating_mul(8) });
    }
    NpyFile::new(Cursor::new(start).chain(reader)).map_err(|e| damaged(path, e.to_string()))
}

/// Shape of an array that is `size` bytes long, header included. What the header claims is checked before anything is
/// allocated: values of a type that is read, and all of them there.
fn check_header<R: Read>(path: &Path, file: &NpyFile<R>, size: u64) -> Result<Vec<usize>, ArrayError> {
    let values: u128 = file.shape().iter().map(|&n| u128::from(n)).product();
    let unread = |found: String| ArrayError::Type { path: path.into(), found };
    let DType::Plain(plain) = file.dtype() else { return Err(unread("structured".into())) };
    let width = match (plain.type_char(), plain.size_field()) {
        (TypeChar::Float, width @ (4 | 8)) | (TypeChar::Int | TypeChar::Uint, width @ (1 | 2 | 4 | 8)) => width,
        _ => return Err(unread(plain.to_string())),
    };
    if values * u128::from(width) > u128::from(size) {
        return Err(damaged(path, format!("it claims {values} values of {width} bytes and is {size} bytes long")));
    }
    Ok(file.shape().iter().map(|&n| n as usize).collect())
}

/// Row-major values of column-major ones.
fn from_fortran(shape: &[usize], data: &[f64]) -> Vec<f64> {
    let strides: Vec<usize> = shape.iter().scan(1, |stride, &n| Some(std::mem::replace(stride, *stride * n))).collect();
    let mut index = vec![0; shape.len()];
    let mut out = Vec::with_capacity(data.len());
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
    out
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
