//! Weight normalisation WN(gamma).

use super::Layers;
use crate::matrix::Matrix;
use crate::real::Real;
use crate::text::{Interval, Nature, Refused, Setting, toml_list, toml_number, toml_string};
use crate::vmath::{scale_columns, squared_column_norms};
use serde_json::Value as Json;
use std::fmt::{Display, Formatter};
use std::str::FromStr;
use toml::de::DeValue;

/// Which norms are kept, and at what.
#[derive(Clone, Debug, PartialEq)]
pub enum WeightNorm {
    /// Those of every neuron's input weights, at gamma: one for all layers, or one per layer, the
    /// lowest first. The paper's.
    Neuron(Vec<f64>),
    /// Those of every neuron's input weights, at what they were at the start.
    NeuronInitial,
    /// Frobenius norms of whole matrices, at gamma: one for all layers, or one per layer.
    Matrix(Vec<f64>),
    /// Frobenius norms of whole matrices, at what they were at the start.
    MatrixInitial,
}

impl WeightNorm {
    /// The same for the layers from `layer` on.
    pub fn from_layer(&self, layer: usize) -> Self {
        let rest = |norms: &[f64]| {
            norms
                .get(layer..)
                .filter(|rest| !rest.is_empty())
                .map_or_else(|| norms.last().copied().into_iter().collect(), <[f64]>::to_vec)
        };
        match self {
            Self::Neuron(norms) => Self::Neuron(rest(norms)),
            Self::Matrix(norms) => Self::Matrix(rest(norms)),
            Self::NeuronInitial | Self::MatrixInitial => self.clone(),
        }
    }

    /// Number of layers that are given a norm each; the last one's holds for all that follow.
    pub fn listed(&self) -> usize {
        match self {
            Self::Neuron(norms) | Self::Matrix(norms) => norms.len(),
            Self::NeuronInitial | Self::MatrixInitial => 0,
        }
    }
}

impl Display for WeightNorm {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let list =
            |norms: &[f64]| norms.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        match self {
            Self::Neuron(norms) => f.write_str(&list(norms)),
            Self::NeuronInitial => f.write_str("initial"),
            Self::Matrix(norms) => write!(f, "matrix:{}", list(norms)),
            Self::MatrixInitial => f.write_str("matrix:initial"),
        }
    }
}

/// One that is on.
impl FromStr for WeightNorm {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let (whole, norms) = match text.strip_prefix("matrix:") {
            Some(norms) => (true, norms.trim()),
            None => (false, text),
        };
        if norms == "initial" {
            return Ok(if whole { Self::MatrixInitial } else { Self::NeuronInitial });
        }
        let norms = norms.split(',').map(|part| f64::read(part.trim(), &Interval::Positive));
        let mut norms: Vec<f64> = norms
            .collect::<Result<_, _>>()
            .map_err(|_| Refused::form::<Option<Self>>(text, &()))?;
        // The last one holds for all that follow.
        while let [.., last, repeated] = norms[..]
            && last == repeated
        {
            norms.pop();
        }
        Ok(if whole { Self::Matrix(norms) } else { Self::Neuron(norms) })
    }
}

/// A weight normalisation, or `off`.
impl Setting for Option<WeightNorm> {
    type Bounds = ();

    fn expected((): &()) -> String {
        "off, the norm of every neuron's input weights (1, or one per layer: 1,1,0.5), initial \
         (kept as drawn), matrix:7 or matrix:initial (of whole matrices)"
            .into()
    }

    fn read(text: &str, (): &()) -> Result<Self, Refused> {
        if text == "off" { Ok(None) } else { text.parse().map(Some) }
    }

    fn toml_text(value: &DeValue<'_>, (): &()) -> Option<String> {
        toml_list(value, toml_number).or_else(|| toml_number(value)).or_else(|| toml_string(value))
    }

    /// A number where one gamma holds for every neuron.
    fn json(&self, (): &()) -> Json {
        match self {
            None => "off".into(),
            Some(WeightNorm::Neuron(norms)) if norms.len() == 1 => norms[0].into(),
            Some(other) => other.to_string().into(),
        }
    }

    fn nature() -> Nature {
        Nature::Number
    }

    fn coordinate(&self) -> Option<f64> {
        match self {
            Some(WeightNorm::Neuron(norms)) if norms.len() == 1 => Some(norms[0]),
            _ => None,
        }
    }
}

/// Keeps the norms of a network where they are to be.
#[derive(Clone, Debug)]
pub struct Normaliser {
    /// By layer: the norm of every column, or one of the whole matrix.
    norms: Vec<Vec<f64>>,
    whole: bool,
}

impl Normaliser {
    /// For a network whose weights are at their start. A list of gammas holds for the layers in
    /// turn, its last one for all that follow.
    pub fn new<T: Real>(kind: &WeightNorm, layers: &Layers<T>) -> Self {
        let whole = matches!(kind, WeightNorm::Matrix(_) | WeightNorm::MatrixInitial);
        let of_layer = |(l, weights): (usize, &Matrix<T>)| match kind {
            WeightNorm::Neuron(gamma) | WeightNorm::Matrix(gamma) => {
                let gamma = gamma.get(l).or(gamma.last()).copied().unwrap_or(1.0);
                vec![gamma; if whole { 1 } else { weights.cols() }]
            }
            WeightNorm::NeuronInitial => {
                let squares = squared_column_norms(weights.as_slice(), weights.cols());
                squares.into_iter().map(f64::sqrt).collect()
            }
            WeightNorm::MatrixInitial => vec![weights.norm()],
        };
        Self { norms: layers.weights.iter().enumerate().map(of_layer).collect(), whole }
    }

