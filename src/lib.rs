//! alignscope: why do forward weights align with fixed random backward weights, and what does it
//! buy?
//!
//! The program of the same name is a thin layer over this library. The ways through it:
//!
//! ```text
//! text, numbers, files -> measure -> signal, data -> rule -> network (rule + task), recurrent -> theory (beside), recipe
//!     -> recorded -> condition -> quantity -> spec -> run -> experiment -> claim, figure, report -> program
//! ```
//!
//! No room imports from its right, and no files import each other in a circle: `tests/hinges.rs`
//! holds the order.
//!
//! # Signal, rule, measure
//! [`signal::Signals`] are activities and errors that come from nowhere, [`rule::Isolation`]
//! applies the update rule to them, [`measure`] looks at the matrices. There is no loss, no target
//! and no data, and yet the weights align:
//!
//! ```
//! use alignscope::prelude::*;
//!
//! let toy = Isolation::of(&[20, 60, 10]).batch(20).eta(0.01).iterations(500);
//! let mut run = toy.activity("ar1:0.9")?.error("ar1:0.8")?.begin()?;
//! run.finish();
//! let angle = run.weight_alignment(1).ok_or("no angle to zero")?;
//! let null = WeightNull::new(60 * 10).ok_or("too few weights")?;
//! assert!(angle < 75.0 && null.p_value(angle) < 1e-9, "{angle}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A prediction beside it
//! [`theory`] says what the linear rule must do, and runs nothing. [`theory::moments::moments`] are
//! exact averages over weights and signals; the angle made of them is close to the mean angle of
//! many repeats:
//!
//! ```
//! use alignscope::prelude::*;
//! use alignscope::theory::{Toy, moments::moments};
//!
//! let toy = Toy::new(&[20, 60, 10], 20, 0.01)?;
//! let pair = Pair::independent(Form::parse("ar1:0.95")?, Form::parse("ar1:0.95")?);
//! let predicted = moments(&toy, &pair, 30)?.angle;
//! let linear = Isolation::of(&[20, 60, 10]).batch(20).eta(0.01).iterations(30).activation(Activation::Linear);
//! let linear = linear.activity("ar1:0.95")?.error("ar1:0.95")?;
//! let mut sum = 0.0;
//! for repeat in 0..40 {
//!     let mut run = linear.clone().seed(1, repeat).begin()?;
//!     run.finish();
//!     sum += run.weight_alignment(1).ok_or("no angle to zero")?;
//! }
//! assert!((predicted - 52.27).abs() < 0.01, "{predicted}");
//! assert!((sum / 40.0 - predicted).abs() < 2.0, "{} for {predicted}", sum / 40.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A network on data
//! [`network::Trainer`] is the same rule with a task: a loss makes the error, a data set the
//! activity. [`data::digits`] is embedded:
//!
//! ```
//! use alignscope::data::digits;
//! use alignscope::measure::angle::weight_alignment;
//! use alignscope::network::{Setup, Subset, Trainer};
//! use alignscope::rule::Rule;
//!
//! let digits = digits::<f64>()?;
//! let setup = Setup { rule: "fa".parse()?, hidden: vec![50], epochs: 5, ..Setup::default() };
//! let mut trainer = Trainer::new(&digits, setup, 1, 0);
//! for _ in 0..5 * trainer.batches_per_epoch() {
//!     trainer.step();
//! }
//! let code = trainer.code().clone();
//! let accuracy = trainer.evaluate(Subset::Test, &code).accuracy;
//! let backward = trainer.feedback().backward(1).ok_or("BP has no B")?;
//! let angle = weight_alignment(&trainer.layers().weights[1], backward)?;
//! assert!(accuracy > 70.0 && angle.is_some_and(|angle| angle < 85.0), "{accuracy} % at {angle:?}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where what is
//! | module | holds |
//! |---|---|
//! | [`text`] | how a name or number is read and written; what is near |
//! | [`signal`] | stochastic processes with exact autocovariances, recorded signals, surrogates, estimators |
//! | [`rule`] | the update rule: layers, activations, feedback policies, weight normalisation, decomposition, budget |
//! | [`data`] | data sets, label codes, label changes, resizing |
//! | [`network`] | the rule with a task: losses, batches, training, checkpoints, probes |
//! | [`recurrent`] | networks with a memory: BPTT, RFLO and rules between them, tasks over sequences, isolation |
//! | [`measure`] | angles and their null, similarities, spectra, principal angles, summaries |
//! | [`theory`] | predictions that run nothing, each with its assumptions and source |
//! | [`condition`] | what can be varied: parameters, and the conditions that their values make |
//! | [`quantity`] | what can be measured: the registry of quantities, and when they are recorded |
//! | [`spec`] | what is asked: specs from options or TOML, checked before anything runs |
//! | [`run`] | how it is run: jobs, runs that resume, shards, the results |
//! | [`experiment`] | what one job does |
//! | [`recipe`] | which update rule made these steps |
//! | [`recorded`] | runs of other programs |
//! | [`figure`], [`report`] | pictures and pages from results |
//! | [`claim`] | statements with criteria, and verdicts |
//! | [`cli`] | the program: reads arguments, holds no science |
//! | [`mod@array`] | `.npy` and `.npz` files, and matrices as text |
//! | [`mod@file`] | files that are whole or not there, and how much memory may be taken |
//! | [`matrix`], [`real`], [`vmath`], [`random`] | row-major matrices, `f32` or `f64`, vectorised functions, named random streams |
//!
//! `W_l` (`n_l x n_{l+1}`) maps layer `l` to layer `l + 1`, `l` from 0; `B_l` has the shape of its
//! transpose, `l` from 1. Rows of activities and errors are samples. Errors point *towards* the
//! target. Angles are in degrees, and `None` where one of two matrices is zero. The same seed and
//! repeat give the same bits.

pub mod array;
pub mod claim;
#[cfg(feature = "cli")]
pub mod cli;
pub mod condition;
pub mod data;
pub mod experiment;
#[cfg(feature = "plot")]
pub mod figure;
pub mod file;
pub mod matrix;
pub mod measure;
pub mod network;
pub mod prelude;
pub mod quantity;
pub mod random;
pub mod real;
pub mod recipe;
pub mod recorded;
pub mod recurrent;
#[cfg(feature = "plot")]
pub mod report;
pub mod rule;
pub mod run;
pub mod signal;
pub mod spec;
pub mod text;
pub mod theory;
mod view;
pub mod vmath;
