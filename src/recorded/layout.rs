//! Which member is which: names, numbers of layers, and which way matrices are stored, as far as
//! shapes tell.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a member holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MemberKind {
    Weights,
    Backward,
    /// Backward weights that are known to lead from the output.
    Direct,
    Bias,
    Activity,
    Delta,
    Labels,
}

impl MemberKind {
    /// What the name of a member says, and which number it has.
    pub fn of(name: &str) -> Option<(Self, usize)> {
        if name == "labels" {
            return Some((Self::Labels, 0));
        }
        let prefixes = [
            ("activity", Self::Activity),
            ("delta", Self::Delta),
            ("kernel", Self::Weights),
            ("weight", Self::Weights),
            ("bias", Self::Bias),
            ("W", Self::Weights),
            ("B", Self::Backward),
            ("F", Self::Direct),
            ("b", Self::Bias),
        ];
        let (part, digits) =
            prefixes.iter().find_map(|(prefix, part)| Some((*part, name.strip_prefix(prefix)?)))?;
        // 999 is far beyond any network, and keeps a typo from making lists of that length.
        let index: usize =
            digits.parse().ok().filter(|l: &usize| *l < 1000 && digits == l.to_string())?;
        Some((part, index))
    }

    /// Numbers of dimensions it may have; labels are judged by their values.
    fn dimensions(self) -> [usize; 2] {
        match self {
            Self::Weights | Self::Backward | Self::Direct => [2, 3],
            Self::Activity | Self::Delta => [3, 3],
            Self::Bias => [1, 2],
            Self::Labels => [1, 3],
        }
    }

    /// Whether, of this shape and where iterations have so many samples, the first dimension counts
    /// states or iterations.
    pub fn is_stacked(self, shape: &[usize], samples: Option<usize>) -> bool {
        match (self, shape) {
            (Self::Labels, [_, _, _]) => true,
            (Self::Labels, [_, second]) => samples == Some(*second),
            _ => shape.len() == self.dimensions()[1],
        }
    }

    /// The shape without axes of length 1 that its kind does not have, as those of `b[:, None]`:
    /// only where the other axes are not those of so many states.
    pub fn without_single_axes(self, shape: &[usize], states: Option<usize>) -> Vec<usize> {
        match (self, shape) {
            (Self::Bias, [n, 1]) if *n > 1 && states != Some(*n) => vec![*n],
            (Self::Bias, [1, 1, n] | [1, n, 1]) => vec![*n],
            (Self::Bias, [t, 1, n] | [t, n, 1]) => vec![*t, *n],
            (Self::Backward | Self::Direct, [a, b, 1]) if *b > 1 && states != Some(*a) => {
                vec![*a, *b]
            }
            _ => shape.to_vec(),
        }
    }

    /// Whether it is of a state, rather than of an iteration.
    pub fn is_of_state(self) -> bool {
        matches!(self, Self::Weights | Self::Backward | Self::Direct | Self::Bias)
    }

    /// Whether a recording can do without this one, if it is malformed.
    pub fn is_optional(self) -> bool {
        matches!(self, Self::Backward | Self::Direct | Self::Bias | Self::Labels)
    }

    /// The lowest layer that has it.
    fn base(self) -> usize {
        usize::from(!matches!(self, Self::Weights | Self::Activity | Self::Labels))
    }

    /// Letter or word of its name.
    fn word(self) -> &'static str {
        match self {
            Self::Weights => "W",
            Self::Backward | Self::Direct => "B",
            Self::Bias => "b",
            Self::Activity => "activity",
            Self::Delta => "delta",
            Self::Labels => "labels",
        }
    }
}

/// A member that is known by its name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub name: String,
    pub shape: Vec<usize>,
}

impl Member {
    /// What is wrong with it by itself.
    pub fn flaw(&self, part: MemberKind) -> Option<String> {
        let [least, most] = part.dimensions();
        if !(least..=most).contains(&self.shape.len()) {
            let expected = match most - least {
                0 => least.to_string(),
                1 => format!("{least} or {most}"),
                _ => format!("{least} to {most}"),
            };
            return Some(format!("is {:?}: expected {expected} dimensions", self.shape));
        }
        self.shape.contains(&0).then(|| format!("is {:?}: it is empty", self.shape))
    }

    /// Rows and columns of every matrix.
    fn matrix(&self) -> [usize; 2] {
        match self.shape[..] {
            [.., rows, columns] => [rows, columns],
            _ => [1, self.units()],
        }
    }

