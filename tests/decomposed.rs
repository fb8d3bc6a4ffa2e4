//! Decomposition and budget of the updates of whole runs, as jobs measure them.

use crate::common::job::{self, value};
use alignscope::condition::Kind;
use alignscope::data::Library;
use alignscope::experiment::run_job;
use alignscope::network::{Setup, Trainer};
use alignscope::quantity::Quantity;
use alignscope::run::{Attempt, JobResult};
use alignscope::spec::Analysis;

const DIGITS: [(&str, &str); 4] =
    [("epochs", "3"), ("hidden", "24,20"), ("record-every", "45"), ("precision", "f64")];

fn run(kind: Kind, options: &[(&str, &str)]) -> JobResult {
    job::run(kind, options).1
}

fn train(options: &[(&str, &str)]) -> JobResult {
    run(Kind::Train, &[&DIGITS, options].concat())
}

const NETWORKS: [&[(&str, &str)]; 4] = [
    &[],
    &[("wn", "1"), ("normalize-b", "on")],
    &[("momentum", "0.5"), ("weight-decay", "0.01"), ("activation", "relu")],
    &[("reduction", "mean"), ("eta", "0.2"), ("loss", "softmax"), ("code", "one-hot")],
];

#[test]
fn shares_of_the_parts_add_up_to_the_update() {
    let quantities = "decomposition,term_share,term_cumulative,projection_term_share,\
        term_within_share,term_between_share";
    for network in NETWORKS {
        let all: Vec<String> = (1..=90).map(|lag| lag.to_string()).collect();
        let result = train(
            &[&[("quantities", quantities), ("lags", all.join(",").as_str())], network].concat(),
        );
        let projects = result.records.iter().any(|r| r.quantity == Quantity::ProjectionsShare);
        assert_eq!(projects, network.iter().any(|(name, _)| ["wn", "momentum"].contains(name)));
        for (k, l) in [(45, 1), (90, 1), (90, 2)] {
            let of = |quantity| value(&result, quantity, k, l, None).unwrap();
            let at = |quantity, lag| value(&result, quantity, k, l, Some(lag)).unwrap();
            let projections = if projects { of(Quantity::ProjectionsShare) } else { 0.0 };
            let parts =
                [Quantity::TermsShare, Quantity::LastShare, Quantity::RemainderShare].map(of);
            let scale = 1.0 + parts.iter().map(|share| share.abs()).sum::<f64>();
            assert!(
                (parts.iter().sum::<f64>() + projections - 1.0).abs() < 1e-12 * scale,
                "{parts:?} {projections}"
            );
            let mut sum = 0.0;
            for lag in 1..=k {
                let share = at(Quantity::TermShare, lag);
                sum += share;
                assert!((at(Quantity::TermCumulative, lag) - sum).abs() < 1e-11 * scale);
                let pairs =
                    at(Quantity::TermWithinShare, lag) + at(Quantity::TermBetweenShare, lag);
                assert!((pairs - share).abs() < 1e-11 * scale, "lag {lag}: {pairs} {share}");
            }
            assert!((sum - parts[0]).abs() < 1e-11 * scale);
        }
    }
}

#[test]
fn linear_networks_have_no_remainder_and_their_linear_form_is_all() {
    let quantities = "remainder_ratio,linear_terms_angle,linear_terms_deviation,terms_angle,\
        linear_alignment,weight_alignment,control_alignment";
    let linear = [
        ("activation", "linear"),
        ("loss", "squared-linear"),
        ("eta", "1e-4"),
        ("quantities", quantities),
    ];
    let without = train(&[&linear[..], &[("bias", "off")]].concat());
    let with_bias = train(&linear);
    for l in [1, 2] {
        for result in [&without, &with_bias] {
            let of = |quantity| value(result, quantity, 90, l, None).unwrap();
            assert!(
                of(Quantity::RemainderRatio) < 1e-12 && of(Quantity::LinearTermsDeviation) < 1e-12
            );
            assert!((of(Quantity::LinearTermsAngle) - of(Quantity::TermsAngle)).abs() < 1e-9);
            // What is built of the parts of all updates is the network's own weights.
            assert!((of(Quantity::LinearAlignment) - of(Quantity::WeightAlignment)).abs() < 1e-9);
        }
        let of = |quantity| value(&without, quantity, 90, l, None).unwrap();
        assert!(
            (of(Quantity::ControlAlignment) - of(Quantity::WeightAlignment)).abs() > 1e-3,
            "another B aligns apart"
        );
    }
}

