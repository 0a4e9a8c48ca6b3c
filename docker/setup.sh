#!/bin/sh
# Installs categories of Pipfile.lock into a virtual environment with pipenv.   usage: setup.sh DIRECTORY CATEGORY...
# The runners call it for .venv. State in DIRECTORY: `.incomplete` exists while a set-up runs and after an interrupted
# one; `.locked-CATEGORY` holds the checksum of the Pipfile.lock from which CATEGORY was installed completely.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=docker/runner_lib.sh
. "$here/docker/runner_lib.sh"
mkdir -p "$1" "$here/.local" || die "$1: cannot create this directory" "Check its owner and the disk space."
venv=$(CDPATH='' cd -P -- "$1" && pwd)
shift
pipenv=$here/.local/pipenv log=$here/.local/setup.log
python=$(find_python) || exit
started=$(date +%s)

# usage: lock   hold the lock until this process and pipenv end; Python, because not every system has flock(1)
lock() {
    exec 9>>"$here/.local/setup.lock"
    if ! "$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>/dev/null; then
        echo "Waiting for another set-up to finish." >&2
        "$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
    fi
}

# usage: logged COMMAND...   run a command; its output goes to the log
logged() {
    "$@" >>"$log" 2>&1 </dev/null
}

# usage: fail   report the last error in the log and exit; a .venv in which nothing changed stays valid
fail() {
    rm -rf "$TMPDIR"
    [ -z "$installed" ] || [ "$installed" != "$(ls "$venv"/lib/*/site-packages)" ] || rm -f "$venv/.incomplete"
    error=$(grep -i 'error' "$log" | tail -n 1)
    die "setting up $venv failed: ${error:-$(tail -n 1 "$log")}" "Check network and disk space. All output: $log."
}

# usage: find_missing CATEGORY...   print the categories that are not installed from the present Pipfile.lock
find_missing() {
    for category in "$@"; do is_installed "$venv" "$category" || printf '%s ' "$category"; done
}

# usage: prepare_directory   empty the directory unless it holds a valid environment made from the present Pipfile.lock
prepare_directory() {
    reason=
    if [ -e "$venv/.incomplete" ]; then
        reason="the last set-up was interrupted"
    elif [ -n "$(ls "$venv")" ]; then
        set -- "$venv"/.locked-*
        [ -e "$1" ] || die "$venv was not created by this project" "Move it away."
        for stamp; do is_installed "$venv" "${stamp##*/.locked-}" || reason="Pipfile.lock has changed"; done
        python_starts "$venv" || reason="its Python is gone"
        [ -n "$reason" ] || return 0
    fi
    [ -z "$reason" ] || echo "Creating $venv again: $reason." >&2
    touch "$venv/.incomplete"
    find "$venv" -mindepth 1 -maxdepth 1 ! -name .incomplete -exec rm -rf {} +
}

# usage: install_pipenv   once, in a separate environment, with the versions and hashes of docker/pipenv.txt
install_pipenv() {
    if cmp -s "$here/docker/pipenv.txt" "$pipenv/.locked" && "$pipenv/bin/python" -c '' 2>/dev/null; then return; fi
    rm -rf "$pipenv"
    logged "$python" -m venv "$pipenv" &&
        logged "$pipenv/bin/python" -m pip install --no-deps --require-hashes --no-compile -r "$here/docker/pipenv.txt" &&
        cp "$here/docker/pipenv.txt" "$pipenv/.locked"
}

# usage: export_pip_settings   pipenv reads only the index from pip's configuration files; pass the way to it as variables
export_pip_settings() {
    settings=$("$pipenv/bin/python" -m pip config list 2>/dev/null || true)
    for name in cert client-cert proxy trusted-host; do
        value=$(printf '%s\n' "$settings" | sed -n "s/^global\.$name='\(.*\)'\$/\1/p")
        [ -z "$value" ] || export "PIP_$(printf %s "$name" | tr 'a-z-' 'A-Z_')=$value"
    done
}

lock
if is_ready "$venv" "$@"; then exit; fi # another set-up has finished meanwhile
prepare_directory
missing=$(find_missing "$@")
"$python" -c 'import ensurepip' 2>/dev/null ||
    die "$("$python" --version) cannot create an environment: it has no ensurepip" "Install the package python3-venv."
version=$("$python" -c 'import platform; print(platform.python_version())')
echo "Installing ${missing% } into ${venv##*/} (Python $version, once)." >&2
TMPDIR=$here/.local/tmp # building pyspark needs 2 GB, more than some /tmp file systems have
PIP_NO_COMPILE=1        # Python compiles what it imports
PIP_NO_BUILD_ISOLATION=0 # that is pip's spelling of: build with the locked setuptools
export TMPDIR PIP_NO_COMPILE PIP_NO_BUILD_ISOLATION
mkdir -p "$TMPDIR"
: >"$log"
installed=$(ls "$venv"/lib/*/site-packages 2>/dev/null || true)
touch "$venv/.incomplete"
install_pipenv || fail
[ -n "$installed" ] || logged "$python" -m venv --without-pip "$venv" || fail
export_pip_settings
VIRTUAL_ENV=$venv PIPENV_PIPFILE=$here/Pipfile PIPENV_VERBOSITY=-1
export VIRTUAL_ENV PIPENV_PIPFILE PIPENV_VERBOSITY
logged "$pipenv/bin/python" -m pipenv sync --categories "$missing" || fail
for category in $missing; do lock_checksum >"$venv/.locked-$category"; done
rm -rf "$TMPDIR"
rm "$venv/.incomplete"
echo "${venv##*/} is ready after $(($(date +%s) - started)) s." >&2
