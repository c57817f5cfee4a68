#!/usr/bin/env bash
# Every fault, as an annotation of its line.
set -euo pipefail

# modelspec names files from the root of the fleet, annotations from that of the checkout.
from_checkout() {
    local place=${ROOT#"$PWD"/}
    place=${place#./}
    place=${place%/}
    if [ "$place" = . ] || [ -z "$place" ]; then
        cat
        return
    fi
    # As a property of a workflow command, then as the replacement of sed.
    place=${place//'%'/%25} place=${place//:/%3A} place=${place//,/%2C}
    place=$(printf '%s' "$place" | LC_ALL=C sed -e 's/[\\&|]/\\&/g')
    LC_ALL=C sed -E -e "s|^::(error\|warning\|notice) file=|&$place/|"
}

options=()
if [ "$STRICT" = true ]; then options+=(--strict); fi
"$MODELSPEC" validate --root "$ROOT" --format github "${options[@]}" | from_checkout
