#!/bin/sh
# Section 4: COVID-19 dashboard.   usage: section4_runner.sh start | stop | status | logs | ingest | psql | open | run
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
# shellcheck source=docker/runner_lib.sh
. "$here/docker/runner_lib.sh"
section=section4
PROGRAM=${0##*/}
export PROGRAM # the Python commands show it in their usage

usage() {
    cat <<END
usage: section4_runner.sh COMMAND [arguments]

in containers, with Docker:
  start              build and start PostgreSQL, the daily ingestion and Grafana; wait for the first ingestion
  stop [--purge]     stop and remove the containers; figures stay, unless --purge, which asks first, deletes them
  status             show container health and the result of the last run; exit code 0 if all are healthy
  logs [-f]          show the ingestion's output; arguments of 'docker logs' are passed on
  ingest [arguments] ingest now: the scheduled run, or with arguments such as --source who --country all
  psql [--role R]    run psql as grafana, which only reads, or as covid_loader or postgres
  open               open the dashboard in a browser, or print its address

on this machine, without Docker:
  run [arguments]    ingest into an embedded server in .local, draw a picture and a page in section4/output;
                     'run --help' lists the arguments; --source sample needs no network

example:    ./section4_runner.sh run --country SG,MY --from 2021-01-01
exit codes: 0 done; 1 failed, nothing was changed; 2 usage error, or Docker or .venv is not available;
            75 another ingestion is running
END
}

make_passwords() {
    ensure_passwords SECTION4_POSTGRES_PASSWORD SECTION4_COVID_LOADER_PASSWORD SECTION4_GRAFANA_PASSWORD \
        SECTION4_GRAFANA_ADMIN_PASSWORD
}

start() {
    make_passwords
    make_directories
    chmod -R go+rX "$here/section4/grafana" # Grafana's container runs as another user
    up
    require_success section4_schema
    wait_healthy section4_grafana
    first_ingestion || die "no source answers; the dashboard is at $(dashboard_address)" \
        "cron retries daily; retry now: ${0##*/} ingest, or use synthetic figures: ${0##*/} ingest --source sample." 1
    cat <<END
$(show_all)
dashboard $(dashboard_address), as $(setting SECTION4_GRAFANA_ADMIN_USER admin), password in .env
pipeline  $(dashboard_address pipeline)
psql      sh section4_runner.sh psql
schedule  $(docker container exec section4_python crontab -l | sed 's| /app/.*||') (SECTION4_SCHEDULE in .env)
next      section4_runner.sh ingest --country all | status | stop
END
}

# usage: first_ingestion   return when an ingestion has succeeded; fail after three attempts
first_ingestion() {
    attempts=3
    until (wait_healthy section4_python); do
        attempts=$((attempts - 1))
        [ "$attempts" -gt 0 ] || return 1
        echo "ingesting again" >&2
        docker container exec section4_python python3 -m section4.scheduled run || true
    done
}

# usage: setting NAME DEFAULT   print a setting of .env
setting() {
    found=$(sed -n "s/^$1=//p" "$here/.env" | tail -n 1 | sed "s/^\([\"']\)\(.*\)\1\$/\2/")
    printf '%s\n' "${found:-$2}"
}

# usage: dashboard_address [UID]   print the address of a dashboard, by default of COVID-19
dashboard_address() {
    published=$(docker container port section4_grafana 3000 | head -n 1 | sed 's/^127\.0\.0\.1/localhost/')
    printf 'http://%s/d/%s\n' "$published" "${1:-covid}"
}

show_all() {
    show_status section4_postgresql section4_python section4_grafana
}

ingest() {
    if [ $# -eq 0 ]; then
        run_in section4_python python3 -m section4.scheduled run
    else
        PROGRAM="$PROGRAM ingest" run_in section4_python python3 section4_manage.py "$@"
    fi
}

# usage: run_psql [--role R] [ARGUMENT]...   run psql in the server's container
run_psql() {
    role=grafana
    if [ "${1:-}" = --role ]; then
        role=${2:-}
        shift "$(($# < 2 ? $# : 2))"
    fi
    case $role in
    grafana | covid_loader | postgres) ;;
    *) die "psql --role: expected grafana, covid_loader or postgres, got '$role'" "See: ${0##*/} help." ;;
    esac
    PGPASSWORD=$(setting "SECTION4_$(printf %s "$role" | tr '[:lower:]' '[:upper:]')_PASSWORD" '')
    export PGPASSWORD # passed by name: all users can see command lines
    run_in -i --env PGPASSWORD section4_postgresql psql --host=127.0.0.1 --username="$role" --dbname=my_database "$@"
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
start | status | open) [ $# -eq 0 ] || die "$command: unexpected argument" "Expected no argument." ;;
stop) [ -z "$*" ] || [ "$*" = --purge ] || die "stop: unexpected argument" "Expected no argument or --purge." ;;
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
    run_module section4 run "$@"
    ;;
start) start ;;
stop)
    make_passwords # the compose file requires them for every command
    stop_or_purge "all COVID-19 figures of the database" "$@"
    ;;
status) show_all ;;
logs) exec docker container logs "$@" "$container" ;;
ingest) ingest "$@" ;;
psql) run_psql "$@" ;;
open) open_dashboard ;;
help | -h | --help) usage ;;
*) refuse_command "$command" ;;
esac
