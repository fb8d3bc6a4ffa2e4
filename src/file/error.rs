//! Why a file or directory could not be used, and the remedy.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

/// A file or directory that could not be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}{}", path.display(), remedy(source))]
pub struct FileError {
    /// What was tried: `read`, `write`, ...
    pub action: &'static str,
    /// To which file.
    pub path: PathBuf,
    /// Why it failed.
    pub source: std::io::Error,
}

impl FileError {
    /// An error of doing `action` to `path`.
    pub fn new(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self { action, path: path.to_path_buf(), source }
    }
}

fn remedy(source: &std::io::Error) -> &'static str {
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "; free some space and give the same command again: finished jobs are kept"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "; choose another directory, or change its permissions"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "; a file is in the way: choose another directory"
        }
        ErrorKind::NotFound => "; check the path",
        _ if is_link_refused(source) => "; it is a link, which is not followed: remove it",
        _ => "",
    }
}

/// Whether a file was not opened as it is a link.
fn is_link_refused(source: &Error) -> bool {
    #[cfg(unix)]
    return source.raw_os_error() == Some(libc::ELOOP);
    #[cfg(not(unix))]
    {
        let _ = source;
        false
    }
}
