#!/usr/bin/env bash
# Everything that must hold before a change goes in. Needs what ci/install.sh, ci/browsers.sh and ci/desktop.sh
# install.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step "cargo fmt"
cargo fmt --all --check

step "cargo clippy"
cargo clippy --workspace --all-targets --locked -- -D warnings

step "the fuzz targets of what reads certificates"
# They are built, and not run: that is for people, and takes minutes to be of use (harness/fuzz/README.md).
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/fuzz" \
    cargo check --manifest-path harness/fuzz/Cargo.toml --all-targets --locked

step "cargo doc"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

step "cargo test"
# Here everything is installed, so a test that skips itself fails; but for those on x509-limbo, which no package
# brings: they are skipped unless its limbo.json lies here, or WSSURE_LIMBO names it.
if [ -z "${WSSURE_LIMBO:-}" ] && [ -f limbo.json ]; then
    export WSSURE_LIMBO=$PWD/limbo.json
fi
WSSURE_NOTHING_SKIPPED=1 cargo test --workspace --locked

step "the suite on our proxy"
cargo run --release --locked -p wssure -- run

step "the real clients beside the simulated ones"
# A part of the cases, for time: all of them take some ten minutes.
cargo run --release --locked -p wssure -- compare --jobs 4 \
    'certificates/*' 'files/*' 'wiki/accept-exception*' wiki/spoofing trust/removed \
    --real chromium,firefox,webkitgtk,curl,gnutls,node,openssl,python

step "the suite on websockify"
cargo run --release --locked -p wssure -- run --subject websockify
