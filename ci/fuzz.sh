#!/usr/bin/env bash
# Runs every fuzz target of the proxy for some seconds, from its seeds: what must hold for the bytes of strangers holds
# for those that are found in that time. What a run finds is left in proxy/fuzz/artifacts/.
#
# Usage: ci/fuzz.sh FOLDER [SECONDS]      FOLDER is where cargo-fuzz is installed; 20 seconds for each target by default
set -euo pipefail
cd "$(dirname "$0")/../proxy"

tools=${1:?usage: ci/fuzz.sh FOLDER [SECONDS]}
seconds=${2:-20}
export PATH="$tools/bin:$PATH" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/../target}/fuzz"
command -v cargo-fuzz >/dev/null || cargo install --locked --quiet cargo-fuzz --root "$tools"

cargo run --quiet --locked --manifest-path fuzz/Cargo.toml --example seeds
# cargo-fuzz builds with flags that stable Rust keeps for itself.
export RUSTC_BOOTSTRAP=1
for target in $(cargo fuzz list); do
    printf '\n== fuzzing %s\n' "$target"
    cargo fuzz run --sanitizer none "$target" -- -timeout=5 -max_len=4096 -max_total_time="$seconds" \
        -print_final_stats=1 -verbosity=0
done
