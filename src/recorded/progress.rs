//! How far reading and analysing a recording has come.

use std::fmt::Debug;
use std::sync::Arc;

/// Is told how far reading and analysing a recording has come.
///
/// Every method may be called from any thread.
pub trait ReadingObserver: Debug + Send + Sync {
    /// A stage begins, which reads so many bytes, as far as that is known; at least one.
    fn begins(&self, stage: &str, bytes: u64);

    /// So many more bytes have been read.
    fn advances(&self, bytes: u64);
}

/// Tells an observer, if there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(Option<Arc<dyn ReadingObserver>>);

impl Progress {
    /// Tells nobody.
    pub fn hidden() -> Self {
        Self::default()
    }

    /// Tells `observer`.
    pub fn told_to(observer: Arc<dyn ReadingObserver>) -> Self {
        Self(Some(observer))
    }

    /// Begins a stage that reads so many bytes.
    pub fn begin(&self, stage: &str, bytes: u64) {
        if let Some(observer) = &self.0 {
            observer.begins(stage, bytes.max(1));
        }
    }

    /// So many more bytes have been read.
    pub fn advance(&self, bytes: usize) {
        if let Some(observer) = &self.0 {
            observer.advances(bytes as u64);
        }
    }
}
