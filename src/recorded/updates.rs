//! Which updates of a run are on record, where not all of them are.
//!
//! A recorder that leaves updates out says which ones it recorded: `iterations` holds the number of updates before every
//! recorded iteration, and `states` that before every recorded state. Without them iteration `k` starts from state `k`, and
//! ends in the next.

use super::RecordedRun;

/// Numbers of updates before recorded iterations and states, both in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Updates {
    iterations: Vec<u64>,
    states: Vec<u64>,
}

impl Updates {
    /// Of numbers as they are recorded; or what is wrong with them.
    pub fn new(iterations: &[f64], states: &[f64]) -> Result<Self, String> {
        let numbers = |name: &str, values: &[f64]| -> Result<Vec<u64>, String> {
            let whole = |v: &f64| v.fract() == 0.0 && (0.0..=9e15).contains(v);
            let ascending = values.windows(2).all(|pair| pair[0] < pair[1]);
            if !values.iter().all(whole) || !ascending {
                return Err(format!(
                    "`{name}` holds no numbers of updates: whole ones, each larger than the one before"
                ));
            }
            Ok(values.iter().map(|v| *v as u64).collect())
        };
        Ok(Self { iterations: numbers("iterations", iterations)?, states: numbers("states", states)? })
    }

    /// How many of the first iterations start from a recorded state.
    pub fn complete(&self) -> usize {
        self.iterations.iter().take_while(|number| self.states.binary_search(number).is_ok()).count()
    }

    /// Leaves out all iterations but the first.
    pub fn truncate(&mut self, iterations: usize) {
        self.iterations.truncate(iterations);
    }

    /// Number of iterations and of states.
    pub fn lengths(&self) -> [usize; 2] {
        [self.iterations.len(), self.states.len()]
    }

    /// The states that iterations start from.
    pub fn before(&self) -> Vec<usize> {
        self.iterations.iter().filter_map(|number| self.states.binary_search(number).ok()).collect()
    }

    /// Whether not every iteration starts from the state of its own place, or an update lies between two recorded ones.
    fn is_thinned(&self) -> bool {
        !self.states.starts_with(&self.iterations) || self.iterations.windows(2).any(|pair| pair[0] + 1 != pair[1])
    }
}

impl RecordedRun {
    /// Number of updates before iteration `k`.
    pub fn update(&self, k: usize) -> u64 {
        self.updates.as_ref().and_then(|updates| updates.iterations.get(k).copied()).unwrap_or(k as u64)
    }

    /// Number of updates before state `k`.
    pub fn update_of_state(&self, k: usize) -> u64 {
        self.updates.as_ref().and_then(|updates| updates.states.get(k).copied()).unwrap_or(k as u64)
    }

    /// The iteration that so many updates came before, if it is on record.
    pub fn iteration_after(&self, updates: u64) -> Option<usize> {
        match &self.updates {
            Some(of) => of.iterations.binary_search(&updates).ok(),
            None => usize::try_from(updates).ok().filter(|k| *k < self.iterations()),
        }
    }

    /// The state that iteration `k` starts from. Whether a member has it is another matter.
    pub fn state_before(&self, k: usize) -> usize {
        self.state(self.update(k)).unwrap_or(usize::MAX)
    }

    /// The state that iteration `k` ends in, as [`Self::state_before`]; `None` where it was left out.
    pub fn state_after(&self, k: usize) -> Option<usize> {
        self.state(self.update(k) + 1)
    }

    fn state(&self, updates: u64) -> Option<usize> {
        match &self.updates {
            Some(of) => of.states.binary_search(&updates).ok(),
            None => usize::try_from(updates).ok(),
        }
    }

    /// Whether iteration `k` is the update right after that of the iteration before it.
    pub fn follows(&self, k: usize) -> bool {
        k > 0 && self.update(k - 1) + 1 == self.update(k)
    }

    /// Whether updates between recorded ones were left out.
    pub fn is_thinned(&self) -> bool {
        self.updates.as_ref().is_some_and(Updates::is_thinned)
    }

    /// Updates before every recorded iteration and before every recorded state, where the recording says so.
    pub fn updates(&self) -> Option<[&[u64]; 2]> {
        self.updates.as_ref().map(|of| [&of.iterations[..], &of.states[..]])
    }

    /// Updates from one recorded iteration to the next, the fewest there are.
    pub fn spacing(&self) -> usize {
        let gaps = (1..self.iterations()).map(|k| self.update(k) - self.update(k - 1));
        usize::try_from(gaps.min().unwrap_or(1)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iterations_are_told_their_states() {
        let updates = Updates::new(&[0.0, 5.0, 10.0], &[0.0, 1.0, 5.0, 6.0, 10.0]).unwrap();
        assert_eq!((updates.complete(), updates.is_thinned()), (3, true));
        let run = RecordedRun { updates: Some(updates), ..RecordedRun::default() };
        assert_eq!(
            [0, 1, 2].map(|k| (run.state_before(k), run.state_after(k))),
            [(0, Some(1)), (2, Some(3)), (4, None)]
        );
        assert_eq!(
            (run.update(2), run.update_of_state(3), run.iteration_after(5), run.follows(1)),
            (10, 6, Some(1), false)
        );
        // Of a run that was recorded whole, numbers are places.
        let run = RecordedRun::default();
        assert_eq!(
            (run.state_before(3), run.state_after(3), run.follows(3), run.follows(0)),
            (3, Some(4), true, false)
        );
        assert!(!run.is_thinned());
    }

    #[test]
    fn numbers_that_are_none_are_refused() {
        for numbers in [[0.0, 0.0], [1.0, 0.0], [0.5, 1.0], [-1.0, 0.0]] {
            assert!(Updates::new(&numbers, &[0.0]).unwrap_err().contains("`iterations`"), "{numbers:?}");
        }
        assert!(Updates::new(&[0.0], &[1.0, 1.0]).unwrap_err().contains("`states`"));
        assert_eq!(Updates::new(&[0.0, 1.0, 2.0], &[0.0, 1.0]).unwrap().complete(), 2);
    }
}
