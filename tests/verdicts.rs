//! The rule of verdicts, on values whose evidence was worked out elsewhere: the integrals that
//! define it, by quadrature.

use alignscope::claim::{
    Asked, Criterion, JudgedClaim, MeasuredClaim, MeasuredError, MeasuredPart, Verdict,
    judge_measured,
};
use alignscope::spec::{ClaimKind, ClaimSet, ValueKind};

const NUMBERS: [f64; 8] = [61.2, 64.9, 58.1, 60.4, 63.3, 57.7, 62.5, 66.0];
const ONES: [f64; 10] = [1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0];
const ANY: f64 = f64::INFINITY;

fn asked([low, high]: [f64; 2], values: ValueKind) -> Asked {
    Asked {
        statistic: "what is measured".into(),
        criterion: Criterion { low, high },
        some: false,
        values,
        range: None,
        epsilon: 0.0,
        published_error: 0.0,
    }
}

fn bounded(range: [f64; 2], reach: f64) -> ValueKind {
    ValueKind::Bounded { range, reach }
}

fn part(asked: &Asked, values: &[f64]) -> MeasuredPart {
    MeasuredPart { asked: asked.clone(), values: values.to_vec() }
}

fn judged_all(parts: Vec<MeasuredPart>, family_size: usize) -> Result<JudgedClaim, MeasuredError> {
    judge_measured(&MeasuredClaim {
        name: "measured".into(),
        statement: "It is as asked".into(),
        kind: ClaimKind::Direction,
        set: ClaimSet::Before,
        family_size,
        parts,
    })
}

fn judged(asked: &Asked, values: &[f64], family_size: usize) -> Result<JudgedClaim, MeasuredError> {
    judged_all(vec![part(asked, values)], family_size)
}

fn verdict(asked: &Asked, values: &[f64]) -> Verdict {
    judged(asked, values, 1).unwrap().verdict
}

/// Powers of ten: of the noncentral t density mixed over effects, of the capital of all gamblers,
/// of the binomial likelihood mixed over the shares beyond the bound.
#[test]
fn evidence_is_what_its_integrals_say() {
    let all = [f64::NEG_INFINITY, ANY];
    for (bounds, kind, values, expected) in [
        ([59.0, ANY], ValueKind::Gaussian, &NUMBERS[..], 0.453_591_812_27),
        ([-ANY, 70.0], ValueKind::Gaussian, &NUMBERS[..], 1.342_553_700_47),
        ([50.0, ANY], bounded([0.0, 100.0], 20.0), &NUMBERS[..], 1.174_575_215_59),
        ([50.0, ANY], bounded([0.0, 100.0], ANY), &NUMBERS[..], 0.467_538_111_51),
        ([-ANY, 80.0], bounded([0.0, 100.0], ANY), &NUMBERS[..], 1.718_320_675_56),
        ([-ANY, 80.0], bounded(all, 15.0), &NUMBERS[..], 1.898_885_533_98),
        ([0.4, ANY], ValueKind::Share, &ONES[..], 1.370_291_126_59),
        ([-ANY, 0.95], ValueKind::Share, &ONES[..], 0.282_546_589_97),
        ([0.9, ANY], ValueKind::Share, &ONES[..], 0.047_363_016_77),
        ([1.0, ANY], ValueKind::Every(0.9), &[1.0; 30][..], 1.372_724_716_82),
    ] {
        let claim = judged(&asked(bounds, kind), values, 1).unwrap();
        let found = claim.parts[0].evidence_for;
        assert!((found - expected).abs() < 1e-9, "{kind:?} {bounds:?}: {found} {expected}");
        assert_eq!(claim.parts[0].n, values.len());
    }
}

/// A share of nothing or of all is shown by one repeat, or by none.
#[test]
fn shares_at_the_ends_are_decided_by_one_repeat_or_by_none() {
    let share = |bounds| asked(bounds, ValueKind::Share);
    assert_eq!(verdict(&share([0.0, ANY]), &[0.0, 0.0]), Verdict::Undecided);
    assert_eq!(verdict(&share([0.0, ANY]), &[0.0, 1.0]), Verdict::Holds);
    assert_eq!(verdict(&share([-0.5, ANY]), &[0.0]), Verdict::Holds);
    assert_eq!(verdict(&share([-ANY, 1.0]), &[1.0, 1.0]), Verdict::Undecided);
    assert_eq!(verdict(&share([-ANY, 1.0]), &[1.0, 0.0]), Verdict::Holds);
    assert_eq!(verdict(&share([1.0, ANY]), &[1.0; 200]), Verdict::Undecided);
    assert_eq!(verdict(&share([1.0, ANY]), &[1.0, 0.0]), Verdict::Fails);
}