    fn units(&self) -> usize {
        self.shape.last().copied().unwrap_or(0)
    }

    /// Number of states; `None` of a single one, and of what is optional and there for one.
    fn states(&self, part: MemberKind) -> Option<usize> {
        let several = self.shape.len() == part.dimensions()[1];
        several.then(|| self.shape[0]).filter(|states| *states > 1 || !part.is_optional())
    }
}

/// Members by part and by the number in their name.
pub(super) type Members = BTreeMap<(MemberKind, usize), Member>;

/// What is added to the numbers in names to have those of this crate, by part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Numbering {
    /// Of weights.
    pub weights: i8,
    /// Of activities.
    pub activity: i8,
    /// Of error signals.
    pub delta: i8,
    /// Of biases.
    pub bias: i8,
    /// Of backward weights.
    pub backward: i8,
}

impl Numbering {
    /// Whether names are taken as they stand.
    pub fn is_own(&self) -> bool {
        *self == Self::default()
    }

    fn shift(&self, part: MemberKind) -> i8 {
        match part {
            MemberKind::Weights => self.weights,
            MemberKind::Activity => self.activity,
            MemberKind::Delta => self.delta,
            MemberKind::Bias => self.bias,
            MemberKind::Backward | MemberKind::Direct => self.backward,
            MemberKind::Labels => 0,
        }
    }

    /// The layer of a member.
    pub(super) fn layer(&self, (part, index): (MemberKind, usize)) -> usize {
        index.saturating_add_signed(self.shift(part).into())
    }

    /// All that the lowest numbers allow, as they stand first.
    fn all(members: &Members) -> Vec<Self> {
        let lowest = |parts: &[MemberKind]| {
            let indices =
                members.keys().filter(|(part, _)| parts.contains(part)).map(|(_, index)| *index);
            indices.min()
        };
        let counted = |part: MemberKind| match lowest(&[part]) {
            None => vec![0],
            Some(low) if low < part.base() => vec![1],
            Some(low) if low == part.base() && low == 1 => vec![0],
            Some(0) => vec![0],
            Some(_) => vec![0, -1],
        };
        let backward = match lowest(&[MemberKind::Backward, MemberKind::Direct]) {
            None => vec![0],
            Some(0) => vec![0, 1],
            Some(_) => vec![0, -1],
        };
        let mut all = Vec::new();
        for weights in counted(MemberKind::Weights) {
            for &activity in &counted(MemberKind::Activity) {
                for &delta in &counted(MemberKind::Delta) {
                    for &bias in &counted(MemberKind::Bias) {
                        // Where weights are counted from 1, backward weights most likely are, too.
                        let mut backward = backward.clone();
                        if weights < 0 && backward.contains(&-1) {
                            backward.reverse();
                        }
                        all.extend(backward.iter().map(|&backward| Self {
                            weights,
                            activity,
                            delta,
                            bias,
                            backward,
                        }));
                    }
                }
            }
        }
        all
    }

    /// Numbers in names beside those they stand for, of one member of every part that is
    /// renumbered.
    pub(super) fn examples(&self, members: &Members) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let renumbered =
            members.iter().filter(|((part, _), _)| self.shift(*part) != 0 && seen.insert(*part));
        renumbered
            .map(|(key, member)| format!("{} as {}{}", member.name, key.0.word(), self.layer(*key)))
            .collect()
    }
}

/// Which way backward weights are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BackwardReading {
    /// From the output, `n_D x n_l`, and not from the layer above.
    pub direct: bool,
    /// Stored as the transpose.
    pub turned: bool,
}

/// Which weights are taken to be stored as `n_{l+1} x n_l`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    None,
    All,
    BySignals,
}

/// One way to read the names and shapes of a recording.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    pub numbering: Numbering,
    /// Units of every layer, `None` where they are unknown.
    pub sizes: Vec<Option<usize>>,
    /// Layers whose weights are stored transposed, as shapes tell.
    pub turned: Vec<usize>,
    /// Layers whose weights are square.
    pub square: Vec<usize>,
    /// How shapes let backward weights be read, the likeliest first.
    pub backward: BTreeMap<usize, Vec<BackwardReading>>,
    /// Members that fit no other, with the reason.
    pub left_out: BTreeMap<(MemberKind, usize), String>,
    /// What cannot be.
    pub problems: Vec<String>,
    /// Layers that the numbers skip.
    gaps: usize,
    /// Whether members of every kind start where they should, renumbered by one, and there are
    /// several kinds.
    uniform: bool,
}

