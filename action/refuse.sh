#!/usr/bin/env bash
# Inputs that are none, and the one event under which a fork's files meet a token that may write.
set -euo pipefail

refuse() {
    printf '::error title=modelspec::%s\n' "$1"
    exit 1
}

if [ "$EVENT" = pull_request_target ]; then
    refuse 'this action does not run on pull_request_target: use pull_request, which is safe on forks'
fi
for switch in STRICT COMMENT; do
    case ${!switch} in
        true | false) ;;
        *) refuse "the input ${switch,,} is true or false" ;;
    esac
done
if [[ ! $ARTIFACT =~ ^[A-Za-z0-9._-]*$ ]]; then
    refuse 'the input artifact-name holds letters, digits and . _ - only'
fi
