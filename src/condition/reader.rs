//! From canonical values to conditions.

use super::kind::Kind;
use super::parameter::{Scope, Value, parameter, parameters, unknown_parameter};
use super::point::{
    Condition, Conflict, IsolateCondition, PlaneCondition, ReplayCondition, SampleCondition, TrainCondition, Values,
};
use crate::data::{CodeKind, LabelChange, Source};
use crate::network::{Setup, Std};
use crate::rule::{Activation, Rule, WeightNorm};
use crate::signal::{Cross, Form, Pair, Schedule};
use crate::text::Choice;

impl Condition {
    /// Condition of the given values, defaults filling in for those not given.
    ///
    /// # Errors
    /// All conflicts between parameters.
    pub fn new(kind: Kind, given: &Values) -> Result<Self, Vec<Conflict>> {
        let broken = |message| vec![Conflict { parameters: Vec::new(), message }];
        let reader = Reader::new(kind, given).map_err(broken)?;
        let reader = reader.with_schedule(given).map_err(|conflict| vec![conflict])?;
        let condition = reader.condition().map_err(broken)?;
        let conflicts = condition.conflicts();
        if conflicts.is_empty() { Ok(condition) } else { Err(conflicts) }
    }
}

/// Takes typed values out of a complete set of canonical ones.
struct Reader {
    kind: Kind,
    values: Values,
}

impl Reader {
    fn new(kind: Kind, given: &Values) -> Result<Self, String> {
        let mut values = Values::new();
        for parameter in parameters(kind).filter(|parameter| parameter.scope == Scope::Condition) {
            let value = match (given.get(parameter.name), parameter.default_text(kind)) {
                (Some(value), _) => value.clone(),
                (None, default) => parameter.parse_text(default.unwrap_or_default(), kind)?,
            };
            values.insert(parameter.name, value);
        }
        match given.keys().find(|name| !values.contains_key(*name)) {
            Some(name) => Err(unknown_parameter(name, kind, Scope::Condition)),
            None => Ok(Self { kind, values }),
        }
    }

    /// The signals a schedule stands for take the place of those by default, and must agree with those given.
    fn with_schedule(mut self, given: &Values) -> Result<Self, Conflict> {
        let schedule = match self.values.get("schedule") {
            Some(Value::Name(name)) => Schedule::named(name),
            _ => None,
        };
        let Some(pair) = schedule.and_then(Schedule::pair) else { return Ok(self) };
        let texts = [("activity", pair.activity.to_string()), ("error", pair.error.to_string())];
        for (name, text) in texts.into_iter().chain([("cross", pair.cross.to_string())]) {
            let value = Value::Text(text);
            if let Some(other) = given.get(name).filter(|other| **other != value) {
                let (other, value) = (other.to_text(), value.to_text());
                let name_of = schedule.map_or("", Schedule::name);
                let message = format!(
                    "{name} `{other}` is not what schedule `{name_of}` stands for (`{value}`): leave one of the two out"
                );
                return Err(Conflict { parameters: vec![name, "schedule"], message });
            }
            self.values.insert(name, value);
        }
        Ok(self)
    }

    fn signals(&self) -> Result<Pair, String> {
        let form = |name: &str| match self.values.get(name) {
            Some(Value::Text(text)) => Form::parse(text).map_err(|error| error.to_string()),
            _ => self.wrong(name),
        };
        let cross = match self.values.get("cross") {
            Some(Value::Text(text)) => Cross::parse(text).map_or_else(|| self.wrong("cross"), Ok)?,
            _ => Cross::None,
        };
        let pair = Pair { activity: form("activity")?, error: form("error")?, cross };
        pair.resolve().map_err(|error| error.to_string())
    }

    fn condition(&self) -> Result<Condition, String> {
        Ok(match self.kind {
            Kind::Isolate => Condition::Isolate(IsolateCondition {
                layers: self.sizes("layers")?,
                batch: self.count("batch")?,
                eta: self.number("eta")?,
                iterations: self.count("iterations")?,
                signals: self.signals()?,
                output_mask: self.choice("output-mask")?,
                weight_norm: self.weight_norm("wn")?,
                activation: self.choice("activation")?,
                bias: self.choice("bias")?,
                bias_std: self.number("bias-std")?,
                precision: self.choice("precision")?,
                w_std: self.number("w-std")?,
                b_std: self.number("b-std")?,
                normalize_b: self.choice("normalize-b")?,
                b_scale: self.number("b-scale")?,
            }),
            Kind::Train => Condition::Train(self.train()?),
            Kind::Plane => Condition::Plane(Box::new(PlaneCondition {
                train: self.train()?,
                pair: self.choice("pair")?,
                every: self.count("snapshot-every")?,
                mesh: self.count("mesh")?,
                reach: self.number("reach")?,
            })),
            Kind::Replay => Condition::Replay(Box::new(ReplayCondition {
                train: self.train()?,
                layer: self.count("layer")?,
                surrogate: self.choice("surrogate")?,
                weights: self.choice("replay-weights")?,
                activation: self.choice("replay-activation")?,
                from: self.count("replay-from")?,
                updates: self.count("replay-updates")?,
            })),
            Kind::Sample => Condition::Sample(SampleCondition {
                draw: self.choice("draw")?,
                layers: self.sizes("layers")?,
                batch: self.count("batch")?,
                draws: self.count("draws")?,
                signals: self.signals()?,
                b_std: self.number("b-std")?,
                b_mean: self.number("b-mean")?,
                precision: self.choice("precision")?,
            }),
        })
    }

