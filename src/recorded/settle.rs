//! Which way recorded backward weights are stored, and of which states they are, as far as error
//! signals tell.

use super::activation::LayerActivation;
use super::backward::{Backward, StatesOf, Told, Way};
use super::evidence::{Agreement, moves, turned_by_steps};
use super::feedback::{Carrier, Course, FEWEST_VALUES, LayerFeedback};
use super::layout::BackwardReading;
use super::run::RecordedRun;
use super::stack::Stack;
use crate::array::ArrayError;

/// Settles which way backward weights are read, and of which states they are.
pub(super) fn settle(
    run: &mut RecordedRun,
    activations: &[LayerActivation],
    feedback: &mut [LayerFeedback],
) -> Result<(), ArrayError> {
    let direct = |run: &RecordedRun, l: usize| run.backward(l).is_some_and(Backward::is_direct);
    let top = run.depth().saturating_sub(1);
    let before = direct(run, top);
    run.settle_readings(feedback)?;
    // Of direct feedback, the last hidden layer's is known from the others alone.
    if direct(run, top) != before
        && let Some(top_layer) = feedback.iter_mut().find(|layer| layer.layer == top)
        && let Some(again) = LayerFeedback::of(run, top, activations)?
    {
        *top_layer = again;
    }
    run.settle_states(feedback);
    Ok(())
}

impl RecordedRun {
    /// Settles which way backward weights are read, by what the error signals say, or else by how
    /// they move.
    ///
    /// # Errors
    /// If a member can no longer be read.
    fn settle_readings(&mut self, feedback: &[LayerFeedback]) -> Result<(), ArrayError> {
        for layer in feedback {
            if let Some(Some(backward)) = self.backward.get_mut(layer.layer) {
                backward.settle_reading(layer);
            }
        }
        for (weights, backward) in self.weights.iter().zip(&mut self.backward) {
            if let (Some(weights), Some(backward)) = (weights, backward) {
                backward.settle_by_moves(weights)?;
            }
        }
        self.settle_by_other_layers();
        Ok(())
    }

    /// Settles of which states backward weights are, by what the error signals say.
    fn settle_states(&mut self, feedback: &[LayerFeedback]) {
        let last = self.weights.iter().flatten().map(Stack::len).max().unwrap_or(1) - 1;
        for layer in feedback {
            if let Some(Some(backward)) = self.backward.get_mut(layer.layer) {
                backward.settle_states(layer, last);
            }
        }
    }

    /// What nothing else tells is the likelier as the other layers are. Direct feedback is direct
    /// in all layers.
    fn settle_by_other_layers(&mut self) {
        let told: Vec<&Backward> =
            self.backward.iter().flatten().filter(|b| b.told != Told::Nothing).collect();
        let direct = told.iter().any(|backward| backward.direct);
        let turned = !told.is_empty() && told.iter().all(|backward| backward.is_turned());
        let depth = self.depth();
        for (l, backward) in self.backward.iter_mut().enumerate() {
            let Some(backward) = backward else { continue };
            if direct && l + 1 == depth {
                backward.direct = true;
                backward.readings.iter_mut().for_each(|reading| reading.direct = true);
            }
            if backward.told == Told::Nothing {
                let like = backward
                    .readings
                    .iter()
                    .copied()
                    .find(|reading| (reading.direct, reading.turned) == (direct, turned));
                let like = like.or(backward
                    .readings
                    .iter()
                    .copied()
                    .find(|reading| reading.turned == turned));
                if let Some(like) = like {
                    backward.read_as(like);
                }
            }
        }
    }
}

impl Backward {
    fn settle_reading(&mut self, feedback: &LayerFeedback) {
        // Errors that something else carried say nothing of it.
        let other = feedback.carried_by.is_some_and(|carrier| carrier.backward().is_none());
        if self.readings.len() < 2 || other {
            return;
        }
        let told = feedback.carried_by.and_then(Carrier::backward);
        let told = told.or_else(|| left(&feedback.courses)).or_else(|| nearest(&feedback.courses));
        if let Some(reading) = told.filter(|reading| self.readings.contains(reading)) {
            self.read_as(reading);
            self.settled = true;
            if self.told == Told::Nothing {
                self.told = Told::Errors;
            }
        }
    }

