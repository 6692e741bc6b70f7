# Configures and builds. Sourced, not run.

# A file that includes LibTorch takes up to 2 GB to compile: no more jobs at once than memory holds.
job_count() {
    local cores gigabytes jobs
    cores=$(nproc)
    gigabytes=$(awk '/^MemAvailable:/ {print int($2 / 1048576)}' /proc/meminfo)
    jobs=$((gigabytes / 2))
    [ "$jobs" -le "$cores" ] || jobs=$cores
    [ "$jobs" -ge 1 ] || jobs=1
    printf %s "$jobs"
}

# build_with TARGET CMAKE_OPTION...
build_with() {
    local target=$1
    shift
    # What one checkout compiled, another need not.
    export CCACHE_BASEDIR=${CCACHE_BASEDIR-$root}
    mkdir -p "$build" || fail "cannot make the build folder $build; name another one with --build DIR."
    [ -w "$build" ] || fail "the build folder $build is another user's, perhaps root's; name another one with" \
        "--build DIR, or remove it."
    cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release "$@" >"$build/configure.log" 2>&1 || {
        tail -n 40 "$build/configure.log" >&2
        fail "the build could not be configured; all of its messages are in $build/configure.log."
    }
    cmake --build "$build" --target "$target" --parallel "$(job_count)" ||
        fail "the build failed; the message is above. Running the command again goes on where it stopped."
}

# Krita's headers are not in any package; without them there is no Krita plug-in, and all else is built.
fetch_krita_headers() {
    "$root/plugin_krita/headers/fetch.sh" >/dev/null
}
