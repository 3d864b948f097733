#!/bin/sh
# Runs Node >= 24: the one that npm brought, or the system's if npm has none for this platform.
here=$(cd "$(dirname "$0")/.." && pwd)
if [ -x "$here/node_modules/.bin/node" ]; then exec "$here/node_modules/.bin/node" "$@"; fi
major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
if [ "$major" -ge 24 ]; then exec node "$@"; fi
echo "error: Node 24 or newer is needed, found ${major}; run 'make setup', or install it where npm has no binary for this platform" >&2
exit 1
