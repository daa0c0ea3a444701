#!/usr/bin/env bash
# Writes reports/live.md: every strategy of scenarios/live by the wall clock, with a Redis of its own, beside its prediction. Takes
# about 40 minutes on an idle machine. The program is built before: cargo build --release, or PROGRAM names another.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${PROGRAM:-target/release/tokenstorm}
port=${PORT:-16399}
place=$(mktemp -d)
redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$place" --dbfilename one.rdb >/dev/null &
redis=$!
redis-server --port "$((port + 1))" --bind 127.0.0.1 --save '' --appendonly no --dir "$place" --dbfilename two.rdb >/dev/null &
second=$!
trap 'kill $redis $second; rm -rf "$place"' EXIT
sleep 1

# measure NAME TIME-SCALE SCENARIO...: the table goes to standard output, the chart and the figures to reports/live/NAME.
measure() {
    local name=$1 scale=$2
    shift 2
    "$program" live "$@" --time-scale "$scale" --redis "redis://127.0.0.1:$port/" --format md --out "reports/live/$name" || [ $? -eq 101 ]
}

mkdir -p reports/live
# What is said of the figures is written by hand, and stays.
found=$(sed -n '/^## What was found/,/^## Strategies/p' reports/live.md 2>/dev/null | sed '$d')
{
    printf '# Live runs beside their predictions\n\nWritten by benches/live.sh, all but what was found; the page `live` of the manual says how agreement is judged.\n'
    printf '\n%s\n' "$found"
    printf '\n## Strategies and rules\n\n![Measured figures on top of where simulated runs lie](live/pairs/agreement.svg)\n\n'
    measure pairs 6 scenarios/live/{latest-only,overlap,slots,rotating}.toml
    printf '\n## A lease that lapses\n\n![The same for a lease that lapses](live/lapsed/agreement.svg)\n\n'
    measure lapsed 10 scenarios/live/lapsed-lease.toml
    printf '\n## Processes that are killed or stand still, and a store that forgets\n\n![The same for processes that are killed](live/killed/agreement.svg)\n\n'
    measure killed 8 scenarios/live/killed.toml --processes --redis-replica "redis://127.0.0.1:$((port + 1))/"
    printf '\n## A Redis that is killed, and comes back empty\n\n![The same for a Redis that is killed](live/forgetful/agreement.svg)\n\n'
    "$program" live scenarios/live/forgetful.toml --own-redis --time-scale 4 --format md --out reports/live/forgetful || [ $? -eq 101 ]
} >reports/live.md.new
mv reports/live.md.new reports/live.md
