#!/usr/bin/env bash
# How much of the suite's processor time is TLS and cryptography: samples every process of `wssure run` with perf, and
# counts those with a frame of rustls, aws-lc (its assembly has no frames but its own), OpenSSL's libraries, or of what
# makes and judges certificates here.
# Needs perf (Debian: linux-perf), and the right to use it.
#
# Usage: ci/cpu-share.sh [WSSURE]      WSSURE is the program, built for release
set -euo pipefail

wssure=$(realpath "${1:-target/release/wssure}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

perf record --quiet --event cpu-clock --freq 499 --call-graph dwarf,8192 --output "$folder/samples" \
    "$wssure" run --quiet >"$folder/run" || { cat "$folder/run" >&2; exit 1; }
perf script --no-inline --input "$folder/samples" --fields comm,ip,sym,dso 2>/dev/null |
    awk '
        function count() {
            if (frames) { all++; if (secure) tls++; if (kernel) { inside++; if (secure) tls_inside++ } }
            frames = secure = kernel = 0
        }
        /^$/ { count(); next }
        /^[ \t]/ {
            if (!frames++ && /kernel/) kernel = 1
            if (/rustls|aws_lc|mulx4x|nistz256|bignum_|x25519|mlkem|aead_aes|webpki|rcgen|x509|libcrypto|libssl|wssure_harness::(inspect|certificate|client::judge)/) secure = 1
        }
        END {
            count()
            printf "%d samples: %.1f %% TLS and cryptography (%.1f %% in the kernel for them), ", \
                all, 100 * tls / all, 100 * tls_inside / all
            printf "%.1f %% the kernel for everything else (sockets, processes), %.1f %% our own code and libraries\n", \
                100 * (inside - tls_inside) / all, 100 * (all - tls - inside + tls_inside) / all
            printf "outside of the kernel: %.1f %% TLS and cryptography\n", 100 * (tls - tls_inside) / (all - inside)
        }'
tail -n 2 "$folder/run"
