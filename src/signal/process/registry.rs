//! The processes by name, in the order of the documentation. A new one is a file and a line here.

/// Hands every process to a macro: the type in its module, which is the file of the same name.
macro_rules! registry {
    ($macro:ident) => {
        $macro! {
            White in white;
            Uniform in uniform;
            Constant in constant;
            Held in held;
            Ar1 in ar1;
            Ou in ou;
            Ar in ar;
            Ma in ma;
            Acf in acf;
            Psd in psd;
            Osc in osc;
            Sin in sin;
            Pink in pink;
            Poisson in poisson;
            Student in student;
            Gamma in gamma;
            Paper in paper;
            Classes in classes;
            File in file;
        }
    };
}

pub(super) use registry;
