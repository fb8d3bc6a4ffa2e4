//! What is measured, and when.

use super::registry::Quantity;
use crate::condition::{Condition, Kind, RecordEvery};
use crate::text::{Refused, Setting, toml_list, toml_string};
use serde_json::Value as Json;
use std::fmt::{Display, Formatter};
use toml::de::DeValue;

/// A quantity, recorded at times of its own or when everything else is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observer {
    /// What is measured.
    pub quantity: Quantity,
    /// Its own schedule, if it has one.
    pub record_every: Option<RecordEvery>,
}

/// Names that stand for several quantities.
const GROUPS: [(&str, &[Quantity]); 10] = [
    ("terms", &[Quantity::TermAngle, Quantity::TermNorm, Quantity::TermShare]),
    (
        "decomposition",
        &[
            Quantity::TermsAngle,
            Quantity::TermsRatio,
            Quantity::TermsShare,
            Quantity::ProjectionsAngle,
            Quantity::ProjectionsRatio,
            Quantity::ProjectionsShare,
            Quantity::LastAngle,
            Quantity::LastRatio,
            Quantity::LastShare,
            Quantity::RemainderAngle,
            Quantity::RemainderRatio,
            Quantity::RemainderShare,
            Quantity::NonAligningAngle,
        ],
    ),
    (
        "budget",
        &[
            Quantity::BudgetAlignment,
            Quantity::BudgetGrowth,
            Quantity::BudgetQuadratic,
            Quantity::BudgetCurvature,
            Quantity::BudgetInjected,
            Quantity::BudgetOwn,
        ],
    ),
    (
        "similarity",
        &[
            Quantity::SimilarityActivityWithin,
            Quantity::SimilarityActivityBetween,
            Quantity::SimilarityErrorWithin,
            Quantity::SimilarityErrorBetween,
            Quantity::SimilarityProductWithin,
            Quantity::SimilarityProductBetween,
            Quantity::SimilarityProduct,
            Quantity::SimilarityShuffled,
            Quantity::SimilarityZ,
            Quantity::SimilarityRandomWithin,
            Quantity::SimilarityRandomBetween,
            Quantity::MeanEigenvalue,
            Quantity::SymmetricShare,
        ],
    ),
    (
        "validity",
        &[Quantity::ActivationGrowth, Quantity::BpGradientNorm, Quantity::GradientStability],
    ),
    (
        "pre_activation",
        &[
            Quantity::PreActivationLow,
            Quantity::PreActivationMedian,
            Quantity::PreActivationHigh,
            Quantity::PreActivationOff,
        ],
    ),
    ("delta_norm", &[Quantity::DeltaNormLow, Quantity::DeltaNormMedian, Quantity::DeltaNormMode]),
    (
        "update_null",
        &[Quantity::UpdateNullLow, Quantity::UpdateNullHigh, Quantity::UpdateAlignmentZ],
    ),
    (
        "rank",
        &[
            Quantity::ActivityParticipationRatio,
            Quantity::ActivityStableRank,
            Quantity::ActivityEffectiveRank,
            Quantity::ErrorParticipationRatio,
            Quantity::ErrorStableRank,
            Quantity::ErrorEffectiveRank,
            Quantity::UpdateParticipationRatio,
            Quantity::UpdateStableRank,
            Quantity::UpdateEffectiveRank,
            Quantity::WeightParticipationRatio,
            Quantity::WeightStableRank,
            Quantity::WeightEffectiveRank,
        ],
    ),
    (
        "rank_null",
        &[
            Quantity::ActivityParticipationRatioNull,
            Quantity::ActivityStableRankNull,
            Quantity::ActivityEffectiveRankNull,
            Quantity::ErrorParticipationRatioNull,
            Quantity::ErrorStableRankNull,
            Quantity::ErrorEffectiveRankNull,
            Quantity::UpdateParticipationRatioNull,
            Quantity::UpdateStableRankNull,
            Quantity::UpdateEffectiveRankNull,
            Quantity::WeightParticipationRatioNull,
            Quantity::WeightStableRankNull,
            Quantity::WeightEffectiveRankNull,
        ],
    ),
];