impl Layout {
    /// Every way that has the fewest contradictions, names as they stand first; at least one.
    pub fn all(members: &Members) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for numbering in Numbering::all(members) {
            let turns = [Turn::None, Turn::All, Turn::BySignals]
                .map(|turn| Self::new(members, numbering, turn));
            let flaws = |layout: &Self| [layout.problems.len(), layout.left_out.len()];
            all.extend(
                turns.into_iter().reduce(
                    |best, layout| if flaws(&layout) < flaws(&best) { layout } else { best },
                ),
            );
        }
        let flaws = |layout: &Self| [layout.problems.len(), layout.left_out.len()];
        let fewest = all.iter().map(flaws).min().unwrap_or_default();
        all.retain(|layout| flaws(layout) == fewest);
        // Names that stand for themselves and skip nothing need no other reading.
        if all.first().is_some_and(|layout| layout.numbering.is_own() && layout.gaps == 0) {
            all.truncate(1);
        }
        let first_as_named = all.first().is_some_and(|layout| layout.numbering.is_own());
        all[usize::from(first_as_named)..].sort_by_key(|layout| layout.gaps);
        all
    }

    /// Names as they stand.
    pub fn as_named(members: &Members) -> Self {
        Self::new(members, Numbering::default(), Turn::None)
    }

    fn new(members: &Members, numbering: Numbering, turn: Turn) -> Self {
        let mut out = Self { numbering, ..Self::default() };
        out.settle(members, turn);
        out.settle_biases(members);
        out.settle_backward(members);
        out.gaps = out.gaps(members);
        let kinds: BTreeSet<MemberKind> =
            members.keys().map(|key| key.0).filter(|part| *part != MemberKind::Labels).collect();
        let starts = |part: &MemberKind| {
            let layers =
                members.keys().filter(|key| key.0 == *part).map(|key| numbering.layer(*key));
            layers.min() == Some(part.base()) && numbering.shift(*part) == -1
        };
        out.uniform = kinds.len() > 1 && kinds.iter().all(starts);
        out
    }

    /// Whether this is the same network, only with its layers counted from 1, all of them.
    pub fn is_all_from_one(&self) -> bool {
        self.uniform && self.gaps == 0
    }

    /// Sizes of layers from signals and weights.
    fn settle(&mut self, members: &Members, turn: Turn) {
        let numbering = self.numbering;
        let with_layer = |(key, member): (&(MemberKind, usize), &'_ Member)| {
            (key.0, numbering.layer(*key), member.clone())
        };
        let needed: Vec<(MemberKind, usize, Member)> =
            members.iter().filter(|((part, _), _)| !part.is_optional()).map(with_layer).collect();
        let top = |(part, l, _): &(MemberKind, usize, Member)| {
            l + usize::from(*part == MemberKind::Weights)
        };
        let backward =
            |key: &&(MemberKind, usize)| matches!(key.0, MemberKind::Backward | MemberKind::Direct);
        let above = members.keys().filter(backward).map(|key| numbering.layer(*key) + 1);
        let biases =
            members.keys().filter(|key| key.0 == MemberKind::Bias).map(|key| numbering.layer(*key));
        // Backward weights and biases beyond the network make no layers of it where weights say how
        // many there are.
        let weights = needed.iter().any(|(part, ..)| *part == MemberKind::Weights);
        let beyond = above.chain(biases).filter(|_| !weights);
        let layers = needed.iter().map(top).chain(beyond).max().map_or(0, |top| top + 1);
        let signals: BTreeMap<usize, usize> = needed
            .iter()
            .filter(|(part, ..)| *part != MemberKind::Weights)
            .map(|(_, l, member)| (*l, member.units()))
            .collect();
        let mut sizes: Vec<Option<(usize, String)>> = vec![None; layers];
        for (part, l, member) in &needed {
            if *part != MemberKind::Weights {
                self.settle_one(&mut sizes, *l, member.units(), &member.name);
                continue;
            }
            let [a, b] = member.matrix();
            let fits = |[below, above]: [usize; 2]| {
                signals.get(l).is_none_or(|n| *n == below)
                    && signals.get(&(l + 1)).is_none_or(|n| *n == above)
            };
            let turned = match turn {
                Turn::None => false,
                Turn::All => true,
                Turn::BySignals => !fits([a, b]) && fits([b, a]),
            };
            if a == b {
                self.square.push(*l);
            } else if turned {
                self.turned.push(*l);
            }
            let [below, above] = if turned { [b, a] } else { [a, b] };
            self.settle_one(&mut sizes, *l, below, &member.name);
            self.settle_one(&mut sizes, l + 1, above, &member.name);
        }
        self.sizes = sizes.into_iter().map(|size| size.map(|(units, _)| units)).collect();
    }

    fn settle_one(
        &mut self,
        sizes: &mut [Option<(usize, String)>],
        l: usize,
        units: usize,
        name: &str,
    ) {
        match &sizes[l] {
            None => sizes[l] = Some((units, name.into())),
            Some((known, _)) if *known == units => {}
            Some((known, first)) => {
                let problem =
                    format!("`{name}` has {units} units in layer {l}, `{first}` has {known}");
                self.problems.push(problem);
            }
        }
    }

    fn settle_biases(&mut self, members: &Members) {
        for (key, member) in members.iter().filter(|(key, _)| key.0 == MemberKind::Bias) {
            let (l, units) = (self.numbering.layer(*key), member.units());
            let why = match self.sizes.get(l).copied() {
                None => format!("`{}` belongs to layer {l}, which does not exist", member.name),
                Some(None) => {
                    self.sizes[l] = Some(units);
                    continue;
                }
                Some(Some(known)) if known == units => continue,
                Some(Some(known)) => {
                    let first = first_of(members, self.numbering, l).unwrap_or_default();
                    format!(
                        "`{first}` has {known} units in layer {l}, `{}` has {units}",
                        member.name
                    )
                }
            };
            self.left_out.insert(*key, why);
        }
    }

    fn settle_backward(&mut self, members: &Members) {
        let is_backward =
            |key: &&(MemberKind, usize)| matches!(key.0, MemberKind::Backward | MemberKind::Direct);
        let keys: Vec<(MemberKind, usize)> = members.keys().filter(is_backward).copied().collect();
        for key in keys {
            let (l, member) = (self.numbering.layer(key), &members[&key]);
            let [rows, columns] = member.matrix();
            let readings = self.backward_readings(l, [rows, columns], key.0 == MemberKind::Direct);
            let size = |l: usize| {
                self.sizes.get(l).copied().flatten().map_or("?".into(), |n| n.to_string())
            };
            let is_taken = self.backward.contains_key(&l);
            if !is_taken && !readings.is_empty() {
                self.backward.insert(l, readings);
                continue;
            }
            let why = if is_taken {
                format!("there are other backward weights of layer {l}")
            } else if l + 1 >= self.sizes.len() {
                format!("`{}` leads to layer {l}, and there is no layer above it", member.name)
            } else {
                let (above, top) = (size(l + 1), size(self.sizes.len() - 1));
                let direct = if top == above {
                    String::new()
                } else {
                    format!(", or {top} x {} of direct feedback", size(l))
                };
                format!(
                    "`{}` is {rows} x {columns}: expected {above} x {} (units of layer {}, of \
                     layer {l}){direct}",
                    member.name,
                    size(l),
                    l + 1
                )
            };
            self.left_out.insert(key, why);
        }
        // Where one cannot but be direct, all are.
        let only = |direct: bool| {
            // To the last hidden layer either leads from the output: only a name tells.
            let tells = |l: usize| l > 0 && (direct || l + 2 < self.sizes.len());
            let mut all = self.backward.iter().filter(|(l, _)| tells(**l));
            all.any(|(_, readings)| readings.iter().all(|reading| reading.direct == direct))
        };
        let (direct, layered) = (only(true), only(false));
        for (l, readings) in &mut self.backward {
            let top = *l + 2 == self.sizes.len();
            if direct && (top || readings.iter().any(|r| r.direct)) {
                readings.iter_mut().filter(|_| top).for_each(|r| r.direct = true);
                readings.retain(|r| r.direct);
            } else if layered {
                readings.retain(|r| !r.direct);
            }
        }
    }

    /// How backward weights of layer `l` may be read by their shape.
    fn backward_readings(
        &self,
        l: usize,
        [rows, columns]: [usize; 2],
        is_direct: bool,
    ) -> Vec<BackwardReading> {
        let Some([here, above]) =
            self.sizes.get(l..l + 2).and_then(|pair| <[_; 2]>::try_from(pair).ok())
        else {
            return Vec::new();
        };
        let top = self.sizes.last().copied().flatten();
        let last = l + 2 == self.sizes.len();
        let mut out = Vec::new();
        let shapes = [([rows, columns], false), ([columns, rows], true)];
        let is = |size: Option<usize>, units: usize| size.is_none_or(|n| n == units);
        for (shape, turned) in shapes {
            if (!is_direct || last) && is(above, shape[0]) && is(here, shape[1]) {
                // Of two shapes that an unknown size allows, that of the convention.
                let chosen =
                    rows != columns && out.iter().any(|reading: &BackwardReading| !reading.direct);
                if !chosen {
                    out.push(BackwardReading { direct: is_direct, turned });
                }
            }
        }
        for (shape, turned) in shapes {
            if l > 0 && !last && top == Some(shape[0]) && here == Some(shape[1]) {
                out.push(BackwardReading { direct: true, turned });
            }
        }
        out
    }

    /// Leaves backward weights out that start at 0 and are not those of all weights: whether the
    /// first is that of the inputs, which nothing uses, or of layer 1, is for the signals to tell.
    pub fn without_doubtful_backward(mut self, members: &Members) -> Self {
        let backward =
            |key: &&(MemberKind, usize)| matches!(key.0, MemberKind::Backward | MemberKind::Direct);
        let keys: Vec<(MemberKind, usize)> = members.keys().filter(backward).copied().collect();
        let layers =
            |part: MemberKind| members.keys().filter(move |key| key.0 == part).map(|key| key.1);
        let doubtful = self.numbering.backward == 0
            && layers(MemberKind::Backward).min() == Some(0)
            && layers(MemberKind::Backward).max() != layers(MemberKind::Weights).max();
        if doubtful {
            self.backward.clear();
            for key in keys {
                let why = format!(
                    "`{}`: nothing shows which layers B0, ... lead to; record error signals, or \
                    name them B1, ..., so that B_l leads to layer l",
                    members[&key].name
                );
                self.left_out.insert(key, why);
            }
        }
        self
    }

    /// How many layers lack a member that others of its kind have, at their lower end, and lie
    /// beyond the last weights.
    fn gaps(&self, members: &Members) -> usize {
        let parts = [
            MemberKind::Weights,
            MemberKind::Activity,
            MemberKind::Delta,
            MemberKind::Bias,
            MemberKind::Backward,
            MemberKind::Direct,
        ];
        let start = |part: MemberKind| {
            let layers =
                members.keys().filter(|key| key.0 == part).map(|key| self.numbering.layer(*key));
            layers.min().map_or(0, |low| low.abs_diff(part.base()))
        };
        let weights = members
            .keys()
            .filter(|key| key.0 == MemberKind::Weights)
            .map(|key| self.numbering.layer(*key))
            .max();
        let backward = members
            .keys()
            .filter(|key| key.0 == MemberKind::Backward)
            .map(|key| self.numbering.layer(*key))
            .max();
        // Backward weights of the input, which nothing uses, are no gap where every layer has some.
        let unused = usize::from(
            backward.is_some() && backward == weights && start(MemberKind::Backward) == 1,
        );
        let beyond = weights.map_or(0, |top| self.sizes.len().saturating_sub(top + 2));
        parts.into_iter().map(start).sum::<usize>() - unused + beyond
    }
}

