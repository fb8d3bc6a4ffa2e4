//! What is not read, and one line that turns it into what is.

use super::{ArrayError, Location};
use npyz::{DType, TypeChar};

/// Types whose values are read, in words.
const READ: &str = "real numbers (f2, bfloat16, f4, f8), integers and truth values are read";

impl Location<'_> {
    /// Refuses a type by its NumPy name, with what to do about it; `fields` are the names of a
    /// structure.
    pub(super) fn unread(&self, found: &str, fields: &[&str]) -> ArrayError {
        let kind = found.trim_start_matches(['<', '>', '|', '=']);
        let remedy = match kind.chars().next() {
            _ if !fields.is_empty() => {
                let first = fields[0];
                format!(
                    "a structured array of the fields {}: save one of them, as in a['{first}']",
                    fields.join(", ")
                )
            }
            Some('c') if kind[1..].parse::<u32>().is_ok() => {
                "complex numbers: save a part of them, a.real, a.imag or numpy.abs(a)".into()
            }
            Some('M' | 'm') => "times: save numbers, as in a.astype('i8').astype('f8')".into(),
            Some('U' | 'S' | 'T') => "text: if it spells numbers, save a.astype('f8')".into(),
            Some('f') => "numbers of another length: save a.astype('f8')".into(),
            Some('V') => format!(
                "{} raw bytes for each value, whose meaning NumPy did not store (as of float8): \
                 convert before saving, as in a.astype('f4')",
                &kind[1..]
            ),
            _ => "a type that is not known: save a.astype('f8')".into(),
        };
        ArrayError::Type {
            path: self.name(),
            found: found.into(),
            remedy: format!("{remedy}; {READ}"),
        }
    }

    /// Refuses Python objects, which stand in the file as a pickle.
    fn pickled(&self, shape: &[usize]) -> ArrayError {
        let file = self.path.display();
        let load = format!("numpy.load('{file}', allow_pickle=True)");
        let load = self.member.map_or(load.clone(), |member| format!("{load}['{member}']"));
        let remedy = match shape {
            [] => format!(
                "a pickled Python object, as of numpy.savez(f, d) with a dictionary d: save its \
                 arrays by name with d = {load}.item(); numpy.savez('new.npz', **d)"
            ),
            [_] => format!(
                "pickled Python objects, as of arrays of different shapes in one list: give each a \
                 name with a = {load}; numpy.savez('new.npz', \
                 **{{f'W{{l}}': w for l, w in enumerate(a)}})"
            ),
            _ => format!("pickled Python objects: if all are numbers, save {load}.astype('f8')"),
        };
        ArrayError::Type { path: self.name(), found: "|O".into(), remedy }
    }
}

/// Refuses a type that npyz knows and that is not read.
pub(super) fn unread(source: &Location, dtype: &DType, shape: &[usize]) -> ArrayError {
    match dtype {
        _ if dtype.uses_pickled_array() && matches!(dtype, DType::Plain(_)) => {
            source.pickled(shape)
        }
        DType::Plain(plain) if plain.type_char() == TypeChar::Object => source.pickled(shape),
        DType::Plain(plain) => source.unread(&plain.to_string(), &[]),
        DType::Record(fields) => {
            let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            source.unread("structured", &names)
        }
        DType::Array(..) => source.unread("structured", &["0"]),
    }
}
