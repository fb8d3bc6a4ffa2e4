//! Random matrices without a network, against what is known of them.

use alignscope::condition::Kind;
use alignscope::data::Library;
use alignscope::experiment::run_job;
use alignscope::quantity::Quantity;
use alignscope::run::{Attempt, Job, Plan};
use alignscope::spec::Analysis;
use alignscope::theory::spectra::composition;
use alignscope::theory::{Toy, one_step};

/// Values of every quantity asked for, by draw.
fn draw(options: &[(&str, &str)]) -> Vec<(Quantity, Vec<f64>)> {
    let analysis = Analysis::from_options(Kind::Sample, options.iter().copied()).unwrap();
    let quantities: Vec<Quantity> = analysis.quantities().collect();
    let plan = Plan::single(analysis).unwrap();
    let mut values: Vec<(Quantity, Vec<f64>)> =
        quantities.into_iter().map(|q| (q, Vec::new())).collect();
    for job in &plan.jobs {
        for record in run_job(job, &Attempt::bare(&|| false), &Library::default()).unwrap().records
        {
            let slot =
                values.iter_mut().find(|(quantity, _)| *quantity == record.quantity).unwrap();
            slot.1.push(record.value.unwrap());
        }
    }
    values
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn of(values: &[(Quantity, Vec<f64>)], quantity: Quantity) -> &[f64] {
    &values.iter().find(|(known, _)| *known == quantity).unwrap().1
}

#[test]
fn repeated_signals_make_the_predicted_angle_and_a_semidefinite_m() {
    let quantities = "alignment_term,symmetric_term,skew_ratio,eigenvalue,update_alignment,\
        masked_alignment_term";
    let options = [
        ("layers", "40,60,30"),
        ("batch", "50"),
        ("draws", "100"),
        ("repeats", "3"),
        ("quantities", quantities),
    ];
    let held = draw(&[&options[..], &[("activity", "held"), ("error", "held")]].concat());
    let predicted = one_step::angle(&Toy::new(&[40, 60, 30], 50, 1.0).unwrap()).value;
    assert!((mean(of(&held, Quantity::AlignmentTerm)) - predicted).abs() < 0.3);
    assert_eq!(
        of(&held, Quantity::AlignmentTerm),
        of(&held, Quantity::SymmetricTerm),
        "M is symmetric"
    );
    assert!(of(&held, Quantity::SkewRatio).iter().all(|&r| r == 0.0));
    let eigenvalues = of(&held, Quantity::Eigenvalue);
    assert_eq!(eigenvalues.len(), 3 * 30, "one draw per repeat");
    assert!(eigenvalues.iter().all(|&v| v > 0.0) && (mean(eigenvalues) - 1.0).abs() < 0.2);
    assert!(of(&held, Quantity::UpdateAlignment).iter().all(|&a| a < 60.0));
    assert!(mean(of(&held, Quantity::MaskedTerm)) > mean(of(&held, Quantity::AlignmentTerm)));
}

#[test]
fn fresh_signals_make_no_angle_and_the_skew_part_a_right_one() {
    let quantities = "alignment_term,skew_term,skew_ratio";
    let options = [
        ("layers", "40,60,30"),
        ("batch", "50"),
        ("draws", "200"),
        ("repeats", "3"),
        ("quantities", quantities),
    ];
    let white = draw(&[&options[..], &[("activity", "white"), ("error", "white")]].concat());
    // 600 draws with a standard deviation of about 2 degrees.
    assert!((mean(of(&white, Quantity::AlignmentTerm)) - 90.0).abs() < 0.4);
    assert!(of(&white, Quantity::SkewTerm).iter().all(|a| (a - 90.0).abs() < 1e-9));
    let ones = draw(&[
        ("layers", "40,60,30"),
        ("batch", "50"),
        ("draws", "50"),
        ("activity", "constant:1"),
        ("error", "constant:1"),
    ]);
    // M is c 1 1^T: the angle is about acos(1 / sqrt n2).
    let rank_one = (1.0 / 30.0f64.sqrt()).acos().to_degrees();
    assert!((mean(of(&ones, Quantity::AlignmentTerm)) - rank_one).abs() < 0.5);
}

#[test]
fn drawn_angles_are_uniform_and_their_cosines_multiply() {
    let quantities = "delta_angle,weight_angle,composed_angle";
    for (name, end) in [("composition", 180.0), ("acute-composition", 90.0)] {
        let options = [
            ("draw", name),
            ("layers", "1,80,40"),
            ("batch", "60"),
            ("draws", "2000"),
            ("repeats", "1"),
        ];
        let values = draw(&[&options[..], &[("quantities", quantities)]].concat());
        let angles = of(&values, Quantity::DeltaAngle);
        for part in [0.1, 0.5, 0.9] {
            let below = angles.iter().filter(|&&a| a < part * end).count() as f64 / 2000.0;
            assert!(
                (below - part).abs() < 4.0 * (part * (1.0 - part) / 2000.0f64).sqrt(),
                "{name} {part}: {below}"
            );
        }
        assert!(angles.iter().all(|a| (0.0..=end).contains(a)));
        let pairs = angles
            .iter()
            .zip(of(&values, Quantity::WeightAngle))
            .zip(of(&values, Quantity::ComposedAngle));
        let residuals: Vec<f64> = pairs.map(|((&a, &b), c)| c - composition(a, b).value).collect();
        assert!(mean(&residuals).abs() < 0.1, "{name}: {}", mean(&residuals));
    }
}

#[test]
fn every_draw_and_repeat_has_signals_of_its_own() {
    let options = [("layers", "6,5,4"), ("batch", "7"), ("draws", "30"), ("repeats", "4")];
    let values = draw(&options);
    let mut angles = of(&values, Quantity::AlignmentTerm).to_vec();
    angles.sort_by(f64::total_cmp);
    angles.dedup();
    assert_eq!(angles.len(), 120);
    let job: Job =
        Plan::single(Analysis::from_options(Kind::Sample, options).unwrap()).unwrap().jobs[0]
            .clone();
    let run = || run_job(&job, &Attempt::bare(&|| false), &Library::default());
    assert_eq!(run(), run());
}
