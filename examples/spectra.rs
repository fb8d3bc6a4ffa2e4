//! Times of the decompositions of a random square matrix, as many rounds as standard input has
//! lines.
//!
//! Prints milliseconds as a line of JSON per round; `benches/peers_spectra.py` sets them beside
//! NumPy's.

use alignscope::matrix::Matrix;
use alignscope::measure::spectrum::{Svd, eigenvalues, singular_values, symmetric_eigenvalues};
use alignscope::random::{Role, Stream};
use std::hint::black_box;
use std::time::Instant;

fn milliseconds<R>(work: impl FnOnce() -> R) -> f64 {
    let clock = Instant::now();
    black_box(work());
    clock.elapsed().as_secs_f64() * 1e3
}

fn main() {
    let n: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1000);
    let mut matrix = Matrix::<f64>::zeros(n, n);
    for (round, _) in std::io::stdin().lines().enumerate() {
        Stream::new(1, round as u64, Role::Probe).fill_normal(matrix.as_mut_slice());
        let times = [
            ("singular values", milliseconds(|| singular_values(&matrix))),
            ("singular vectors too", milliseconds(|| Svd::new(&matrix).is_ok())),
            ("eigenvalues", milliseconds(|| eigenvalues(&matrix))),
            ("eigenvalues, symmetric", milliseconds(|| symmetric_eigenvalues(&matrix))),
        ];
        let entries: Vec<String> =
            times.iter().map(|(name, time)| format!("\"{name}\": {time:.4}")).collect();
        println!("{{{}}}", entries.join(", "));
    }
}
