#!/usr/bin/env bash
# Compiles with rustc; parsers, and what they are built on, with the counters and comparisons that guide libFuzzer. Counters in
# all of the dependencies would slow every execution.
set -euo pipefail
for argument in "$@"; do
  if [ "${previous:-}" = --crate-name ]; then name=$argument; fi
  previous=$argument
done
case "${name:-}" in
  alignscope | npyz | zip | csv | csv_core | toml | toml_parser | toml_datetime)
    exec "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
      -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
      -Cllvm-args=-sanitizer-coverage-trace-compares ;;
  *) exec "$@" ;;
esac