    /// Rescales the weights of every layer; biases are left alone.
    pub fn apply<T: Real>(&self, layers: &mut Layers<T>) {
        for (weights, norms) in layers.weights.iter_mut().zip(&self.norms) {
            if self.whole {
                let norm = weights.norm();
                if norm > 0.0 {
                    weights.scale(T::from_f64(norms[0] / norm));
                }
            } else {
                set_column_norms(weights, norms);
            }
        }
    }
}

/// Rescales every column of `weights` (`n_l x n_{l+1}`: the input weights of one neuron) to the
/// Euclidean norm given for it, as the paper does after every update. A column of zeros has no
/// direction and stays.
pub fn set_column_norms<T: Real>(weights: &mut Matrix<T>, norms: &[f64]) {
    let squares = squared_column_norms(weights.as_slice(), weights.cols());
    let factor = |(sum, norm): (&f64, &f64)| {
        if *sum > 0.0 { T::from_f64(norm / sum.sqrt()) } else { T::one() }
    };
    let factors: Vec<T> = squares.iter().zip(norms).map(factor).collect();
    scale_columns(weights.as_mut_slice(), &factors);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Activation, ActivityNorm};

    fn layers() -> Layers<f64> {
        let first = Matrix::from_vec(2, 3, vec![3.0, 0.0, -1.0, 4.0, 0.0, 1.0]);
        let second = Matrix::from_vec(3, 1, vec![2.0, -2.0, 1.0]);
        Layers {
            weights: vec![first, second],
            biases: vec![vec![7.0; 3], vec![7.0]],
            biases_learn: true,
            activations: vec![Activation::Relu; 2],
            activity_norm: ActivityNorm::Off,
            running: Vec::new(),
        }
    }

    #[test]
    fn text_forms_are_read_back() {
        for text in
            ["1", "0.25", "1,2,0.5", "initial", "matrix:7.07", "matrix:1,2", "matrix:initial"]
        {
            assert_eq!(WeightNorm::from_str(text).unwrap().to_string(), text);
        }
        assert_eq!(WeightNorm::from_str("2, 1,1.0,1"), WeightNorm::from_str("2,1"));
        for text in ["", "0", "-1", "1,", "matrix:", "matrix:nan", "inf", "Initial"] {
            assert!(WeightNorm::from_str(text).is_err(), "{text}");
        }
    }

    fn after(kind: &WeightNorm, change: f64) -> Layers<f64> {
        let mut layers = layers();
        let normaliser = Normaliser::new(kind, &layers);
        layers.weights.iter_mut().for_each(|w| w.scale(change));
        normaliser.apply(&mut layers);
        layers
    }

    fn close(a: &[f64], b: &[f64]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-15)
    }

    #[test]
    fn every_column_has_the_norm_and_its_direction() {
        let found = after(&WeightNorm::Neuron(vec![0.5, 3.0]), 1.0);
        let half = 0.5 / 2.0f64.sqrt();
        assert!(
            close(found.weights[0].as_slice(), &[0.3, 0.0, -half, 0.4, 0.0, half]),
            "{found:?}"
        );
        assert!(close(found.weights[1].as_slice(), &[2.0, -2.0, 1.0]), "{found:?}");
        assert_eq!(found.biases[0], [7.0; 3]);
    }

    #[test]
    fn initial_norms_come_back() {
        for kind in [WeightNorm::NeuronInitial, WeightNorm::MatrixInitial] {
            let found = after(&kind, 3.7);
            for (found, start) in found.weights.iter().zip(layers().weights) {
                assert!(close(found.as_slice(), start.as_slice()), "{kind:?} {found:?}");
            }
        }
    }

    #[test]
    fn whole_matrices_keep_the_ratios_of_their_columns() {
        let found = after(&WeightNorm::Matrix(vec![2.0]), 1.0);
        let factor = 2.0 / 27.0f64.sqrt();
        assert!(close(
            found.weights[0].as_slice(),
            layers().weights[0]
                .as_slice()
                .iter()
                .map(|w| w * factor)
                .collect::<Vec<_>>()
                .as_slice()
        ));
        assert!((found.weights[1].squared_norm() - 4.0).abs() < 1e-14);
    }

    #[test]
    fn the_last_norm_holds_for_all_layers_that_follow() {
        let norms = |kind: WeightNorm, layer| kind.from_layer(layer);
        for kind in [WeightNorm::Neuron, WeightNorm::Matrix] {
            assert_eq!(norms(kind(vec![1.0, 2.0, 3.0]), 1), kind(vec![2.0, 3.0]));
            assert_eq!(norms(kind(vec![1.0, 2.0, 3.0]), 2), kind(vec![3.0]));
            assert_eq!(norms(kind(vec![1.0, 2.0, 3.0]), 7), kind(vec![3.0]));
        }
        assert_eq!(norms(WeightNorm::NeuronInitial, 1), WeightNorm::NeuronInitial);
    }
}
