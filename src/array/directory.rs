//! Directories of `.npy` files, one for every array: what an `.npz` archive is, for arrays that
//! grow while they are written.

use super::{ArrayError, refused};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Names of the `.npy` files of a directory without their extension, in alphabetical order.
pub(super) fn members(path: &Path) -> Result<Vec<String>, ArrayError> {
    let failed = |source| refused("read", path, source);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".npy")) else { continue };
        // Names that start with a dot are those of files on their way.
        if !name.starts_with('.') && entry.path().is_file() {
            names.push(name.to_string());
        }
    }
    names.sort();
    Ok(names)
}

/// File of a member, or of the only one.
pub(super) fn file(path: &Path, member: Option<&str>) -> Result<PathBuf, ArrayError> {
    let members = members(path)?;
    match (member, &members[..]) {
        (Some(member), _) if members.iter().any(|name| name == member) => {
            Ok(path.join(format!("{member}.npy")))
        }
        (None, [only]) => Ok(path.join(format!("{only}.npy"))),
        _ => Err(ArrayError::Member {
            path: path.into(),
            wanted: member.map(str::to_string),
            members,
        }),
    }
}

/// Hashes names, lengths and bytes of all members, in alphabetical order.
pub(super) fn hash(path: &Path, hasher: &mut blake3::Hasher) -> Result<(), ArrayError> {
    for name in members(path)? {
        let path = path.join(format!("{name}.npy"));
        let failed = |source| refused("read", &path, source);
        let file = File::open(&path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        hasher.update(format!("{name}\n{length}\n").as_bytes());
        hasher.update_reader(file).map_err(failed)?;
    }
    Ok(())
}
