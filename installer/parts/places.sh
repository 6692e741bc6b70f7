# Where things are installed, and the list of what was. Sourced, not run.

# choose_places user|system: sets the prefixes, the folder of libraries below them, and the manifest.
choose_places() {
    local config=${XDG_CONFIG_HOME:-$HOME/.config}
    if [ "$1" = system ]; then
        prefix=/usr/local
        krita_prefix=/usr
        libraries=lib/$(cc -print-multiarch 2>/dev/null || true)
        gimp2_prefix=$(pkg-config --variable=gimplibdir gimp-2.0 2>/dev/null) || gimp2_prefix=
        gimp3_prefix=$(pkg-config --variable=gimplibdir gimp-3.0 2>/dev/null) || gimp3_prefix=
    else
        prefix=$HOME/.local
        krita_prefix=$prefix
        libraries=lib
        gimp2_prefix=${GIMP2_DIRECTORY:-$config/GIMP/2.10}
        gimp3_prefix=${GIMP3_DIRECTORY:-$config/GIMP/3.0}
    fi
    manifest=$prefix/share/lowkey/installed.txt
}

# stage COMPONENT PREFIX: the component's files below $staged, as they will lie below /.
stage() {
    DESTDIR=$staged cmake --install "$build" --component "$1" --prefix "$2" --strip >>"$build/install.log"
}

# Puts everything staged in place and removes what an earlier version had and this one has not.
# A running program keeps its old file: tar unlinks before it writes.
install_staged() {
    local new=$build/installed.txt old=$build/installed-before.txt
    if [ -e "$manifest" ]; then cp "$manifest" "$old"; else : >"$old"; fi
    leave_alone "$old"
    mkdir -p "$staged$(dirname "$manifest")"
    : >"$staged$manifest"
    (cd "$staged" && find . ! -type d -printf '/%P\n' | sort) >"$new"
    cp "$new" "$staged$manifest"
    (cd "$staged" && find . ! -type d -print0 | tar -cf - --null --no-recursion -T -) |
        "${as_root[@]}" tar -xf - -C / --no-same-owner --no-overwrite-dir --keep-directory-symlink ||
        fail "the files could not be installed; the message is above."
    { grep -vxFf "$new" "$old" || true; } | remove_listed
}

# Takes from what is staged the files that someone else has put at their place, such as a person's own
# ~/.local/bin/krita. Files named for LowKey are ours, whoever put them there.
leave_alone() {
    local file
    (cd "$staged" && find . ! -type d -printf '/%P\n') | while IFS= read -r file; do
        if [[ ${file#"$HOME"} == */lowkey* ]] || [ ! -e "$file" ] || grep -qxF -- "$file" "$1" || cmp -s -- "$file" "$staged$file"; then continue; fi
        warn "Left alone: $file is there already and not from LowKey. The file for its place is kept out."
        rm -f -- "$staged$file"
    done
}

# Removes the files named on its input, and those folders of ours that this leaves empty.
remove_listed() {
    local file folder
    while IFS= read -r file; do
        case $file in /*) ;; *) continue ;; esac
        "${as_root[@]}" rm -f -- "$file"
        folder=$(dirname "$file")
        while [[ ${folder#"$HOME"} == */lowkey* ]]; do
            "${as_root[@]}" rmdir -- "$folder" 2>/dev/null || break
            folder=$(dirname "$folder")
        done
    done
}