    fn settle_by_moves(&mut self, weights: &Stack) -> Result<(), ArrayError> {
        if self.told != Told::Nothing || self.states.len() < 2 {
            return Ok(());
        }
        if let Some(turned) = turned_by_steps(&moves(weights, &self.states)?) {
            let other = turned != self.is_turned();
            if let Some(reading) =
                self.readings.iter().copied().find(|other_way| other_way.turned == other)
            {
                self.read_as(reading);
                self.told = Told::Steps;
            }
        }
        Ok(())
    }

    fn settle_states(&mut self, feedback: &LayerFeedback, last: usize) {
        if self.states_of == StatesOf::Each {
            return;
        }
        if feedback.carried_by.is_some_and(|carrier| carrier.backward().is_none()) {
            self.states_of = StatesOf::Unused;
            return;
        }
        let mut readings = self.readings.clone();
        // Either reading may be the right one where nothing decides.
        if self.told != Told::Nothing {
            readings.truncate(1);
        }
        let way = |reading: &BackwardReading| Way::Backward {
            direct: reading.direct,
            turned: reading.turned,
        };
        let course = |reading: &BackwardReading| {
            feedback.courses.iter().find(|course| course.way == way(reading))
        };
        let found: Vec<StatesOf> =
            readings.iter().filter_map(course).map(|course| course.states(last)).collect();
        let all = |states: &StatesOf| matches!(states, StatesOf::All | StatesOf::Presumed);
        self.states_of = match &found[..] {
            [] => StatesOf::Presumed,
            [states] => states.clone(),
            _ if found.iter().any(all) => StatesOf::Presumed,
            _ => StatesOf::None,
        };
    }
}

/// The one reading that makes nearly the recorded errors where nothing else does, nor the forward
/// weights more so: in all iterations together, without any derivative, as those of small
/// pre-activations have slopes near 1; or in single ones, as of a matrix that changes.
fn nearest(courses: &[Course]) -> Option<BackwardReading> {
    let whole = nearest_by(courses, &Course::difference, 0.25).filter(|reading| {
        let nearest = courses.iter().find(|course| course.way.backward() == Some(*reading));
        nearest.is_some_and(|course| course.signs().number() >= FEWEST_VALUES)
    });
    let single = || {
        let iterations = courses.first().map_or(0, Course::iterations);
        let mut found = (0..iterations)
            .filter_map(|k| nearest_by(courses, &|course: &Course| course.difference_at(k), 0.25));
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    };
    whole.or_else(single)
}

/// The same by these differences, of which that of the nearest is at most `most`.
fn nearest_by(
    courses: &[Course],
    difference: &dyn Fn(&Course) -> Option<f64>,
    most: f64,
) -> Option<BackwardReading> {
    let mut all: Vec<(&Course, f64)> =
        courses.iter().filter_map(|course| Some((course, difference(course)?))).collect();
    all.sort_unstable_by(|a, b| a.1.total_cmp(&b.1));
    let (course, best) = *all.first()?;
    let rival = all[1..].iter().find(|(course, _)| course.way.backward().is_some());
    let is_nearest = best <= most && rival.is_some_and(|(_, next)| 4.0 * best <= *next);
    course.way.backward().filter(|_| is_nearest && course.keeps_signs())
}

