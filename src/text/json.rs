//! JSON values as they are written on the command line.

use serde_json::Value as Json;

/// Text form of a parameter's JSON value: as on the command line, lists separated by commas.
pub fn json_text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Array(items) => items.iter().map(json_text).collect::<Vec<_>>().join(","),
        Json::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(real) => format!("{real:?}").trim_end_matches(".0").to_string(),
            None => number.to_string(),
        },
        other => other.to_string(),
    }
}