#[test]
fn budgets_balance_but_for_what_normalisation_injects() {
    let budget = |options: &[(&str, &str)]| {
        train(&[&[("quantities", "budget,weight_inner_product")], options].concat())
    };
    let parts = |result: &JobResult, l| {
        let of = |quantity| value(result, quantity, 135, l, None).unwrap();
        let start = value(result, Quantity::WeightInnerProduct, 0, l, None).unwrap();
        let gain = of(Quantity::WeightInnerProduct) - start;
        assert!((of(Quantity::BudgetAlignment) - gain).abs() < 1e-12);
        let [growth, quadratic, curvature] =
            [Quantity::BudgetGrowth, Quantity::BudgetQuadratic, Quantity::BudgetCurvature].map(of);
        [growth, quadratic, curvature, of(Quantity::BudgetInjected), of(Quantity::BudgetOwn)]
    };
    let (plain, normalised) = (budget(&[]), budget(&[("wn", "1")]));
    let relu = budget(&[("activation", "relu"), ("loss", "softmax"), ("code", "one-hot")]);
    for l in [1, 2] {
        let [growth, quadratic, curvature, injected, own] = parts(&plain, l);
        assert!(
            injected.abs() < 1e-12 * growth.abs() && quadratic > 0.0 && curvature < 0.0,
            "{injected} {growth}"
        );
        assert!(own.abs() < 1e-12 * growth.abs(), "{own} {growth}");
        let [growth, _, curvature, injected, _] = parts(&relu, l);
        assert!(injected.abs() < 1e-12 * growth.abs() && curvature == 0.0);
        // Norms of neurons are held: what alignment there is, normalisation let in.
        let [_, quadratic, _, injected, own] = parts(&normalised, l);
        assert!(injected < -0.1 * quadratic, "{injected} {quadratic}");
        // What aligns grows, and is cut back.
        assert!(own > 0.0, "{own}");
    }
}

#[test]
fn a_window_that_reaches_far_enough_changes_nothing() {
    let quantities = ("quantities", "term_angle,decomposition");
    let all = train(&[quantities, ("lags", "1,30")]);
    let wide = train(&[quantities, ("lags", "1,30"), ("window", "180")]);
    assert!(all.records == wide.records);
    assert_ne!(all.address, wide.address);
    let short = train(&[quantities, ("lags", "1,30"), ("window", "30")]);
    let of = |result: &JobResult, quantity, lag| value(result, quantity, 180, 1, lag).unwrap();
    for lag in [1, 30] {
        let (a, b) =
            (of(&all, Quantity::TermAngle, Some(lag)), of(&short, Quantity::TermAngle, Some(lag)));
        assert!((a - b).abs() < 1e-9);
    }
    assert!(of(&short, Quantity::LastShare, None) > of(&all, Quantity::LastShare, None) + 0.01);
    let terms = [("quantities", "term_angle"), ("lags", "1,30")];
    let of_terms = train(&[&terms[..], &[("window", "40")]].concat());
    assert_eq!(of_terms.address, train(&terms).address, "single terms do not depend on the window");
}

#[test]
fn isolated_runs_decompose_as_well() {
    let options = [
        ("activity", "ar1:0.9"),
        ("error", "ar1:0.9"),
        ("iterations", "60"),
        ("record-every", "60"),
        ("lags", "1"),
        ("quantities", "alignment_term,term_angle,step_alignment,decomposition,budget"),
    ];
    let result = run(Kind::Isolate, &options);
    let of = |quantity, lag| value(&result, quantity, 60, 1, lag);
    let shares = [Quantity::TermsShare, Quantity::LastShare, Quantity::RemainderShare]
        .map(|q| of(q, None).unwrap());
    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(shares[0] > 0.5, "autocorrelated signals align by their alignment terms: {shares:?}");
    let [growth, injected] =
        [Quantity::BudgetGrowth, Quantity::BudgetInjected].map(|q| of(q, None).unwrap());
    assert!(injected.abs() < 1e-12 * growth);
    // The update to come after 59 iterations is the latest after 60.
    let before = run(Kind::Isolate, &[&options[..], &[("record-every", "59")]].concat());
    let (to_come, latest) =
        (value(&before, Quantity::TermAngle, 59, 1, Some(1)), of(Quantity::AlignmentTerm, None));
    assert!((to_come.unwrap() - latest.unwrap()).abs() < 1e-9);
}

