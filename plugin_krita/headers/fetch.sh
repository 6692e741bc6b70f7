#!/bin/sh
# Puts the headers of the installed Krita into a cache folder, from Debian's own source package:
# Debian ships no development package for Krita. Needs no root and changes nothing of the system.
#   fetch.sh            fetch if not there yet, print the folder
#   fetch.sh --where    print the folder only; exit 1 if no Krita is installed
#   fetch.sh --offline  like fetch, but fail instead of downloading
set -eu
umask 022
here=$(cd "$(dirname "$0")" && pwd)

say() { printf '%s\n' "$*" >&2; }

version=$(dpkg-query -W -f '${source:Version}' krita 2>/dev/null) || version=
if [ -z "$version" ]; then
    say "Krita is not installed: its headers are not needed."
    exit 1
fi
folder=${LOWKEY_KRITA_HEADERS:-${XDG_CACHE_HOME:-$HOME/.cache}/lowkey/krita-headers-${version#*:}}

case "${1:-}" in
--where)
    printf '%s\n' "$folder"
    exit 0
    ;;
esac
if [ -e "$folder/complete" ]; then
    printf '%s\n' "$folder"
    exit 0
fi
if [ "${1:-}" = --offline ]; then
    say "Krita's headers are not in $folder: run $here/fetch.sh with a network connection."
    exit 1
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/lowkey-krita-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/source"

# The archives that this machine already uses, in a list of our own; Debian's if it has none yet.
archives=$(apt-get indextargets --format '$(ORIGIN)|$(REPO_URI) $(CODENAME)' 'Created-By: Packages' \
    2>/dev/null | sed -n 's/^Debian|//p' | sort -u)
if [ -z "$archives" ]; then
    release=$(. /etc/os-release && printf %s "$VERSION_CODENAME")
    archives="http://deb.debian.org/debian $release
http://deb.debian.org/debian-security $release-security"
fi
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keys" ] && signed="[signed-by=$keys] " || signed=
list() { printf '%s\n' "$archives" | sed "s|^|deb-src $signed|; s|\$| main|"; }

ask() {
    program=$1
    shift
    "$program" -q -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work" -o Dir::Cache::Archives="$work/archives" \
        -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3 \
        -o APT::Get::List-Cleanup=0 "$@"
}

download() {
    ask apt-get update && (cd "$work/source" && ask apt-get source --download-only "krita=$version")
}

# The security archive last: once a point release has taken a version over, mirrors of it may name
# the files in its index and no longer hold them.
say "Fetching the source of krita $version for its headers (about 180 MB, once) ..."
list | grep -v -e -security >"$work/sources.list" || true
if ! download >"$work/log" 2>&1; then
    list | grep -e -security >"$work/sources.list" || true
    if ! download >>"$work/log" 2>&1; then
        cat "$work/log" >&2
        say "The source of krita $version could not be fetched. Check the network connection; if the" \
            "archive has a newer krita, upgrade first: apt install krita"
        exit 1
    fi
fi

cd "$work/source"
mkdir "$work/headers"
tar -xf krita_*.orig.tar.* --strip-components=1 -C "$work/headers" --wildcards '*/libs/*.h'
tar -xf krita_*.orig.tar.* --strip-components=1 -C "$work/headers" --wildcards '*/interfaces/*.h' 2>/dev/null || true
"$here/generate.sh" "$work/headers"
printf '%s\n' "$version" >"$work/headers/complete"

mkdir -p "$(dirname "$folder")"
# The folder may have been named by a person: only headers of an earlier fetch make way.
if [ -n "$(ls -A -- "$folder" 2>/dev/null)" ] && [ ! -e "$folder/generated" ]; then
    say "$folder holds something else than Krita's headers. Name another folder in LOWKEY_KRITA_HEADERS."
    exit 1
fi
rm -rf -- "$folder"
mv "$work/headers" "$folder"
printf '%s\n' "$folder"
