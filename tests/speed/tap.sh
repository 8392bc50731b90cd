#!/bin/bash
# A tap that costs as little as a tap can: it prints $SPEED_COPIES times the file $SPEED_LINES.
# Its CPU so far, its children's too, goes to the end of $SPEED_TIMES, which tells it from ours.
# (bash, since other shells tell times by the hundredth of a second.)
trap 'times >>"$SPEED_TIMES"' EXIT
for word; do
    case $word in
        --help)
            echo "usage: tap [--config FILE] [--discover] [--catalog FILE] [--state FILE]"
            exit 0
            ;;
        --about) exit 2 ;;
        --discover)
            cat "$SPEED_CATALOG"
            exit
            ;;
    esac
done
files=()
for ((copy = 0; copy < SPEED_COPIES; copy++)); do files+=("$SPEED_LINES"); done
cat "${files[@]}"
