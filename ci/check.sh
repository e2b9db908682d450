#!/usr/bin/env bash
# Everything that must hold before a change goes in. Needs what ci/install.sh installs.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step "cargo fmt"
cargo fmt --all --check

step "cargo clippy"
cargo clippy --workspace --all-targets --locked -- -D warnings

step "cargo doc"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

step "cargo test"
cargo test --workspace --locked

step "the suite on our proxy"
cargo run --release --locked -p wssure -- run

step "the suite on websockify"
cargo run --release --locked -p wssure -- run --subject websockify
