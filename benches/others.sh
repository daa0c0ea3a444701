#!/usr/bin/env bash
# tokenstorm beside nexosim, DSLab's simcore, SimPy and Cimba, in one run: prepares them in target/others and measures.
#
#   benches/others.sh [--write] [--only busy:1000]
#
# SimPy needs Python 3. Cimba needs git, a C compiler and nasm; `CIMBA_SOURCE` may name a clone of it. What cannot be had is left out, and said.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
place=${CARGO_TARGET_DIR:-$here/../target}/others
mkdir -p "$place"
place=$(cd "$place" && pwd)

# SimPy, and what builds Cimba.
python() {
    { [ -x "$place/venv/bin/python" ] || python3 -m venv "$place/venv"; } &&
        "$place/venv/bin/pip" install --quiet --disable-pip-version-check simpy==4.1.2 meson==1.12.1 ninja==1.13.2
}

# Before C23 these were headers' words, and compilers of before 2023 have no C23.
words='-include assert.h -include stdbool.h -include stddef.h'

# Its pictures are not needed, and not every clone has them.
cimba_library() {
    local source=${CIMBA_SOURCE:-https://github.com/ambonvik/cimba}
    { [ -d "$place/cimba" ] || git clone --quiet --no-checkout "$source" "$place/cimba"; } &&
        cd "$place/cimba" &&
        git checkout --quiet v3.0.0-rc1 -- meson.build meson_options.txt codegen include src test tutorial benchmark &&
        { [ -d build ] || CFLAGS=$words meson setup --buildtype=release --default-library=static -Denable_docs=false build; } &&
        ninja -C build src/libcimba.a
}

# shellcheck disable=SC2086
cimba() {
    (PATH=$place/venv/bin:$PATH cimba_library) >"$place/cimba.log" 2>&1 &&
        cc -std=c2x -O3 $words -D_POSIX_C_SOURCE=200809L -DNDEBUG -DNLOGINFO -I"$place/cimba/include" -I"$place/cimba/src" \
            -o "$place/cimba_fleet" "$here/others/cimba_fleet.c" "$place/cimba/build/src/libcimba.a" -lm -lpthread
}

if python; then
    export SIMPY=$place/venv/bin/python
    if cimba; then
        export CIMBA=$place/cimba_fleet
    else
        printf 'Cimba could not be built; %s says why, where it began\n' "$place/cimba.log" >&2
    fi
fi
cargo run --release --quiet --manifest-path "$here/others/Cargo.toml" --target-dir "$place/crates" -- "$@"
