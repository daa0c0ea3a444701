#!/usr/bin/env bash
# Writes reports/zoo.md: thirteen client libraries, four processes each, beside what the simulator says of their profiles. Installs the
# libraries below the target folder, of the versions that are written down; needs Python 3 with venv, Node and npm. Takes about ten
# minutes. PROFILE=dev for a build without optimisation; ZOO_SECONDS and ZOO_ONLY as tests/zoo/compare.rs says.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${PROFILE:-release}

folder=${CARGO_TARGET_DIR:-$PWD/target}/clients
export TOKENSTORM_CLIENTS=$folder TOKENSTORM_INSIST=1
mkdir -p "$folder"
[ -x "$folder/venv/bin/python" ] || python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r tests/clients/requirements.txt
cp tests/clients/package.json tests/clients/package-lock.json "$folder"
npm ci --prefix "$folder" --silent --no-audit --no-fund
for crate in tests/zoo/*/Cargo.toml; do
    cargo build --quiet --locked --manifest-path "$crate" --target-dir "$folder/crates"
done

mkdir -p reports/zoo
# What is said of the figures is written by hand, and stays.
found=$(sed -n '/^Thirteen libraries/,/^## Figures/p' reports/zoo.md 2>/dev/null | sed '$d')
printed=$(ZOO_OUT=$PWD/reports/zoo cargo test --quiet --profile "$profile" --test zoo -- --ignored --nocapture every_client)
{
    printf '# Client libraries beside their predictions\n\nWritten by `benches/zoo.sh`, all but what was found; the page `clients` of the manual says what a profile is, and the page `live` how agreement is judged.\n'
    printf '\n%s\n' "$found"
    printf '\n## Figures\n\n![Measured figures on top of where simulated runs lie](zoo/agreement.svg)\n'
    printf '%s\n' "$printed" | sed -n '/^ZOO$/,/^test /p' | sed '1d;/^test /d;/^\.*$/{/./d}'
} >reports/zoo.md.new
mv reports/zoo.md.new reports/zoo.md
