#!/usr/bin/env bash
# The documentation as a site of static files: docs/build.sh [PROGRAM], into target/site/html. PROGRAM says what options there
# are; without it, it is built. Needs mdBook 0.5 (`cargo install mdbook --version 0.5.4 --locked`), Python 3.11, and what
# explorer/build.sh needs. Every link is looked up.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
site=$target/site
command -v mdbook >/dev/null || { echo "docs: there is no mdbook: cargo install mdbook --version 0.5.4 --locked" >&2; exit 2; }
if [ $# -gt 0 ]; then
  program=$1
else
  cargo build --locked --release
  program=$target/release/alignscope
fi
rm -rf "$site"
python3 docs/site.py lay "$program" "$site"
explorer/build.sh "$site/src/explorer/page"
mdbook build "$site"
python3 docs/site.py check "$site/html"