#[test]
fn well_and_poorly_learnt_samples_make_up_all_pairs() {
    let quantities = "similarity_product,similarity_product_well,similarity_product_poor,\
        similarity_poor_share,similarity_error_within,similarity_error_well,\
        similarity_error_poor";
    let result =
        train(&[("quantities", quantities), ("lags", "1"), ("batch", "50"), ("probe", "fixed")]);
    for l in [1, 2] {
        let of = |quantity| value(&result, quantity, 45, l, Some(1)).unwrap();
        let (well, poor) = (
            0.36 * of(Quantity::SimilarityProductWell),
            0.64 * of(Quantity::SimilarityProductPoor),
        );
        let all = of(Quantity::SimilarityProduct);
        assert!(
            (well + poor - all).abs() < 1e-12 * (well.abs() + poor.abs()),
            "{well} {poor} {all}"
        );
        assert!((poor / all - of(Quantity::SimilarityPoorShare)).abs() < 1e-9);
        let (well, poor) = (of(Quantity::SimilarityErrorWell), of(Quantity::SimilarityErrorPoor));
        let within = of(Quantity::SimilarityErrorWithin);
        assert!(well < within && within < poor, "{well} {within} {poor}");
    }
}

#[test]
fn looking_ahead_changes_no_bit() {
    let data = alignscope::data::digits::<f32>().unwrap();
    for loss in [alignscope::network::Loss::HalfSquared, alignscope::network::Loss::Random] {
        let setup =
            Setup { loss, order: alignscope::network::Order::EachEpoch, ..Setup::default() };
        let [mut plain, mut ahead] = [(); 2].map(|()| Trainer::new(&data, setup.clone(), 3, 1));
        for k in 0..130 {
            plain.step();
            assert!(ahead.ahead().is_empty());
            ahead.look_ahead();
            if k % 3 == 0 {
                ahead.evaluate(alignscope::network::Subset::Test, &ahead.code().clone());
                ahead.look_ahead();
            }
            let gradient: Vec<_> =
                ahead.ahead().iter().map(|part| part.pass.delta.clone()).collect();
            ahead.step();
            let made: Vec<_> = ahead.latest().iter().map(|part| part.pass.delta.clone()).collect();
            assert_eq!(gradient, made);
        }
        assert_eq!(plain.layers().weights, ahead.layers().weights);
    }
}

#[test]
fn windows_that_do_not_fit_are_refused() {
    let refused = |options: &[(&str, &str)]| {
        let errors = Analysis::from_options(Kind::Train, options.iter().copied()).unwrap_err();
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let error = refused(&[("quantities", "term_angle"), ("lags", "1-9"), ("window", "5")]);
    assert!(error.contains("lag 6 lies beyond the window of 5 lags"), "{error}");
    let error = refused(&[("quantities", "linear_alignment"), ("window", "5")]);
    assert!(
        error.contains("linear_alignment takes every lag back to the start: leave window at `all`"),
        "{error}"
    );
    assert!(refused(&[("window", "0")]).contains("expected all, or a whole number from 1"));
    let huge = [("quantities", "terms_share"), ("hidden", "4000,4000"), ("epochs", "1000")];
    let analysis = Analysis::from_options(Kind::Train, huge).unwrap();
    let job = analysis.job(&analysis.conditions[0], 0);
    let error =
        run_job(&job, &Attempt::bare(&|| false), &Library::default()).unwrap_err().to_string();
    assert!(error.contains("set --window to fewer lags"), "{error}");
}
