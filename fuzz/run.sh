#!/usr/bin/env bash
# Fuzzes the parsers, guided by coverage, on the stable toolchain: fuzz/run.sh [EXECUTIONS [TARGET...]]
#
# By default 1,000,000 executions of every target. What ends in a panic, takes above 5 seconds, above 64 MiB in one allocation
# or above 1 GiB in all is kept in fuzz/artifacts/. Inputs known to reach something are in fuzz/corpus/TARGET.tar. Inputs that
# reach something new go to fuzz/artifacts/TARGET.found, and with MERGE=1 from there into the archive, as few as it takes.
# Needs a C++ compiler for libFuzzer, and GNU tar for MERGE=1.
set -euo pipefail
cd "$(dirname "$0")"
executions=${1:-1000000}
shift || true
targets=("$@")
if [ ${#targets[@]} = 0 ]; then targets=(idx cifar npy npz arrays csv spec signal option); fi
pack() { # DIRECTORY ARCHIVE: the same files give the same bytes
  ls -A "$1" | LC_ALL=C sort | tar --create --file "$2" --directory "$1" --format=ustar --mtime=@0 --owner=0 --group=0 \
    --numeric-owner --mode=0644 --files-from=-
}
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTC_WRAPPER=$PWD/rustc.sh cargo build --locked --release --target "$host"
program=${CARGO_TARGET_DIR:-target}/$host/release/alignscope-fuzz
limits=(-timeout=5 -rss_limit_mb=1024 -max_len=8192)
failed=()
for target in "${targets[@]}"; do
  found=artifacts/$target.found
  corpus=artifacts/$target.corpus
  rm -rf "$corpus"
  mkdir -p "$found" "$corpus"
  tar --extract --file "corpus/$target.tar" --directory "$corpus"
  printf '\n== %s\n' "$target"
  TARGET=$target "$program" "${limits[@]}" -runs="$executions" -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="artifacts/$target-" "$found" "$corpus" 2> "artifacts/$target.log" ||
    { failed+=("$target"); tail -n 30 "artifacts/$target.log"; }
  grep '^stat::' "artifacts/$target.log" || true
  if [ -n "${MERGE:-}" ]; then
    merged=$(mktemp -d)
    TARGET=$target "$program" "${limits[@]}" -verbosity=0 -merge=1 "$merged" "$corpus" "$found" 2>> "artifacts/$target.log"
    pack "$merged" "corpus/$target.tar"
    rm -rf "$merged"
  fi
done
if [ ${#failed[@]} != 0 ]; then
  echo "failed: ${failed[*]}; see fuzz/artifacts/" >&2
  exit 1
fi
