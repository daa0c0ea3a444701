#!/usr/bin/env bash
# Whether two builds of tokenstorm give the same bytes: runs every scenario with both programs and compares all files that they leave, but for manifests (which
# name commit and command line) and pictures (which are drawn from the same marks as the SVG files). Prints what differs; ends with 1 if anything does.
#
#   benches/same_results.sh OLD_PROGRAM NEW_PROGRAM [OLD_CHECKOUT]
#
# OLD_CHECKOUT has the scenarios that the old program can read, where keys have been renamed since; left out, both run those of this checkout.
set -euo pipefail
old=$(realpath "$1")
new=$(realpath "$2")
here=$(cd "$(dirname "$0")/.." && pwd)
there=$(realpath "${3:-$here}")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

run() {
    (cd "$1" && find scenarios -name '*.toml' -print0 | sort -z | xargs -0 "$2" run --out "$place/$3" >"$place/$3.txt" 2>"$place/$3.log")
}
run "$there" "$old" old
run "$here" "$new" new
differs=0
compared=0
while IFS= read -r -d '' file; do
    compared=$((compared + 1))
    if ! cmp -s "$place/old/$file" "$place/new/$file"; then
        printf 'differs: %s\n' "$file"
        differs=1
    fi
done < <(cd "$place/old" && find . -type f ! -name manifest.json ! -name '*.png' -print0 | sort -z)
printf '%s files compared\n' "$compared"
exit "$differs"
