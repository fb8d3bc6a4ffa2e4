//! Formats of arrays, as the extensions of files name them.

use std::path::Path;

/// What to do with a file of another format, by the extension of its name.
pub(super) fn other_format(path: &Path) -> String {
    let file = path.display();
    let out = path.with_extension("npz");
    let out = out.display();
    let python = |lines: &str| format!("convert it with Python: {lines}");
    let hdf5 = format!(
        "import h5py, numpy; d = {{}}; h5py.File('{file}').visititems(lambda n, x: \
         d.update({{n: x[()]}}) if hasattr(x, 'shape') else None); numpy.savez('{out}', **d)"
    );
    match &extension(path)[..] {
        "pt" | "pth" | "ckpt" | "bin" => python(&format!(
            "import torch, numpy; d = torch.load('{file}', map_location='cpu', weights_only=True); \
             numpy.savez('{out}', **{{k: v.double().numpy() for k, v in d.items()}}) (a \
             state_dict; of a tensor t: numpy.save('new.npy', t.double().numpy()))"
        )),
        "safetensors" => python(&format!(
            "import numpy; from safetensors.numpy import load_file; numpy.savez('{out}', \
             **load_file('{file}'))"
        )),
        "h5" | "hdf5" | "keras" | "nc" => python(&hdf5),
        "mat" => python(&format!(
            "import scipy.io, numpy; d = scipy.io.loadmat('{file}'); numpy.savez('{out}', \
             **{{k: v for k, v in d.items() if not k.startswith('_')}}) (or, if MATLAB saved it \
             with -v7.3: {hdf5})"
        )),
        "pkl" | "pickle" => python(&format!(
            "import pickle, numpy; numpy.savez('{out}', **pickle.load(open('{file}', 'rb'))) (a \
             dictionary of arrays)"
        )),
        "jld" | "jld2" => {
            format!("convert it with Julia: using JLD2, NPZ; npzwrite(\"{out}\", load(\"{file}\"))")
        }
        "gz" | "bz2" | "xz" | "zip" | "zst" | "tar" => "unpack it first".into(),
        "xls" | "xlsx" | "ods" => "save the sheet as .csv".into(),
        _ => "these are the formats that are read".into(),
    }
}

/// Extension of a file's name, in small letters.
pub(super) fn extension(path: &Path) -> String {
    path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase()
}
