#!/usr/bin/env bash
# The build, beside the checkout: modelspec.yaml may come from a pull request, and does not choose the place here.
set -euo pipefail

dist=$RUNNER_TEMP/modelspec-dist
options=()
if [ "$STRICT" = true ]; then options+=(--strict); fi
"$MODELSPEC" build --root "$ROOT" --output "$dist" --commit "$GITHUB_SHA" "${options[@]}"
printf 'dist=%s\nartifact=%s\n' "$dist" "$ARTIFACT" >>"$GITHUB_OUTPUT"