    fn train(&self) -> Result<TrainCondition, String> {
        let data = Source::parse(&self.text("data")).map_or_else(|| self.wrong("data"), Ok)?;
        let setup = Setup {
            hidden: self.sizes("hidden")?,
            rule: Rule::parse(&self.text("rule"))?,
            activations: self.activations("activation")?,
            loss: self.choice("loss")?,
            code: self.code("code")?,
            smoothing: self.number("label-smoothing")?,
            wrong_labels: self.number("wrong-labels")?,
            label_change: LabelChange::parse(&self.text("label-change"))
                .map_or_else(|| self.wrong("label-change"), Ok)?,
            change_kind: self.choice("label-change-kind")?,
            batch: self.count("batch")?,
            eta: self.number("eta")?,
            epochs: self.count("epochs")?,
            reduction: self.choice("reduction")?,
            momentum: self.number("momentum")?,
            weight_decay: self.number("weight-decay")?,
            biases: self.choice("bias")?,
            w_std: self.std("w-std")?,
            b_std: self.std("b-std")?,
            bias_std: self.std("bias-std")?,
            normalize_b: self.choice("normalize-b")?,
            b_scale: self.number("b-scale")?,
            weight_norm: self.weight_norm("wn")?,
            order: self.choice("order")?,
            drop_last: self.choice("drop-last")?,
        };
        let facts = data.facts().map_err(|error| format!("data: {error}"))?;
        let size = match self.values.get("size") {
            Some(Value::Name(_)) => None,
            _ => Some(self.count("size")?),
        };
        let (probe, precision) = (self.choice("probe")?, self.choice("precision")?);
        Ok(TrainCondition { data, facts, size, setup, probe, precision })
    }

    /// Text of a parameter; empty where it has none.
    fn text(&self, name: &str) -> String {
        self.values.get(name).map(Value::to_text).unwrap_or_default()
    }

    fn weight_norm(&self, name: &str) -> Result<Option<WeightNorm>, String> {
        match self.text(name).as_str() {
            "off" => Ok(None),
            text => WeightNorm::parse(text).map_or_else(|| self.wrong(name), |norm| Ok(Some(norm))),
        }
    }

    fn std(&self, name: &str) -> Result<Std, String> {
        Std::parse(&self.text(name)).map_or_else(|| self.wrong(name), Ok)
    }

    fn activations(&self, name: &str) -> Result<Vec<Activation>, String> {
        let named = |text: &str| Activation::named(text).map_or_else(|| self.wrong(name), Ok);
        self.text(name).split(',').map(named).collect()
    }

    fn sizes(&self, name: &str) -> Result<Vec<usize>, String> {
        match self.values.get(name) {
            Some(Value::Sizes(sizes)) => Ok(sizes.clone()),
            _ => self.wrong(name),
        }
    }

    fn count(&self, name: &str) -> Result<usize, String> {
        match self.values.get(name) {
            Some(Value::Count(count)) => usize::try_from(*count).or_else(|_| self.wrong(name)),
            _ => self.wrong(name),
        }
    }

    fn number(&self, name: &str) -> Result<f64, String> {
        match self.values.get(name) {
            Some(Value::Number(number)) => Ok(*number),
            _ => self.wrong(name),
        }
    }

    fn code(&self, name: &str) -> Result<CodeKind, String> {
        match self.values.get(name) {
            Some(Value::Code(code)) => Ok(*code),
            _ => self.wrong(name),
        }
    }

    fn choice<C: Choice>(&self, name: &str) -> Result<C, String> {
        match self.values.get(name) {
            Some(Value::Name(text)) => C::named(text).map_or_else(|| self.wrong(name), Ok),
            _ => self.wrong(name),
        }
    }

    fn wrong<V>(&self, name: &str) -> Result<V, String> {
        let expected = parameter(name).map(|parameter| parameter.expected(self.kind)).unwrap_or_default();
        Err(format!("{name} has a value of the wrong form: expected {expected}"))
    }
}