/// `every` takes the logarithm of 20 over that of 1 / 0.9 repeats, and one that is not so refutes
/// it, even after that.
#[test]
fn every_repeat_counts_as_long_as_none_is_missing() {
    let every = asked([1.0, ANY], ValueKind::Every(0.9));
    assert_eq!(verdict(&every, &[1.0; 28]), Verdict::Undecided);
    let held = judged(&every, &[1.0; 40], 1).unwrap();
    assert_eq!((held.verdict, held.decided_after), (Verdict::Holds, Some(29)));
    let mut values = [1.0; 40];
    values[35] = 0.0;
    let refuted = judged(&every, &values, 1).unwrap();
    assert_eq!((refuted.verdict, refuted.decided_after), (Verdict::Fails, Some(36)));
    assert_eq!(judged(&every, &[1.0; 12], 1).unwrap().needed, Some(29));
    // In a family of ten it takes the logarithm of 200.
    assert_eq!(judged(&every, &[1.0; 60], 10).unwrap().decided_after, Some(51));
}

/// Bounds around a published value are moved by its error, by as many standard errors as leave half
/// of the level: 2.2414 in a family of one, 3.0233 in a family of ten.
#[test]
fn the_error_of_a_published_value_widens_the_doubt_on_both_sides() {
    let mut near = asked([-1.0, 1.0], ValueKind::Gaussian);
    near.published_error = 0.1;
    let around = |mean: f64| -> Vec<f64> {
        (0..40).map(|i| mean + if i % 2 == 0 { 1e-4 } else { -1e-4 }).collect()
    };
    for (family, errors) in [(1, 2.241_402_7), (10, 3.023_341_4)] {
        let reach = 0.1 * errors;
        let of = |mean: f64| judged(&near, &around(mean), family).unwrap().verdict;
        for sign in [1.0, -1.0] {
            assert_eq!(of(sign * (1.0 - reach - 0.001)), Verdict::Holds, "{family}");
            assert_eq!(of(sign * (1.0 - reach + 0.001)), Verdict::Undecided, "{family}");
            assert_eq!(of(sign * (1.0 + reach - 0.001)), Verdict::Undecided, "{family}");
            assert_eq!(of(sign * (1.0 + reach + 0.001)), Verdict::Fails, "{family}");
        }
    }
    // Half of the level is left for what is measured here, so that it takes twice the evidence.
    let mut every = asked([1.0, ANY], ValueKind::Every(0.9));
    every.published_error = 1e-9;
    assert_eq!(judged(&every, &[1.0; 60], 1).unwrap().decided_after, Some(36));
}

/// Of a share above or below a bound, how many repeats would show it if they go on as they began.
#[test]
fn the_repeats_that_would_decide_do() {
    for (bounds, values) in
        [([0.5, ANY], [1.0, 1.0, 0.0, 1.0, 1.0]), ([-ANY, 0.5], [0.0, 0.0, 1.0, 0.0, 0.0])]
    {
        let share = asked(bounds, ValueKind::Share);
        let open = judged(&share, &values, 1).unwrap();
        let needed = open.needed.unwrap();
        assert!((10..30).contains(&needed), "{bounds:?}: {needed}");
        let on: Vec<f64> = values.iter().cycle().take(needed + 3).copied().collect();
        assert_eq!(verdict(&share, &on), Verdict::Holds, "{bounds:?}: {needed}");
        let on: Vec<f64> = values.iter().cycle().take(needed - 4).copied().collect();
        assert_eq!(verdict(&share, &on), Verdict::Undecided, "{bounds:?}: {needed}");
    }
}

/// Within a registered distance of the bound, and shown to be: neither inside nor outside.
#[test]
fn what_lies_at_the_bound_is_said_to() {
    let mut near = asked([10.0, ANY], ValueKind::Gaussian);
    near.epsilon = 0.5;
    let around = |mean: f64| -> Vec<f64> {
        (0..60).map(|i| mean + if i % 2 == 0 { 0.4 } else { -0.4 }).collect()
    };
    assert_eq!(verdict(&near, &around(10.0)), Verdict::AtTheBound);
    assert_eq!(verdict(&near, &around(10.0)[..4]), Verdict::Undecided);
    assert_eq!(verdict(&near, &around(11.0)), Verdict::Holds);
    assert_eq!(verdict(&near, &around(9.0)), Verdict::Fails);
    near.epsilon = 0.0;
    assert_eq!(verdict(&near, &around(10.0)), Verdict::Undecided);
}

