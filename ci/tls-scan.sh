#!/usr/bin/env bash
# Has sslyze and testssl.sh look at the proxy's TLS, and fails for whatever they find wrong that is not explained in
# ci/tls-scan.py: a self-signed certificate, and that clients choose among the ciphers of TLS 1.2.
#
# Usage: ci/tls-scan.sh FOLDER      FOLDER is where sslyze is installed
set -euo pipefail
cd "$(dirname "$0")/.."

tools=${1:?usage: ci/tls-scan.sh FOLDER}
as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}
missing=()
command -v testssl >/dev/null || missing+=(testssl.sh)
command -v hexdump >/dev/null || missing+=(bsdextrautils)
command -v openssl >/dev/null || missing+=(openssl)
if [ ${#missing[@]} -gt 0 ]; then
    as_root apt-get update
    as_root apt-get install -y --no-install-recommends "${missing[@]}"
fi
if [ ! -x "$tools/sslyze/bin/sslyze" ]; then
    python3 -m venv "$tools/sslyze"
    "$tools/sslyze/bin/pip" install --quiet --disable-pip-version-check sslyze==6.3.1
fi

cargo build --release --locked --quiet -p wssure-proxy
proxy=$(realpath "${CARGO_TARGET_DIR:-target}/release/wssure-proxy")
folder=$(mktemp -d)
started=
trap '[ -z "$started" ] || kill "$started"; rm -rf "$folder"' EXIT
cd "$folder"
openssl req -new -x509 -days 90 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -out self.pem -keyout self.key 2>/dev/null
# Nobody gets as far as the target.
"$proxy" --cert self.pem --key self.key 127.0.0.1:0 127.0.0.1:1 2>log &
started=$!
for _ in $(seq 100); do
    grep -q 'proxying from' log && break
    sleep 0.1
done
address=$(sed -n 's/.*proxying from \([0-9.:]*\) to.*/\1/p' log)

echo "== sslyze"
"$tools/sslyze/bin/sslyze" --json_out=sslyze.json "$address" >sslyze.txt || true
echo "== testssl.sh"
testssl --quiet --color 0 --warnings batch --openssl-timeout 5 --connect-timeout 5 --jsonfile testssl.json \
    "https://$address" >testssl.txt || true
kill -0 "$started"
python3 "$OLDPWD/ci/tls-scan.py" sslyze.json testssl.json
