//! The update of one layer decomposed by lag: which past changes of the layer below it owes its
//! direction to.
//!
//! With the pre-activation that today's activity would have caused under the weights of `o`
//! iterations ago, `zeta^o = L_{l-1}(k) W_{l-1}(k-o) + b_l(k)`, every layer `l >= 1` and any
//! activation `f`,
//!
//! ```text
//! eta G_l(k) = eta L_l(k)^T delta_{l+1}(k) = last + sum_{o=1..h} T^o + sum_{o=1..h} N^o + R
//! T^o  = eta [f'(zeta^o) o (zeta^{o-1} - zeta^o - L_{l-1}(k) dP_{l-1}(k-o))]^T delta_{l+1}(k)      alignment term of lag o
//! N^o  = eta [f'(zeta^o) o (L_{l-1}(k) dP_{l-1}(k-o))]^T delta_{l+1}(k)                            what a projection adds
//! last = eta f(zeta^h)^T delta_{l+1}(k)                                                            last term
//! R    = eta [sum_o f(zeta^{o-1}) - f(zeta^o) - f'(zeta^o) o (zeta^{o-1} - zeta^o)]^T delta_{l+1}(k)       remainder
//! ```
//!
//! (RahmanSetayesh et al. 2024). `dP(j)` is what the step of `W_{l-1}` from state `j` to the next
//! holds beside the rule's own `eta L_{l-1}(j)^T delta_l(j)`: under weight normalisation, weight
//! decay and momentum. Without them there are no `N^o`. `T^o` carries `B_l^T` from the left, for
//! `delta_l(k-o) = f'(Z_l(k-o)) o (delta_{l+1}(k-o) B_l)`.
//!
//! `h` is `k` where all weights since the start are at hand, and the window of the [`History`]
//! otherwise: `last` is then the term at the oldest state held, and is not free of what older
//! updates put into it.
//!
//! | what | by |
//! |---|---|
//! | weights of the layer below over iterations, from a run or from records | [`History`] |
//! | terms, sums, remainder of one layer at one iteration | [`Decomposer`] |
//! | norms, and angles to `B_l^T` | [`Decomposition::read`] |
//! | all of it along a network in training | [`Follower`] |
//! | linear form, literal form, similarities | [`linear_term`], [`LinearSum`], [`literal_term`], [`transformation`] |
//! | pairs of samples of the same class and of different ones | [`split_by_class`], [`split_linear_by_class`] |
//!
//! Where activities of layer `l` are dropped, `m(k) o f`, with the mask of the update, stands in the place of `f`
//! throughout.
//!
//! `eta` is what the sum over the batch is multiplied by: the learning rate, over the number of
//! samples where gradients are averaged.
//!
//! Along a network in training, here under weight normalisation:
//!
//! ```
//! use alignscope::network::{Setup, Trainer};
//! use alignscope::rule::WeightNorm;
//! use alignscope::rule::decomposition::{Follower, Plan, Towards, Wanted};
//!
//! let data = alignscope::data::digits::<f32>()?;
//! let setup = Setup { weight_norm: Some(WeightNorm::Neuron(vec![1.0])), ..Setup::default() };
//! let eta = setup.eta as f32;
//! let mut trainer = Trainer::new(&data, setup, 1, 0);
//! let towards = trainer.feedback().backward(1).map(Towards::transpose_of).ok_or("no B_1")?;
//! let mut follower = Follower::new(trainer.layers(), &Plan { window: 60, projection: true, control: None })?;
//! for k in 0..100 {
//!     trainer.step();
//!     let passes: Vec<_> = trainer.latest().iter().map(|part| (&part.input, &part.pass)).collect();
//!     if k % 10 == 0 {
//!         let found = follower.decompose(1, &passes, eta, &Wanted { lags: &[1, 60], ..Wanted::SUMS })?;
//!         println!("{k}: {:?}", found.read(&towards)?);
//!     }
//!     follower.advance(&passes, eta, trainer.layers())?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! From recorded arrays: weights `W_{l-1}` at iterations `0 .. k`, and activity, error and bias at
//! `k`:
//!
//! ```
//! use alignscope::matrix::Matrix;
//! use alignscope::rule::Activation;
//! use alignscope::rule::decomposition::{Decomposer, History, Now, Samples, Wanted};
//!
//! let weights: Vec<Matrix<f64>> = (0..5).map(|k| Matrix::from_vec(2, 1, vec![0.1 * f64::from(k), 1.0])).collect();
//! let (source, delta) = (Matrix::from_vec(1, 2, vec![1.0, -0.5]), Matrix::from_vec(1, 1, vec![0.2]));
//! let history = History::from_weights(&weights)?;
//! let samples = [Samples { source: &source, delta: &delta, mask: None }];
//! let now = Now { samples: &samples, bias: &[0.3], activation: Activation::Tanh, eta: 0.01 };
//! let found = Decomposer::new([2, 1, 1]).run(&history, &now, &Wanted { lags: &[1, 2], ..Wanted::SUMS })?;
//! assert_eq!(found.terms.len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod classes;
mod decomposer;
mod follower;
mod history;
mod kernels;
mod literal;
mod reading;
mod samples;

pub use classes::{ClassSplit, split_by_class, split_linear_by_class};
pub use decomposer::{Decomposer, Decomposition, Inner, Sums, Term, Wanted};
pub use follower::{Follower, Passes, Plan};
pub use history::{History, Parts, Step};
pub use literal::{LinearSum, linear_term, literal_term, similarity_sum, transformation};
pub use reading::{Reading, Readings, TermReading, Towards};
pub use samples::{DecompositionError, Earlier, Now, Samples};

use samples::{check_bias, check_masks, check_samples, check_shape, mask_values};
