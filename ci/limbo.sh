#!/usr/bin/env bash
# Measures anew what the real clients do with the cases of x509-limbo, and writes it to harness/limbo/measured. Takes
# half an hour. Needs what ci/browsers.sh installs.
#
# Usage: ci/limbo.sh LIMBO.JSON [CLIENT...]
set -euo pipefail

suite=$(realpath "${1:?usage: ci/limbo.sh LIMBO.JSON [CLIENT...]}")
shift
cd "$(dirname "$0")/.."
clients=("$@")
[ ${#clients[@]} -gt 0 ] || clients=(chromium firefox webkitgtk curl gnutls node openssl python)

cargo build --release --locked -p wssure
wssure=$(realpath "${CARGO_TARGET_DIR:-target}/release/wssure")

# Some cases are about addresses, and WebKitGTK goes to an address itself. In a network of its own this machine has
# them all, and nobody else.
network='
ip link set lo up
for address in $ADDRESSES; do ip address add "$address" dev lo; done
exec "$@"'
export ADDRESSES="8.8.8.8 192.0.2.1 192.0.3.1 192.168.1.1 2001:db8::1 2001:db8::1:0:0:1 2001:db8::8a2e:370:7334"
for client in "${clients[@]}"; do
    unshare --map-root-user --net sh -euc "$network" sh \
        "$wssure" limbo --client "real:$client" --handshake --suite "$suite" \
        --record harness/limbo/measured >/dev/null
done
