#!/usr/bin/env bash
# `tokenstorm serve` under load, beside two mock servers and a bare axum handler, on the same machine in one run: requests per second,
# latency, memory. The server has one core and wrk another, so that who uses more threads gains nothing. Prints a page; with --write it
# becomes reports/serve.md. Needs Linux, wrk, Node, npm, and two cores.
#
#     benches/serve_load.sh [--write] [--seconds 10] [--profile dev]
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=10 profile=release write=
while [ $# -gt 0 ]; do
    case $1 in
        --write) write=yes ;;
        --seconds) seconds=$2; shift ;;
        --profile) profile=$2; shift ;;
        *) printf 'unknown option %s\n' "$1" >&2; exit 2 ;;
    esac
    shift
done
for program in wrk node npm taskset curl; do
    command -v "$program" >/dev/null || { printf '%s is missing\n' "$program" >&2; exit 2; }
done
connections=32
target=${CARGO_TARGET_DIR:-$PWD/target}
peers=$target/serve_load
here=$PWD/benches/serve_load

cargo build --quiet --locked --profile "$profile" --bin tokenstorm
bare=$(cargo build --locked --profile "$profile" --bench bare_axum --message-format=json 2>/dev/null |
    sed -n 's/.*"name":"bare_axum".*"executable":"\([^"]*\)".*/\1/p')
folder=$profile
[ "$profile" = dev ] && folder=debug
tokenstorm=$target/$folder/tokenstorm
mkdir -p "$peers"
cp "$here"/package.json "$here"/*.mjs "$peers"
(cd "$peers" && npm install --silent --no-audit --no-fund --no-package-lock)

place=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$place"
}
trap finish EXIT

# Starts a server on the first core; leaves its process in $server and its URL in $url.
start() {
    : >"$place/out"
    (cd "$peers" && exec taskset -c 0 "$@") >"$place/out" 2>"$place/err" &
    server=$!
    for _ in $(seq 200); do
        url=$(grep -om 1 'http://[0-9.:]*' "$place/out" || true)
        [ -n "$url" ] && curl -s -o /dev/null "$url/" && return
        sleep 0.05
    done
    cat "$place/err" >&2
    exit 1
}

stop() {
    kill "$server"
    wait "$server" 2>/dev/null || true
    server=
}

# A token of the server that runs.
token_of() {
    curl -sf -u app:secret -d grant_type=client_credentials "$url$1" | sed 's/.*"access_token":"\([^"]*\)".*/\1/'
}

# `requests_per_second p50 p99 refused` of one kind of request: as $1 says, at the path $2.
load() {
    ASK=$1 TOKEN=${3-} taskset -c 1 wrk -t 1 -c "$connections" -d "${seconds}s" --latency -s "$here/ask.lua" "$url$2" >"$place/wrk"
    awk '
        $1 == "50%" { p50 = $2 } $1 == "99%" { p99 = $2 }
        /Non-2xx/ { refused = $NF } /Requests\/sec/ { rate = $2 }
        END { printf "%.0f %s %s %d\n", rate, p50, p99, refused }' "$place/wrk"
}

memory() {
    awk '/VmHWM/ { printf "%.0f", $2 / 1024 }' "/proc/$server/status"
}

rows=()
# Name, path of the token endpoint, what is asked of a token, and where.
measure() {
    local name=$1 tokens calls token rss
    # Warm, as a server is that has run for a while.
    seconds=1 load token "$2" >/dev/null
    tokens=$(load token "$2")
    token=$(token_of "$2")
    calls=$(load "$3" "$4" "$token")
    rss=$(memory)
    rows+=("$name $tokens $calls $rss")
    stop
}

start "$bare"
measure 'bare_axum' /oauth/token call /v2/users/me
start "$tokenstorm" serve --profile zoom-s2s-2022
measure 'tokenstorm' /oauth/token call /v2/users/me
start "$tokenstorm" serve --profile zoom-s2s-2022 --tokens jwt
measure 'tokenstorm,_JWT' /oauth/token call /v2/users/me
start node "$peers/oauth2-mock-server.mjs"
measure 'oauth2-mock-server' /token /introspect /introspect
start node "$peers/oidc-provider.mjs"
measure 'oidc-provider' /token /token/introspection /token/introspection

cell() { printf '%s\n' "${rows[@]}" | awk -v name="$1" -v place="$2" '$1 == name { print $place }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }
larger() { awk -v a="$1" -v b="$2" 'BEGIN { print (a > b ? a : b) }'; }
tokens=$(cell tokenstorm 2) calls=$(cell tokenstorm 6)
peer_tokens=$(larger "$(cell oauth2-mock-server 2)" "$(cell oidc-provider 2)")
peer_calls=$(larger "$(cell oauth2-mock-server 6)" "$(cell oidc-provider 6)")
version() { node -p "require('$peers/node_modules/$1/package.json').version"; }

{
    printf '# `tokenstorm serve` under load\n\n'
    printf '`benches/serve_load.sh --write` wrote this page: commit %s, profile `%s`, %s, Node %s, oauth2-mock-server %s, oidc-provider %s.\n' \
        "$(git rev-parse --short HEAD)" "$profile" "$(rustc --version | cut -d ' ' -f 1-2)" "$(node --version)" \
        "$(version oauth2-mock-server)" "$(version oidc-provider)"
    printf 'Each server had one core for itself and wrk (%s connections, %s s for each figure) another of the same machine.\n\n' "$connections" "$seconds"
    printf '| server | token requests/s | p50 | p99 | API checks/s | p50 | p99 | largest memory, MB |\n|---|---:|---:|---:|---:|---:|---:|---:|\n'
    printf '%s\n' "${rows[@]}" | awk '{ gsub("_", " ", $1); printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, $6, $7, $8, $10 }'
    printf '\nBeside the faster of the two mock servers, %s times the token requests and %s times the API checks a second; beside a bare axum handler that answers a constant, %s and %s of it.\n' \
        "$(ratio "$tokens" "$peer_tokens")" "$(ratio "$calls" "$peer_calls")" \
        "$(awk -v a="$tokens" -v b="$(cell bare_axum 2)" 'BEGIN { printf "%.0f %%", 100 * a / b }')" \
        "$(awk -v a="$calls" -v b="$(cell bare_axum 6)" 'BEGIN { printf "%.0f %%", 100 * a / b }')"
    printf 'Requests that were refused: %s.\n\n' "$(printf '%s\n' "${rows[@]}" | awk '{ sum += $5 + $9 } END { print sum + 0 }')"
    printf 'What the figures are of: tokenstorm runs the profile `zoom-s2s-2022`, so each token request ends the token before it, writes an event and says whom it killed; an API check looks the token up and writes an event.\n'
    printf 'oauth2-mock-server signs its tokens (RS256), and its introspection answers the same to every token. oidc-provider hands out opaque tokens from a store in memory, and its introspection looks the token up.\n'
} >"$place/page"
cat "$place/page"
[ -z "$write" ] || cp "$place/page" reports/serve.md
