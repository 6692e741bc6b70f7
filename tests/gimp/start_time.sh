#!/usr/bin/env bash
# Start time of gimp-console-2.10 with and without the plug-in, in turns: prints both medians and
# their ratio. Timings are noisy, so this is a measurement and not a test.
#
#   start_time.sh PLUGINS [ROUNDS]     PLUGINS: folder that has lowkey/lowkey in it
set -euo pipefail
plugins=$1 rounds=${2:-15}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
system=$(pkg-config --variable=gimplibdir gimp-2.0)/plug-ins
mkdir -p "$folder"/with{,out}/{brushes,dynamics,gradients,palettes,patterns,tool-presets}
printf '(plug-in-path "%s:%s")\n' "$system" "$plugins" >"$folder/with/gimprc"
printf '(plug-in-path "%s")\n' "$system" >"$folder/without/gimprc"
start() { # PROFILE: seconds
    local begin=$EPOCHREALTIME
    GIMP2_DIRECTORY=$folder/$1 gimp-console-2.10 -i -d -f -b '(gimp-quit 0)' >/dev/null 2>&1 </dev/null || true
    echo "$EPOCHREALTIME $begin" | awk '{printf "%.3f\n", $1 - $2}'
}
median() { sort -n "$1" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
for profile in with without; do start $profile >/dev/null; done    # the first start asks each plug-in
for _ in $(seq "$rounds"); do
    for profile in with without; do start $profile >>"$folder/$profile.times"; done
done
with=$(median "$folder/with.times") without=$(median "$folder/without.times")
awk -v a="$with" -v b="$without" 'BEGIN {printf "with %.3f s, without %.3f s, ratio %.3f\n", a, b, a / b}'
