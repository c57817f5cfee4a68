#!/usr/bin/env bash
# Every fault, as an annotation of its line; the policy of the base judges, where there is one.
set -euo pipefail

options=()
if [ "$STRICT" = true ]; then options+=(--strict); fi
if [ -n "${BASE:-}" ]; then options+=(--base "$BASE"); fi
"$MODELSPEC" validate --root "$ROOT" --format github "${options[@]}"