/// The first member that says how many units layer `l` has.
fn first_of(members: &Members, numbering: Numbering, l: usize) -> Option<String> {
    let has = |key: &(MemberKind, usize)| {
        let layer = numbering.layer(*key);
        match key.0 {
            MemberKind::Weights => layer == l || layer + 1 == l,
            MemberKind::Activity | MemberKind::Delta => layer == l,
            _ => false,
        }
    };
    members.iter().find(|(key, _)| has(key)).map(|(_, member)| member.name.clone())
}

/// Iterations and samples must be the same throughout; states may be one more, the end. What is
/// optional and does not fit is left out.
pub(super) fn check_counts(
    members: &Members,
    left_out: &mut BTreeMap<(MemberKind, usize), String>,
    problems: &mut Vec<String>,
) {
    let signals = count_of_signals(members, problems);
    let states = count_of_states(members, problems);
    if let (Some((name, [iterations, _])), Some((weights, states))) = (signals, states)
        && states != iterations
        && states != iterations + 1
    {
        problems.push(format!(
            "`{weights}` has {states} states and `{name}` {iterations} iterations: expected a \
             state before every iteration, and perhaps the last"
        ));
    }
    if let (Some(labels), Some(signals)) = (members.get(&(MemberKind::Labels, 0)), signals)
        && let Some(why) = misfit_of_labels(labels, signals)
    {
        left_out.insert((MemberKind::Labels, 0), why);
    }
    let optional = members.iter().filter(|(key, _)| {
        matches!(key.0, MemberKind::Backward | MemberKind::Direct | MemberKind::Bias)
    });
    for (key, member) in optional {
        if let Some(why) = misfit_of_states(key.0, member, states, signals) {
            left_out.insert(*key, why);
        }
    }
}

