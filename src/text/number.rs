//! Numbers in sentences and tables.

/// A number to three decimals, or two digits where it is smaller, without needless zeros.
pub(crate) fn short(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.01 {
        return format!("{value:.1e}");
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}
