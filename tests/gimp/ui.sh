#!/usr/bin/env bash
# Drives a real GIMP 2.10 or 3 under Xvfb as a person would: menu, dialog, faces, preview, cloak, undo,
# repeat, cancel. Keeps a screenshot of every step.
#
#   ui.sh 2|3 PLUGINS COMMAND PACK PICTURE FOLDER
#
#   PLUGINS  folder that has lowkey/lowkey in it    COMMAND  the lowkey command    PACK  its model pack
#   PICTURE  a photo with one face                  FOLDER   for profile and screenshots
set -euo pipefail
version=$1 plugins=$2 command=$3 pack=$4 picture=$5 folder=$6
case $version in 2) editor=gimp-2.10 package=gimp-2.0 ;; 3) editor=gimp-3.0 package=gimp-3.0 ;; *) exit 2 ;; esac
for program in $editor Xvfb xdotool openbox import compare; do
    command -v "$program" >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
done
rm -rf "$folder"
mkdir -p "$folder/profile" "$folder/plug-ins"
fail() { echo "FAILED: $*"; exit 1; }
shot() { import -window root "$folder/$1.png"; }
trap 'echo "FAILED in line $LINENO: $BASH_COMMAND"; shot failed || true' ERR

# Only what the test needs: GIMP starts quickly and the Filters menu ends in Privacy.
system=$(pkg-config --variable=gimplibdir $package)/plug-ins
for name in file-png file-jpeg; do ln -s "$system/$name" "$folder/plug-ins/$name"; done
ln -s "$plugins/lowkey" "$folder/plug-ins/lowkey"
printf '(plug-in-path "%s")\n' "$folder/plug-ins" >"$folder/profile/gimprc"
export GIMP2_DIRECTORY=$folder/profile GIMP3_DIRECTORY=$folder/profile LOWKEY_COMMAND=$command LOWKEY_PACK=$pack LC_ALL=C.UTF-8

Xvfb -displayfd 4 -screen 0 1280x960x24 -nolisten tcp 4>"$folder/display" >/dev/null 2>&1 &
started=($!)
# GIMP 3 can hang when asked to end without its display.
trap 'kill -KILL "${started[@]}" 2>/dev/null || true; wait 2>/dev/null || true' EXIT
for _ in $(seq 50); do [ -s "$folder/display" ] && break; sleep .1; done
export DISPLAY=:$(cat "$folder/display")
openbox >/dev/null 2>&1 &
started+=($!)
$editor -s -d -f "$picture" >"$folder/gimp.log" 2>&1 &
started+=($!)

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep .2; done
}
# A window that closes while xdotool looks at it makes it fail as if there were none.
window() {
    for _ in 1 2 3 4 5; do
        if xdotool search --onlyvisible --name "$1" 2>"$folder/xdotool.log"; then return 0; fi
        grep -q BadWindow "$folder/xdotool.log" || return 1
        sleep .2
    done
    return 1
}
no_window() { ! window "$1"; }
# The picture on the canvas, without the frame around it that moves.
canvas() { import -window "$gimp" -crop 300x300+430+330 +repage "$folder/$1.png"; }
differing() { compare -metric AE "$folder/$1.png" "$folder/$2.png" null: 2>&1 || true; }
worker() { pgrep -f "^$command worker" | head -1; }
open_dialog() {
    xdotool windowfocus --sync "$gimp"
    xdotool key F10 && sleep .3
    for _ in 1 2 3 4 5 6 7 8; do xdotool key Right; sleep .05; done
    xdotool key Up && sleep .4      # from the top, round to the last entry: Privacy
    xdotool key Right && sleep .4
    shot "$1"
    xdotool key Return
    wait_for 20 window '^LowKey$' || { shot no-dialog; fail "the menu did not open the dialog"; }
}
press() { # NAME KEY: in the dialog
    xdotool windowfocus --sync "$(window '^LowKey$' | tail -1)"
    xdotool key "$1"
}

wait_for 180 window 'imported.*GIMP$' || { shot no-gimp; fail "GIMP did not show the picture"; }
sleep 2
# GIMP 3 greets a new profile; GTK 3 takes keys only in the focused window.
if [ "$version" = 3 ] && wait_for 20 window '^Welcome to GIMP'; then
    welcome=$(window '^Welcome to GIMP' | tail -1)
    xdotool windowfocus --sync "$welcome" key --window "$welcome" Escape
    wait_for 10 no_window '^Welcome to GIMP' || fail "the welcome stays"
