//! What follows from the numbers of a process, and takes a while to be found.

use std::sync::{Arc, OnceLock};

/// A value that is found when it is first asked for, once for a process and all its clones, which
/// are the repeats of a condition. It follows from the numbers of the process: two that have these
/// in common are equal, found or not.
#[derive(Clone, Debug)]
pub(super) struct Derived<V>(Arc<OnceLock<V>>);

impl<V> Derived<V> {
    /// The value, found by `find` unless it is known.
    pub fn get(&self, find: impl FnOnce() -> V) -> &V {
        self.0.get_or_init(find)
    }
}

impl<V> Default for Derived<V> {
    fn default() -> Self {
        Self(Arc::new(OnceLock::new()))
    }
}

impl<V> PartialEq for Derived<V> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
