#!/usr/bin/env bash
# What a build costs, crate by crate: a clone of the last commit is built in a temporary folder, the program with all that it does by default, the program once more after
# a changed line in a strategy, and then the library alone. Prints a section; with --write it goes into reports/benchmark.md, in place of the one before. Sources are fetched before the clock runs.
set -euo pipefail
cd "$(dirname "$0")/.."

report=reports/benchmark.md
begin='<!-- fresh build: begin -->'
end='<!-- fresh build: end -->'
scenario=scenarios/zoom/default.toml

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
git clone --quiet . "$place/clone"
unset CARGO_TARGET_DIR
unset "${!CARGO_PROFILE_@}"
unset CARGO_INCREMENTAL

# Builds into a target folder; leaves wall and processor seconds in NAME.time, and `seconds units crate` in NAME.crates.
build() {
    local name=$1 target=$place/$2
    shift 2
    (
        cd "$place/clone"
        TIMEFORMAT='%R %U %S'
        { time cargo build --release --quiet --locked --timings --target-dir "$target" "$@" 2>"$place/$name.log"; } 2>"$place/$name.time"
    ) || {
        cat "$place/$name.log" >&2
        exit 1
    }
    # The page of timings holds a list of units, a key on each line.
    awk -F '"' '
        /^const UNIT_DATA = / { inside = 1 }
        inside && /^\];/ { exit }
        inside && $2 == "name" { crate = $4 }
        inside && $2 == "duration" { split($3, value, /[ :,]+/); seconds[crate] += value[2]; units[crate]++ }
        END { for (crate in seconds) printf "%.2f %d %s\n", seconds[crate], units[crate], crate }
    ' "$target/cargo-timings/cargo-timing.html" | LC_ALL=C sort -k1,1nr -k3 >"$place/$name.crates"
}

row() {
    local name=$1 told=$2 wall user system
    read -r wall user system <"$place/$name.time"
    awk -v told="$told" -v wall="$wall" -v processor="$user $system" '
        $3 ~ /^tokenstorm/ { own += $1; next }
        { others += $1; crates++ }
        END {
            split(processor, part, " ")
            printf "| %s | %d | %.0f | %.0f | %.0f | %.0f |\n", told, crates, wall, part[1] + part[2], others, own
        }
    ' "$place/$name.crates"
}

(cd "$place/clone" && cargo fetch --quiet --locked)
build program program
TIMEFORMAT=%1R
first=$({ time "$place/program/release/tokenstorm" run "$scenario" --out "$place/results" >"$place/printed" 2>&1; } 2>&1)
line='let token = grant.token;'
grep -q "$line" "$place/clone/crates/core/src/strategy/naive.rs"
sed -i "s/$line/let token = std::hint::black_box(grant.token);/" "$place/clone/crates/core/src/strategy/naive.rs"
# In the same folder: in another one the compiler finds nothing of what it has kept.
build changed program
git -C "$place/clone" checkout --quiet .
build library library --package tokenstorm --lib --no-default-features

program=$(row program 'the program, all of it')
changed=$(row changed 'the program again, after a changed line in a strategy')
library=$(row library 'the library alone, `--no-default-features`')
crates=$(awk '
    NR == FNR { alone[$3] = $1; next }
    ++shown <= 24 { printf "| %s | %.1f | %s |\n", $3, $1, $3 in alone ? sprintf("%.1f", alone[$3]) : "" }
' "$place/library.crates" "$place/program.crates")
section=$(
    cat <<TEXT
$begin
## A fresh build

\`benches/fresh_build.sh --write\` wrote this section, on $(nproc) cores, with $(rustc --version | cut -d ' ' -f 1-2), of commit $(git rev-parse --short HEAD). A clone was built in a folder of its own, with sources that had been fetched. *Wall* and *processor* are seconds of the whole build; a crate's seconds are the time that its compiler took, which shares the cores with another crate's, so that the processor's seconds compare best. The first table, \`tokenstorm run $scenario\`, took another $first s.

| built | crates below it | wall, s | processor, s | crates below, s | tokenstorm, s |
|---|---:|---:|---:|---:|---:|
$program
$changed
$library

| crate | for the program, s | for the library, s |
|---|---:|---:|
$crates
$end
TEXT
)
printf '%s\n' "$section"
if [ "${1:-}" = --write ]; then
    others=$(awk -v begin="$begin" -v end="$end" '$0 == begin { inside = 1 } !inside { print } $0 == end { inside = 0 }' "$report")
    printf '%s\n\n%s\n' "$others" "$section" >"$report"
fi
