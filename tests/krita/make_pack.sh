#!/bin/sh
# make_pack.sh LOWKEY-PACK MODELS PACK
set -eu
rm -rf "$3"
if [ -d "$2" ]; then exec "$1" convert "$2" "$3"; fi
exec "$1" random "$3"