/// The one reading of backward weights that signs of the errors leave: in all iterations together,
/// or in the first or the last, as one that changes may be that of an end. Forward weights must not
/// have more signs right: then they are what carried the errors, as far as can be said.
fn left(courses: &[Course]) -> Option<BackwardReading> {
    let clear = |window: &dyn Fn(&Course) -> Agreement, least: f64| {
        let is_left = |course: &&Course| {
            let signs = window(course);
            let others = courses.iter().filter(|other| other.way != course.way);
            let beaten = |other: &Course| match other.way {
                Way::Forward => signs.share() > window(other).share(),
                Way::Backward { .. } => signs.outweighs(&window(other)),
            };
            course.way.backward().is_some()
                && course.keeps_signs()
                && signs.share().is_some_and(|share| share >= least)
                && others.into_iter().all(beaten)
        };
        courses.iter().find(is_left).and_then(|course| course.way.backward())
    };
    // A part may agree by chance.
    clear(&Course::signs, 0.9)
        .or_else(|| clear(&|course| course.signs_at_ends()[0], 0.95))
        .or_else(|| clear(&|course| course.signs_at_ends()[1], 0.95))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Matrix;
    use crate::random::{Role, Stream};
    use crate::rule::normal_matrix;

    const AS_IS: BackwardReading = BackwardReading { direct: false, turned: false };
    const TURNED: BackwardReading = BackwardReading { direct: false, turned: true };

    #[test]
    fn the_reading_that_signs_leave_is_that_which_nothing_else_comes_near() {
        let turned = Way::Backward { direct: false, turned: true };
        let as_is = Way::Backward { direct: false, turned: false };
        // Wrong signs of 100 in three iterations: of both readings, and of the forward weights.
        let left = |wrong: [[usize; 3]; 3]| {
            let ways = [turned, as_is, Way::Forward];
            let courses =
                ways.iter().zip(&wrong).map(|(way, wrong)| Course::with_wrong(*way, wrong));
            left(&courses.collect::<Vec<_>>())
        };
        assert_eq!(left([[50; 3], [3; 3], [40; 3]]), Some(AS_IS));
        assert_eq!(left([[3; 3], [50; 3], [40; 3]]), Some(TURNED));
        assert_eq!(left([[8; 3], [3; 3], [40; 3]]), None, "the other has hardly more wrong");
        assert_eq!(left([[50; 3], [12; 3], [40; 3]]), None, "too many are wrong");
        assert_eq!(left([[50; 3], [3; 3], [1; 3]]), None, "forward weights have more right");
        assert_eq!(left([[50; 3], [3; 3], [3; 3]]), None, "forward weights have as many right");
        // One that changes may be that of an end, of which more must be right.
        assert_eq!(left([[50; 3], [3, 40, 40], [40; 3]]), Some(AS_IS));
        assert_eq!(left([[40, 40, 3], [50; 3], [45; 3]]), Some(TURNED));
        assert_eq!(left([[50; 3], [40, 3, 40], [45; 3]]), None);
        assert_eq!(left([[50; 3], [7, 40, 40], [40; 3]]), None);
    }

    #[test]
    fn backward_weights_that_move_with_the_weights_are_read_as_these_are() {
        let mut stream = Stream::new(5, 0, Role::Probe);
        let [start, step] = [(); 2].map(|()| normal_matrix(&mut stream, 8, 8, 1.0));
        let weights = Stack::of(&[Matrix::zeros(8, 8), step.clone()]);
        let mut end = step.transpose();
        end += 1.0 * start.t() * &Matrix::identity(8);
        let recorded = Stack::of(&[start.transpose(), end]);
        let settled = |stored: Stack, readings: [BackwardReading; 2]| {
            let mut backward = Backward::new(stored, readings.to_vec()).unwrap();
            backward.settle_by_moves(&weights).unwrap();
            backward
        };
        for readings in [[AS_IS, TURNED], [TURNED, AS_IS]] {
            for (stored, turned) in [(recorded.clone(), false), (recorded.clone().turned(), true)] {
                let found = settled(stored, readings);
                assert_eq!((found.told(), found.is_turned()), (Told::Steps, turned));
                assert_eq!(found.at(0).unwrap(), Some(start.transpose()));
            }
        }
        // What stays in place moves with nothing, and what is told already is left alone.
        let still = settled(Stack::of(&[start.clone(), start.clone()]), [TURNED, AS_IS]);
        assert_eq!((still.told(), still.is_turned()), (Told::Nothing, true));
        let mut told = Backward::new(recorded.clone().turned(), vec![AS_IS, TURNED]).unwrap();
        told.told = Told::Errors;
        told.settle_by_moves(&weights).unwrap();
        assert_eq!((told.told(), told.is_turned()), (Told::Errors, false));
    }
}
