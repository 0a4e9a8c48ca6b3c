#!/bin/sh
# Runs every check and every test.   usage: test_runner.sh [--setup | --help | pytest arguments]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
# shellcheck source=docker/runner_lib.sh
. "$here/docker/runner_lib.sh"

usage() {
    cat <<END
usage: test_runner.sh                      every check (ruff, mypy, sqlfluff, shellcheck, hadolint), then every test
       test_runner.sh [pytest arguments]   only pytest, with these arguments; paths start at the repository's root
       test_runner.sh --setup              only makes the full .venv from Pipfile.lock

example:    ./test_runner.sh section1/test -k mobile
exit codes: 0 all passed; 1 something failed; 2 .venv cannot be made; with arguments, those of pytest
END
}

# usage: tool NAME ARGUMENT...   says and runs a Python tool of .venv; remembers in `failed` that it failed
tool() {
    printf '== %s\n' "$*"
    "$here/.venv/bin/python" -m "$@" || failed="$failed, $1 $2"
}

# usage: shellcheck_all   every *.sh and .ci/run, other hidden folders (.venv, .git) left out; works without git too
shellcheck_all() {
    echo '== shellcheck of every *.sh and .ci/run'
    find . -name '.?*' ! -path './.ci' ! -path './.ci/*' -prune -o \( -name '*.sh' -o -path './.ci/run' \) \
        -exec "$here/.venv/bin/shellcheck" --external-sources {} + || failed="$failed, shellcheck"
}

# usage: hadolint_all   every docker/*dockerfile*
hadolint_all() {
    echo '== hadolint of every docker/*dockerfile*'
    "$here/.venv/bin/hadolint" docker/*dockerfile* || failed="$failed, hadolint"
}

check_all() {
    tool ruff check .
    tool ruff format --check .
    tool mypy --strict .
    tool sqlfluff lint section1/sql section2 section4 bench/section2
    shellcheck_all
    hadolint_all
    tool pytest -n 2 --dist loadfile
}

case "${1:-}" in -h | --help | help)
    usage
    exit
    ;;
esac
ensure_venv default develop section1 section2 section3 section4 section5 embedded diagram
[ "${1:-}" != --setup ] || exit 0
cd "$here"
if [ $# -gt 0 ]; then exec "$here/.venv/bin/python" -m pytest "$@"; fi
failed=
check_all
[ -z "$failed" ] || die "failed: ${failed#, }" "what they said is above" 1
