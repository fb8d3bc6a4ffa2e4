//! Random numbers: ChaCha8 streams named by seed, repeat and role.
//!
//! Every use of randomness has a role of its own, so that adding one changes no other stream.
//! Values are pinned by tests: the same seed gives the same bits on every machine.
//!
//! A [`Stream`] is a generator of the `rand` crate, so that all distributions of `rand` and
//! `rand_distr` and random choices among sequences draw from it:
//!
//! ```
//! use alignscope::random::{Role, Stream};
//! use rand::RngExt;
//! use rand::seq::IndexedRandom;
//! use rand_distr::{Gamma, Poisson};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut stream = Stream::new(1, 0, Role::Signal);
//! let waiting_times: Vec<f64> = (&mut stream).sample_iter(Gamma::new(2.0, 0.5)?).take(100).collect();
//! let spikes: f64 = stream.sample(Poisson::new(3.0)?);
//! let chosen = waiting_times.choose(&mut stream);
//! # assert!(spikes >= 0.0 && chosen.is_some_and(|time| *time > 0.0));
//! # Ok(())
//! # }
//! ```
//!
//! Normals and uniform values in bulk have methods of their own, which are several times as fast.

mod chacha;

use crate::real::{Elementary, Real};
use crate::vmath::{Kernel, vectorise};
use chacha::ChaCha8;
use rand::rand_core::utils::fill_bytes_via_next_word;
use rand::{Rng, TryRng};
use std::convert::Infallible;

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Order of the training images, and splits of data sets.
    DataOrder,
    /// Forward weights at the start.
    Weights,
    /// Backward weights.
    Backward,
    /// Biases at the start.
    Bias,
    /// Label code.
    Code,
    /// Error sequence.
    Signal,
    /// Activity sequence.
    Activity,
    /// Classes of the samples of class-structured signals.
    Label,
    /// Probe batches.
    Probe,
    /// Activities that are dropped.
    Dropout,
    /// Null models: other draws of what a measurement is compared with.
    Null,
    /// Which training labels are wrong, and what stands in their place.
    WrongLabels,
    /// Errors that do not come from a task.
    RandomError,
    /// Surrogates of recorded signals.
    Surrogate,
    /// Backward weights of a control that is carried along.
    Control,
    /// What a feedback policy draws at the start beside the backward weights.
    BackwardStart,
    /// What a feedback policy draws as it follows the forward weights.
    BackwardFollow,
    /// What a feedback policy draws as it learns.
    BackwardLearn,
    /// What a prediction draws that no run does.
    Theory,
}

impl Role {
    /// Tag in the key of the stream: never to be changed.
    fn tag(self) -> &'static [u8] {
        match self {
            Self::DataOrder => b"data-order",
            Self::Weights => b"weights",
            Self::Backward => b"backward",
            Self::Bias => b"bias",
            Self::Code => b"code",
            Self::Signal => b"signal",
            Self::Activity => b"activity",
            Self::Label => b"label",
            Self::Probe => b"probe",
            Self::Dropout => b"dropout",
            Self::Null => b"null",
            Self::WrongLabels => b"wrong-labels",
            Self::RandomError => b"random-error",
            Self::Surrogate => b"surrogate",
            Self::Control => b"control",
            Self::BackwardStart => b"backward-start",
            Self::BackwardFollow => b"backward-follow",
            Self::BackwardLearn => b"backward-learn",
            Self::Theory => b"theory",
        }
    }
}

/// Words drawn at a time in bulk: a pair of normals needs two, a uniform value one.
const WORDS: usize = 512;

/// A stream of random numbers.
pub struct Stream {
    rng: ChaCha8,
}

