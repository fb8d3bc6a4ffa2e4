//! What surrogates keep of a recording and what they destroy.

use super::*;
use crate::signal::lagged::{Comparison, Lagged};
use crate::signal::{Form, Pair, Sizes};
use crate::theory::moments::Realised;

const SIZES: Sizes = Sizes { batch: 16, inputs: 4, outputs: 4, iterations: 256 };

/// Autocorrelated activity and error of mean 0.5, correlated by 0.8 with each other and by `batch`
/// between samples.
fn recording(sizes: Sizes, batch: f64) -> Recording<f64> {
    let form = Form::parse(&format!("ar1:0.9,mean=0.5,batch={batch}")).unwrap();
    let pair = Pair {
        activity: form.clone(),
        error: form,
        cross: "0.8".parse().unwrap(),
        ..Pair::default()
    };
    Recording::generate(&pair, sizes, 2, 0).unwrap()
}

type Statistic = fn(&Recording<f64>) -> f64;

/// A statistic of surrogates, averaged over draws.
fn average(
    kind: Surrogate,
    recording: &Recording<f64>,
    statistic: impl Fn(&Recording<f64>) -> f64,
) -> f64 {
    let draws = 40;
    (0..draws).map(|repeat| statistic(&kind.draw(recording, 7, repeat).unwrap())).sum::<f64>()
        / draws as f64
}

/// Mean product of values of a row with those of an iteration before.
fn auto(sequence: &Sequence<f64>) -> f64 {
    lagged(sequence, Comparison::Rows, 1)
}

fn lagged(sequence: &Sequence<f64>, comparison: Comparison, lag: usize) -> f64 {
    let [iterations, samples, _] = sequence.shape();
    let labels: Vec<usize> = (0..iterations).flat_map(|_| 0..samples).collect();
    let lagged = Lagged::of(sequence, comparison, &labels).unwrap();
    lagged.over(0..iterations, &[lag]).unwrap()[0].product.unwrap()
}

/// Mean product of activity with the error so many iterations later.
fn cross(recording: &Recording<f64>, lag: usize) -> f64 {
    let (x, d) = (recording.activity().values(), recording.error().values());
    let shifted = &d[lag * recording.error().size()..];
    x.iter().zip(shifted).map(|(x, d)| x * d).sum::<f64>() / shifted.len() as f64
}

fn mean(sequence: &Sequence<f64>) -> f64 {
    sequence.values().iter().sum::<f64>() / sequence.values().len() as f64
}

/// Frames in an order that depends on their contents alone.
fn sorted_frames(sequence: &Sequence<f64>) -> Vec<&[f64]> {
    let mut frames: Vec<&[f64]> = (0..sequence.iterations()).map(|t| sequence.frame(t)).collect();
    frames.sort_by(|a, b| a[0].total_cmp(&b[0]));
    frames
}

/// Frames joined with those of the error.
fn joined(recording: &Recording<f64>) -> Sequence<f64> {
    let [iterations, samples, inputs] = recording.activity().shape();
    let units = inputs + recording.error().shape()[2];
    let frame = |t| [recording.activity().frame(t), recording.error().frame(t)].concat();
    Sequence::new([iterations, samples, units], (0..iterations).flat_map(frame).collect()).unwrap()
}

/// `tr M` over all pairs of an earlier and a later iteration.
fn trace(recording: &Recording<f64>) -> f64 {
    let mut realised = Realised::new(recording.activity().shape()[2], recording.error().shape()[2]);
    (0..recording.iterations())
        .for_each(|t| realised.add(&recording.activity().matrix(t), &recording.error().matrix(t)));
    realised.trace()
}

/// Mean products of two series at a lag, around the end.
fn circular(sequence: &Sequence<f64>, a: usize, b: usize, lag: usize) -> f64 {
    let n = sequence.iterations();
    (0..n).map(|t| sequence.frame(t)[a] * sequence.frame((t + lag) % n)[b]).sum::<f64>() / n as f64
}

fn close(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-10)
}

#[test]
fn the_recording_has_what_is_to_be_destroyed() {
    let recording = recording(SIZES, 0.6);
    // 0.9, 0.8, 0.72, 0.6 and the squared mean, about 0.25.
    assert!(
        (auto(recording.activity()) - 1.15).abs() < 0.3
            && (auto(recording.error()) - 1.15).abs() < 0.3
    );
    assert!((cross(&recording, 0) - 1.05).abs() < 0.3 && (cross(&recording, 1) - 0.97).abs() < 0.3);
    assert!((lagged(recording.error(), Comparison::Between, 0) - 0.85).abs() < 0.3);
}