/// Reads `weight_alignment,update_alignment@10,validity@epoch`: names of quantities or of groups of
/// them, each with a schedule of its own where one is given. In the order of the registry; what is
/// named twice keeps the last schedule.
///
/// # Errors
/// What was expected, with the nearest valid name.
pub fn parse_observers(text: &str, kind: Kind) -> Result<Vec<Observer>, String> {
    let mut observers: Vec<Observer> = Vec::new();
    for item in text.split(',').map(str::trim) {
        let (name, schedule) = match item.split_once('@') {
            Some((name, schedule)) => {
                (name.trim(), Some(RecordEvery::parse(schedule.trim(), kind)?))
            }
            None => (item, None),
        };
        let group = GROUPS.iter().find(|(group, _)| *group == name).map(|(_, members)| *members);
        let members = match group {
            // A member that the kind lacks says what there is.
            Some(members) => members
                .iter()
                .map(|member| Quantity::parse(member.name(), kind))
                .collect::<Result<_, _>>()?,
            None => vec![Quantity::parse(name, kind)?],
        };
        for quantity in members {
            observers.retain(|other| other.quantity != quantity);
            observers.push(Observer { quantity, record_every: schedule });
        }
    }
    observers.sort_unstable_by_key(|observer| observer.quantity);
    Ok(observers)
}

/// Iterations at which `quantity` is recorded of a condition, ascending, distinct, from 0 to
/// [`Condition::last_iteration`]; none if it is not measured. `schedule` is when what has no
/// schedule of its own is recorded, and at which iterations besides. Label changes are always
/// recorded. What is said of a change is recorded at changes only, or at the following change and
/// at the end.
pub fn recorded_iterations(
    quantity: Quantity,
    observers: &[Observer],
    condition: &Condition,
    schedule: (RecordEvery, &[usize]),
) -> Vec<usize> {
    let Some(observer) = observers.iter().find(|observer| observer.quantity == quantity) else {
        return Vec::new();
    };
    let (last, per_epoch) = (condition.last_iteration(), condition.iterations_per_epoch());
    let changes = condition.label_changes();
    match quantity {
        // Points of a plane and snapshots are no iterations.
        Quantity::PlaneLoss | Quantity::PlaneFirst | Quantity::PlaneSecond => Vec::new(),
        _ if condition.kind() == Kind::Plane => vec![last],
        _ if let Condition::Recorded(recorded) = condition => {
            let (record_every, report_at) = schedule;
            recorded.states_at(observer.record_every.unwrap_or(record_every), report_at)
        }
        Quantity::AccuracyBeforeChange => changes,
        Quantity::RecoveryTime if changes.is_empty() => changes,
        Quantity::RecoveryTime => changes[1..].iter().copied().chain([last]).collect(),
        _ => {
            let (record_every, report_at) = schedule;
            let also: Vec<usize> = report_at.iter().copied().chain(changes).collect();
            observer.record_every.unwrap_or(record_every).iterations(last, per_epoch, &also)
        }
    }
}

/// Of some kind of analysis.
impl Setting for Vec<Observer> {
    type Bounds = Kind;

    fn expected(kind: &Kind) -> String {
        format!(
            "one or more of {}",
            Quantity::of_kind(*kind).map(Quantity::name).collect::<Vec<_>>().join(", ")
        )
    }

    fn read(text: &str, kind: &Kind) -> Result<Self, Refused> {
        parse_observers(text, *kind).map_err(Refused::Message)
    }

    fn toml_text(value: &DeValue<'_>, _: &Kind) -> Option<String> {
        toml_list(value, toml_string).or_else(|| toml_string(value))
    }

    fn read_toml(value: &DeValue<'_>, kind: &Kind) -> Result<Self, Refused> {
        match Self::toml_text(value, kind).as_deref() {
            None => Err(Refused::toml::<Self>(value, kind)),
            Some("") => {
                Err(Refused::After(format!(" cannot be empty: expected {}", Self::expected(kind))))
            }
            Some(text) => Self::read(text.trim(), kind),
        }
    }

    fn json(&self, _: &Kind) -> Json {
        self.iter().map(ToString::to_string).collect()
    }
}

impl Display for Observer {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.quantity.name())?;
        self.record_every.map_or(Ok(()), |record_every| write!(f, "@{record_every}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_groups_and_schedules_are_read() {
        let observers = parse_observers(
            "test_accuracy, weight_alignment@10, validity@epoch, test_accuracy@log:5",
            Kind::Train,
        );
        let texts: Vec<String> = observers.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "weight_alignment@10",
                "test_accuracy@log:5",
                "activation_growth@epoch",
                "bp_gradient_norm@epoch",
                "gradient_stability@epoch"
            ]
        );
        assert!(
            parse_observers("validity", Kind::Isolate)
                .unwrap_err()
                .contains("is not measured by kind \"isolate\"")
        );
        assert!(
            parse_observers("loss@often", Kind::Train)
                .unwrap_err()
                .contains("not a recording schedule")
        );
    }
}
