#!/usr/bin/env bash
# Builds every package as it would be published. That is each dependency once more, so that the short gate looks at the
# lists of files alone.
exec .ci/packages build
