//! Members whose axes stand in another order than here, as where arrays count the other way round
//! (Julia, MATLAB, Fortran) and hold one sample, or one iteration, a column.

use super::layout::{Layout, Member, MemberKind, Members, check_counts};
use std::collections::BTreeMap;

/// Orders of three axes: as they are, all the other way round, the rest.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [2, 1, 0], [2, 0, 1], [1, 2, 0], [0, 2, 1], [1, 0, 2]];

/// How axes are to be taken for members to fit each other.
#[derive(Clone, Copy)]
struct Order {
    /// Of activities and error signals.
    signals: [usize; 3],
    /// Of weights and backward weights of several states.
    states: [usize; 3],
    /// Whether labels by iteration are turned.
    labels: bool,
}

impl Order {
    fn all() -> impl Iterator<Item = Self> {
        let pairs = ORDERS.into_iter().flat_map(|signals| {
            ORDERS.into_iter().map(move |states| Self { signals, states, labels: false })
        });
        pairs.flat_map(|order| [order, Self { labels: true, ..order }])
    }

    /// How much it changes: one order of all before two, and those that stand first before others.
    fn cost(&self) -> usize {
        let place =
            |order_of: [usize; 3]| ORDERS.iter().position(|order| *order == order_of).unwrap_or(0);
        let differ = usize::from(self.signals != self.states && self.states != ORDERS[0]);
        20 * differ + 2 * (place(self.signals) + place(self.states)) + usize::from(self.labels)
    }

    fn of(&self, part: MemberKind, shape: &[usize]) -> Vec<usize> {
        let taken = |order: [usize; 3]| order.map(|axis| shape[axis]).to_vec();
        match (part, shape.len()) {
            (MemberKind::Activity | MemberKind::Delta, 3) => taken(self.signals),
            (MemberKind::Weights | MemberKind::Backward | MemberKind::Direct, 3) => {
                taken(self.states)
            }
            (MemberKind::Bias, 2) if self.states[0] != 0 => vec![shape[1], shape[0]],
            (MemberKind::Labels, 2) if self.labels => vec![shape[1], shape[0]],
            _ => shape.to_vec(),
        }
    }

    fn applied(&self, members: &Members) -> Members {
        let turned = |(key, member): (&(MemberKind, usize), &Member)| {
            (*key, Member { name: member.name.clone(), shape: self.of(key.0, &member.shape) })
        };
        members.iter().map(turned).collect()
    }

    /// What has to be done, in words; nothing of members that stay as they are.
    fn words(&self, members: &Members) -> String {
        let there = |parts: &[MemberKind], dimensions: usize| {
            members
                .iter()
                .any(|(key, member)| parts.contains(&key.0) && member.shape.len() == dimensions)
        };
        let kinds = [
            (
                there(&[MemberKind::Activity, MemberKind::Delta], 3),
                "activities and error signals",
                self.signals,
            ),
            (
                there(&[MemberKind::Weights, MemberKind::Backward], 3),
                "states of weights",
                self.states,
            ),
        ];
        let moved = |order: &[usize; 3]| *order != ORDERS[0];
        let mut out: Vec<String> = kinds
            .iter()
            .filter(|(there, _, order)| *there && moved(order))
            .map(|(_, what, [a, b, c])| format!("numpy.transpose(x, ({a}, {b}, {c})) of {what}"))
            .collect();
        let two = [
            (there(&[MemberKind::Bias], 2) && self.states[0] != 0, "states of biases"),
            (there(&[MemberKind::Labels], 2) && self.labels, "labels"),
        ];
        let two = two.iter().filter(|(turned, _)| *turned);
        out.extend(two.map(|(_, what)| format!("numpy.transpose(x) of {what}")));
        out.join(", ")
    }
}

