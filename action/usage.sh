#!/usr/bin/env bash
# The sums of 28 days of usage, as the only commit of a branch: what plans of pull requests, forks too, are weighed by.
# `-I` keeps the current folder out of Python's path.
set -euo pipefail

git() { command git -c core.fsmonitor=false -c safe.bareRepository=explicit -C "$ROOT" "$@"; }

environment=$RUNNER_TEMP/modelspec-usage
"$PYTHON" -I -m venv "$environment"
"$environment/bin/python" -I -m pip install --quiet --disable-pip-version-check -- "${GITHUB_ACTION_PATH%/usage}[traffic]"

file=$RUNNER_TEMP/usage.json.gz
code=0
"$environment/bin/modelspec" usage --root "$ROOT" --from "$USAGE" --export "$file" --quiet >/dev/null || code=$?
# 1 says that a request has touched a region outside of its residency: to be looked at, and no reason to weigh nothing.
if [ "$code" -gt 1 ] || [ ! -s "$file" ]; then exit "$((code > 0 ? code : 1))"; fi

blob=$(git hash-object -w --stdin <"$file")
tree=$(printf '100644 blob %s\tusage.json.gz\n' "$blob" | git mktree)
commit=$(git -c user.name=modelspec -c user.email=modelspec@localhost commit-tree "$tree" -m 'Usage of 28 days')
# The token reaches git by its environment, where no list of processes shows it.
GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.$GITHUB_SERVER_URL/.extraheader" \
    GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$TOKEN" | base64 -w0)" \
    git push --quiet --force "$REMOTE" "$commit:refs/heads/modelspec-usage"
printf 'commit=%s\n' "$commit" >>"$GITHUB_OUTPUT"