impl Stream {
    /// The stream of `role` for one repeat of a seed. The ChaCha8 key is seed, repeat
    /// (little-endian) and tag.
    pub fn new(seed: u64, repeat: u64, role: Role) -> Self {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&repeat.to_le_bytes());
        key[16..16 + role.tag().len()].copy_from_slice(role.tag());
        Self { rng: ChaCha8::new(key) }
    }

    /// Words drawn so far: where to go on.
    pub fn position(&self) -> u128 {
        self.rng.position()
    }

    /// Goes on where another stream of the same name was.
    pub fn seek(&mut self, position: u128) {
        self.rng.seek(position);
    }

    /// Fills `out` with independent standard normals: the Box-Muller transform of pairs of 32-bit
    /// words, in the arithmetic of `T`, so that both precisions see the same signals up to
    /// rounding. `n` values take `2 ceil(n / 2)` words.
    ///
    /// The largest magnitude is `sqrt(66 ln 2) = 6.76`, which a normal exceeds once in 7e10 draws.
    pub fn fill_normal<T: Real>(&mut self, out: &mut [T]) {
        let mut words = [0u32; WORDS];
        for part in out.chunks_mut(WORDS) {
            let words = &mut words[..2 * part.len().div_ceil(2)];
            self.rng.fill(words);
            transform(words, part);
        }
    }

    /// Fills `out` with independent values uniform on 0 to 1, the midpoints of `2^32` equal parts,
    /// one word each.
    pub fn fill_uniform<T: Real>(&mut self, out: &mut [T]) {
        let mut words = [0u32; WORDS];
        for part in out.chunks_mut(WORDS) {
            let words = &mut words[..part.len()];
            self.rng.fill(words);
            vectorise(Midpoints, (words, part));
        }
    }

    /// A whole number below `n`, every one equally likely (rejection of the incomplete last range).
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "no whole number is below 0");
        let zone = u64::MAX - (u64::MAX % n + 1) % n;
        loop {
            let word = self.next_u64();
            if word <= zone {
                return word % n;
            }
        }
    }

    /// Shuffles `items`, every order equally likely (Fisher-Yates).
    pub fn shuffle<U>(&mut self, items: &mut [U]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i as u64 + 1) as usize;
            items.swap(i, j);
        }
    }
}

/// Words as they come, least significant bytes first: what `rand`'s own ChaCha8 gives for the same
/// key.
impl TryRng for Stream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.rng.next_word())
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let low = u64::from(self.rng.next_word());
        Ok(low | u64::from(self.rng.next_word()) << 32)
    }

    /// The rest of a last word that is not used up is lost.
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        fill_bytes_via_next_word(bytes, || self.try_next_u32())
    }
}

/// Uniform values of words.
struct Midpoints;
impl<T: Real> Kernel<(&[u32], &mut [T])> for Midpoints {
    type Output = ();
    #[inline(always)]
    fn run((words, out): (&[u32], &mut [T])) {
        for (value, &word) in out.iter_mut().zip(words) {
            *value = T::from_f64((f64::from(word) + 0.5) / 4_294_967_296.0);
        }
    }
}

/// Normals of words: the first half of the words are radii, the second half angles, and the values
/// come in the same order, cosines before sines.
fn transform<T: Real>(words: &[u32], out: &mut [T]) {
    let pairs = words.len() / 2;
    let (radii, angles) = words.split_at(pairs);
    let (cosines, sines) = out.split_at_mut(pairs);
    vectorise(Pairs, (radii, angles, cosines, sines));
}

