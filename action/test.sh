#!/usr/bin/env bash
# The routing tests, where the repository has some.
set -euo pipefail

if [ -e "$ROOT/routes.test.yaml" ]; then
    "$MODELSPEC" test --root "$ROOT"
else
    printf '::notice title=modelspec test::there is no routes.test.yaml, so no route was tested\n'
fi
