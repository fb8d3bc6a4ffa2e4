//! One run, its prediction, and the two numbers that explain it.

use crate::settings::{Refused, Settings, isolation};
use alignscope::condition::{Condition, IsolateCondition};
use alignscope::experiment::{depth_run, limit, linear_toy, predict};
use alignscope::matrix::Matrix;
use alignscope::measure::angle::Direction;
use alignscope::measure::null::WeightNull;
use alignscope::quantity::Quantity;
use alignscope::rule::IsolatedRun;
use alignscope::theory::Toy;
use alignscope::theory::depth::DepthFollower;
use alignscope::theory::moments::Realised;
use serde::Serialize;

/// Share of independent matrices whose angle lies in the null band.
const LEVEL: f64 = 0.95;
/// Most updates for which exact moments are computed: their cost grows with the third power.
const MOST_EXACT: usize = 500;

/// Which theory goes along with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Theory {
    /// Exact moments given the signals: one linear hidden layer.
    Given,
    /// The reduced dynamics given signals and `B`: linear layers of any number, and weight
    /// normalisation.
    Followed,
    /// A closed form, averaged over signals and weights.
    Closed,
    /// None.
    None,
}

/// What is known when a run begins.
#[derive(Clone, Debug, Serialize)]
pub struct Begun {
    /// By `W_l`, `l` from 1: 95 % of independent matrices have an angle between these, in degrees.
    pub null: Vec<[f64; 2]>,
    /// What the predicted angles are.
    pub theory: Theory,
    /// Where the angle of `W_1` ends, under a name, in degrees.
    pub limit: Option<(&'static str, f64)>,
    /// Updates of the whole run.
    pub iterations: usize,
    /// The state before the first update.
    pub start: Point,
}

/// Where a run stands.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// Updates made.
    pub iteration: usize,
    /// By `W_l`, `l` from 1: angle to `B_l^T` in degrees.
    pub angles: Vec<Option<f64>>,
    /// What theory says of these; of closed forms [`Run::average`] says it.
    pub predicted: Vec<Option<f64>>,
    /// `tr M`: the sum over pairs of samples of two iterations, of (similarity of activities) x
    /// (similarity of errors).
    pub trace: f64,
    /// `2 tr M / ||G||^2`, `G` the sum of all `X^T E`: which share of its square is owed to pairs
    /// of different iterations.
    pub recurrence: Option<f64>,
    /// By `W_l`, `l` from 0: norm over that at the start.
    pub growth: Vec<f64>,
    /// By `W_l`, `l` from 1: what `<W_l, B_l^T>` has gained.
    pub gained: Vec<f64>,
    /// By `W_l`, `l` from 1: by how much half the squared norm of `W_{l-1}` has grown.
    pub paid: Vec<f64>,
    /// Whether all of this is finite: weights can run away.
    pub finite: bool,
}

/// The mean over repeats, where theory knows it.
#[derive(Clone, Debug, Serialize)]
pub struct Average {
    /// Angle of `W_1` in degrees.
    pub angle: Option<f64>,
}

/// A prediction that goes along.
enum Along {
    Given(Toy),
    Followed(Box<DepthFollower>),
    Closed,
    None,
}

/// A run in isolation that is watched.
pub struct Run {
    condition: IsolateCondition,
    run: IsolatedRun,
    realised: Realised,
    along: Along,
    towards: Vec<Direction>,
    transposed: Vec<Matrix<f64>>,
    /// `||W_l||^2`, and `<W_l, B_l^T>` of `l` from 1.
    start: (Vec<f64>, Vec<f64>),
}

impl Run {
    /// Draws weights and signals.
    ///
    /// # Errors
    /// If the settings make no run.
    pub fn begin(settings: &Settings) -> Result<(Self, Begun), Refused> {
        let condition = settings.condition()?;
        let run = isolation(&condition, settings.seed())?
            .begin()
            .map_err(|error| Refused(error.to_string()))?;
        let depth = condition.layers.len() - 1;
        let transposed: Vec<_> =
            (1..depth).filter_map(|l| run.backward(l)).map(Matrix::transpose).collect();
        let (inputs, outputs) = (condition.layers[0], condition.layers[depth]);
        let mut watched = Self {
            along: Along::of(&condition, &run, settings.seed())?,
            realised: Realised::new(inputs, outputs),
            towards: transposed.iter().map(Direction::towards).collect(),
            transposed,
            start: Default::default(),
            condition,
            run,
        };
        watched.start = (watched.squares(), watched.inner_products());
        let begun = watched.begun();
        Ok((watched, begun))
    }