#[test]
fn time_keeps_batches_and_destroys_order_and_pairing() {
    let recording = recording(SIZES, 0.0);
    let drawn = Surrogate::Time.draw(&recording, 1, 0).unwrap();
    for (kept, source) in
        [(drawn.activity(), recording.activity()), (drawn.error(), recording.error())]
    {
        assert_eq!(sorted_frames(kept), sorted_frames(source));
    }
    for statistic in [(|r| auto(r.activity())) as Statistic, |r| auto(r.error()), |r| cross(r, 0)] {
        let left = average(Surrogate::Time, &recording, statistic);
        assert!((left - 0.25).abs() < 0.2 && statistic(&recording) > 0.9, "{left}");
    }
}

#[test]
fn joint_time_keeps_pairs_and_the_trace_and_destroys_order() {
    let recording = recording(SIZES, 0.0);
    let drawn = Surrogate::TimeJoint.draw(&recording, 1, 0).unwrap();
    assert_eq!(sorted_frames(&joined(&drawn)), sorted_frames(&joined(&recording)));
    assert!((trace(&drawn) / trace(&recording) - 1.0).abs() < 1e-12);
    assert!(
        (trace(&Surrogate::Time.draw(&recording, 1, 0).unwrap()) / trace(&recording) - 1.0).abs()
            > 0.2
    );
    for statistic in [(|r| auto(r.activity())) as Statistic, |r| auto(r.error()), |r| cross(r, 1)] {
        let left = average(Surrogate::TimeJoint, &recording, statistic);
        assert!((left - 0.25).abs() < 0.2 && statistic(&recording) > 0.8, "{left}");
    }
}

#[test]
fn samples_keep_errors_as_sets_and_destroy_pairing_and_rows() {
    let recording = recording(SIZES, 0.0);
    let drawn = Surrogate::Samples.draw(&recording, 1, 0).unwrap();
    assert_eq!(drawn.activity(), recording.activity());
    for t in 0..SIZES.iterations {
        let rows = |recording: &Recording<f64>| {
            let mut rows: Vec<Vec<f64>> =
                recording.error().frame(t).chunks_exact(4).map(<[f64]>::to_vec).collect();
            rows.sort_by(|a, b| a[0].total_cmp(&b[0]));
            rows
        };
        assert_eq!(rows(&drawn), rows(&recording));
    }
    let pairs = |recording: &Recording<f64>| lagged(recording.error(), Comparison::Pairs, 1);
    assert!((pairs(&drawn) - pairs(&recording)).abs() < 1e-12);
    for statistic in [(|r| auto(r.error())) as Statistic, |r| cross(r, 0)] {
        // One pair in 16 is of a row with itself.
        let left = average(Surrogate::Samples, &recording, statistic);
        assert!((left - 0.31).abs() < 0.2 && statistic(&recording) > 0.9, "{left}");
    }
}

#[test]
fn fixed_samples_keep_the_error_in_time_and_destroy_pairing() {
    let recording = recording(SIZES, 0.0);
    let drawn = Surrogate::SamplesFixed.draw(&recording, 1, 0).unwrap();
    assert_eq!(drawn.activity(), recording.activity());
    assert!((auto(drawn.error()) - auto(recording.error())).abs() < 1e-12);
    let first = |sequence: &Sequence<f64>| {
        sequence.frame(0).chunks_exact(4).map(|row| row[0]).collect::<Vec<f64>>()
    };
    let (order, source) = (first(drawn.error()), first(recording.error()));
    for (row, value) in order.iter().enumerate() {
        let from = source.iter().position(|x| x == value).unwrap();
        for t in 0..SIZES.iterations {
            let rows = [drawn.error().frame(t)[row * 4], recording.error().frame(t)[from * 4]];
            assert_eq!(rows[0], rows[1]);
        }
    }
    let left = average(Surrogate::SamplesFixed, &recording, |r| cross(r, 0));
    assert!((left - 0.31).abs() < 0.2, "{left}");
}

#[test]
fn signs_keep_sizes_and_destroy_what_needs_signs() {
    let recording = recording(SIZES, 0.6);
    let sizes = |recording: &Recording<f64>| {
        recording.error().values().iter().map(|x| x.abs()).collect::<Vec<f64>>()
    };
    for kind in [Surrogate::Signs, Surrogate::SignsSample, Surrogate::SignsEach] {
        let drawn = kind.draw(&recording, 1, 0).unwrap();
        assert_eq!(drawn.activity(), recording.activity());
        assert_eq!(sizes(&drawn), sizes(&recording));
        let mean_of =
            |statistic: &dyn Fn(&Recording<f64>) -> f64| average(kind, &recording, statistic);
        let (row, samples) = (
            mean_of(&|r| auto(r.error())),
            mean_of(&|r| lagged(r.error(), Comparison::Between, 0)),
        );
        let kept = |value: f64, exact: f64| (value - exact).abs() < 1e-10;
        let gone = |value: f64| value.abs() < 0.2;
        let exact = [auto(recording.error()), lagged(recording.error(), Comparison::Between, 0)];
        match kind {
            Surrogate::Signs => assert!(gone(row) && kept(samples, exact[1]), "{row} {samples}"),
            Surrogate::SignsSample => {
                assert!(kept(row, exact[0]) && gone(samples), "{row} {samples}")
            }
            _ => assert!(gone(row) && gone(samples), "{row} {samples}"),
        }
        let (pairing, level) = (mean_of(&|r| cross(r, 0)), mean_of(&|r| mean(r.error())));
        assert!(
            gone(pairing) && gone(level) && cross(&recording, 0) > 0.7,
            "{kind}: {pairing} {level}"
        );
    }
}

