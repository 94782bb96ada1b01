#!/usr/bin/env bash
# Writes pythons.txt: for which versions of CPython, from 3.11 on, every package of dev.txt has a wheel. Part of
# `make lock`; $1 is uv. A version newer than that must not be taken by `make setup`, since nothing is built there.

set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
uv="$1"

# Whether wheels for version $1 exist on every given platform.
wheels() {
  local version="$1" platform; shift
  for platform in "$@"; do
    "$uv" pip compile "$here/dev.txt" --quiet --no-build --no-header --python-version "$version" \
      --python-platform "$platform" --output-file /dev/null >/dev/null 2>&1 || return 1
  done
}

lines=()
for minor in $(seq 11 30); do
  systems=""
  if wheels "3.$minor" x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu; then systems+=" Linux"; fi
  if wheels "3.$minor" aarch64-apple-darwin; then systems+=" Darwin"; fi
  [ -n "$systems" ] || break
  lines=("3.$minor$systems" "${lines[@]}")
done
[ "${#lines[@]}" -gt 0 ] || { echo "lock: not even CPython 3.11 has a wheel of everything" >&2; exit 1; }
{
  echo "# Written by make lock: the versions of CPython for which every locked package has a wheel, and on which systems."
  echo "# The newest of them is the upper bound of make setup: nothing is built there, so a newer one would find no wheels."
  printf '%s\n' "${lines[@]}"
} >"$here/pythons.txt"