    fn begun(&mut self) -> Begun {
        let entries = self.transposed.iter().map(|matrix| matrix.rows() * matrix.cols());
        let null = entries
            .map(|n| WeightNull::new(n).map_or([0.0, 180.0], |null| null.interval(LEVEL)))
            .collect();
        let theory = match &self.along {
            Along::Given(_) => Theory::Given,
            Along::Followed(_) => Theory::Followed,
            Along::Closed => Theory::Closed,
            Along::None => Theory::None,
        };
        let limit = limit(&self.condition).map(|(name, prediction)| (name, prediction.value));
        Begun { null, theory, limit, iterations: self.condition.iterations, start: self.point() }
    }

    /// Makes up to so many updates; where the run stands then.
    pub fn advance(&mut self, updates: usize) -> Point {
        for _ in 0..updates.min(self.condition.iterations - self.run.iteration()) {
            let (activity, error) = (self.run.signals().activity(), self.run.signals().error());
            self.realised.add(activity, error);
            if let Along::Followed(follower) = &mut self.along {
                follower.advance(activity, error);
            }
            self.run.step();
        }
        self.point()
    }

    /// The mean angle over all repeats after so many updates: by closed form, or by exact moments
    /// where these are quick.
    pub fn average(&self, iteration: usize) -> Average {
        let condition = Condition::Isolate(self.condition.clone());
        let exact = iteration <= MOST_EXACT;
        Average { angle: predict(&condition, Quantity::WeightAlignment, Some(1), iteration, exact) }
    }

    fn point(&self) -> Point {
        let (squares, inner) = (self.squares(), self.inner_products());
        let trace = self.realised.trace();
        let layers = || (1..).zip(&self.towards);
        let weights = |l: usize| self.run.weights(l).map_or(&[][..], Matrix::as_slice);
        let paid = squares.iter().zip(&self.start.0).map(|(now, start)| 0.5 * (now - start));
        let gained = inner.iter().zip(&self.start.1).map(|(now, start)| now - start);
        Point {
            iteration: self.run.iteration(),
            angles: layers().map(|(l, direction)| direction.angle_to(weights(l))).collect(),
            predicted: self.predicted(),
            trace,
            recurrence: Some(2.0 * trace / self.realised.gradient_squared_norm())
                .filter(|share| share.is_finite()),
            growth: squares
                .iter()
                .zip(&self.start.0)
                .map(|(now, start)| (now / start).sqrt())
                .collect(),
            gained: gained.collect(),
            paid: paid.take(self.towards.len()).collect(),
            finite: squares.iter().chain(&inner).all(|value| value.is_finite()),
        }
    }

    fn predicted(&self) -> Vec<Option<f64>> {
        let iteration = self.run.iteration();
        let mut predicted = match &self.along {
            Along::Given(toy) => vec![Some(self.realised.moments(toy).angle)],
            Along::Followed(follower) => {
                let signals = self.run.signals();
                let angles = follower.angles(iteration, signals.activity(), signals.error());
                angles
                    .map(|angles| angles.weights.into_iter().map(Some).collect())
                    .unwrap_or_default()
            }
            // Costs more than the run itself, and waits until it is asked for.
            Along::Closed | Along::None => Vec::new(),
        };
        predicted.resize(self.towards.len(), None);
        predicted.into_iter().map(|angle| angle.filter(|angle| angle.is_finite())).collect()
    }

    /// `||W_l||^2`, `l` from 0.
    fn squares(&self) -> Vec<f64> {
        (0..).map_while(|l| self.run.weights(l)).map(Matrix::squared_norm).collect()
    }

    /// `<W_l, B_l^T>`, `l` from 1.
    fn inner_products(&self) -> Vec<f64> {
        let of_layer =
            |(l, transposed): (usize, &Matrix<f64>)| Some(self.run.weights(l)?.inner(transposed));
        (1..).zip(&self.transposed).filter_map(of_layer).collect()
    }
}

impl Along {
    /// The theory for a condition, before the first update.
    fn of(
        condition: &IsolateCondition,
        run: &IsolatedRun,
        [seed, repeat]: [u64; 2],
    ) -> Result<Self, Refused> {
        if let Some(toy) = linear_toy(condition) {
            return Ok(Self::Given(toy));
        }
        if condition.is_deep_linear() {
            let IsolateCondition { layers, iterations, .. } = condition;
            let backward: Vec<_> =
                (1..layers.len() - 1).filter_map(|l| run.backward(l)).cloned().collect();
            // Where values run away there is no theory, and the run says that itself.
            let follower = depth_run(condition).follow(&backward, *iterations, seed, repeat);
            return Ok(follower.map_or(Self::None, |follower| Self::Followed(Box::new(follower))));
        }
        let of = Condition::Isolate(condition.clone());
        let said = || predict(&of, Quantity::WeightAlignment, Some(1), 1, false).is_some();
        let closed = condition.is_predicted() || said();
        Ok(if closed { Self::Closed } else { Self::None })
    }
}
