# How every command of this folder speaks. Sourced, not run.

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
fail() {
    printf 'Error: %s\n' "$*" >&2
    exit 1
}

# Its comment at the top is a command's help.
help_from() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$1"; }