/// Circular covariances of some pairs of series within the activity, within the error, and between
/// them, and means.
fn second_moments(recording: &Recording<f64>, pairs: &[(usize, usize)]) -> Vec<f64> {
    let joined = joined(recording);
    let covariances = |&(a, b): &(usize, usize)| [0, 1, 5].map(|lag| circular(&joined, a, b, lag));
    pairs.iter().flat_map(covariances).collect()
}

#[test]
fn spectra_keep_what_they_say() {
    for iterations in [1, 2, 3, 255, 256] {
        let recording = recording(Sizes { iterations, ..SIZES }, 0.6);
        // 64 series of the activity come before those of the error.
        let series: Vec<(usize, usize)> = [0, 7, 63, 64, 90, 127].map(|s| (s, s)).to_vec();
        let within = [series.clone(), vec![(0, 5), (3, 40), (64, 65), (70, 127)]].concat();
        let all = [within.clone(), vec![(0, 64), (5, 69), (9, 120)]].concat();
        for (kind, kept) in [
            (Surrogate::Spectrum, series),
            (Surrogate::SpectrumSignal, within),
            (Surrogate::SpectrumJoint, all),
        ] {
            let drawn = kind.draw(&recording, 1, 0).unwrap();
            assert!(
                close(&second_moments(&drawn, &kept), &second_moments(&recording, &kept)),
                "{kind} {iterations}"
            );
            let level =
                |recording: &Recording<f64>| [mean(recording.activity()), mean(recording.error())];
            assert!(close(&level(&drawn), &level(&recording)));
            assert_eq!(
                iterations > 1,
                !close(drawn.error().values(), recording.error().values()),
                "{iterations}"
            );
        }
    }
}

#[test]
fn spectra_destroy_what_they_say() {
    let recording = recording(SIZES, 0.6);
    let pairing = |kind| average(kind, &recording, |r| cross(r, 0));
    let samples = |kind| average(kind, &recording, |r| lagged(r.error(), Comparison::Between, 0));
    let exact = [cross(&recording, 0), lagged(recording.error(), Comparison::Between, 0)];
    // Means stay, and with them 0.25.
    for kind in [Surrogate::Spectrum, Surrogate::SpectrumSignal] {
        assert!((pairing(kind) - 0.25).abs() < 0.2, "{kind}");
    }
    assert!((pairing(Surrogate::SpectrumJoint) - exact[0]).abs() < 1e-10);
    assert!((samples(Surrogate::Spectrum) - 0.25).abs() < 0.2);
    assert!((samples(Surrogate::SpectrumSignal) - exact[1]).abs() < 1e-10);
    // An event at one time is spread out over all.
    let mut values = vec![0.0; 64 * 4];
    values[30 * 4..31 * 4].fill(8.0);
    let event = Sequence::new([64, 2, 2], values).unwrap();
    let event = Recording::new(event.clone(), event).unwrap();
    for kind in [Surrogate::Spectrum, Surrogate::SpectrumSignal, Surrogate::SpectrumJoint] {
        let largest =
            |r: &Recording<f64>| r.activity().values().iter().fold(0.0f64, |m, x| m.max(x.abs()));
        let left = average(kind, &event, largest);
        assert!(left < 5.0, "{kind}: {left}");
    }
}

