#!/usr/bin/env bash
# Lists the files of every package, and builds it as it would be published, which compiles each dependency again.
exec .ci/packages build
