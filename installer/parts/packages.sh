# Debian packages by component, from packages/*.txt. Sourced, not run.

# "12" or "13"; nothing on any other system.
debian_release() (
    # shellcheck disable=SC1091
    . /etc/os-release
    [ "${ID:-}" = debian ] && printf %s "${VERSION_ID:-}"
)

# packages_of RELEASE COMPONENT...: a name a line; COMPONENT.RELEASE.txt wins over COMPONENT.txt.
packages_of() {
    local release=$1 component file
    shift
    for component; do
        file=$installer/packages/$component.$release.txt
        [ -e "$file" ] || file=$installer/packages/$component.txt
        sed 's/#.*//' "$file"
    done | tr -s '[:space:]' '\n' | sed '/^$/d' | sort -u
}

missing_packages() {
    local name
    while read -r name; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s\n' "$name"
    done
}

# A mirror or a lock may be busy for a moment; an archive that says no three times means it.
apt_get() {
    local try
    for try in 1 2 3; do
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q \
            -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@" </dev/null && return
        [ "$try" = 3 ] || {
            warn "apt-get $1 failed; trying again in 10 seconds."
            sleep 10
        }
    done
    return 1
}

# How to become root: an array to put before a command; fails if there is no way.
find_root() {
    as_root=()
    [ "$(id -u)" = 0 ] && return
    command -v sudo >/dev/null || return 1
    # Without a terminal sudo cannot ask for the password.
    [ -t 0 ] || sudo -n true 2>/dev/null || return 1
    as_root=(sudo)
}

# need_packages COMPONENT...: installs what is missing, or says exactly what to install and stops.
need_packages() {
    local release missing
    release=$(debian_release) || true
    case $release in
    12 | 13) ;;
    *) fail "this is not Debian 12 or 13, where alone the names of packages are known and tried." \
        "Install what $installer/packages lists by your system's own means, then add --no-packages." ;;
    esac
    mapfile -t missing < <(packages_of "$release" "$@" | missing_packages)
    [ ${#missing[@]} -gt 0 ] || {
        say "All Debian packages that are needed are installed."
        return
    }
    say "These ${#missing[@]} Debian packages are needed and missing (with what they need in turn):"
    printf '%s\n' "${missing[*]}" | fold -s -w 78 | sed 's/^/  /'
    find_root || fail "installing them needs root, and there is no sudo that works here. As root, run:

  apt-get update && apt-get install --no-install-recommends ${missing[*]}

then run this command again."
    [ ${#as_root[@]} -eq 0 ] || say "apt-get installs them; sudo may ask for your password."
    apt_get update || warn "apt-get update did not finish; trying with the lists that are there."
    apt_get install -y --no-install-recommends "${missing[@]}" ||
        fail "apt-get could not install the packages; its own message is above."
}
