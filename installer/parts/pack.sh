# The model pack, and the photo that proves the installation. Sourced, not run.

# The project's own pack; until it exists, one converted from the test material beside the checkout.
stage_pack() {
    local target=$staged$prefix/share/lowkey/packs/default
    if [ -e "$root/models/default/manifest.json" ]; then
        stage pack "$prefix"
    elif [ -d "$root/../shared/models" ]; then
        mkdir -p "$(dirname "$target")"
        "$build/models/convert/lowkey-pack" convert "$root/../shared/models" "$target" ||
            fail "the model pack could not be converted; the message is above."
        say "The model pack is converted from ../shared/models: for testing, not for passing on."
    else
        warn "There is no model pack: neither models/default nor ../shared/models exists. Nothing can be" \
            "cloaked until a pack lies in $prefix/share/lowkey/packs/default."
    fi
}

cloak_first_photo() {
    local photo
    for photo in "$root/tests/data/one_face.jpg" "$root/../shared/photos/img3.jpg"; do
        [ -e "$photo" ] && break
    done
    [ -e "$photo" ] || {
        warn "There is no photo here to try it on; try it on one of yours: lowkey cloak PHOTO"
        return
    }
    mkdir -p "$build/first-photo"
    # An earlier setup's picture may lie there.
    "$prefix/bin/lowkey" cloak --force "$photo" -o "$build/first-photo" ||
        fail "everything is installed, but the photo could not be cloaked; the message is above."
    say "Compare $photo with what now lies in $build/first-photo."
}
