#!/bin/sh
# Section 2: sales database.   usage: section2_runner.sh start | stop | status | logs | psql | query | load | ... | run
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
# shellcheck source=docker/runner_lib.sh
. "$here/docker/runner_lib.sh"
section=section2 container=section2_postgresql
PROGRAM=${0##*/}
export PROGRAM # the Python commands show it in their usage

usage() {
    cat <<END
usage: section2_runner.sh COMMAND [arguments]

in a container, with Docker:
  start              build and start the server, create the schema or apply new migrations; data stay as they are
  stop [--purge]     stop and remove the container; data stay, unless --purge, which asks first, deletes them
  status             show container health; exit code 0 if it is healthy
  logs [-f]          show the server's log; arguments of 'docker logs' are passed on
  psql [--role R]    run psql as analytics, or as logistics, sales, application, dashboard or postgres
  query [NAME]       run a query; without a name, list all queries
  load --orders N    load sample orders until there are N; a stopped load continues
  load-members       upsert the members of section 1's committed batches
  check              recompute totals and aggregates, print differences; exit code 0 if there are none
  erd                draw section2/section2_entity_diagram.png and .svg from the live catalogue
  backup FILE        write a backup
  restore FILE       replace the database with a backup, after confirmation

on this machine, without Docker:
  run [--orders N]   create the database on an embedded server in .local, load sample orders, print top members and items

example:    sh section2_runner.sh query top10_highest_spending_member
exit codes: 0 done; 1 failed; 2 usage error, or Docker or .venv is not available; 75 another load or run is running
END
}

# usage: manage COMMAND [ARGUMENT]...   run a command of section 2 in the container, as the user postgres
manage() {
    run_in --user postgres "$container" python3 -m section2 "$@"
}

# usage: manage_with_input COMMAND [ARGUMENT]...   the same with this process's standard input
manage_with_input() {
    run_in -i --user postgres "$container" python3 -m section2 "$@"
}

make_passwords() {
    ensure_passwords SECTION2_POSTGRES_PASSWORD SECTION2_LOGISTICS_PASSWORD SECTION2_ANALYTICS_PASSWORD \
        SECTION2_SALES_PASSWORD SECTION2_APPLICATION_PASSWORD SECTION2_DASHBOARD_PASSWORD SECTION2_LOADER_PASSWORD
}

start() {
    make_passwords
    make_directories
    up
    wait_healthy "$container"
    require_success section2_schema
    cat <<END
$(show_status "$container")
psql      sh section2_runner.sh psql, or postgresql://analytics@$(docker container port "$container" 5432 | head -n 1)/my_database
passwords .env
next      section2_runner.sh load --orders 100000 | load-members | query | status | stop
END
}

# usage: write_file FILE COMMAND...   write the output of a command of section 2 to a file, completely or not at all
write_file() {
    file=$1 part=$1.part.$$
    shift
    trap 'rm -f -- "$part"' EXIT
    (umask 077 && manage "$@" >"$part") || return
    mv -- "$part" "$file"
}

erd() {
    for kind in svg png; do
        write_file "$here/section2/section2_entity_diagram.$kind" erd --format "$kind" || exit
        chmod go+r "$here/section2/section2_entity_diagram.$kind"
    done
    echo "wrote section2/section2_entity_diagram.svg and .png"
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
start | status | load-members | check | erd) [ $# -eq 0 ] || die "$command: unexpected argument" "Expected no argument." ;;
stop) [ -z "$*" ] || [ "$*" = --purge ] || die "stop: unexpected argument" "Expected no argument or --purge." ;;
backup | restore) [ $# -eq 1 ] || die "$command: expected one file" "Example: ${0##*/} $command sales.backup." ;;
esac
case $command in
status | logs | psql | query | load | load-members | check | erd | backup | restore) require_container ;;
start | stop) require_engine ;;
esac
case $command in
run)
    ensure_venv packages section2 embedded
    run_module section2 run "$@"
    ;;
start) start ;;
stop)
    make_passwords # the compose file requires them for every command
    stop_or_purge "all data of the sales database" "$@"
    ;;
status) show_status "$container" ;;
logs) exec docker container logs "$@" "$container" ;;
psql) manage_with_input psql "$@" ;;
query | load) manage "$command" "$@" ;;
load-members | check) manage "$command" ;;
erd) erd ;;
backup)
    write_file "$1" backup || exit
    echo "$1: backup of the sales database; restore it with: ${0##*/} restore $1"
    ;;
restore)
    [ -r "$1" ] || die "$1: not a readable file" "Pass a file that 'backup' wrote."
    confirm "This replaces the sales database with $1."
    manage_with_input restore <"$1"
    ;;
help | -h | --help) usage ;;
*) refuse_command "$command" ;;
esac