/// The first signal, with the iterations and samples that all must have.
fn count_of_signals<'a>(
    members: &'a Members,
    problems: &mut Vec<String>,
) -> Option<(&'a str, [usize; 2])> {
    let mut signals: Option<(&str, [usize; 2])> = None;
    for (_, Member { name, shape }) in members
        .iter()
        .filter(|((part, _), _)| matches!(part, MemberKind::Activity | MemberKind::Delta))
    {
        let found = [shape[0], shape[1]];
        match signals {
            None => signals = Some((name, found)),
            Some((_, known)) if known == found => {}
            Some((first, [t, p])) => problems.push(format!(
                "`{name}` has {} iterations of {} samples, `{first}` has {t} of {p}",
                found[0], found[1]
            )),
        }
    }
    signals
}

/// The first weights that have states, with the number of these that all must have.
fn count_of_states<'a>(
    members: &'a Members,
    problems: &mut Vec<String>,
) -> Option<(&'a str, usize)> {
    let mut states: Option<(&str, usize)> = None;
    for (key, member) in members.iter().filter(|(key, _)| key.0 == MemberKind::Weights) {
        let Some(found) = member.states(key.0) else { continue };
        match states {
            None => states = Some((&member.name, found)),
            Some((_, known)) if known == found => {}
            Some((first, known)) => {
                problems
                    .push(format!("`{}` has {found} states, `{first}` has {known}", member.name));
            }
        }
    }
    states
}

