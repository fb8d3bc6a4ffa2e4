#!/usr/bin/env bash
# Packs a built program with its licences, manual pages and completions: packaging/archive.sh NAME BUILT DIR writes
# DIR/alignscope-VERSION-NAME.tar.gz from the program in BUILT, or .zip on Windows.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1 dir=$3
program=$2/alignscope
[ -e "$program" ] || program=$program.exe
version=$("$program" --version | cut -d' ' -f2)
root=alignscope-$version-$name
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$dir" "$work/$root/completions"
cp "$program" README.md CHANGELOG.md CITATION.cff LICENSE-APACHE LICENSE-MIT "$work/$root"
cp -r analyses "$work/$root"
"$program" man "$work/$root/man"
for shell in bash zsh fish powershell; do
  "$program" completions $shell >"$work/$root/completions/alignscope.$shell"
done
dir=$(realpath "$dir")
cd "$work"
if [[ $program = *.exe ]]; then
  7z a -bso0 "$dir/$root.zip" "$root"
else
  tar -czf "$dir/$root.tar.gz" "$root"
fi
