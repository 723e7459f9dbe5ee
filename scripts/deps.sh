#!/bin/sh
# Installs the programs that opsledger runs or is tested with, if any is missing:
#   scripts/deps.sh unit    BIND's checking programs
#   scripts/deps.sh run     the same, PostgreSQL server, named and its tools, curl
#   scripts/deps.sh test    the same, a C compiler (the race detector needs one), OpenLDAP's server, Chromium, a Chinese font
#   scripts/deps.sh interop what `run` has, and programs that speak DNS with opsledger
# Debian's packages, as root or by sudo; otherwise it says what to install.
set -eu

pg_bin() {
    command -v initdb >/dev/null 2>&1 && return 0
    for dir in /usr/lib/postgresql/*/bin; do
        [ -x "$dir/initdb" ] && return 0
    done
    return 1
}

missing=
need() { missing="$missing $1"; }
installed() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

purpose=${1:-run}
installed named-checkconf || need bind9-utils
if [ "$purpose" != unit ]; then
    pg_bin || need postgresql
    installed named || need bind9
    installed dig || need bind9-dnsutils
    installed curl || need curl
fi
if [ "$purpose" = test ]; then
    installed gcc || missing="$missing gcc libc6-dev"
    installed slapd || need slapd
    installed chromium || need chromium
    [ -d /usr/share/fonts/truetype/wqy ] || need fonts-wqy-microhei # Chinese in the pictures of the console
    installed git || need git
    installed svnadmin || need subversion
fi
if [ "$purpose" = interop ]; then
    for program in pebble lego certbot nsd; do
        installed $program || need $program
    done
    installed knotd || need knot
    installed kea-dhcp-ddns || need kea-dhcp-ddns-server
    [ -d /usr/lib/python3/dist-packages/certbot_dns_rfc2136 ] || need python3-certbot-dns-rfc2136
fi
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    as_root=sudo
else
    echo "opsledger needs:$missing. Install it as root: apt-get update && apt-get install$missing" >&2
    exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "opsledger needs:$missing. Install what your system calls these Debian packages." >&2
    exit 1
fi

# Only the programs are wanted: no system service is started by the installation,
# and no default database cluster is made.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
    trap '$as_root rm -f $policy' EXIT
fi
case "$missing" in *postgresql*)
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        $as_root mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi ;;
esac
case "$missing" in *slapd*)
    # Nor a default directory.
    echo 'slapd slapd/no_configuration boolean true' | $as_root debconf-set-selections ;;
esac

echo "installing:$missing"
$as_root apt-get update -q
# shellcheck disable=SC2086 # a list of package names
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
    -o Dpkg::Options::=--force-confold $missing
