# What the runners share. A runner sets `here` (the repository's root) and sources this file.
# shellcheck shell=sh
: "${here:?is set by the runner}"

# usage: die "what is wrong" "what to do" [EXIT_CODE]   one line on stderr; exits with 2 unless told otherwise
die() {
    printf '%s: %s; %s\n' "${0##*/}" "$1" "$2" >&2
    exit "${3:-2}"
}

# usage: python=$(find_python)   the first Python 3.11 or newer that runs; 3.11 first, because Pipfile.lock is tested with it
find_python() {
    for candidate in python3.11 python3 python3.13 python3.12 python3.14 python; do
        if "$candidate" -ISc 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    die "no Python 3.11 or newer on the PATH" "install Python 3.11 (Debian, Ubuntu: apt-get install python3.11-venv)"
}

# usage: venv_is_ready CATEGORY...   true when .venv runs and holds what Pipfile.lock pins (environment.py says how)
venv_is_ready() {
    [ ! -e "$here/.venv/.installing" ] || return 1
    for category in "$@"; do
        cmp -s "$here/Pipfile.lock" "$here/.venv/.locked-$category" || return 1
    done
    "$here/.venv/bin/python" -Ic 'import os, site; os.stat(site.getsitepackages()[0])' >/dev/null 2>&1
}

# usage: ensure_venv CATEGORY...   makes .venv from Pipfile.lock on first use, and after a change of Pipfile.lock
ensure_venv() {
    if ! venv_is_ready "$@"; then
        python=$(find_python) || exit
        "$python" "$here/docker/environment.py" "$@" || exit
    fi
}
