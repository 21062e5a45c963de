#!/usr/bin/env bash
# The recipe over reqwest, built and run: a workspace of its own, as reqwest's tree is no other crate's here.
exec cargo run --locked --manifest-path tests/reqwest/Cargo.toml --target-dir "${CARGO_TARGET_DIR:-target}/reqwest"
