//! What is not read, and one line that turns it into what is.

use super::{ArrayError, Source, extension};
use npyz::{DType, TypeChar};
use std::path::Path;

/// Types whose values are read, in words.
const READ: &str = "real numbers (f2, bfloat16, f4, f8), integers and truth values are read";

impl Source<'_> {
    /// Refuses a type by its NumPy name, with what to do about it; `fields` are the names of a structure.
    pub(super) fn unread(&self, found: &str, fields: &[&str]) -> ArrayError {
        let kind = found.trim_start_matches(['<', '>', '|', '=']);
        let remedy = match kind.chars().next() {
            _ if !fields.is_empty() => {
                let first = fields[0];
                format!("a structured array of the fields {}: save one of them, as in a['{first}']", fields.join(", "))
            }
            Some('c') if kind[1..].parse::<u32>().is_ok() => {
                "complex numbers: save a part of them, a.real, a.imag or numpy.abs(a)".into()
            }
            Some('M' | 'm') => "times: save numbers, as in a.astype('i8').astype('f8')".into(),
            Some('U' | 'S' | 'T') => "text: if it spells numbers, save a.astype('f8')".into(),
            Some('f') => "numbers of another length: save a.astype('f8')".into(),
            Some('V') => format!(
                "{} raw bytes for each value, whose meaning NumPy did not store (as of float8): convert before saving, as \
                 in a.astype('f4')",
                &kind[1..]
            ),
            _ => "a type that is not known: save a.astype('f8')".into(),
        };
        ArrayError::Type { path: self.name(), found: found.into(), remedy: format!("{remedy}; {READ}") }
    }

    /// Refuses Python objects, which stand in the file as a pickle.
    fn pickled(&self, shape: &[usize]) -> ArrayError {
        let file = self.path.display();
        let load = format!("numpy.load('{file}', allow_pickle=True)");
        let load = self.member.map_or(load.clone(), |member| format!("{load}['{member}']"));
        let remedy = match shape {
            [] => format!(
                "a pickled Python object, as of numpy.savez(f, d) with a dictionary d: save its arrays by name with \
                 d = {load}.item(); numpy.savez('new.npz', **d)"
            ),
            [_] => format!(
                "pickled Python objects, as of arrays of different shapes in one list: give each a name with \
                 a = {load}; numpy.savez('new.npz', **{{f'W{{l}}': w for l, w in enumerate(a)}})"
            ),
            _ => format!("pickled Python objects: if all are numbers, save {load}.astype('f8')"),
        };
        ArrayError::Type { path: self.name(), found: "|O".into(), remedy }
    }
}

/// Refuses a type that npyz knows and that is not read.
pub(super) fn unread(source: &Source, dtype: &DType, shape: &[usize]) -> ArrayError {
    match dtype {
        _ if dtype.uses_pickled_array() && matches!(dtype, DType::Plain(_)) => source.pickled(shape),
        DType::Plain(plain) if plain.type_char() == TypeChar::Object => source.pickled(shape),
        DType::Plain(plain) => source.unread(&plain.to_string(), &[]),
        DType::Record(fields) => {
            let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            source.unread("structured", &names)
        }
        DType::Array(..) => source.unread("structured", &["0"]),
    }
}

/// What to do with a file of another format, by the extension of its name.
pub(super) fn other_format(path: &Path) -> String {
    let file = path.display();
    let out = path.with_extension("npz");
    let out = out.display();
    let python = |lines: &str| format!("convert it with Python: {lines}");
    let hdf5 = format!(
        "import h5py, numpy; d = {{}}; h5py.File('{file}').visititems(lambda n, x: d.update({{n: x[()]}}) if hasattr(x, \
         'shape') else None); numpy.savez('{out}', **d)"
    );
    match &extension(path)[..] {
        "pt" | "pth" | "ckpt" | "bin" => python(&format!(
            "import torch, numpy; d = torch.load('{file}', map_location='cpu', weights_only=True); \
             numpy.savez('{out}', **{{k: v.double().numpy() for k, v in d.items()}}) (a state_dict; of a tensor t: \
             numpy.save('new.npy', t.double().numpy()))"
        )),
        "safetensors" => python(&format!(
            "import numpy; from safetensors.numpy import load_file; numpy.savez('{out}', **load_file('{file}'))"
        )),
        "h5" | "hdf5" | "keras" | "nc" => python(&hdf5),
        "mat" => python(&format!(
            "import scipy.io, numpy; d = scipy.io.loadmat('{file}'); numpy.savez('{out}', **{{k: v for k, v in d.items() \
             if not k.startswith('_')}}) (or, if MATLAB saved it with -v7.3: {hdf5})"
        )),
        "pkl" | "pickle" => python(&format!(
            "import pickle, numpy; numpy.savez('{out}', **pickle.load(open('{file}', 'rb'))) (a dictionary of arrays)"
        )),
        "jld" | "jld2" => format!("convert it with Julia: using JLD2, NPZ; npzwrite(\"{out}\", load(\"{file}\"))"),
        "gz" | "bz2" | "xz" | "zip" | "zst" | "tar" => "unpack it first".into(),
        "xls" | "xlsx" | "ods" => "save the sheet as .csv".into(),
        _ => "these are the formats that are read".into(),
    }
}
