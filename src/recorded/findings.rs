//! Everything that a recording says.

use super::activation::LayerActivation;
use super::backward::{Backward, StatesOf, Told};
use super::feedback::LayerFeedback;
use super::pairs::{self, LayerPairs};
use super::plan::{Cost, Schedule, comparisons};
use super::predict::{self, LinearPrediction};
use super::questions::{QuestionError, Questions, TermsPlan};
use super::run::RecordedRun;
use super::settle::settle;
use super::single_steps::SingleSteps;
use super::stack::Stack;
use super::terms::{self, LayerTerms, Wish, decompose};
use crate::array::ArrayError;
use crate::matrix::Matrix;
use crate::measure::angle::Direction;
use crate::measure::null::WeightNull;
use crate::recipe::Steps;
use serde::Serialize;

/// Weight alignment of one layer over the recorded states.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerAngles {
    /// The layer `l` of `W_l`.
    pub layer: usize,
    /// How `W_l` and `B_l` are read, where nothing decides and both readings are given:
    /// the likelier comes last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading: Option<&'static str>,
    /// Angle of `W_l` to `B_l^T` in degrees by state, the first before any update on record; `None`
    /// for zeros, and where the `B_l` of the state was not recorded.
    pub degrees: Vec<Option<f64>>,
    /// What 95 % of the angles of independent matrices of this size lie within, in degrees.
    pub null_interval95: Option<[f64; 2]>,
    /// Standard score of the first and of the last angle against independent matrices, positive if
    /// aligned.
    pub null_z: [Option<f64>; 2],
}

/// A layer of which something cannot be said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unsaid {
    /// The layer `l` of `W_l`.
    pub layer: usize,
    /// Why, and what to do.
    pub why: String,
}

/// Everything that was found. Lists hold the layers of which there was something to be found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Findings {
    /// Weight alignment.
    pub angles: Vec<LayerAngles>,
    /// Activations of the hidden layers.
    pub activations: Vec<LayerActivation>,
    /// What carried the error back.
    pub feedback: Vec<LayerFeedback>,
    /// Square `B_l` that were recorded transposed, which the error signals gave away; they were
    /// turned.
    pub turned: Vec<usize>,
    /// What steps are made of.
    pub steps: Option<Steps>,
    /// What single updates did, where not all were recorded: steps are not taken apart further
    /// then.
    pub single_steps: Option<SingleSteps>,
    /// Decomposed updates.
    pub terms: Vec<LayerTerms>,
    /// Layers whose updates are not decomposed.
    pub not_decomposed: Vec<Unsaid>,
    /// Similarities of batches.
    #[serde(rename = "similarities")]
    pub pairs: Vec<LayerPairs>,
    /// Predictions for the linear rule.
    pub predictions: Vec<LinearPrediction>,
    /// Layers for which the theory does not hold, though all that it takes was recorded.
    pub not_predicted: Vec<Unsaid>,
    /// Iterations from one decomposition to the next.
    #[serde(skip)]
    pub every: usize,
    /// What was left out for want of memory or time, in sentences.
    #[serde(skip)]
    pub remarks: Vec<String>,
}

impl Findings {
    /// Finds out what the recording says; turns square `B_l` whose error signals say that they are
    /// transposed.
    ///
    /// # Errors
    /// If a question does not fit the recording, or memory is short.
    pub fn of(run: &mut RecordedRun, questions: &Questions) -> Result<Self, QuestionError> {
        questions.check(run)?;
        let hidden = 1..run.depth();
        let (weights, activities, deltas) =
            (&run.weights[..], &run.activities[..], &run.deltas[..]);
        run.begin(
            "activations, feedback, steps",
            &[weights, activities, weights, activities, deltas, weights, deltas],
        );
        // What takes nothing of each other is found out side by side; each by itself is sequential,
        // and so are its sums.
        let whole: &RecordedRun = run;
        let (signals, steps) =
            rayon::join(|| signals(whole, questions), || steps(whole, questions));
        let ((activations, mut feedback), (steps, single_steps)) = (signals?, steps?);
        settle(run, &activations, &mut feedback)?;
        let backward = |l: &usize| {
            run.backward(*l)
                .is_some_and(|b| matches!(b.told(), Told::Errors | Told::Steps) && b.is_turned())
        };
        let turned = hidden.clone().filter(backward).collect();
        let (weights, activities, deltas) =
            (&run.weights[..], &run.activities[..], &run.deltas[..]);
        run.begin("terms, similarities, predictions, angles", &[weights, activities, deltas]);
        let whole: &RecordedRun = run;
        let (terms, others) = rayon::join(
            || decompose_all(whole, &activations, steps.as_ref(), &questions.terms),
            || -> Result<_, QuestionError> {
                let pairs = compare_all(whole, &questions.terms)?;
                let predictions = predictions(whole, &feedback, steps.as_ref())?;
                let mut angles = Vec::new();
                for l in hidden {
                    angles.extend(LayerAngles::of(whole, l)?);
                }
                Ok((pairs, predictions, angles))
            },
        );
        let Decomposed { terms, not_decomposed, every, remarks } = terms?;
        let (pairs, (predictions, not_predicted), angles) = others?;
        Ok(Self {
            angles,
            activations,
            feedback,
            turned,
            steps,
            single_steps,
            terms,
            not_decomposed,
            pairs,
            predictions,
            not_predicted,
            every,
            remarks,
        })
    }
}

