//! NumPy's `.npz`: a zip archive of `.npy` files. No member is believed before its checksum has
//! been compared.

use super::npy::{self, to_bytes};
use super::packed::ArrayBytes;
use super::{Array, ArrayError, Header, Location, refused, store};
use alignscope_compiled::archive::{self, Archive, ZipError};
use std::fs::File;
use std::path::Path;

/// Reads a member of an `.npz` archive, or its only one.
///
/// # Errors
/// As [`super::read`], but for values that are not finite.
pub fn read_npz(path: &Path, member: Option<&str>) -> Result<Array, ArrayError> {
    in_archive(path, member, |source, values| npy::read_array(source, values.reader, values.size))
}

/// Header of a member of an `.npz` archive, or of its only one.
pub(super) fn header_npz(path: &Path, member: Option<&str>) -> Result<Header, ArrayError> {
    in_archive(path, member, |source, values| npy::read_header(source, values.reader, values.size))
}

/// Names of the members of an `.npz` archive, without their extension.
///
/// # Errors
/// If the archive cannot be read, or contradicts itself.
pub fn members(path: &Path) -> Result<Vec<String>, ArrayError> {
    names(path, &open(path)?)
}

fn damaged(path: &Path, why: String) -> ArrayError {
    ArrayError::Damaged { path: path.into(), format: ".npz", why }
}

/// Opens an archive whose directory agrees with what stands before its members: names, sizes,
/// checksums, and how many there are. A checksum says nothing of a member that a damaged directory
/// leaves out or calls by another name.
fn open(path: &Path) -> Result<Archive, ArrayError> {
    let file = File::open(path).map_err(|source| refused("read", path, source))?;
    let failed = |error| match error {
        ZipError::Io(source) if source.raw_os_error().is_some() => refused("read", path, source),
        error => damaged(path, format!("{error}; copy the file again, or save it again")),
    };
    Archive::open(file).map_err(failed)
}

fn names(path: &Path, archive: &Archive) -> Result<Vec<String>, ArrayError> {
    let names = archive.names().map_err(|e| damaged(path, e.to_string()))?;
    Ok(names.iter().map(|n| n.strip_suffix(".npy").unwrap_or(n).to_string()).collect())
}

/// A bound on how many bytes a stored one may become: deflate reaches 1032.
const MOST_DEFLATED: u64 = 1100;

/// Most bytes of a refused member that are read on to see whether it is refused because it is
/// damaged.
const MOST_REREAD: u64 = 64 << 20;

/// Opens a member of an archive, or its only one, for `use_it`.
pub(super) fn in_archive<R>(
    path: &Path,
    member: Option<&str>,
    use_it: impl FnOnce(&Location, &mut ArrayBytes<'_>) -> Result<R, ArrayError>,
) -> Result<R, ArrayError> {
    let mut archive = open(path)?;
    let members = names(path, &archive)?;
    let at = choose(path, member, &members)?;
    let wanted = &members[at];
    let refuse = |why: String| damaged(path, format!("member `{wanted}` {why}"));
    let entry = archive.entry(at).map_err(|e| refuse(format!("cannot be found: {e}")))?;
    let (size, stored) = (entry.size, entry.stored);
    if entry.encrypted {
        return Err(refuse("is encrypted: unpack it, and save it without a password".into()));
    }
    if let Some(method) = entry.unknown_compression {
        let why = format!(
            "is compressed by {method}, which is not read: save it with numpy.savez_compressed"
        );
        return Err(refuse(why));
    }
    if size / MOST_DEFLATED > stored {
        return Err(refuse(format!(
            "claims {size} bytes, and {stored} stored ones cannot hold these"
        )));
    }
    let (mut file, start) = archive.read(at).map_err(|e| refuse(format!("cannot be read: {e}")))?;
    let source = Location { path, member: Some(wanted) };
    let plain = start.map(|at| (path, at));
    let found = use_it(&source, &mut ArrayBytes { reader: &mut file, size, plain });
    // What is refused for what it says may say so because it was changed.
    if matches!(&found, Err(error) if error.is_of_contents()) && size <= MOST_REREAD {
        std::io::copy(&mut file, &mut std::io::sink()).map_err(|error| source.failed(&error))?;
    }
    found
}

/// Place of the member that is wanted, or of the only one.
fn choose(path: &Path, member: Option<&str>, members: &[String]) -> Result<usize, ArrayError> {
    let places =
        members.iter().enumerate().filter(|(_, name)| member.is_none_or(|wanted| *name == wanted));
    match places.map(|(at, _)| at).collect::<Vec<_>>()[..] {
        [at] => Ok(at),
        [_, _, ..] if let Some(wanted) = member => Err(damaged(
            path,
            format!("several members are called `{wanted}`: give each its own name"),
        )),
        _ => {
            let wanted = member.map(str::to_string);
            Err(ArrayError::Member { path: path.into(), wanted, members: members.to_vec() })
        }
    }
}

/// Writes an `.npz` archive of `f8` members, whole or not at all; the same bytes for the same
/// arrays.
///
/// # Errors
/// If the file cannot be written.
pub fn write_npz(path: &Path, members: &[(&str, &Array)]) -> Result<(), ArrayError> {
    let failed = |source| refused("write", path, source);
    let bytes = |(name, array): &(&str, &Array)| Ok((format!("{name}.npy"), to_bytes(array)?));
    let members = members.iter().map(bytes).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let bytes = archive::stored(&members).map_err(|e| failed(e.into()))?;
    store(path, &bytes)
}
