#!/usr/bin/env bash
# Chooses the CPython for the environment and prints it: the newest on the PATH among those of pythons.txt, or the one
# that $PYTHON names. $1 is the environment; it is removed when it was made with another Python.
#
# Names alone prove nothing (a pyenv shim of a version that is switched off exists and fails; Debian's python3 may lack
# pip), so every candidate is run. Exit 2 when there is none, saying what was found instead.

set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
venv="$1"
versions="$(awk -v os="$(uname -s)" '!/^#/ { for (n = 2; n <= NF; n++) if ($n == os) print $1 }' "$here/pythons.txt")"
if [ -z "$versions" ]; then versions="$(awk '!/^#/ { print $1 }' "$here/pythons.txt")"; fi

# Prints version, prefix and what is wrong with it (nothing when it will do).
probe='
import importlib.util, platform, sys, sysconfig
version = "%d.%d" % sys.version_info[:2]
wrong = ""
if platform.python_implementation() != "CPython":
    wrong = "is " + platform.python_implementation() + ", not CPython"
elif version not in sys.argv[1].split():
    wrong = "is Python " + version
elif sysconfig.get_config_var("Py_GIL_DISABLED"):
    wrong = "is built without the GIL"
elif not all(importlib.util.find_spec(name) for name in ("pip", "venv")):
    wrong = "lacks pip or venv (Debian: apt-get install python3-pip)"
print(version, getattr(sys, "base_prefix", sys.prefix), wrong, sep="\t")
'
ask() { "$1" -c "$probe" "$(echo $versions)" 2>/dev/null || printf '?\t-\tdoes not run\n'; }

if [ -n "${PYTHON:-}" ]; then
  candidates="$PYTHON"
else
  # Every place on the PATH, not only the first: a dead shim must not hide a living interpreter. That of an
  # environment that somebody activated is left out: it is what we are about to make.
  candidates="$(for name in $(printf 'python%s ' $versions) python3 python; do type -ap "$name" || true; done \
    | { grep -vF "$(realpath -m "$venv")/" || true; } | awk '!seen[$0]++')"
fi

found="" chosen="" chosen_version="" chosen_prefix=""
for version in $versions; do newest="${newest:-$version}"; oldest="$version"; done
while IFS= read -r candidate; do
  [ -n "$candidate" ] || continue
  IFS=$'\t' read -r version prefix wrong < <(ask "$candidate")
  if [ -n "$wrong" ]; then found+="  $candidate $wrong"$'\n'; continue; fi
  if [ -z "$chosen" ] || [ "${version#*.}" -gt "${chosen_version#*.}" ]; then
    chosen="$candidate" chosen_version="$version" chosen_prefix="$prefix"
  fi
done <<<"$candidates"

if [ -z "$chosen" ]; then
  echo "No CPython from $oldest to $newest with pip found${PYTHON:+ (PYTHON=$PYTHON is the only one that was tried)}." >&2
  printf '%s' "$found" >&2
  echo "Install one, or name it: make setup PYTHON=/path/to/python$newest" >&2
  exit 2
fi
if [ -e "$venv" ]; then
  IFS=$'\t' read -r version prefix _ < <(ask "$venv/bin/python")
  if [ "$version" != "$chosen_version" ] || [ "$prefix" != "$chosen_prefix" ]; then rm -rf "$venv"; fi
fi
echo "$chosen"