/// Activations of the hidden layers, and what carried the errors back.
pub(super) fn signals(
    run: &RecordedRun,
    questions: &Questions,
) -> Result<(Vec<LayerActivation>, Vec<LayerFeedback>), QuestionError> {
    let activations =
        (1..run.depth()).map(|l| LayerActivation::of(run, l, questions.activation(l)));
    let activations: Vec<LayerActivation> = activations.collect::<Result<_, _>>()?;
    let carried = activations
        .iter()
        .filter_map(|layer| LayerFeedback::of(run, layer.layer, &activations).transpose());
    let feedback = carried.collect::<Result<_, _>>()?;
    Ok((activations, feedback))
}

/// What steps are made of. Differences of states that lie several updates apart are none.
pub(super) fn steps(
    run: &RecordedRun,
    questions: &Questions,
) -> Result<(Option<Steps>, Option<SingleSteps>), QuestionError> {
    let steps = if run.thinned.is_none() { super::steps::steps(run, questions.eta)? } else { None };
    Ok((steps, SingleSteps::of(run, questions.eta)?))
}

/// The decomposed updates of all layers.
struct Decomposed {
    terms: Vec<LayerTerms>,
    not_decomposed: Vec<Unsaid>,
    every: usize,
    remarks: Vec<String>,
}

fn decompose_all(
    run: &RecordedRun,
    activations: &[LayerActivation],
    steps: Option<&Steps>,
    plan: &TermsPlan,
) -> Result<Decomposed, QuestionError> {
    let (mut layers, mut not_decomposed) = (Vec::new(), Vec::new());
    for layer in activations {
        match why_not(run, layer, steps) {
            Some(why) => not_decomposed.push(Unsaid { layer: layer.layer, why }),
            None => {
                let cost = steps.and_then(|steps| terms::cost(run, layer.layer, steps));
                layers.extend(cost.zip(layer.activation));
            }
        }
    }
    let costs: Vec<Cost> = layers.iter().map(|(cost, _)| *cost).collect();
    let Schedule { every, windows, remark } = Schedule::new(&costs, run.iterations(), plan)?;
    let mut terms = Vec::new();
    for ((cost, activation), window) in layers.into_iter().zip(windows) {
        if let Some(steps) = steps {
            let wish = Wish { cost, activation, lags: &plan.lags, window, every };
            terms.push(decompose(run, steps, &wish)?);
        }
    }
    Ok(Decomposed { terms, not_decomposed, every, remarks: remark.into_iter().collect() })
}

/// Similarities of all layers whose signals were recorded.
fn compare_all(run: &RecordedRun, plan: &TermsPlan) -> Result<Vec<LayerPairs>, QuestionError> {
    let units =
        |l: usize| Some((l, [run.activity(l - 1)?.shape()[1], run.delta(l + 1)?.shape()[1]]));
    let (layers, units): (Vec<usize>, Vec<[usize; 2]>) = (1..run.depth()).filter_map(units).unzip();
    let every = comparisons(run.iterations(), run.samples().unwrap_or(0), &units, plan);
    let mut pairs = Vec::new();
    for l in layers {
        for &lag in &plan.lags {
            pairs.extend(pairs::compare(run, l, lag, every)?);
        }
    }
    Ok(pairs)
}