#[test]
fn gaussian_keeps_mean_and_covariance_in_time_on_average() {
    // More and fewer series than iterations.
    for (iterations, batch) in [(10, 8), (40, 3)] {
        let sizes = Sizes { batch, inputs: 4, outputs: 2, iterations };
        let recording = recording(Sizes { outputs: 4, ..sizes }, 0.3);
        let moments = |sequence: &Sequence<f64>| {
            let at = |t: usize| sequence.frame(t);
            let mut out: Vec<f64> =
                (0..iterations).map(|t| at(t).iter().sum::<f64>() / at(t).len() as f64).collect();
            for s in 0..iterations {
                out.extend((0..iterations).map(|t| {
                    at(s).iter().zip(at(t)).map(|(a, b)| a * b).sum::<f64>() / at(s).len() as f64
                }));
            }
            out
        };
        let exact = moments(recording.error());
        let draws = 3000;
        let (mut sums, mut squares) = (vec![0.0; exact.len()], vec![0.0; exact.len()]);
        for repeat in 0..draws {
            let found = moments(Surrogate::Gaussian.draw(&recording, 3, repeat).unwrap().error());
            for ((sum, square), x) in sums.iter_mut().zip(&mut squares).zip(found) {
                *sum += x;
                *square += x * x;
            }
        }
        let n = draws as f64;
        for ((sum, square), exact) in sums.iter().zip(squares).zip(exact) {
            let mean = sum / n;
            let error = ((square / n - mean * mean) / n).sqrt();
            assert!((mean - exact).abs() < 5.0 * error + 1e-12, "{mean} {exact} {error}");
        }
    }
}

#[test]
fn gaussian_destroys_correlation_between_series_and_all_but_the_normal() {
    let recording = recording(SIZES, 0.6);
    let pairing = average(Surrogate::Gaussian, &recording, |r| cross(r, 0));
    let samples =
        average(Surrogate::Gaussian, &recording, |r| lagged(r.error(), Comparison::Between, 0));
    // The mean of every iteration, common to all series, stays: with samples that correlate by 0.6
    // it moves by 0.6 / 4.
    let level = |t: usize, s: &Sequence<f64>| s.frame(t).iter().sum::<f64>() / s.size() as f64;
    let over = |f: &dyn Fn(usize) -> f64| {
        (0..SIZES.iterations).map(f).sum::<f64>() / SIZES.iterations as f64
    };
    let common = over(&|t| level(t, recording.error()).powi(2));
    let both = over(&|t| level(t, recording.error()) * level(t, recording.activity()));
    assert!((samples - common).abs() < 0.05, "{samples} {common}");
    assert!((pairing - both).abs() < 0.05, "{pairing} {both}");
    assert!(lagged(recording.error(), Comparison::Between, 0) > common + 0.2);
    // Values of two sizes become normal: the fourth moment goes to three times the squared
    // variance.
    let mut stream = Stream::new(5, 0, Role::Probe);
    let values: Vec<f64> = (0..8 * 400).map(|_| sign(&mut stream)).collect();
    let coin = Sequence::new([8, 100, 4], values).unwrap();
    let coin = Recording::new(coin.clone(), coin).unwrap();
    let fourth =
        |r: &Recording<f64>| r.error().values().iter().map(|x| x.powi(4)).sum::<f64>() / 3200.0;
    assert!(
        (average(Surrogate::Gaussian, &coin, fourth) - 3.0).abs() < 0.15
            && (fourth(&coin) - 1.0).abs() < 1e-12
    );
}

#[test]
fn draws_belong_to_seed_and_repeat() {
    let double = recording(Sizes { iterations: 12, ..SIZES }, 0.2);
    let single =
        |sequence: &Sequence<f64>| Sequence::<f32>::from_array(&sequence.to_array()).unwrap();
    let single = Recording::new(single(double.activity()), single(double.error())).unwrap();
    for kind in Surrogate::ALL {
        let drawn = kind.draw(&double, 1, 0).unwrap();
        assert_eq!(drawn, kind.draw(&double, 1, 0).unwrap());
        // Nothing is drawn for an order that is known.
        let other = kind.draw(&double, 1, 1).unwrap();
        assert_eq!(drawn == other, kind == Surrogate::Reversed, "{kind}");
        assert_ne!(drawn, double);
        // Both precisions draw the same up to rounding.
        let rounded = kind.draw(&single, 1, 0).unwrap().error().to_array().data;
        let far = rounded
            .iter()
            .zip(drawn.error().values())
            .filter(|(a, b)| (*a - *b).abs() > 1e-4)
            .count();
        assert_eq!(far, 0, "{kind}");
    }
}

#[test]
fn names_are_read_back_and_all_is_said() {
    for kind in Surrogate::ALL {
        assert_eq!(Surrogate::parse(&kind.to_string()), Some(kind));
        assert!(!kind.preserves().is_empty() && !kind.destroys().is_empty());
    }
    assert_eq!(Surrogate::parse("noise"), None);
}

#[test]
fn memory_is_checked_before_anything_is_drawn() {
    // A covariance of 20,000 iterations squared.
    let values = vec![0.5f32; 20_000];
    let long = Sequence::new([20_000, 1, 1], values).unwrap();
    let long = Recording::new(long.clone(), long).unwrap();
    assert!(
        Surrogate::Gaussian
            .draw(&long, 1, 0)
            .unwrap_err()
            .to_string()
            .contains("a surrogate of [20000, 1, 2]")
    );
    assert!(Surrogate::Time.draw(&long, 1, 0).is_ok());
}
