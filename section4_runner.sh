#!/bin/sh
# Section 4: COVID-19 dashboard.   usage: section4_runner.sh start | stop | status | logs | ingest | psql | open | run
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
# shellcheck source=docker/runner_lib.sh
. "$here/docker/runner_lib.sh"
section=section4 containers='section4_postgresql section4_python section4_grafana'
tries=3

usage() {
    cat <<END
usage: section4_runner.sh COMMAND [arguments]

in containers, with Docker:
  start              builds and starts PostgreSQL, the daily ingestion and Grafana; ends once the first figures are there
  stop [--purge]     stops and removes them; the figures stay, unless --purge, which asks first, removes them too
  status             says how they are and what became of the last run; 0 when all are healthy
  logs [-f]          shows what the ingestion has said; the arguments of 'docker logs' are passed on
  ingest [arguments] ingests now: the scheduled run, or with arguments such as --source who --country all
  psql [--role R]    psql as grafana, which only reads, or as covid_loader, postgres; its arguments follow
  open               opens the dashboard in a browser, or says where it is

on this machine, without Docker:
  run [arguments]    ingests into a PostgreSQL of its own in .local, and draws a picture and a page in
                     section4/output; 'run --help' lists the arguments; --source sample needs no network

example:    ./section4_runner.sh run --country SG,MY --from 2021-01-01
exit codes: 0 done; 1 failed, nothing was changed; 2 bad usage, or Docker or .venv is lacking; 75 another run is at work
END
}

make_passwords() {
    ensure_passwords SECTION4_POSTGRES_PASSWORD SECTION4_COVID_LOADER_PASSWORD SECTION4_GRAFANA_PASSWORD \
        SECTION4_GRAFANA_ADMIN_PASSWORD
}

start() {
    make_passwords
    make_folders
    chmod -R go+rX "$here/section4/grafana" # Grafana reads it as a user of its own
    compose build || die "the images could not be built" "the lines above say why" 1
    compose up --detach section4_postgresql || die "the server could not be started" "the lines above say why" 1
    wait_healthy section4_postgresql
    compose run --rm section4_schema || die "the schema could not be created" "the lines above say why" 1
    compose up --detach || die "the containers could not be started" "the lines above say why" 1
    wait_healthy section4_grafana
    first_figures || die "the dashboard is at $(dashboard_address), but no source answers yet" \
        "cron asks daily; ask now with: ${0##*/} ingest, or see made-up figures: ${0##*/} ingest --source sample" 1
    cat <<END
$(show_all)
dashboard $(dashboard_address), as $(setting SECTION4_GRAFANA_ADMIN_USER admin), whose password is in .env
pipeline  $(dashboard_address pipeline)
psql      sh section4_runner.sh psql
schedule  $(docker container exec section4_python crontab -l | sed 's| /app/.*||') (SECTION4_SCHEDULE in .env)
next      section4_runner.sh ingest --country all | status | stop
END
}

# usage: first_figures   true once a run has ended well; makes up to $tries of them
first_figures() {
    until (wait_healthy section4_python); do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        echo "asking the sources again" >&2
        docker container exec section4_python python3 -m section4.scheduled run || true
    done
}

# usage: setting NAME DEFAULT   what .env says of it
setting() {
    found=$(sed -n "s/^$1=//p" "$here/.env" | tail -n 1 | sed "s/^\([\"']\)\(.*\)\1\$/\2/")
    printf '%s\n' "${found:-$2}"
}

# usage: dashboard_address [UID]   where a dashboard is, that of COVID-19 unless another is named
dashboard_address() {
    published=$(docker container port section4_grafana 3000 | head -n 1 | sed 's/^127\.0\.0\.1/localhost/')
    printf 'http://%s/d/%s\n' "$published" "${1:-covid}"
}

# usage: show_all   how the containers are; true when all are healthy
show_all() {
    healthy=yes
    for container in $containers; do show_status "$container" || healthy=no; done
    [ "$healthy" = yes ]
}

ingest() {
    if [ $# -eq 0 ]; then
        set -- -m section4.scheduled run
    else
        set -- section4_manage.py --task-config section4_process.yaml "$@"
    fi
    find_terminal
    exec docker container exec ${terminal:+"$terminal"} section4_python python3 "$@"
}

# usage: run_psql [--role R] [ARGUMENT]...   psql in the server's container, with a terminal where there is one
run_psql() {
    role=grafana
    if [ "${1:-}" = --role ]; then
        role=${2:-}
        shift "$(($# < 2 ? $# : 2))"
    fi
    case $role in
    grafana | covid_loader | postgres) ;;
    *) die "psql: no role '$role'" "there are grafana, covid_loader and postgres" ;;
    esac
    PGPASSWORD=$(setting "SECTION4_$(printf %s "$role" | tr '[:lower:]' '[:upper:]')_PASSWORD" '')
    export PGPASSWORD # by its name alone below: a command line is for all to see
    find_terminal
    exec docker container exec -i ${terminal:+"$terminal"} --env PGPASSWORD section4_postgresql \
        psql --host=127.0.0.1 --username="$role" --dbname=my_database "$@"
}

open_dashboard() {
    address=$(dashboard_address)
    for opener in xdg-open open wslview; do
        if command -v "$opener" >/dev/null && "$opener" "$address" >/dev/null 2>&1; then return; fi
    done
    echo "$address"
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
start | status | open) [ $# -eq 0 ] || die "$command takes no arguments" "see: ${0##*/} help" ;;
stop) [ -z "$*" ] || [ "$*" = --purge ] || die "stop takes no argument but --purge" "see: ${0##*/} help" ;;
esac
container=section4_python
case $command in
psql) container=section4_postgresql ;;
open) container=section4_grafana ;;
esac
case $command in
status | logs | ingest | psql | open) require_container ;;
start | stop) require_engine ;;
esac
case $command in
run)
    ensure_venv packages section4 embedded diagram
    run_module section4 run --task-config section4_process.yaml "$@"
    ;;
start) start ;;
stop)
    make_passwords # Compose asks for them whatever it does
    stop_or_purge "all COVID-19 figures of the database" "$@"
    ;;
status) show_all ;;
logs) exec docker container logs "$@" "$container" ;;
ingest) ingest "$@" ;;
psql) run_psql "$@" ;;
open) open_dashboard ;;
help | -h | --help) usage ;;
*)
    [ -z "$command" ] || printf "section4_runner.sh: no command '%s'\n\n" "$(one_line "$command")" >&2
    usage >&2
    exit 2
    ;;
esac
