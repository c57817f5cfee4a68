#!/usr/bin/env bash
# modelspec from the action's own checkout, in an environment of its own. `-I` keeps the current folder out: a pull request may hold a file `pip.py`.
set -euo pipefail

environment=$RUNNER_TEMP/modelspec
"$PYTHON" -I -m venv "$environment"
"$environment/bin/python" -I -m pip install --quiet --disable-pip-version-check -- "$GITHUB_ACTION_PATH"
"$environment/bin/modelspec" --version
printf 'modelspec=%s\n' "$environment/bin/modelspec" >>"$GITHUB_OUTPUT"
