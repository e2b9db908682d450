#!/usr/bin/env bash
# Installs what the tests on a real desktop need beside the browsers, on Debian and its relatives: TigerVNC's Xvnc, and
# noVNC from npm.
#
# Usage: ci/desktop.sh FOLDER      afterwards: WSSURE_NOVNC="FOLDER/novnc/node_modules/@novnc/novnc"
set -euo pipefail

folder=${1:?usage: ci/desktop.sh FOLDER}
novnc_version=1.7.0

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

missing=()
command -v Xvnc >/dev/null || missing+=(tigervnc-standalone-server)
command -v npm >/dev/null || missing+=(npm)
if [ ${#missing[@]} -gt 0 ]; then
    as_root apt-get update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
fi

module=$folder/novnc/node_modules/@novnc/novnc
if ! grep -q "\"version\": \"$novnc_version\"" "$module/package.json" 2>/dev/null; then
    mkdir -p "$folder/novnc"
    npm install --prefix "$folder/novnc" --no-audit --no-fund "@novnc/novnc@$novnc_version"
fi
echo "noVNC $novnc_version"
