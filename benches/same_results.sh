#!/usr/bin/env bash
# Whether two builds of tokenstorm give the same bytes: runs every scenario with both programs and compares all files that they leave, but for pictures (which
# are drawn from the same marks as the SVG files) and what names the build: the commit, the run's hash of which it is a part, the hashes of files that hold
# these, and the folder. Prints what differs; ends with 1 if anything does.
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

# A file without what names the build; $1 is old or new, $2 the file. A run's manifest lies in the folder of its scenario.
told() {
    local folder hash commit
    folder=$(dirname "$2")
    while [ ! -f "$place/$1/$folder/manifest.json" ]; do
        if [ "$folder" = . ]; then cat "$place/$1/$2" && return; fi
        folder=$(dirname "$folder")
    done
    hash=$(sed -n 's/^  "run": "\(.*\)",$/\1/p' "$place/$1/$folder/manifest.json")
    commit=$(sed -n 's/^  "commit": "\(.*\)",$/\1/p' "$place/$1/$folder/manifest.json")
    sed -E -e "s/${hash:?}/HASH/g" -e "s/${commit:?}/COMMIT/g" -e "s|$place/$1|FOLDER|g" -e 's/"[0-9a-f]{64}"/"SUM"/g' "$place/$1/$2"
}
differs=0
compared=0
while IFS= read -r -d '' file; do
    compared=$((compared + 1))
    if [ ! -f "$place/new/$file" ] || ! cmp -s <(told old "$file") <(told new "$file"); then
        printf 'differs: %s\n' "$file"
        differs=1
    fi
done < <(cd "$place/old" && find . -type f ! -name '*.png' -print0 | sort -z)
while IFS= read -r -d '' file; do
    if [ ! -f "$place/old/$file" ]; then
        printf 'only new: %s\n' "$file"
        differs=1
    fi
done < <(cd "$place/new" && find . -type f -print0 | sort -z)
printf '%s files compared\n' "$compared"
exit "$differs"
