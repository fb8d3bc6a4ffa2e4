//! Distributions of the similarities of samples under the networks of two successive iterations,
//! early and late in training (experiment E6 of the paper, one run as there): two figures and what
//! they show in numbers.
//!
//! usage: similarities DATA [OUT]: DATA is a directory with the MNIST files; figures go to OUT, or
//! the working directory.

use alignscope::data::Library;
use alignscope::figure::{
    Axis as FigureAxis, Figure, Format, Hue, Mark, Panel, Point, Series, Width, render,
};
use alignscope::measure::similarity::{
    Axes, Axis, Batch, Bins, Distributions, OwnPairs, PairGroup, PairRelation, SamplePairs,
    Similarity, poorly_learnt,
};
use alignscope::network::{BatchPart, Order, Setup, Subset, Trainer};
use std::path::{Path, PathBuf};

type Failure = Box<dyn std::error::Error>;

/// Bins of the paper: of `S_L`, and of `S_delta` between and within classes, as `[low, high,
/// step]`, by layer.
const EARLY: [[[f64; 3]; 3]; 4] = [
    [[0.0, 30.0, 0.1], [-0.02, 0.02, 0.0002], [-0.005, 0.03, 0.0002]],
    [[0.0, 8.0, 0.05], [-0.1, 0.1, 0.0004], [-0.01, 0.2, 0.0004]],
    [[0.3, 1.7, 0.03], [-0.5, 0.4, 0.009], [0.02, 1.0, 0.0095]],
    [[0.25, 0.7, 0.02], [-1.01, 0.2, 0.005], [0.5, 4.0, 0.005]],
];
const LATE: [[[f64; 3]; 3]; 4] = [
    [[0.0, 25.0, 0.5], [-0.002, 0.004, 1e-5], [-0.002, 0.004, 1e-5]],
    [[2.0, 12.0, 0.3], [-0.005, 0.02, 5e-4], [-0.005, 0.02, 5e-4]],
    [[1.0, 7.0, 0.2], [-0.05, 0.1, 0.002], [-0.05, 0.1, 0.002]],
    [[1.0, 5.5, 0.1], [-0.201, 0.6, 0.005], [-0.201, 0.6, 0.005]],
];

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let data = PathBuf::from(args.next().ok_or("usage: similarities DATA [OUT]")?);
    let out = PathBuf::from(args.next().unwrap_or_else(|| ".".into()));
    let data = Library::new(Some(data)).load::<f32>(&"mnist".parse()?, Some(15))?;
    let setup = Setup {
        hidden: vec![50; 4],
        batch: 1000,
        eta: 5e-4,
        order: Order::Once,
        ..Setup::default()
    };
    let mut trainer = Trainer::new(&data, setup, 1, 0);
    let relations =
        [("same class", PairRelation::Within), ("different classes", PairRelation::Ascending)];
    let curves = relations.map(|(name, relation)| (name.to_string(), relation, PairGroup::All));
    let early = distributions(&mut trainer, 3, 8000, &EARLY)?;
    draw(
        &early,
        &curves,
        "Similarities of the same samples at iterations 2 and 3 (MNIST)",
        false,
        &out.join("similarities-early"),
    )?;
    let late = distributions(&mut trainer, 800, 7000, &LATE)?;
    let curves = [("well", PairGroup::Well), ("poorly", PairGroup::PoorTwice)]
        .into_iter()
        .flat_map(|(learnt, group)| {
            let relations = [
                ("same class", PairRelation::Within),
                ("different classes", PairRelation::Between),
            ];
            relations.map(|(name, relation)| (format!("{name}, {learnt} learnt"), relation, group))
        });
    let curves: Vec<_> = curves.collect();
    draw(
        &late,
        &curves,
        "Similarities of the same samples at iterations 799 and 800 (MNIST)",
        true,
        &out.join("similarities-late"),
    )
}

