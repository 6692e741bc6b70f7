# The editors' plug-ins. Sourced, not run.

stage_gimp() {
    if [ "$scope" = user ]; then make_gimp_profiles; fi
    if [ -n "$gimp2_prefix" ]; then stage gimp2 "$gimp2_prefix"; fi
    if [ -n "$gimp3_prefix" ]; then stage gimp3 "$gimp3_prefix"; fi
    warn_unless_staged 'plug-ins/lowkey/lowkey' GIMP
}

# warn_unless_staged FILE EDITOR: a plug-in that was not built is no reason to stop, but to say so.
warn_unless_staged() {
    [ -z "$(find "$staged" -path "*/$1" -print -quit)" ] || return 0
    warn "The $2 plug-in is left out: this build has none. The rest goes on."
}

# GIMP takes over settings of an older version only while its folder does not exist yet: let it come
# first, then put the plug-in there.
make_gimp_profiles() {
    local console
    for console in gimp-console-2.10:"$gimp2_prefix" gimp-console-3.0:"$gimp3_prefix"; do
        if [ -d "${console#*:}" ] || ! command -v "${console%%:*}" >/dev/null; then continue; fi
        say "Letting GIMP make its settings folder ${console#*:} first."
        case ${console%%:*} in
        *-2.10) timeout 120 gimp-console-2.10 -i -d -f -b '(gimp-quit 0)' ;;
        *) timeout 120 gimp-console-3.0 -i -d -f --quit --batch-interpreter=plug-in-script-fu-eval -b '#t' ;;
        esac >>"$build/install.log" 2>&1 </dev/null || true
    done
}

stage_krita() {
    stage krita "$krita_prefix"
    warn_unless_staged 'kritaplugins/kritalowkey.so' Krita
}
