#!/usr/bin/env bash
# Installs the programs that tests talk to and that no Python package brings: a real SFTP server, PostgreSQL, a browser
# with a Japanese font, PDF readers, and a spreadsheet program.
# Only what is missing, from Debian's packages; as root, or with sudo.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin"

missing=()
need() { # need COMMAND PACKAGE
    if ! command -v "$1" >/dev/null 2>&1; then missing+=("$2"); fi
}
need sshd openssh-server
need sftp openssh-client
need ssh-keygen openssh-client
need pdftotext poppler-utils
need pdftoppm poppler-utils
need chromium chromium
# The spreadsheet alone, without windows.
need soffice libreoffice-calc-nogui
# Not on anybody's PATH in Debian: the programs of each version lie in a folder of their own.
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing+=(postgresql)
# Without a Japanese font a browser shows boxes, and widths are nobody's.
if ! command -v fc-list >/dev/null 2>&1 || [ -z "$(fc-list :lang=ja family)" ]; then missing+=(fontconfig fonts-ipaexfont-gothic); fi

[ "${#missing[@]}" -gt 0 ] || exit 0
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)

if ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need these Debian packages or their like: ${missing[*]}" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "Install as root: apt-get install ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
fi
# Debian's PostgreSQL would make and start a cluster of the machine; nothing needs that one.
if [[ " ${missing[*]} " == *" postgresql "* && ! -e /etc/postgresql-common/createcluster.conf ]]; then
    "${as_root[@]}" mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
# invoke-rc.d obeys policy-rc.d; the tests start their own server on loopback, the system's need not run.
install() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 UCF_FORCE_CONFFOLD=1 \
    apt-get install -y -qq --no-install-recommends "${missing[@]}"; }
echo "tests: installing ${missing[*]}"
install >/dev/null 2>&1 || { "${as_root[@]}" apt-get update -qq && install; }