impl LayerAngles {
    /// Those of layer `l`: none without `B_l` of the states, two where nothing shows which way
    /// matrices are stored.
    fn of(run: &RecordedRun, l: usize) -> Result<Vec<Self>, ArrayError> {
        let (Some(weights), Some(backward)) = (run.weights(l), run.comparable_backward(l)) else {
            return Ok(Vec::new());
        };
        if matches!(backward.of(), StatesOf::None | StatesOf::Undecided) {
            return Ok(Vec::new());
        }
        let weights_turned = run.reading.weights_turned.iter().any(|(layer, _)| *layer == l);
        // What moves as the weights do is turned where these are: the angle is the same.
        let weights_open = run.reading.weights_open.contains(&l) && backward.told() != Told::Steps;
        let open = [weights_open, backward.told() == Told::Nothing];
        let likelier = [weights_turned, backward.is_turned()];
        let as_read = Self { reading: None, ..Self::between(l, weights, backward, false)? };
        Ok(match open {
            [false, false] => vec![as_read],
            // Two matrices that are both turned have the angle of two that are not.
            [weights_open, backward_open] => {
                let other = if backward_open {
                    [likelier[0], !likelier[1]]
                } else {
                    [likelier[0] != weights_open, likelier[1]]
                };
                let other = Self {
                    reading: Some(reading(other)),
                    ..Self::between(l, weights, backward, true)?
                };
                vec![other, Self { reading: Some(reading(likelier)), ..as_read }]
            }
        })
    }

    /// Angles of `W_l` to `B_l^T`, or to `B_l` where one of them is `turned`.
    fn between(
        layer: usize,
        weights: &Stack,
        backward: &Backward,
        turned: bool,
    ) -> Result<Self, ArrayError> {
        let towards = |b: &Matrix<f64>| {
            if turned { Direction::towards(b) } else { Direction::towards_transpose_of(b) }
        };
        // A matrix that is that of several states is a direction once.
        let single = if backward.states().len() == 1 {
            Some(towards(&backward.states().matrix(0)?))
        } else {
            None
        };
        let of_state = |k: usize| -> Result<Option<f64>, ArrayError> {
            let Some(b) = backward.at(k)? else { return Ok(None) };
            let weights = weights.matrix(k)?;
            let angle = |direction: &Direction| direction.angle_to(weights.as_slice());
            Ok(single.as_ref().map_or_else(|| angle(&towards(&b)), angle))
        };
        let degrees: Vec<Option<f64>> =
            (0..weights.len()).map(of_state).collect::<Result<_, _>>()?;
        let null = WeightNull::new(weights.shape().iter().product());
        let z = |degrees: Option<&Option<f64>>| {
            degrees.copied().flatten().zip(null).map(|(angle, null)| null.z(angle, 1))
        };
        let null_z = [z(degrees.first()), z(degrees.last())];
        let null_interval95 = null.map(|null| null.interval(0.95));
        Ok(Self { layer, reading: None, null_interval95, null_z, degrees })
    }
}

/// How matrices are read, in words.
fn reading([weights, backward]: [bool; 2]) -> &'static str {
    match (weights, backward) {
        (false, false) => "as recorded",
        (false, true) => "B transposed",
        (true, false) => "W transposed",
        (true, true) => "W and B transposed",
    }
}

/// Predictions for the layers that learn by the rule, and why there are none for others.
fn predictions(
    run: &RecordedRun,
    feedback: &[LayerFeedback],
    steps: Option<&Steps>,
) -> Result<(Vec<LinearPrediction>, Vec<Unsaid>), ArrayError> {
    let (mut made, mut not) = (Vec::new(), Vec::new());
    let Some(steps) = steps else { return Ok((made, not)) };
    let carried = |layer: usize| {
        let found = feedback.iter().find(|found| found.layer == layer);
        found.is_none_or(|found| {
            found.carried_by.is_some_and(|carrier| carrier.backward().is_some())
        })
    };
    let not_carried = |layer: usize| format!("delta{layer} was not carried back by B{layer}");
    let why = |backward: &Backward, layer: usize| match (
        backward.is_fixed(),
        backward.told() == Told::Nothing,
    ) {
        (true, false) => None,
        _ if !carried(layer) => Some(not_carried(layer)),
        (false, _) => Some(format!("it takes one B{layer} that is that of all states")),
        (true, true) => Some(format!("nothing shows which way B{layer} is stored")),
    };
    let unfit =
        |layer: usize| Some(Unsaid { layer, why: why(run.comparable_backward(layer)?, layer)? });
    not.extend((1..run.depth()).filter_map(unfit));
    for prediction in (1..run.depth()).filter_map(|l| predict::predict(run, l, steps).transpose()) {
        let prediction = prediction?;
        let layer = prediction.layer;
        let steps_of_rule = steps.chosen().closing.is_none() || steps.is_rule_alone();
        match (carried(layer), steps_of_rule) {
            (true, true) => made.push(prediction),
            (false, _) => not.push(Unsaid { layer, why: not_carried(layer) }),
            (true, false) => {
                not.push(Unsaid { layer, why: "the steps are not the rule's alone".into() })
            }
        }
    }
    Ok((made, not))
}

