#!/bin/sh
# Prints the packages whose tests start no server, for `make unit`: those that
# reach, in their tests too, none of the packages that start one. The argument is
# the go command.
set -eu
go=${1:-go}
module=$($go list -m)
starting="$module/internal/(testkit|child|privatepg|embeddednats)"

# One line for each package under test, with all that its tests import.
# shellcheck disable=SC2016 # the dollar is the template's
$go list -test -f '{{with .ForTest}}{{.}} {{join $.Deps " "}}{{end}}' ./... |
    awk -v starting="^$starting( |$)" '
        { starts[$1] += 0; for (i = 1; i <= NF; i++) if ($i ~ starting) starts[$1]++ }
        END { for (name in starts) if (!starts[name]) print name }' |
    sort
