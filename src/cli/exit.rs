//! How the program ends.

/// How the program ends: the exit codes of the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: everything asked for was done.
    Done,
    /// 1: something failed or diverged.
    Failed,
    /// 2: the request cannot be understood.
    Usage,
    /// 3: a claim that should hold does not.
    ClaimFailed,
    /// 130: interrupted; finished jobs are kept.
    Interrupted,
}

impl Exit {
    /// The number the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::ClaimFailed => 3,
            Self::Interrupted => 130,
        }
    }
}

/// A request that cannot be carried out as typed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);