/// Why the update of `W_l` is not decomposed; `None` if it is.
pub(super) fn why_not(
    run: &RecordedRun,
    activation: &LayerActivation,
    steps: Option<&Steps>,
) -> Option<String> {
    let l = activation.layer;
    let below = run.weights(l - 1).is_some_and(|w| w.len() > 1);
    let members = [
        (below, format!("states of W{}", l - 1)),
        (run.activity(l - 1).is_some(), format!("activity{}", l - 1)),
        (run.delta(l + 1).is_some(), format!("delta{}", l + 1)),
    ];
    let lacking: Vec<String> =
        members.into_iter().filter(|(there, _)| !there).map(|(_, name)| name).collect();
    if !lacking.is_empty() {
        return Some(format!("it takes {}, not on record", lacking.join(", ")));
    }
    if activation.activation.is_none() {
        return Some(match (&activation.closing, activation.nearest) {
            (Some(closing), Some(nearest)) => format!(
                "no activation that is known makes activity{l} of W{0} and activity{0}: the \
                 nearest, {nearest}, is off by {1:.1e}; an activation of another kind, or what \
                 else lies between them (normalisation, dropout), is not part of the decomposition",
                l - 1,
                closing.relative_difference
            ),
            _ => format!(
                "the activation of layer {l} is not known: record activity{l}, or give --activation"
            ),
        });
    }
    if run.thinned.is_some() {
        return Some(
            "the steps of the weights below it are not on record one by one: record every update"
                .into(),
        );
    }
    match steps {
        None => Some(
            "no steps are on record, or nothing moves: give --eta and record states and \
            signals"
                .into(),
        ),
        Some(steps) if steps.chosen().eta[1] <= 0.0 => Some(
            "the steps go against the error signals: these seem to be gradients; record their \
             negatives, which point towards the target"
                .into(),
        ),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::layout::BackwardReading;

    /// Angles of a square layer, given what is known of which way its matrices are stored: readings
    /// and degrees, those of `W` as it is and of `B`, its transpose.
    fn angles(
        weights_open: bool,
        turned: &[usize],
        told: Told,
    ) -> Vec<(Option<&'static str>, f64)> {
        let mut run = RecordedRun::of_layers(3);
        let w = Matrix::from_vec(2, 2, vec![1.0, 2.0, 3.0, 4.0]);
        let readings = vec![BackwardReading { direct: false, turned: false }];
        let backward = Backward::new(Stack::of(&[w.transpose()]), readings).unwrap();
        run.weights[1] = Some(Stack::of(&[w]));
        run.backward[1] = Some(Backward { told, ..backward });
        run.reading.weights_open = if weights_open { vec![1] } else { vec![0] };
        run.reading.weights_turned = turned.iter().map(|l| (*l, Told::Activities)).collect();
        let all = LayerAngles::of(&run, 1).unwrap();
        all.iter().map(|angles| (angles.reading, angles.degrees[0].unwrap())).collect()
    }

    #[test]
    fn an_angle_is_given_for_either_reading_where_nothing_decides() {
        // Of 1 2 3 4 and its transpose 1 3 2 4 the cosine is 29 / 30.
        let apart = (29.0f64 / 30.0).acos().to_degrees();
        let is = |found: Vec<(Option<&str>, f64)>, expected: &[(Option<&str>, f64)]| {
            assert_eq!(found.len(), expected.len(), "{found:?}");
            for (found, expected) in found.iter().zip(expected) {
                assert_eq!(found.0, expected.0);
                assert!((found.1 - expected.1).abs() < 1e-9, "{found:?} {expected:?}");
            }
        };
        let as_recorded = (Some("as recorded"), 0.0);
        is(angles(false, &[], Told::Errors), &[(None, 0.0)]);
        is(angles(true, &[], Told::Errors), &[(Some("W transposed"), apart), as_recorded]);
        is(angles(false, &[0], Told::Nothing), &[(Some("B transposed"), apart), as_recorded]);
        is(
            angles(false, &[1], Told::Nothing),
            &[(Some("W and B transposed"), apart), (Some("W transposed"), 0.0)],
        );
        is(angles(true, &[], Told::Nothing), &[(Some("B transposed"), apart), as_recorded]);
        // What moves as the weights do is turned where these are.
        is(angles(true, &[], Told::Steps), &[(None, 0.0)]);
    }
}
