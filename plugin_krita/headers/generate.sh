#!/bin/sh
# Krita's build writes some headers that its source package lacks. generate.sh FOLDER writes them with
# the values Debian's build of Krita has: the first two are part of its binary interface.
set -eu
folder=$1/generated
mkdir -p "$folder"

# One per library: the symbols are imported, so plain default visibility is enough.
grep -rhoE '#include [<"]krita[a-z0-9]*_export\.h[>"]' "$1/libs" "$1/interfaces" 2>/dev/null |
    sed -E 's/.*[<"](.*)_export\.h[>"]/\1/' | sort -u | while read -r library; do
    upper=$(printf %s "$library" | tr '[:lower:]' '[:upper:]')
    cat >"$folder/${library}_export.h" <<END
#pragma once
#define ${upper}_EXPORT __attribute__((visibility("default")))
#define ${upper}_NO_EXPORT __attribute__((visibility("hidden")))
#define ${upper}_DEPRECATED __attribute__((__deprecated__))
#define ${upper}_DEPRECATED_EXPORT ${upper}_EXPORT ${upper}_DEPRECATED
END
done
cat >"$folder/config-hash-table-implementation.h" <<'END'
#pragma once
#define USE_LOCK_FREE_HASH_TABLE 1
END
: >"$folder/config-memory-leak-tracker.h"
cat >"$folder/KoConfig.h" <<'END'
#pragma once
END
# Constructors named with their template arguments, which C++20 no longer allows.
sed -i -E 's/^( *(Partial|Full)?LutKey)<[a-zA-Z_0-9]+>\(/\1(/' "$1/libs/pigment/lut.h"
