#!/bin/sh
# Section 2: sales database.   usage: section2_runner.sh start | stop | status | logs | psql | query | load | ... | run
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
# shellcheck source=docker/runner_lib.sh
. "$here/docker/runner_lib.sh"
section=section2 container=section2_postgresql

usage() {
    cat <<END
usage: section2_runner.sh COMMAND [arguments]

in a container, with Docker:
  start              builds and starts it, creates the schema or brings it to the newest version; data stay as they are
  stop [--purge]     stops and removes it; the data stay, unless --purge, which asks first, removes them too
  status             says how it is; 0 when healthy
  logs [-f]          shows what the server has said; the arguments of 'docker logs' are passed on
  psql [--role R]    psql as analytics, or as logistics, sales, application, dashboard, postgres; its arguments follow
  query [NAME]       answers a question; without a name, lists the questions
  load --orders N    loads made-up orders until there are N; a load that was stopped goes on
  load-members       upserts the members of section 1's committed batches
  check              shows what does not add up; 0 when all does
  erd                draws section2/section2_entity_diagram.png and .svg from the live catalogue
  backup FILE        writes a backup
  restore FILE       puts a backup in the database's place, after asking

on this machine, without Docker:
  run [--orders N]   creates the database on a PostgreSQL of its own in .local, loads a sample, shows who buys what

example:    sh section2_runner.sh query top10_highest_spending_member
exit codes: 0 done; 1 failed; 2 bad usage, or Docker or .venv is lacking; 75 another load or run is at work
END
}

# usage: manage COMMAND [ARGUMENT]...   a command of section 2 in the container, as the user postgres
manage() {
    find_terminal
    docker container exec ${terminal:+"$terminal"} --user postgres "$container" python3 -m section2 "$@"
}

# usage: feed COMMAND [ARGUMENT]...   the same, which reads what is typed or piped
feed() {
    find_terminal
    docker container exec -i ${terminal:+"$terminal"} --user postgres "$container" python3 -m section2 "$@"
}

make_passwords() {
    ensure_passwords SECTION2_POSTGRES_PASSWORD SECTION2_LOGISTICS_PASSWORD SECTION2_ANALYTICS_PASSWORD \
        SECTION2_SALES_PASSWORD SECTION2_APPLICATION_PASSWORD SECTION2_DASHBOARD_PASSWORD SECTION2_LOADER_PASSWORD
}

start() {
    make_passwords
    make_folders
    compose up --detach --build || die "the container could not be started" "the lines above say why" 1
    wait_healthy "$container"
    manage create
    cat <<END
$(show_status "$container")
psql      sh section2_runner.sh psql, or postgresql://analytics@$(docker container port "$container" 5432 | head -n 1)/my_database
passwords .env
next      section2_runner.sh load --orders 100000 | load-members | query | status | stop
END
}

# usage: write_file FILE COMMAND...   what a command of section 2 writes, in whole or not at all
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
    echo "section2/section2_entity_diagram.svg and .png are drawn"
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
start | status | load-members | check | erd) [ $# -eq 0 ] || die "$command takes no arguments" "see: ${0##*/} help" ;;
stop) [ -z "$*" ] || [ "$*" = --purge ] || die "stop takes no argument but --purge" "see: ${0##*/} help" ;;
backup | restore) [ $# -eq 1 ] || die "$command takes one file" "such as: ${0##*/} $command sales.backup" ;;
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
    make_passwords # Compose asks for them whatever it does
    stop_or_purge "all data of the sales database" "$@"
    ;;
status) show_status "$container" ;;
logs) exec docker container logs "$@" "$container" ;;
psql) feed psql "$@" ;;
query | load) manage "$command" "$@" ;;
load-members | check) manage "$command" ;;
erd) erd ;;
backup)
    write_file "$1" backup || exit
    echo "$1: the whole sales database; bring it back with: ${0##*/} restore $1"
    ;;
restore)
    [ -r "$1" ] || die "$1: no such file, or not readable" "name one that 'backup' wrote"
    ask "This puts what $1 holds in the place of the sales database."
    feed restore <"$1"
    ;;
help | -h | --help) usage ;;
*)
    [ -z "$command" ] || printf "section2_runner.sh: no command '%s'\n\n" "$(one_line "$command")" >&2
    usage >&2
    exit 2
    ;;
esac