/// Why labels do not belong to the signals, if they do not.
fn misfit_of_labels(
    Member { name, shape }: &Member,
    (first, [iterations, samples]): (&str, [usize; 2]),
) -> Option<String> {
    let fits = match shape[..] {
        [p] => p == samples,
        [a, b] => (a, b) == (iterations, samples) || a == samples,
        [t, p, _] => (t, p) == (iterations, samples),
        _ => false,
    };
    (!fits).then(|| {
        format!("`{name}` is {shape:?}, `{first}` has {iterations} iterations of {samples} samples")
    })
}

/// Why the states of what is optional do not belong to those of the weights, or to the iterations
/// of the signals, if they do not.
fn misfit_of_states(
    kind: MemberKind,
    member: &Member,
    states: Option<(&str, usize)>,
    signals: Option<(&str, [usize; 2])>,
) -> Option<String> {
    let found = member.states(kind)?;
    let iterations = signals.map(|(_, [iterations, _])| iterations);
    let fits = match states {
        Some((_, known)) => {
            found == known || (kind != MemberKind::Bias && Some(found) == iterations)
        }
        None => iterations.is_none_or(|n| found == n || found == n + 1),
    };
    if fits {
        return None;
    }
    let (first, known) = states.or(signals.map(|(name, [t, _])| (name, t))).unwrap_or_default();
    Some(format!("`{}` has {found} states, `{first}` has {known}", member.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_what_they_say() {
        assert_eq!(MemberKind::of("W12"), Some((MemberKind::Weights, 12)));
        assert_eq!(MemberKind::of("kernel0"), Some((MemberKind::Weights, 0)));
        assert_eq!(MemberKind::of("b1"), Some((MemberKind::Bias, 1)));
        assert_eq!(MemberKind::of("bias1"), Some((MemberKind::Bias, 1)));
        assert_eq!(MemberKind::of("F2"), Some((MemberKind::Direct, 2)));
        for name in ["W", "W01", "W-1", "B-1", "Wx", "activity", "W1000", "W0_start"] {
            assert_eq!(MemberKind::of(name), None, "{name}");
        }
    }

    /// Members of these names and shapes.
    fn members(typed: &[(&str, &[usize])]) -> Members {
        typed
            .iter()
            .map(|(name, shape)| {
                (
                    MemberKind::of(name).unwrap(),
                    Member { name: (*name).into(), shape: shape.to_vec() },
                )
            })
            .collect()
    }

    fn numbering(typed: &[(&str, &[usize])]) -> Numbering {
        let all = Layout::all(&members(typed));
        assert!(all[0].problems.is_empty() && all[0].left_out.is_empty(), "{:?}", all[0]);
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].numbering
    }

    #[test]
    fn numbers_in_names_are_those_that_shapes_allow() {
        let as_named = Numbering::default();
        let (w0, w1, w2): (&[usize], &[usize], &[usize]) = (&[4, 6], &[6, 5], &[5, 3]);
        assert_eq!(
            numbering(&[("W0", w0), ("W1", w1), ("B1", &[5, 6]), ("delta1", &[2, 8, 6])]),
            as_named
        );
        // From 1: weights, what they are fed, and what carries the error through them.
        let from_one =
            [("W1", w0), ("W2", w1), ("W3", w2), ("activity1", &[2, 8, 4]), ("delta1", &[2, 8, 6])];
        let found = numbering(&[&from_one[..], &[("B2", &[5, 6]), ("B3", &[3, 5])]].concat());
        assert_eq!(found, Numbering { weights: -1, activity: -1, backward: -1, ..as_named });
        // Backward weights named by the layer they lead to.
        let found = numbering(&[&from_one[..], &[("B1", &[5, 6]), ("B2", &[3, 5])]].concat());
        assert_eq!(found, Numbering { weights: -1, activity: -1, ..as_named });
        // Activities named by the layer they are of, from the input at 0.
        let found =
            numbering(&[("W1", w0), ("W2", w1), ("activity0", &[2, 8, 4]), ("delta2", &[2, 8, 5])]);
        assert_eq!(found, Numbering { weights: -1, ..as_named });
        // From 0 throughout, as modules are listed.
        let modules = [
            ("W0", w0),
            ("W1", w1),
            ("W2", w2),
            ("b0", &[6][..]),
            ("delta0", &[2, 8, 6]),
            ("b1", &[5]),
        ];
        let found = numbering(
            &[&modules[..], &[("delta1", &[2, 8, 5]), ("activity0", &[2, 8, 4])]].concat(),
        );
        assert_eq!(found, Numbering { delta: 1, bias: 1, ..as_named });
    }

    #[test]
    fn weights_are_turned_where_shapes_demand_it() {
        let turned = |typed: &[(&str, &[usize])]| Layout::all(&members(typed))[0].turned.clone();
        assert_eq!(turned(&[("W0", &[6, 4]), ("W1", &[5, 6]), ("W2", &[3, 5])]), [0, 1, 2]);
        assert_eq!(turned(&[("W0", &[4, 6]), ("W1", &[6, 5]), ("W2", &[5, 3])]), [0usize; 0]);
        // One of them alone, as the signals say.
        let signals =
            [("activity0", &[2, 8, 4][..]), ("activity1", &[2, 8, 6]), ("activity2", &[2, 8, 5])];
        assert_eq!(turned(&[&[("W0", &[4, 6][..]), ("W1", &[5, 6])], &signals[..]].concat()), [1]);
    }

    #[test]
    fn backward_weights_from_0_are_not_guessed() {
        let square: &[usize] = &[5, 5];
        let layout_with = |backward: &[&str]| {
            let names = [&["W0", "W1", "W2"], backward].concat();
            let members = members(&names.iter().map(|name| (*name, square)).collect::<Vec<_>>());
            let first = Layout::all(&members).swap_remove(0);
            first.without_doubtful_backward(&members)
        };
        // Of every layer, the inputs' among them.
        assert!(layout_with(&["B0", "B1", "B2"]).left_out.is_empty());
        assert!(layout_with(&["B1", "B2"]).left_out.is_empty());
        assert_eq!(layout_with(&["B0", "B1"]).left_out.len(), 2);
    }

    #[test]
    fn direct_feedback_is_told_by_its_shape() {
        let layout_with = |b1: &[usize], b2: &[usize]| {
            let weights = [("W0", &[4, 6][..]), ("W1", &[6, 5]), ("W2", &[5, 3])];
            Layout::all(&members(&[&weights[..], &[("B1", b1), ("B2", b2)]].concat()))
                .swap_remove(0)
        };
        let reading = |direct: bool, turned: bool| vec![BackwardReading { direct, turned }];
        let found = layout_with(&[3, 6], &[3, 5]).backward;
        assert_eq!((&found[&1], &found[&2]), (&reading(true, false), &reading(true, false)));
        let found = layout_with(&[6, 3], &[5, 3]).backward;
        assert_eq!((&found[&1], &found[&2]), (&reading(true, true), &reading(true, true)));
        let found = layout_with(&[5, 6], &[3, 5]).backward;
        assert_eq!((&found[&1], &found[&2]), (&reading(false, false), &reading(false, false)));
        let found = layout_with(&[7, 6], &[3, 5]);
        assert_eq!(found.backward.len(), 1);
        let why = &found.left_out[&(MemberKind::Backward, 1)];
        assert_eq!(
            why,
            "`B1` is 7 x 6: expected 5 x 6 (units of layer 2, of layer 1), or 3 x 6 of direct \
             feedback"
        );
    }

    #[test]
    fn axes_of_length_1_are_left_out_unless_they_are_states_or_units() {
        use MemberKind::{Backward, Bias, Direct, Weights};
        type Case = (MemberKind, &'static [usize], Option<usize>, &'static [usize]);
        let cases: [Case; 15] = [
            (Bias, &[5, 1], None, &[5]),
            (Bias, &[5, 1], Some(4), &[5]),
            // Five states of a layer of one unit, and one state of it.
            (Bias, &[5, 1], Some(5), &[5, 1]),
            (Bias, &[1, 1], None, &[1, 1]),
            (Bias, &[1, 1, 4], None, &[4]),
            (Bias, &[1, 4, 1], None, &[4]),
            (Bias, &[3, 1, 4], Some(3), &[3, 4]),
            (Bias, &[3, 4, 1], Some(3), &[3, 4]),
            (Bias, &[3, 4], Some(3), &[3, 4]),
            (Backward, &[5, 6, 1], None, &[5, 6]),
            (Direct, &[5, 6, 1], Some(4), &[5, 6]),
            // Five states of a row of weights, and what may be some of a single one.
            (Backward, &[5, 6, 1], Some(5), &[5, 6, 1]),
            (Backward, &[5, 1, 1], None, &[5, 1, 1]),
            (Direct, &[5, 1, 6], None, &[5, 1, 6]),
            (Weights, &[5, 6, 1], None, &[5, 6, 1]),
        ];
        for (kind, shape, states, expected) in cases {
            let found = kind.without_single_axes(shape, states);
            assert_eq!(found, expected, "{kind:?} {shape:?} {states:?}");
        }
    }

    #[test]
    fn states_and_labels_that_do_not_count_as_the_signals_do_are_left_out() {
        let check = |typed: &[(&str, &[usize])]| {
            let (mut left_out, mut problems) = (BTreeMap::new(), Vec::new());
            check_counts(&members(typed), &mut left_out, &mut problems);
            (left_out.into_values().collect::<Vec<_>>(), problems)
        };
        let signal = ("delta1", &[20, 8, 6][..]);
        // Without states of weights: one before every iteration, and perhaps the last.
        for states in [20, 21] {
            let found =
                check(&[signal, ("W0", &[4, 6]), ("B1", &[states, 5, 6]), ("b1", &[states, 6])]);
            assert_eq!(found, (vec![], vec![]));
        }
        for states in [19, 22] {
            let (left_out, _) = check(&[signal, ("W0", &[4, 6]), ("B1", &[states, 5, 6])]);
            assert_eq!(left_out, [format!("`B1` has {states} states, `delta1` has 20")]);
        }
        // With them as many, or of backward weights one for every iteration.
        let weights = ("W0", &[21, 4, 6][..]);
        let (left_out, _) = check(&[signal, weights, ("B1", &[20, 5, 6]), ("b1", &[20, 6])]);
        assert_eq!(left_out, ["`b1` has 20 states, `W0` has 21"]);
        let (_, problems) = check(&[weights, ("W1", &[20, 6, 5])]);
        assert_eq!(problems, ["`W1` has 20 states, `W0` has 21"]);
        // One-hot rows of samples, rows of iterations, and neither.
        for labels in [&[8][..], &[8, 3], &[20, 8], &[20, 8, 3]] {
            assert_eq!(check(&[signal, ("labels", labels)]), (vec![], vec![]), "{labels:?}");
        }
        let (left_out, _) = check(&[signal, ("labels", &[9, 3])]);
        assert_eq!(left_out, ["`labels` is [9, 3], `delta1` has 20 iterations of 8 samples"]);
    }

    #[test]
    fn biases_of_other_layers_are_left_out_with_what_they_contradict() {
        let weights = [("W0", &[4, 6][..]), ("W1", &[6, 5])];
        let why = |name: &str, units: usize| {
            let all = members(&[&weights[..], &[(name, &[units])]].concat());
            Layout::all(&all)[0].left_out.values().cloned().collect::<Vec<_>>()
        };
        assert_eq!(why("b2", 5), [""; 0]);
        assert_eq!(why("b2", 9), ["`W1` has 5 units in layer 2, `b2` has 9"]);
        assert_eq!(why("b1", 9), ["`W0` has 6 units in layer 1, `b1` has 9"]);
    }
}
