#!/usr/bin/env bash
# Makes the Debian package of the proxy: the program, the service for systemd, and the manual page and the completions of
# shells, which the program makes from its options. Needs what ci/install.sh installs.
#
# Usage: ci/package.sh FOLDER      cargo-deb is built there, if it is not; prints the path of the package
set -euo pipefail

folder=$(mkdir -p "${1:?usage: ci/package.sh FOLDER}" && cd "$1" && pwd)
cargo_deb_version=3.8.0
cd "$(dirname "$0")/.."

if [ "$("$folder/bin/cargo-deb" --version 2>/dev/null)" != "cargo-deb $cargo_deb_version" ]; then
    cargo install cargo-deb --version "$cargo_deb_version" --locked --root "$folder" >&2
fi

# With the command's features, which are built already where its suite was run.
cargo build --release --locked -p wssure -p wssure-proxy --bin wssure-proxy >&2
program=${CARGO_TARGET_DIR:-target}/release/wssure-proxy
made=proxy/package/made
mkdir -p "$made"
"$program" --generate man >"$made/wssure-proxy.1"
"$program" --generate bash >"$made/wssure-proxy.bash"
"$program" --generate zsh >"$made/_wssure-proxy"
"$program" --generate fish >"$made/wssure-proxy.fish"

"$folder/bin/cargo-deb" deb --package wssure-proxy --no-build --locked
