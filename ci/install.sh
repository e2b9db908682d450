#!/usr/bin/env bash
# Installs what the tests and the suite need beside Rust and a C compiler: the openssl program, a Redis, haproxy, and
# websockify from PyPI in a virtual environment of its own, with what its token plugins import.
#
# Usage: ci/install.sh FOLDER      afterwards: PATH="FOLDER/websockify/bin:$PATH"
set -euo pipefail

folder=${1:?usage: ci/install.sh FOLDER}
websockify_version=0.13.0

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

missing=()
command -v openssl >/dev/null || missing+=(openssl)
command -v cc >/dev/null || missing+=(gcc libc6-dev)
command -v ps >/dev/null || missing+=(procps)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v haproxy >/dev/null || missing+=(haproxy)
# A Python of another origin than Debian's brings its own venv.
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
if [ ${#missing[@]} -gt 0 ]; then
    as_root apt-get update
    as_root apt-get install -y --no-install-recommends "${missing[@]}"
fi

venv=$folder/websockify
if ! "$venv/bin/websockify" --help >/dev/null 2>&1; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "websockify==$websockify_version"
fi
if ! "$venv/bin/python" -c 'import jwcrypto, redis, requests' 2>/dev/null; then
    "$venv/bin/pip" install --quiet --disable-pip-version-check jwcrypto redis requests
fi
"$venv/bin/pip" --disable-pip-version-check show websockify | sed -n 's/^Version: /websockify /p'
