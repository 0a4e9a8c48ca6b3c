#!/bin/sh
# Linters and tests.   usage: test_runner.sh [--quick | --all | --full NAME | --setup | PYTEST ARGUMENTS]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
# shellcheck source=docker/runner_lib.sh
. "$here/docker/runner_lib.sh"

usage() {
    cat <<END
usage: test_runner.sh                      linters (ruff, mypy, sqlfluff, shellcheck, hadolint), tests without Docker, coverage
       test_runner.sh --quick              tests of pure logic only
       test_runner.sh --all                linters and all tests, containers included
       test_runner.sh --full NAME          one group of tests with large budgets: cluster, faults, fuzzing, kills,
                                           power-loss, rules, soak; prints tables for docs/reliability.md
       test_runner.sh --setup              only install the complete .venv from Pipfile.lock
       test_runner.sh PYTEST ARGUMENTS     pytest with these arguments; paths start at the repository's root

environment: REQUIRE="chromium docker openssl strace" fails tests whose tool is missing instead of skipping them
             REAL_DATA=DIRECTORY runs the tests that compare with real files
example:     ./test_runner.sh section1/test -k mobile
exit codes:  0 all passed; 1 a check failed; 2 .venv cannot be installed; otherwise pytest's exit code
END
}

# usage: check NAME COMMAND...   run a linter; remember its name in $failed if it fails
check() {
    name=$1
    shift
    printf '== %s\n' "$name"
    "$@" || failed="$failed, $name"
}

lint() {
    check 'ruff check' "$bin/ruff" check .
    check 'ruff format' "$bin/ruff" format --check .
    check 'mypy' "$bin/mypy" --strict .
    check 'sqlfluff' "$bin/sqlfluff" lint section1/sql section2 section4 bench/section2
    check 'shellcheck' find . -name '.?*' ! -path './.ci' ! -path './.ci/*' -prune -o \
        \( -name '*.sh' -o -path './.ci/run' \) -exec "$bin/shellcheck" --external-sources {} +
    check 'hadolint' "$bin/hadolint" docker/*dockerfile
}

# usage: run_pytest ARGUMENT...   run pytest on both cores, one test module per process
run_pytest() {
    "$bin/python" -m pytest -n 2 --dist loadfile "$@"
}

# usage: run_with_coverage ARGUMENT...   run pytest; fail below the branch coverage that pyproject.toml demands
run_with_coverage() {
    "$bin/coverage" erase
    "$bin/coverage" run -m pytest -n 2 --dist loadfile "$@" || return
    "$bin/coverage" combine --quiet
    "$bin/coverage" report
}

case "${1:-}" in -h | --help | help)
    usage
    exit
    ;;
esac
ensure_venv packages dev-packages section1 build spark java section2 section3 section4 section5 embedded diagram
cd "$here"
bin=$here/.venv/bin
failed=
case "${1:-}" in
--setup) exit ;;
--quick)
    shift
    run_pytest -m 'not integration and not slow and not docker' "$@"
    exit
    ;;
--full)
    run_pytest -o faulthandler_timeout=0 "$@" # a large budget takes longer than one test may otherwise
    exit
    ;;
'')
    lint
    check tests run_with_coverage -m 'not slow and not docker'
    ;;
--all)
    lint
    check tests run_with_coverage
    ;;
*) exec "$bin/python" -m pytest "$@" ;;
esac
[ -z "$failed" ] || die "failed: ${failed#, }" "The output is above." 1