fi
gimp=$(window 'imported.*GIMP$' | tail -1)
xdotool windowmove --sync "$gimp" 0 0 windowsize --sync "$gimp" 1270 930
sleep 1
xdotool mousemove 1150 900    # the pointer's brush would show on the canvas
sleep 1
canvas clean

# The comparison shows "after" once it differs from its first state.
comparison() { import -window "$(window '^LowKey$' | tail -1)" -crop 300x250+390+40 +repage "$folder/$1.png"; }
# Faces are found once a face is shown there: many colours where there was one.
faces_found() { comparison now && [ "$(identify -format %k "$folder/now.png")" -gt 1000 ]; }
preview_shown() { comparison now && [ "$(differing before now)" != 0 ]; }
iterations() {
    press alt+i
    xdotool key ctrl+a type "$1"
    xdotool key Tab
    sleep .3
}
accept() {
    press alt+o
    wait_for 10 no_window '^LowKey$' || fail "OK did not close the dialog"
}
cloaked() { canvas now && [ "$(differing clean now)" != 0 ]; }
clean() { canvas now && [ "$(differing clean now)" = 0 ]; }

echo "From the menu to the dialog; its preview comes by itself"
open_dialog menu
wait_for 60 faces_found || { shot no-faces; fail "no face was found"; }
comparison before
iterations 5    # enough to change pixels, and quick
wait_for 120 preview_shown || { shot no-preview; fail "no preview came"; }
sleep .5
shot dialog

echo "A click leaves the face out, and another takes it in again"
eval "$(xdotool getwindowgeometry --shell "$(window '^LowKey$' | tail -1)")"
xdotool mousemove $((X + 178)) $((Y + 165)) click 1
sleep 1
shot face-off
xdotool mousemove $((X + 178)) $((Y + 165)) click 1 mousemove 1150 900
wait_for 120 preview_shown || { shot no-preview; fail "no preview came"; }

echo "Cloak, undo, redo"
accept
wait_for 60 cloaked || { shot not-cloaked; fail "the layer did not change"; }
sleep 1
canvas cloaked
shot after-cloak
xdotool key ctrl+z
wait_for 10 clean || { shot not-undone; fail "one undo did not bring the clean layer back"; }
xdotool key ctrl+y
wait_for 10 cloaked || fail "redo did not bring the cloak back"
xdotool key ctrl+z
wait_for 10 clean || fail "the second undo failed"

echo "Repeat with the last values gives the same pixels"
xdotool key ctrl+f
wait_for 120 cloaked || { shot not-repeated; fail "repeat changed nothing"; }
sleep 1
canvas repeated
[ "$(differing cloaked repeated)" = 0 ] || fail "repeat gave other pixels"
xdotool key ctrl+z
wait_for 10 clean || fail "the repeated cloak was not undone"

if [ "$version" = 3 ]; then
    echo "GIMP's own saved settings bring the numbers back, and with them the pixels"
    open_dialog menu-settings
    wait_for 60 faces_found || { shot no-faces; fail "no face was found"; }
    iterations 5
    press alt+s    # Save Settings
    sleep .5
    iterations 9
    press alt+e    # another preset, with numbers of its own
    xdotool key Down
    sleep .5
    shot settings-changed
    press alt+l    # Load Saved Settings
    sleep .5
    shot settings-loaded
    accept
    wait_for 120 cloaked || { shot not-loaded; fail "the layer did not change"; }
    sleep 1
    canvas loaded
    [ "$(differing cloaked loaded)" = 0 ] || fail "the saved settings gave other pixels"
    xdotool key ctrl+z
    wait_for 10 clean || fail "the cloak with saved settings was not undone"
fi

echo "Help is there; cancel ends the worker at once and changes nothing"
open_dialog menu-again
wait_for 60 faces_found || { shot no-faces; fail "no face was found"; }
press alt+h
wait_for 10 window '^LowKey help$' || { shot no-help; fail "the help button shows nothing"; }
shot help
help=$(window '^LowKey help$' | tail -1)
xdotool windowfocus --sync "$help" key Escape
wait_for 10 no_window '^LowKey help$' || fail "the help stays"
iterations 500
accept
wait_for 30 worker || fail "no worker started"
sleep 4
shot progress
gone() { ! worker; }
xdotool mousemove 1012 924 click 1    # Cancel in the status bar
wait_for 2 gone || { shot not-cancelled; fail "the worker still runs"; }
sleep 1
shot after-cancel
clean || fail "a cancelled cloak changed the layer"
echo "all steps passed"