/// One that is enough, and several that all have to be: claims of several parts hold if all do, and
/// fail if any does.
#[test]
fn claims_hold_if_every_part_does_and_fail_if_any_does() {
    let gaussian = |bounds| asked(bounds, ValueKind::Gaussian);
    let of = |parts: Vec<MeasuredPart>| judged_all(parts, 1).map(|judged| judged.verdict);
    let high: Vec<f64> = NUMBERS.iter().cycle().take(24).copied().collect();
    let [above, below, open] =
        [[50.0, ANY], [-ANY, 50.0], [61.9, ANY]].map(|bounds| part(&gaussian(bounds), &high));
    assert_eq!(of(vec![above.clone(), above.clone()]), Ok(Verdict::Holds));
    assert_eq!(of(vec![above.clone(), open.clone()]), Ok(Verdict::Undecided));
    assert_eq!(of(vec![above.clone(), below, open]), Ok(Verdict::Fails));
    assert_eq!(of(vec![]), Err(MeasuredError::Nothing("measured".into())));
}

#[test]
fn what_cannot_be_judged_is_refused() {
    use ValueKind::{Every, Gaussian, Share};
    let senseless = |asked: &Asked, said: &str| match judged(asked, &NUMBERS, 1) {
        Err(MeasuredError::Senseless(_, what)) => assert!(what.contains(said), "{what}"),
        other => panic!("{asked:?}: {other:?}"),
    };
    for bounds in [[2.0, 1.0], [f64::NAN, 1.0], [1.0, f64::NAN]] {
        senseless(&asked(bounds, Gaussian), "above the upper");
    }
    senseless(&asked([-ANY, ANY], Gaussian), "no bound");
    for epsilon in [-0.1, 5.0] {
        senseless(&Asked { epsilon, ..asked([60.0, 70.0], Gaussian) }, "epsilon");
    }
    for kind in [bounded([1.0, 1.0], 1.0), bounded([2.0, 1.0], 1.0), bounded([0.0, 99.0], 0.0)] {
        senseless(&asked([0.5, ANY], kind), "the range is empty");
    }
    senseless(&asked([97.7, ANY], bounded([0.0, 180.0], 1e-15)), "lost beside the bound");
    for range in [[-ANY, 100.0], [0.0, ANY], [-ANY, ANY]] {
        senseless(&asked([50.0, ANY], bounded(range, ANY)), "neither a reach");
    }
    let above = asked([0.5, ANY], bounded([0.0, 70.0], 20.0));
    assert!(judged(&above, &NUMBERS, 1).is_ok());
    assert!(judged(&asked([50.0, ANY], bounded([0.0, ANY], 20.0)), &NUMBERS, 1).is_ok());
    assert!(judged(&asked([60.0, 60.0], Gaussian), &NUMBERS, 1).is_ok());
    assert!(judged(&Asked { epsilon: 4.9, ..asked([60.0, 70.0], Gaussian) }, &NUMBERS, 1).is_ok());

    assert!(matches!(judged(&above, &[], 1), Err(MeasuredError::Nothing(_))));
    for value in [f64::NAN, ANY] {
        let Err(error) = judged(&above, &[1.0, value], 1) else { panic!("{value}") };
        assert!(matches!(error, MeasuredError::NotFinite(_, 1)), "{error}");
        assert!(error.to_string().contains("the value of repeat 1 is not finite"), "{error}");
    }
    for (kind, value, said) in [
        (bounded([0.0, 70.0], 20.0), 70.5, "from 0 to 70"),
        (bounded([0.0, 70.0], 20.0), -0.5, "from 0 to 70"),
        (Share, 0.5, "0 or 1"),
        (Every(0.9), 2.0, "0 or 1"),
    ] {
        let Err(error) = judged(&asked([0.5, ANY], kind), &[1.0, 1.0, value], 1) else {
            panic!("{kind:?} {value}")
        };
        assert!(matches!(error, MeasuredError::Beyond(_, 2, ..)), "{error}");
        assert!(error.to_string().contains(&format!("the value {value} of repeat 2")), "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
    assert!(judged(&asked([0.5, ANY], bounded([0.0, 70.0], 20.0)), &[0.0, 70.0], 1).is_ok());
}

/// Clopper and Pearson's for shares, Student's for others, within the values that there can be.
#[test]
fn intervals_keep_to_the_values_that_there_can_be() {
    let interval = |asked: &Asked, values: &[f64]| {
        let [low, high] = judged(asked, values, 1).unwrap().parts[0].ci95.unwrap();
        [low, high].map(|end| (1e4 * end).round() / 1e4)
    };
    let share = asked([0.5, ANY], ValueKind::Share);
    assert_eq!(interval(&share, &ONES), [0.4439, 0.9748]);
    assert_eq!(interval(&share, &[0.0; 10]), [0.0, 0.3085]);
    assert_eq!(interval(&asked([1.0, ANY], ValueKind::Every(0.9)), &[1.0; 10]), [0.6915, 1.0]);
    let free = asked([0.5, ANY], ValueKind::Gaussian);
    assert_eq!(interval(&free, &[1.0, 3.0]), [-10.7062, 14.7062]);
    let positive = Asked { range: Some([0.0, 14.0]), ..free };
    assert_eq!(interval(&positive, &[1.0, 3.0]), [0.0, 14.0]);
}

/// Repeats that go on as they began are decided where it was estimated that they would be, inside
/// and outside, by the nearer bound of two.
#[test]
fn estimates_of_what_would_decide_come_true() {
    let wide = bounded([0.0, 100.0], 40.0);
    for (bounds, kind, values) in [
        ([10.0, ANY], ValueKind::Gaussian, [9.8, 11.4]),
        ([-ANY, 10.0], ValueKind::Gaussian, [10.2, 8.6]),
        ([10.0, ANY], ValueKind::Gaussian, [10.2, 8.6]),
        ([-ANY, 10.0], ValueKind::Gaussian, [9.8, 11.4]),
        ([10.0, 30.0], ValueKind::Gaussian, [9.8, 11.4]),
        ([50.0, ANY], wide, [55.0, 62.0]),
        ([-ANY, 50.0], wide, [45.0, 38.0]),
        ([-ANY, 50.0], wide, [55.0, 62.0]),
        ([50.0, 99.0], wide, [55.0, 62.0]),
    ] {
        let asked = asked(bounds, kind);
        let go_on = |n: usize| -> Vec<f64> { values.iter().cycle().take(n).copied().collect() };
        let needed = judged(&asked, &go_on(6), 1).unwrap().needed.unwrap() as f64;
        let after = judged(&asked, &go_on(400), 1).unwrap().decided_after.unwrap() as f64;
        assert!((0.8..1.25).contains(&(after / needed)), "{bounds:?} {kind:?}: {needed} {after}");
    }
    // No number of repeats shows what is at its bound.
    assert_eq!(
        judged(&asked([10.0, ANY], ValueKind::Gaussian), &[9.0, 11.0], 1).unwrap().needed,
        None
    );
}

/// Values farther on the wrong side than was thought possible make no estimate, and are counted.
#[test]
fn values_beyond_the_reach_are_counted() {
    let reach = |bounds, value: f64| {
        let asked = asked(bounds, bounded([0.0, 100.0], 5.0));
        let judged = judged(&asked, &[60.0, 70.0, value], 1).unwrap();
        (judged.parts[0].beyond, judged.needed.is_some(), judged.outlook())
    };
    let (beyond, is_estimated, outlook) = reach([59.0, ANY], 50.0);
    assert_eq!((beyond, is_estimated), (1, false));
    assert!(outlook.contains("values spread farther than the claim allows for"), "{outlook}");
    assert_eq!(reach([59.0, ANY], 54.0).0, 0);
    assert_eq!(reach([-ANY, 69.0], 75.0).0, 1);
    assert_eq!(reach([-ANY, 69.0], 74.0).0, 0);
}

/// A part that fails does so by its share of the level, and is told apart from those that hold.
#[test]
fn every_part_has_a_verdict_of_its_own() {
    let high: Vec<f64> = NUMBERS.iter().cycle().take(24).copied().collect();
    let gaussian = |bounds| asked(bounds, ValueKind::Gaussian);
    let near = Asked { epsilon: 3.0, ..gaussian([61.5, ANY]) };
    let some = Asked { some: true, ..gaussian([50.0, ANY]) };
    let every = asked([1.0, ANY], ValueKind::Every(0.9));
    let parts = vec![
        part(&gaussian([50.0, ANY]), &high),
        part(&gaussian([-ANY, 50.0]), &high),
        part(&gaussian([61.7, ANY]), &high[..8]),
        part(&near, &high),
        part(&some, &high),
        part(&every, &[1.0, 0.0]),
    ];
    let found = judged_all(parts, 1).unwrap().parts;
    assert_eq!(
        found.iter().map(|part| part.verdict.as_str()).collect::<Vec<_>>(),
        ["holds", "FAILS", "undecided", "at the bound", "holds", "FAILS"]
    );
    assert_eq!(found[0].criterion, "at least 50");
    assert_eq!(found[4].criterion, "at least 50, once at least");
    assert_eq!(found[5].criterion, "every repeat (shown of 90 %)");
}
