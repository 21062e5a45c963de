#!/usr/bin/env bash
# Checks that the chart is that of the measured figures, and that they name the present number of crates.
exec .ci/figures check
