#!/bin/sh
# Section 1: membership applications.   usage: section1_runner.sh run [arguments]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
# shellcheck source=docker/runner_lib.sh
. "$here/docker/runner_lib.sh"

usage() {
    cat <<END
usage: section1_runner.sh run [arguments]

  run    cleans, checks and labels a folder of application CSVs once, on this machine, with DuckDB;
         makes .venv from Pipfile.lock on first use. 'run --help' lists the arguments and exit codes.

example:    sh section1_runner.sh run --src-path my/applications --dest-path my/results
exit codes: those of the job; 2 also when .venv cannot be made or the command is unknown
END
}

case "${1:-}" in
run)
    shift
    ensure_venv default section1
    exec "$here/.venv/bin/python" "$here/section1_manage.py" --task-config section1_process.yaml --engine duckdb "$@"
    ;;
help | -h | --help) usage ;;
*)
    [ $# -eq 0 ] || printf "section1_runner.sh: no command '%s'\n\n" "$1" >&2
    usage >&2
    exit 2
    ;;
esac
