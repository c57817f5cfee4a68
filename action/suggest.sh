#!/usr/bin/env bash
# What usage asks for, a commit each on the branch modelspec-suggest, pushed where it differs from what is there.
# `-I` keeps the current folder out of Python's path.
set -euo pipefail

git() { command git -c core.fsmonitor=false -c safe.bareRepository=explicit -C "$ROOT" "$@"; }
# The token reaches git by its environment, where no list of processes shows it.
at_forge() {
    GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.$GITHUB_SERVER_URL/.extraheader" \
        GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$TOKEN" | base64 -w0)" git "$@"
}
patch_of() { git diff --no-ext-diff --no-textconv "$1" "$2" | git patch-id --stable | cut -d' ' -f1; }

environment=$RUNNER_TEMP/modelspec-suggest
"$PYTHON" -I -m venv "$environment"
"$environment/bin/python" -I -m pip install --quiet --disable-pip-version-check -- "${GITHUB_ACTION_PATH%/suggest}[traffic]"

body=$RUNNER_TEMP/modelspec-suggest.md
start=$(git rev-parse HEAD)
git branch --quiet -D modelspec-suggest 2>/dev/null || true
export GIT_AUTHOR_NAME=modelspec GIT_AUTHOR_EMAIL=modelspec@localhost
export GIT_COMMITTER_NAME=modelspec GIT_COMMITTER_EMAIL=modelspec@localhost
code=0
"$environment/bin/modelspec" suggest --root "$ROOT" --from "$USAGE" --branch modelspec-suggest --format markdown >"$body" || code=$?
# 10 says that there are suggestions; with 0 there is nothing to do.
if [ "$code" -ne 10 ]; then exit "$code"; fi

there=$(at_forge ls-remote "$REMOTE" refs/heads/modelspec-suggest | cut -f1)
if [ -n "$there" ]; then
    at_forge fetch --quiet "$REMOTE" "$there"
    fork=$(git merge-base "$start" "$there" || printf %s "$start")
    if [ -n "$(git log --format=%ce "$fork..$there" | sed '/^modelspec@localhost$/d')" ]; then
        echo "::notice title=modelspec suggest::modelspec-suggest has commits of somebody else and stays as it is; delete it for new suggestions"
        exit 0
    fi
fi
pushed=false
if [ -z "$there" ] || [ "$(patch_of "$fork" "$there")" != "$(patch_of "$start" modelspec-suggest)" ]; then
    at_forge push --quiet "--force-with-lease=refs/heads/modelspec-suggest:$there" "$REMOTE" refs/heads/modelspec-suggest
    pushed=true
fi
printf 'body=%s\npushed=%s\n' "$body" "$pushed" >>"$GITHUB_OUTPUT"
