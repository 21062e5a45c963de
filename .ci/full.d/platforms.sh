#!/usr/bin/env bash
# Checks both transports and the tool for Windows and for macOS, as far as a compiler can without
# them: nothing is linked or run, and the C code of dependencies is left out. The standard library is checked along from the
# old compiler's source, as no other is at hand.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

RUSTC=$(.ci/least-rust) || exit
export RUSTC RUSTC_BOOTSTRAP=1 SDKROOT=/ CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/ci/platforms
for target in x86_64-pc-windows-gnu aarch64-apple-darwin; do
    export "CC_${target//-/_}=true" "AR_${target//-/_}=true"
    cargo check --locked -Zbuild-std=std,panic_abort --target "$target" --lib --bins \
        -p plex-auth-ureq -p plex-auth-hyper -p plex-auth || exit
done
