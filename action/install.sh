#!/usr/bin/env bash
# modelspec in an environment of its own. `-I` keeps the current folder out: a pull request may hold a file `pip.py`.
set -euo pipefail

environment=$RUNNER_TEMP/modelspec
"$PYTHON" -I -m venv "$environment"
if [ -n "$VERSION" ]; then
    wanted="modelspec==$VERSION"
else
    wanted=$GITHUB_ACTION_PATH
fi
"$environment/bin/python" -I -m pip install --quiet --disable-pip-version-check -- "$wanted"
"$environment/bin/modelspec" --version
printf 'modelspec=%s\n' "$environment/bin/modelspec" >>"$GITHUB_OUTPUT"
