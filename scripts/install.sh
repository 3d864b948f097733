#!/bin/sh
# Installs the locked packages, saying every few seconds how far it is (npm itself is silent when nobody watches).
set -eu
cd "$(dirname "$0")/.."
command -v npm >/dev/null 2>&1 || { echo "error: npm is needed (it comes with Node 20 or newer)" >&2; exit 1; }

# npm needs a writable home for its cache; a machine without one gets ours.
if [ -z "${HOME:-}" ] || ! mkdir -p "$HOME" 2>/dev/null || [ ! -w "$HOME" ]; then
  HOME="$PWD/.cache/home"
  export HOME
  mkdir -p "$HOME"
fi

started=$(date +%s)
echo "setup: installing packages (about 700 MB on disk)"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'kill "$npm" 2>/dev/null; exit 130' INT TERM
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --no-update-notifier >"$log" 2>&1 &
npm=$!
ticks=0
while kill -0 "$npm" 2>/dev/null; do
  sleep 1
  ticks=$((ticks + 1))
  if [ $((ticks % 5)) -eq 0 ]; then echo "setup: … $(du -sm node_modules 2>/dev/null | cut -f1 || echo 0) MB after ${ticks} s"; fi
done
if ! wait "$npm"; then
  cat "$log" >&2
  echo "error: npm ci failed; the reason is above" >&2
  exit 1
fi
# npm 10 installs the package that holds Node and leaves its command out.
for packaged in node_modules/node-*/bin/node; do
  if [ -x "$packaged" ] && [ ! -e node_modules/.bin/node ]; then ln -s "../../$packaged" node_modules/.bin/node; fi
done
touch node_modules/.package-lock.json
echo "setup: packages installed in $(($(date +%s) - started)) s"
