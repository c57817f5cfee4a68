#!/usr/bin/env bash
# What the change does, to the step summary and to a file for the comment. Nothing is fetched: the checkout has kept no
# credentials, and a plan that waits for a network is none.
set -euo pipefail

git() { command git -c core.fsmonitor=false -c safe.bareRepository=explicit -C "$ROOT" "$@"; }

here() { git cat-file -e "$1^{commit}" 2>/dev/null; }

# Also of a shallow clone, whose log ends before it gets there.
parents() { git cat-file commit HEAD | sed -n -e '/^$/q' -e 's/^parent //p'; }

missing() {
    printf '::error title=modelspec plan::%s is not in this checkout; give actions/checkout fetch-depth: 0\n' "$1"
    exit 1
}

against=$BASE
if [ -z "$against" ] && [ "$EVENT" = pull_request ]; then
    mapfile -t parents < <(parents)
    if [ "${#parents[@]}" -eq 2 ]; then
        # The trial merge that actions/checkout takes: its first parent is the branch that it would go into.
        against=${parents[0]}
        here "$against" || missing 'the commit that this pull request would be merged into'
    else
        against=$(git merge-base "refs/remotes/origin/$BASE_BRANCH" HEAD) ||
            missing 'the commit that this pull request started from'
    fi
elif [ -z "$against" ]; then
    for earlier in "$BEFORE" "$(parents | head -n 1)"; do
        if [ -n "$earlier" ] && here "$earlier"; then
            against=$earlier
            break
        fi
    done
fi
if [ -z "$against" ]; then
    printf '::notice title=modelspec plan::there is no earlier commit to compare with, so there is no plan\n'
    exit 0
fi

printf 'base=%s\n' "$against" >>"$GITHUB_OUTPUT"

# What a scheduled job has committed to the base repository, whose branches are the remote's: never a file of the change.
usage=$RUNNER_TEMP/modelspec-usage.json.gz
weighed=()
if git cat-file -e refs/remotes/origin/modelspec-usage:usage.json.gz 2>/dev/null; then
    git cat-file blob refs/remotes/origin/modelspec-usage:usage.json.gz >"$usage"
    weighed=(--replay "$usage")
fi

plan=$RUNNER_TEMP/modelspec-plan.md
code=0
"$MODELSPEC" plan --root "$ROOT" --base "$against" "${weighed[@]}" --format markdown >"$plan" || code=$?
if [ ! -s "$plan" ]; then
    printf '**modelspec could not make a plan.** The log of the run says why.\n' >"$plan"
fi
cat "$plan" >>"$GITHUB_STEP_SUMMARY"
case $code in
    0) changed=false ;;
    10) changed=true ;;
    *) changed= ;;
esac
printf 'plan=%s\nchanged=%s\n' "$plan" "$changed" >>"$GITHUB_OUTPUT"
if [ -z "$changed" ]; then
    printf '::error title=modelspec plan::the plan has errors or breaks a guard; the summary of the run shows it\n'
    exit "$code"
fi
