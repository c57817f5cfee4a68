#!/usr/bin/env bash
# Every fault, as an annotation of its line.
set -euo pipefail

options=()
if [ "$STRICT" = true ]; then options+=(--strict); fi
"$MODELSPEC" validate --root "$ROOT" --format github "${options[@]}"
