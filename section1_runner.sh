#!/bin/sh
# Section 1: membership applications.   usage: section1_runner.sh start [--cluster] | stop | status | logs | run-now | run
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
# shellcheck source=docker/runner_lib.sh
. "$here/docker/runner_lib.sh"
section=section1 container=section1_python
nodes='section1_master section1_worker_1 section1_worker_2'

usage() {
    cat <<END
usage: section1_runner.sh start [--cluster] | stop | status | logs [-f] | run-now
       section1_runner.sh run [arguments]

in a container, with Docker:
  start    builds and starts it, waits until it is healthy; cron then makes a run every hour;
           with --cluster the runs work on a Spark cluster: a master and two workers, containers too
  stop     stops and removes it; outputs and logs stay
  status   says how it is and what became of the last run; 0 when healthy
  logs     shows what the container has said; the arguments of 'docker logs', such as -f, are passed on
  run-now  makes a scheduled run now, and ends with its exit code

on this machine, without Docker:
  run      cleans, checks and labels a folder of application CSVs once, with DuckDB;
           makes .venv from Pipfile.lock on first use. 'run --help' lists the arguments and exit codes.

example:    sh section1_runner.sh run --src-path my/applications --dest-path my/results
exit codes: those of the job; 1 also when the container is not healthy;
            2 also when Docker or .venv is lacking, or the command is unknown
END
}

# usage: cluster ARGUMENT...   Compose with the cluster's containers too
cluster() {
    compose --profile cluster "$@"
}

start() {
    make_folders
    compose build || die "the image could not be built" "the lines above say why" 1
    case "${1:-}" in
    '')
        # shellcheck disable=SC2086 # the names of three containers
        docker container rm --force $nodes >/dev/null 2>&1 || true # of a cluster before
        ;;
    --cluster)
        ensure_passwords SECTION1_CLUSTER_PASSWORD
        SECTION1_MASTER=spark://section1-master:7077
        export SECTION1_MASTER # to Compose, for the job's container
        # shellcheck disable=SC2046,SC2086 # the services are named as the containers, but for the underscores
        cluster up --detach $(echo $nodes | tr _ -) || die "the cluster could not be started" "the lines above say why" 1
        for node in $nodes; do wait_healthy "$node"; done
        ;;
    esac
    compose up --detach "$container" || die "the container could not be started" "the lines above say why" 1
    wait_healthy "$container"
    cat <<END
$(show_all)
outputs      section1/resource/dest
log          section1/log/data_pipeline.log, and: section1_runner.sh logs -f
Spark pages  http://$(docker container port "$container" 4040 | head -n 1), while a run is at work
schedule     $(docker container exec "$container" crontab -l | sed 's| /app/.*||') (SECTION1_SCHEDULE in .env)
next         put CSVs into section1/resource/src/application; section1_runner.sh run-now | status | stop
END
}

# usage: show_all   how each container is; true when all are healthy
show_all() {
    all=0
    for node in $nodes; do
        [ "$(state_of "$node")" = absent ] || show_status "$node" || all=1
    done
    show_status "$container" || all=1
    return $all
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
start) [ -z "$*" ] || [ "$*" = --cluster ] || die "start takes no argument but --cluster" "see: ${0##*/} help" ;;
stop | status | run-now) [ $# -eq 0 ] || die "$command takes no arguments" "see: ${0##*/} help" ;;
esac
case $command in
run)
    engine='--engine duckdb' spark= before=
    for argument in "$@"; do
        case $argument in
        --master | --master=*) engine='' spark='build spark java' ;;
        --engine=spark) spark='build spark java' ;;
        spark) [ "$before" != --engine ] || spark='build spark java' ;;
        esac
        before=$argument
    done
    # shellcheck disable=SC2086 # three words, or none
    ensure_venv packages section1 $spark
    # shellcheck disable=SC2086 # two words, or none
    exec "$here/.venv/bin/python" "$here/section1_manage.py" --task-config section1_process.yaml $engine "$@"
    ;;
start)
    require_engine
    start "$@"
    ;;
stop)
    require_engine
    cluster down
    ;;
status)
    require_container
    show_all
    ;;
logs)
    require_container
    exec docker container logs "$@" "$container"
    ;;
run-now)
    require_container
    find_terminal
    exec docker container exec ${terminal:+"$terminal"} "$container" python3 -m section1.scheduled run
    ;;
help | -h | --help) usage ;;
*)
    [ -z "$command" ] || printf "section1_runner.sh: no command '%s'\n\n" "$(one_line "$command")" >&2
    usage >&2
    exit 2
    ;;
esac
