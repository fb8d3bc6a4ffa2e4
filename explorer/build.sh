#!/usr/bin/env bash
# The explorer as a folder of static files: explorer/build.sh [FOLDER], by default target/explorer-page. Needs the target
# wasm32-unknown-unknown of the toolchain (`rustup target add wasm32-unknown-unknown`). It opens from a disk too: the engine
# lies in a script, as browsers load nothing else beside a local page.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
folder=${1:-$target/explorer-page}
# Vector instructions, which all browsers have had since 2023.
CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-C target-feature=+simd128" \
  cargo build --locked --profile explorer --target wasm32-unknown-unknown -p alignscope-explorer
mkdir -p "$folder"
cp explorer/page/* "$folder"
{
  printf 'const ENGINE_WASM =\n  "'
  base64 <"$target/wasm32-unknown-unknown/explorer/alignscope_explorer.wasm" | tr -d '\r\n'
  printf '";\n'
} >"$folder/engine.wasm.js"
size=$(du -sk "$folder" | cut -f1)
echo "explorer: $folder, $size kB"
[ "$size" -lt 3072 ] || { echo "explorer: more than 3 MB" >&2; exit 1; }
