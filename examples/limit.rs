//! What no implementation of the isolated rule can do without: its four products and its random
//! numbers, bare.
//!
//! Prints microseconds per iteration as JSON, medians over many repetitions; `benches/peers.py`
//! sets them beside the time of the whole.

use alignscope::matrix::Matrix;
use alignscope::random::{Role, Stream};
use std::hint::black_box;
use std::time::Instant;

/// Median over 41 of the mean microseconds of `repetitions` calls.
fn microseconds(repetitions: u32, mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..41)
        .map(|_| {
            let clock = Instant::now();
            (0..repetitions).for_each(|_| work());
            clock.elapsed().as_secs_f64() * 1e6 / f64::from(repetitions)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let entries =
        [(20, 100, 20, 100, 100), (500, 500, 500, 100, 3)].map(|(inputs, hidden, outputs, batch, repetitions)| {
            let mut stream = Stream::new(1, 0, Role::Probe);
            let mut normal = |rows, columns| {
                let mut matrix = Matrix::<f32>::zeros(rows, columns);
                stream.fill_normal(matrix.as_mut_slice());
                matrix
            };
            let (x, e) = (normal(batch, inputs), normal(batch, outputs));
            let (w0, b, l) = (normal(inputs, hidden), normal(outputs, hidden), normal(batch, hidden));
            let (mut z, mut d) = (normal(batch, hidden), normal(batch, hidden));
            let (mut g0, mut g1) = (normal(inputs, hidden), normal(hidden, outputs));
            let products = microseconds(repetitions, || {
                z.assign(&x * &w0);
                d.assign(&e * &b);
                g0.assign(x.t() * &l);
                g1.assign(l.t() * &e);
                black_box((&z, &d, &g0, &g1));
            });
            let mut room = vec![0.0f32; batch * (inputs + outputs)];
            let normals = microseconds(repetitions, || {
                stream.fill_normal(black_box(&mut room));
            });
            format!("\"{inputs}-{hidden}-{outputs}\": {{\"products\": {products:.2}, \"normals\": {normals:.2}}}")
        });
    println!("{{{}}}", entries.join(", "));
}
