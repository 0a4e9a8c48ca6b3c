#!/bin/sh
# Section 1: membership applications.   usage: section1_runner.sh start [--cluster] | stop | status | logs | run-now | run
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
# shellcheck source=docker/runner_lib.sh
. "$here/docker/runner_lib.sh"
section=section1 container=section1_python
nodes='section1_master section1_worker_1 section1_worker_2'
PROGRAM=${0##*/}
export PROGRAM # the Python commands show it in their usage

usage() {
    cat <<END
usage: section1_runner.sh COMMAND [arguments]

in containers, with Docker:
  start [--cluster]  build and start the container and wait until it is healthy; cron then starts a run every hour;
                     with --cluster on a Spark cluster: a master and two workers in separate containers
  stop               stop and remove the containers; outputs and logs stay
  status             show container health and the result of the last run; exit code 0 if all are healthy
  logs [-f]          show the container's output; arguments of 'docker logs' are passed on
  run-now            start a scheduled run now and return its exit code

on this machine, without Docker:
  run [arguments]    process a directory of application CSVs once, with DuckDB; 'run --help' lists the arguments;
                     --engine spark or --master also installs Spark and Java on first use

example:    sh section1_runner.sh run --src-path my/applications --dest-path my/results
exit codes: those of 'run --help'; 1 also if a container is not healthy; 2 also if Docker or .venv is not available
END
}

# usage: cluster ARGUMENT...   run Compose on the job's and the cluster's containers
cluster() {
    compose --profile cluster "$@"
}

start() {
    make_directories
    case "${1:-}" in
    '')
        # shellcheck disable=SC2086 # three names
        docker container rm --force $nodes >/dev/null 2>&1 || true # from an earlier start --cluster
        up
        ;;
    --cluster)
        ensure_passwords SECTION1_CLUSTER_PASSWORD
        SECTION1_MASTER=spark://section1-master:7077
        export SECTION1_MASTER # read by the compose file
        compose build || die "the image could not be built" "The lines above show why." 1
        cluster up --detach section1-master section1-worker-1 section1-worker-2 ||
            die "the cluster did not start" "The lines above show why." 1
        for node in $nodes; do wait_healthy "$node"; done
        up
        ;;
    esac
    wait_healthy "$container"
    cat <<END
$(show_all)
outputs      section1/resource/dest
log          section1/log/data_pipeline.log, and: section1_runner.sh logs -f
Spark pages  http://$(docker container port "$container" 4040 | head -n 1), during a run
schedule     $(docker container exec "$container" crontab -l | sed 's| /app/.*||') (SECTION1_SCHEDULE in .env)
next         put CSVs into section1/resource/src/application; section1_runner.sh run-now | status | stop
END
}

# usage: show_all   show the status of all containers that exist; true if all are healthy
show_all() {
    present=
    for node in $nodes; do
        [ "$(state_of "$node")" = absent ] || present="$present $node"
    done
    # shellcheck disable=SC2086 # names of containers
    show_status $present "$container"
}

# usage: run_locally ARGUMENT...   run the job with DuckDB, or with Spark if the arguments ask for it
run_locally() {
    engine='--engine duckdb' spark='' before=''
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
    PROGRAM="$PROGRAM run"
    # shellcheck disable=SC2086 # two words, or none
    exec "$here/.venv/bin/python" "$here/section1_manage.py" $engine "$@"
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
start) [ -z "$*" ] || [ "$*" = --cluster ] || die "start: unexpected argument" "Expected no argument or --cluster." ;;
stop | status | run-now) [ $# -eq 0 ] || die "$command: unexpected argument" "Expected no argument." ;;
esac
case $command in
start | stop) require_engine ;;
status | logs | run-now) require_container ;;
esac
case $command in
run) run_locally "$@" ;;
start) start "$@" ;;
stop) cluster down ;;
status) show_all ;;
logs) exec docker container logs "$@" "$container" ;;
run-now) run_in "$container" python3 -m section1.scheduled run ;;
help | -h | --help) usage ;;
*) refuse_command "$command" ;;
esac
