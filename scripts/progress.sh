#!/bin/sh
# Runs a command that may be silent for minutes, and says every five seconds that
# it still runs:
#   scripts/progress.sh "building" go build ./...
what=$1
shift
(
    seconds=0
    # $$ is this script, also in here: without it there is nothing to tell.
    while sleep 5 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
        seconds=$((seconds + 5))
        echo "$what: $seconds s"
    done
) &
ticker=$!
trap 'kill $ticker 2>/dev/null' EXIT
"$@"
