#!/bin/sh
# The programs of `make interop` that are Go modules, and its table:
#   scripts/interop.sh build <folder>   builds those that are not there yet in their versions
#   scripts/interop.sh table <folder>   prints what the tests wrote into the file table there
# Each is built in a module of its own, so that nothing of it comes near go.mod. What cannot be
# built leaves a file that says why, and the others are tried all the same.
set -eu

programs="
dnscontrol   github.com/StackExchange/dnscontrol/v4        v4.20.0
external-dns sigs.k8s.io/external-dns                      v0.21.0
"
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$2"
folder=$(cd "$2" && pwd)

build() { # build <name> <package> <version>
    done="$folder/$1.built"
    [ "$(cat "$done" 2>/dev/null)" != "$2@$3" ] || return 0
    rm -f "$folder/$1" "$folder/$1.missing"
    work=$(mktemp -d)
    # A module that the graph of external-dns names, and of which nothing is built, is gone for good.
    mkdir "$work/gone"
    printf 'module vbom.ml/util\n' >"$work/gone/go.mod"
    if (cd "$work" && go mod init interop && go mod edit -replace vbom.ml/util=./gone && go get "$2@$3" &&
        CGO_ENABLED=0 "$root/scripts/progress.sh" "building $1" nice go build -trimpath -ldflags '-s -w' -o "$folder/$1" "$2") \
        >"$work/said" 2>&1; then
        echo "$2@$3" >"$done"
    else
        grep -v '^building' "$work/said" | tail -1 >"$folder/$1.missing"
        echo "$1 cannot be built: $(cat "$folder/$1.missing")"
    fi
    rm -rf "$work"
}

case "$1" in
build)
    echo "$programs" | while read -r name package version; do
        [ -z "$name" ] || build "$name" "$package" "$version"
    done
    rm -f "$folder/table"
    ;;
table)
    sort "$folder/table" | awk -F '\t' '
        BEGIN { print "\nprogram        version        result  what was tried" }
        { printf "%-14s %-14s %-7s %s\n", $1, $2, $4, $3 }'
    echo "not tried: cert-manager, which needs Kubernetes, and what neither Debian nor the module proxy has: acme.sh, octoDNS, Terraform's powerdns"
    ;;
esac
