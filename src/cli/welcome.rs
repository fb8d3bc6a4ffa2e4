//! What `alignscope` says when it is asked nothing.

const TEXT: &str = "\
Why do forward weights align with fixed random backward weights,
and what does it buy?

Start here, each takes seconds, with embedded data:
  alignscope isolate --plot            the rule alone, without loss: it aligns
  alignscope isolate --schedule white  on signals without memory: it does not
  alignscope train --rule bp-trw       a network on handwritten digits
  alignscope verify --quick            claims with intervals and verdicts

Go on:
  alignscope new NAME                  a spec; `run NAME.toml` runs it
  alignscope theory                    predictions without running the rule
  alignscope analyze RUN.npz           what a run recorded elsewhere says
  alignscope report RUN                what a run gave, in one HTML file
  alignscope data list                 data sets, and where they are looked for
  alignscope doctor                    what this machine offers

`alignscope --help` lists commands, `alignscope COMMAND --help` options.";

pub(super) fn print() {
    say!("{TEXT}");
}
