#!/usr/bin/env bash
# Which packages are asked for, and what a person without sudo is told.
set -euo pipefail
root=$1
installer=$root/installer
. "$installer/parts/say.sh"
. "$installer/parts/packages.sh"

wrong() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

packages_of 12 gimp | grep -qx libgimp2.0-dev || wrong "Debian 12 needs GIMP 2.10's library"
packages_of 13 gimp | grep -qx libgimp-3.0-dev || wrong "Debian 13 needs GIMP 3's library"
if packages_of 13 build core gimp krita test | grep -qx libgimp2.0-dev; then wrong "Debian 13 has no GIMP 2.10"; fi
if packages_of 12 build core | grep -qE '[^a-z0-9.+-]'; then wrong "a comment came through as a package"; fi
[ "$(printf 'bash\nno-such-package-at-all\n' | missing_packages)" = no-such-package-at-all ] ||
    wrong "one of two packages is missing"

# Neither root nor sudo: the exact line to run, and a failure.
find_root() { return 1; }
missing_packages() { printf 'first-missing\nsecond-missing\n'; }
debian_release() { printf 12; }
if told=$( (need_packages core) 2>&1); then wrong "missing packages must stop it"; fi
[[ $told == *"apt-get install --no-install-recommends first-missing second-missing"* ]] ||
    wrong "no line to run in: $told"

# Any other system is refused in words.
debian_release() { return 1; }
if told=$( (need_packages core) 2>&1); then wrong "an unknown system must be refused"; fi
[[ $told == *"not Debian 12 or 13"* && $told == *--no-packages* ]] || wrong "unclear: $told"