struct Pairs;
impl<T: Elementary> Kernel<(&[u32], &[u32], &mut [T], &mut [T])> for Pairs {
    type Output = ();
    #[inline(always)]
    fn run((radii, angles, cosines, sines): (&[u32], &[u32], &mut [T], &mut [T])) {
        // An odd number of values leaves a cosine without its sine.
        let both = sines.len();
        let pairs = radii[..both].iter().zip(&angles[..both]);
        for (((&first, &second), x), y) in pairs.zip(&mut cosines[..both]).zip(sines) {
            (*x, *y) = T::normal_pair(first, second);
        }
        for ((&first, &second), x) in
            radii[both..].iter().zip(&angles[both..]).zip(&mut cosines[both..])
        {
            *x = T::normal_pair(first, second).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normals<T: Real>(stream: &mut Stream, n: usize) -> Vec<T> {
        let mut out = vec![T::zero(); n];
        stream.fill_normal(&mut out);
        out
    }

    #[test]
    fn both_precisions_see_the_same_signals() {
        let single = normals::<f32>(&mut Stream::new(9, 2, Role::Signal), 10_001);
        let double = normals::<f64>(&mut Stream::new(9, 2, Role::Signal), 10_001);
        let worst =
            single.iter().zip(&double).map(|(s, d)| (f64::from(*s) - d).abs()).fold(0.0, f64::max);
        assert!(worst < 5e-6, "{worst}");
    }

    #[test]
    fn dispatch_does_not_change_a_bit() {
        for n in [1, 2, 7, 512, 1001] {
            let mut rng = Stream::new(4, 4, Role::Activity).rng;
            let mut plain = vec![0.0f32; n];
            for part in plain.chunks_mut(WORDS) {
                let pairs = part.len().div_ceil(2);
                let mut words = vec![0; 2 * pairs];
                rng.fill(&mut words);
                let (radii, angles) = words.split_at(pairs);
                let (cosines, sines) = part.split_at_mut(pairs);
                Pairs::run((radii, angles, cosines, sines));
            }
            let dispatched = normals::<f32>(&mut Stream::new(4, 4, Role::Activity), n);
            assert!(plain.iter().zip(&dispatched).all(|(a, b)| a.to_bits() == b.to_bits()), "{n}");
        }
    }

    #[test]
    fn streams_are_pinned() {
        let single: Vec<u32> = normals::<f32>(&mut Stream::new(1, 0, Role::Weights), 5)
            .iter()
            .map(|v| v.to_bits())
            .collect();
        let double: Vec<u64> = normals::<f64>(&mut Stream::new(1, 0, Role::Signal), 4)
            .iter()
            .map(|v| v.to_bits())
            .collect();
        let mut stream = Stream::new(7, 3, Role::Code);
        let whole: Vec<u64> = (0..5).map(|_| stream.below(1000)).collect();
        assert_eq!(single, [3217341655, 3193555342, 1050698459, 1061200236, 1058543209]);
        assert_eq!(
            double,
            [13830703317641565507, 4598211166571294361, 4606504464154983556, 13832444028332952944]
        );
        assert_eq!(whole, [160, 110, 78, 611, 441]);
    }

    #[test]
    fn uniform_values_take_a_word_each_however_they_are_asked_for() {
        let [mut blocks, mut words] = [Role::Probe; 2].map(|role| Stream::new(5, 1, role));
        for n in [1, 2, 3, 511, 512, 513, 0, 1000, 1537, 7] {
            let (mut single, mut double) = (vec![0.0f32; n], vec![0.0f64; n]);
            blocks.fill_uniform(&mut single);
            blocks.fill_uniform(&mut double);
            let midpoint = |word: u32| (f64::from(word) + 0.5) / 4_294_967_296.0;
            assert!(
                single.iter().all(|x| x.to_bits() == (midpoint(words.next_u32()) as f32).to_bits()),
                "{n}"
            );
            assert!(
                double.iter().all(|x| x.to_bits() == midpoint(words.next_u32()).to_bits()),
                "{n}"
            );
            // Between them calls that take one word, two, and an even number.
            assert_eq!(blocks.next_u32(), words.next_u32());
            assert_eq!(blocks.below(1000), words.below(1000));
            let [a, b] = [&mut blocks, &mut words].map(|stream| normals::<f32>(stream, n));
            assert_eq!((a, blocks.position()), (b, words.position()));
        }
    }

    #[test]
    #[should_panic(expected = "below 0")]
    fn nothing_is_below_zero() {
        Stream::new(1, 1, Role::Probe).below(0);
    }
}