/// What is wrong with members that do not fit each other as they are, and do once all axes are
/// taken in another order, with the remedy; `None` where none makes them fit.
pub(super) fn other_order(members: &Members) -> Option<String> {
    let flaws = |order: &Order| {
        let mut known = order.applied(members);
        let (mut problems, mut left_out) = (Vec::new(), BTreeMap::new());
        check_counts(&known, &mut left_out, &mut problems);
        known.retain(|key, _| !left_out.contains_key(key));
        let layout = Layout::all(&known).into_iter().next()?;
        let fits = problems.is_empty() && layout.problems.is_empty();
        // Labels are those of samples in every iteration, rather than samples in one-hot rows.
        let signal =
            known.iter().find(|(key, _)| matches!(key.0, MemberKind::Activity | MemberKind::Delta));
        let labels = known.get(&(MemberKind::Labels, 0)).filter(|member| member.shape.len() == 2);
        let other = labels
            .zip(signal)
            .is_some_and(|(labels, (_, signal))| labels.shape[..] != signal.shape[..2]);
        fits.then_some(left_out.len() + layout.left_out.len() + usize::from(other))
    };
    let fitting = Order::all().filter_map(|order| Some((flaws(&order)?, order.cost(), order)));
    let (.., order) = fitting.min_by_key(|(flaws, cost, _)| (*flaws, *cost))?;
    Some(format!(
        "axes are in another order than iterations x samples x units and states x units below x \
        units above, as where every column is a sample (Julia, MATLAB): the members fit each \
        other after {}; save them in that order",
        order.words(members)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(typed: &[(&str, &[usize])]) -> Members {
        let member = |(name, shape): &(&str, &[usize])| {
            (MemberKind::of(name).unwrap(), Member { name: (*name).into(), shape: shape.to_vec() })
        };
        typed.iter().map(member).collect()
    }

    #[test]
    fn the_order_that_makes_members_fit_is_found() {
        // Features x batch x iterations, weights as Flux has them, states last.
        let flux = [
            ("W0", &[6, 4, 21][..]),
            ("W1", &[3, 6, 21]),
            ("b1", &[6, 21]),
            ("B1", &[3, 6]),
            ("activity0", &[4, 8, 20]),
            ("activity1", &[6, 8, 20]),
            ("delta1", &[6, 8, 20]),
            ("delta2", &[3, 8, 20]),
            ("labels", &[8, 20]),
        ];
        let said = other_order(&members(&flux)).unwrap();
        for words in [
            "numpy.transpose(x, (2, 1, 0)) of activities and error signals",
            "numpy.transpose(x, (2, 1, 0)) of states of weights",
            "numpy.transpose(x) of states of biases",
            "numpy.transpose(x) of labels",
        ] {
            assert!(said.contains(words), "{said}");
        }
        // Iterations last, samples x units as here.
        let last = [("W0", &[4, 6, 21][..]), ("activity0", &[8, 4, 20]), ("delta1", &[8, 6, 20])];
        let said = other_order(&members(&last)).unwrap();
        assert!(said.contains("(2, 0, 1)) of activities"), "{said}");
        assert!(said.contains("(2, 0, 1)) of states of weights"), "{said}");
        // Samples last alone: weights stay.
        let samples =
            [("W0", &[21, 4, 6][..]), ("activity0", &[20, 4, 8]), ("delta1", &[20, 6, 8])];
        let said = other_order(&members(&samples)).unwrap();
        assert!(said.contains("(0, 2, 1)) of activities") && !said.contains("weights,"), "{said}");
        // What fits in no order is wrong in another way.
        let unfit = [("W0", &[21, 4, 6][..]), ("activity0", &[20, 9, 8]), ("delta1", &[20, 6, 8])];
        assert_eq!(other_order(&members(&unfit)), None);
    }

    #[test]
    fn one_order_comes_before_two_and_labels_are_turned_last() {
        let cost = |signals: [usize; 3], states: [usize; 3], labels: bool| {
            Order { signals, states, labels }.cost()
        };
        let as_is = ORDERS[0];
        for (place, &order) in ORDERS.iter().enumerate().skip(1) {
            let first = ORDERS[place - 1];
            assert!(cost(order, order, false) < cost(order, order, true));
            assert!(cost(first, first, true) < cost(order, order, false));
            assert!(cost(first, as_is, true) < cost(order, as_is, false));
            for &other in &ORDERS[1..] {
                let two = ORDERS[1..].iter().filter(|second| **second != other);
                two.for_each(|&two| assert!(cost(order, order, true) < cost(other, two, false)));
            }
        }
    }

    #[test]
    fn only_what_is_moved_is_named() {
        let moves = |typed: &[(&str, &[usize])]| {
            let said = other_order(&members(typed)).unwrap();
            let (_, said) = said.split_once("after ").unwrap();
            said.split_once(';').unwrap().0.to_owned()
        };
        let signals = [("activity0", &[20, 4, 8][..]), ("delta1", &[20, 6, 8])];
        let others = [("W0", &[21, 4, 6][..]), ("b1", &[21, 6]), ("labels", &[20, 8])];
        let expected = "numpy.transpose(x, (0, 2, 1)) of activities and error signals";
        assert_eq!(moves(&[&signals[..], &others].concat()), expected);
        // Labels are one-hot: of samples, of which there are not as many as iterations.
        let one_hot = [("W0", &[21, 4, 6][..]), ("labels", &[8, 3])];
        assert_eq!(moves(&[&signals[..], &one_hot].concat()), expected);
        // Biases and backward weights of one state.
        let turned = [("W0", &[6, 4, 21][..]), ("W1", &[3, 6, 21]), ("b1", &[6]), ("B1", &[3, 6])];
        let signals = [("activity0", &[4, 8, 20][..]), ("delta1", &[6, 8, 20])];
        assert_eq!(
            moves(&[&signals[..], &turned].concat()),
            "numpy.transpose(x, (2, 1, 0)) of activities and error signals, \
             numpy.transpose(x, (2, 1, 0)) of states of weights"
        );
    }
}
