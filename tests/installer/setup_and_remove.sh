#!/usr/bin/env bash
# Installs this build for a person whose folders have spaces and umlauts in their names, twice, and
# removes it: afterwards everything is as it was before.
set -euo pipefail
root=$1 build=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export HOME="$scratch/Jörg Müller" XDG_CONFIG_HOME='' XDG_DATA_HOME='' XDG_CACHE_HOME=''
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME GIMP2_DIRECTORY GIMP3_DIRECTORY SUDO_USER LOWKEY_BUILD

wrong() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}
files() { (cd "$HOME" && find . ! -type d | sort); }

# A GIMP profile and a program that were there before.
mkdir -p "$HOME/.local/bin" "$HOME/.config/GIMP/2.10/plug-ins/other" "$HOME/.config/GIMP/3.0"
printf 'mine' >"$HOME/.local/bin/other"
printf 'mine' >"$HOME/.local/bin/krita"
printf 'mine' >"$HOME/.config/GIMP/2.10/plug-ins/other/other"
before=$(files)

setup_with_photo=("$root/installer/setup" --no-packages --no-build --build "$build")
setup=("${setup_with_photo[@]}" --no-photo)
"${setup[@]}" >"$scratch/log" 2>&1 </dev/null || wrong "setup: $(cat "$scratch/log")"
once=$(files)
"$HOME/.local/bin/lowkey" --help | grep -qi cloak || wrong "the installed command does not run"
[ -z "$(ls -d "$build"/plugin_gimp/gimp2/lowkey/lowkey 2>/dev/null)" ] ||
    [ -x "$HOME/.config/GIMP/2.10/plug-ins/lowkey/lowkey" ] || wrong "the GIMP 2.10 plug-in is not installed"
[ -z "$(ls -d "$build"/plugin_gimp/gimp3/lowkey/lowkey 2>/dev/null)" ] ||
    [ -x "$HOME/.config/GIMP/3.0/plug-ins/lowkey/lowkey" ] || wrong "the GIMP 3 plug-in is not installed"
[ "$(stat -c %a "$HOME/.local/bin/lowkey")" = 755 ] || wrong "the command's mode is not 755"

# A file that an earlier version installed and this one has not goes; a second run changes nothing else.
manifest=$HOME/.local/share/lowkey/installed.txt
printf 'old' >"$HOME/.local/share/lowkey/of-an-old-version"
printf '%s\n' "$HOME/.local/share/lowkey/of-an-old-version" >>"$manifest"
mkdir -p "$HOME/.cache/lowkey/results"
printf 'old' >"$HOME/.cache/lowkey/results/of-an-old-version"
mkdir -p "$build/first-photo"
printf 'old' >"$build/first-photo/one_face.cloaked.jpg"
"${setup_with_photo[@]}" >"$scratch/log" 2>&1 </dev/null || wrong "second setup: $(cat "$scratch/log")"
[ "$(head -c 4 "$build/first-photo/one_face.cloaked.jpg")" != old ] || wrong "the second setup's photo is the first one's"
[ "$(files)" = "$once" ] || wrong "the second run left other files: $(diff <(files) <(printf '%s\n' "$once"))"

"$root/installer/remove" >"$scratch/log" 2>&1 </dev/null || wrong "remove: $(cat "$scratch/log")"
[ "$(files)" = "$before" ] || wrong "remove left or took: $(diff <(printf '%s\n' "$before") <(files))"
[ "$(cat "$HOME/.local/bin/other" "$HOME/.local/bin/krita")" = minemine ] || wrong "a file of the person's own was changed"
[ ! -e "$HOME/.local/share/lowkey" ] || wrong "an empty folder was left"
"$root/installer/remove" | grep -q 'Nothing to remove' || wrong "removing twice must be no error"

# Packs that are kept can be removed later.
"${setup[@]}" >"$scratch/log" 2>&1 </dev/null || wrong "setup before keeping packs: $(cat "$scratch/log")"
"$root/installer/remove" --keep-packs >"$scratch/log" 2>&1 </dev/null || wrong "remove --keep-packs: $(cat "$scratch/log")"
[ -e "$HOME/.local/share/lowkey/packs/default/manifest.json" ] || wrong "the packs were not kept"
[ ! -e "$HOME/.local/bin/lowkey" ] || wrong "more than the packs was kept"
"$root/installer/remove" >"$scratch/log" 2>&1 </dev/null || wrong "remove after --keep-packs: $(cat "$scratch/log")"
[ "$(files)" = "$before" ] || wrong "kept packs could not be removed: $(diff <(printf '%s\n' "$before") <(files))"

# Where there is no pack, none is kept.
mkdir -p "$(dirname "$manifest")"
printf '%s\n' "$manifest" >"$manifest"
"$root/installer/remove" --keep-packs >"$scratch/log" 2>&1 </dev/null || wrong "remove --keep-packs without packs: $(cat "$scratch/log")"
[ "$(files)" = "$before" ] || wrong "remove --keep-packs left: $(diff <(printf '%s\n' "$before") <(files))"

# What was remembered of pictures goes even where nothing is listed as installed.
mkdir -p "$HOME/.cache/lowkey/results"
"$root/installer/remove" >/dev/null 2>&1
[ ! -e "$HOME/.cache/lowkey/results" ] || wrong "cloaked faces were left in the cache"

# Without a krita of the person's own there is one that starts the system's with the plug-in, from a
# folder with a space in its name, too.
rm "$HOME/.local/bin/krita"
"${setup[@]}" >"$scratch/log" 2>&1 </dev/null || wrong "third setup: $(cat "$scratch/log")"
if [ -e "$HOME/.local/bin/krita" ]; then
    named=$(eval "$(grep '^lowkey=' "$HOME/.local/bin/krita")" && printf '%s' "$lowkey")
    [ -e "$named" ] || wrong "krita looks for the plug-in at $named"
    for entry in "$HOME"/.local/share/applications/*krita*.desktop; do
        [ -e "$entry" ] || continue
        ! grep '^Exec=' "$entry" | grep -qv "^Exec=\"$HOME/.local/bin/krita\"" || wrong "$entry starts something else: $(grep '^Exec=' "$entry")"
    done
fi
"$root/installer/remove" >"$scratch/log" 2>&1 </dev/null || wrong "third remove: $(cat "$scratch/log")"

# A folder of someone else's is not emptied for a Debian to be made in.
if [ "$(id -u)" = 0 ]; then
    for folder in "$scratch/data" "$scratch/lowkey/docs"; do
        mkdir -p "$folder"
        printf 'mine' >"$folder/file"
        ! "$root/installer/debian" 13 --folder "$folder" >"$scratch/log" 2>&1 || wrong "a Debian was made in $folder"
        grep -q 'Name another folder' "$scratch/log" || wrong "installer/debian says: $(cat "$scratch/log")"
        [ "$(cat "$folder/file")" = mine ] || wrong "installer/debian took a file of someone else's from $folder"
    done
fi