/// Distributions at layers 1 to 4 over the first `samples` training images, under the networks of
/// iterations `k - 1` and `k`.
fn distributions(
    trainer: &mut Trainer<'_, f32>,
    k: usize,
    samples: usize,
    bins: &[[[f64; 3]; 3]; 4],
) -> Result<Vec<Distributions>, Failure> {
    while trainer.iteration() < k - 1 {
        trainer.step();
    }
    let then = part(trainer, samples);
    trainer.step();
    let now = part(trainer, samples);
    let poor = [&then, &now].map(|part| poorly_learnt(&part.pass.delta[4], 0.6));
    let [poor_then, poor_now] = poor;
    let poor = [&poor_then?[..], &poor_now?[..]];
    let labels = || trainer.shown(Subset::Train, trainer.code()).labels[..samples].iter().copied();
    let of_layer = |(l, [activity, between, within]): (usize, &[[f64; 3]; 3])| -> Result<Distributions, Failure> {
        let bins = |[low, high, step]: [f64; 3]| Bins::stepping(low, high, step).ok_or("no such bins");
        let activity = Axis::Given { within: bins(*activity)?, between: bins(*activity)? };
        let error = Axis::Given { within: bins(*within)?, between: bins(*between)? };
        let axes = Axes { activity, error, ..Axes::coarse() };
        let [before, after] = [&then, &now]
            .map(|BatchPart { input, pass, .. }| Batch::new(pass.source(input, l - 1), &pass.delta[l], labels()));
        let pairs = SamplePairs::new(&before?, &after?, OwnPairs::Keep)?;
        let found = pairs.distributions(&axes, Some(poor))?;
        for similarity in [Similarity::Activity, Similarity::Error] {
            let mean = |relation, group| found.tally(similarity, relation, group).mean().unwrap_or(f64::NAN);
            let [within, between] = [PairRelation::Within, PairRelation::Between].map(|r| mean(r, PairGroup::All));
            let [well, poor] = [PairGroup::Well, PairGroup::Poor].map(|group| mean(PairRelation::Within, group));
            println!(
                "iteration {k}, layer {l}, {similarity:?}: same class {within:.4e} (well learnt \
                 {well:.4e}, poorly {poor:.4e}), different classes {between:.4e}"
            );
        }
        Ok(found)
    };
    (1..).zip(bins).map(of_layer).collect()
}

/// The first training images, forward and back through the present network.
fn part(trainer: &Trainer<'_, f32>, samples: usize) -> BatchPart<f32> {
    let mut part = BatchPart::new(trainer.sizes(), samples);
    part.take(trainer.shown(Subset::Train, trainer.code()), &(0..samples).collect::<Vec<_>>());
    part.propagate(trainer.layers(), trainer.feedback(), trainer.setup().loss);
    part
}

/// A panel for activities and one for errors of every layer: probability per bin, over the pairs
/// inside the range early, over all late.
fn draw(
    all: &[Distributions],
    curves: &[(String, PairRelation, PairGroup)],
    title: &str,
    log: bool,
    path: &Path,
) -> Result<(), Failure> {
    let panel = |similarity, l: usize, distributions: &Distributions| {
        let name = if similarity == Similarity::Activity {
            "activity similarity"
        } else {
            "error similarity"
        };
        let y = FigureAxis { log, ..FigureAxis::new("share of pairs") };
        let mut panel = Panel::new(format!("{name}, layer {}", l + 1), FigureAxis::new(name), y);
        panel.series = curves
            .iter()
            .enumerate()
            .map(|(colour, (label, relation, group))| {
                let tally = distributions.tally(similarity, *relation, *group);
                let shares = if log { tally.shares() } else { tally.shares_inside() };
                let half = tally.bins().width() / 2.0;
                let shown =
                    tally.bins().edges().into_iter().zip(shares).filter(|&(_, share)| share > 1e-5);
                let points =
                    shown.map(|(edge, share)| Point::at(edge + half, Some(share))).collect();
                Series {
                    label: label.clone(),
                    colour: Hue::Palette(colour),
                    mark: Mark::Line,
                    points,
                }
            })
            .collect();
        panel
    };
    let rows = [Similarity::Activity, Similarity::Error].into_iter();
    let panels = rows.flat_map(|s| all.iter().enumerate().map(move |(l, found)| (s, l, found)));
    let note =
        "Shares of the pairs in the range that fall into a bin; late, of all pairs of the kind.";
    let panels = panels.map(|(similarity, l, found)| panel(similarity, l, found)).collect();
    let figure = Figure {
        title: title.into(),
        panels,
        note: note.into(),
        width: Width::TwoColumns,
        ..Figure::default()
    };
    let drawn = render(&figure)?;
    std::fs::write(path.with_extension("png"), drawn.bytes(Format::Png)?)?;
    std::fs::write(path.with_extension("svg"), drawn.svg())?;
    Ok(())
}
