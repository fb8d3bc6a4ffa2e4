//! Which updates of a run were recorded, where not all were.

use super::stack::Stack;

/// Which updates were recorded, where others were made between them.
#[derive(Clone, Debug)]
pub struct Thinned {
    /// Updates made before each state.
    pub(super) updates: Vec<u64>,
    /// `W_l` right after each iteration, by layer.
    pub(super) next: Vec<Option<Stack>>,
}

impl Thinned {
    /// Updates made before each state.
    pub fn updates(&self) -> &[u64] {
        &self.updates
    }

    /// Updates from one state to the next, if they are the same throughout but for the last state.
    pub fn spacing(&self) -> Option<u64> {
        let mut gaps = self.updates.windows(2).map(|pair| pair[1] - pair[0]);
        let first = gaps.next()?;
        let last = gaps.next_back().unwrap_or(first);
        (gaps.all(|gap| gap == first) && last <= first).then_some(first)
    }

    /// The iteration that was `lag` updates before iteration `k`.
    pub(super) fn earlier(&self, k: usize, lag: usize) -> Option<usize> {
        let wanted = self.updates.get(k)?.checked_sub(lag as u64)?;
        self.updates[..k].binary_search(&wanted).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_evenly_spaced_if_only_the_last_gap_is_shorter() {
        let spacing =
            |updates: &[u64]| Thinned { updates: updates.to_vec(), next: vec![] }.spacing();
        assert_eq!(spacing(&[0, 5, 10, 15]), Some(5));
        assert_eq!(spacing(&[0, 5, 10, 12]), Some(5));
        assert_eq!(spacing(&[0, 5, 10, 20]), None);
        assert_eq!(spacing(&[0, 5, 9, 14]), None);
        assert_eq!(spacing(&[0, 5]), Some(5));
        assert_eq!(spacing(&[0]), None);
    }
}
