# Functions of the runners. A runner sets `here` (the repository's root) and sources this file.
# A runner that starts containers also sets `section`, the name of the compose project.
# shellcheck shell=sh
: "${here:?set by the runner}"

# usage: die "what failed: detail" "Fix." [EXIT_CODE]   print one line on stderr and exit, by default with 2
die() {
    printf '%s: %s. %s\n' "${PROGRAM:-${0##*/}}" "$(one_line "$1")" "$2" >&2
    exit "${3:-2}"
}

# usage: one_line TEXT   replace control characters, which would break the line or change the terminal, with ?
one_line() {
    printf '%s' "$1" | LC_ALL=C tr '[:cntrl:]' '?'
}

# usage: python=$(find_python)   print the first Python 3.11 or newer; 3.11 is preferred, because the lock is tested with it
find_python() {
    for candidate in python3.11 python3 python3.13 python3.12 python3.14 python; do
        if "$candidate" -ISc 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    die "Python 3.11 or newer is not on the PATH" "Install Python 3.11 (Debian, Ubuntu: apt-get install python3.11-venv)."
}

# usage: lock_checksum   print the checksum of Pipfile.lock
lock_checksum() {
    cksum <"$here/Pipfile.lock"
}

# usage: is_installed VENV CATEGORY   true if the category was installed completely from the present Pipfile.lock
is_installed() {
    [ -e "$1/.locked-$2" ] && [ "$(cat "$1/.locked-$2")" = "$(lock_checksum)" ]
}

# usage: python_starts VENV   true if the environment's Python runs and finds its packages
python_starts() {
    "$1/bin/python" -Ic 'import os, site; os.stat(site.getsitepackages()[0])' >/dev/null 2>&1
}

# usage: is_ready VENV CATEGORY...   true if the environment works and holds the categories
is_ready() {
    environment=$1
    shift
    [ ! -e "$environment/.incomplete" ] && python_starts "$environment" || return 1
    for category in "$@"; do is_installed "$environment" "$category" || return 1; done
}

# usage: ensure_venv CATEGORY...   install categories of Pipfile.lock into .venv unless they are there
ensure_venv() {
    is_ready "$here/.venv" "$@" || PROGRAM=${PROGRAM:-${0##*/}} sh "$here/docker/setup.sh" "$here/.venv" "$@" || exit
}

# usage: require_engine   exit with 2 unless Docker and Compose answer
require_engine() {
    alternative="or use the embedded server: ${0##*/} run"
    command -v docker >/dev/null || die "docker is not on the PATH" "Install Docker, $alternative."
    if ! answer=$(docker version --format '{{.Server.Version}}' 2>&1); then
        case $answer in
        *'permission denied'*)
            die "this user may not use the Docker engine" "Add it to the group docker and log in again, $alternative."
            ;;
        esac
        die "the Docker engine does not answer: $(printf '%s\n' "$answer" | tail -n 1)" "Start it, $alternative."
    fi
    docker compose version >/dev/null 2>&1 || docker-compose version >/dev/null 2>&1 ||
        die "Docker Compose is not installed" "Install the package docker-compose-plugin, $alternative."
}

# usage: require_container   exit with 1 unless $container exists
require_container() {
    require_engine
    [ "$(state_of "${container:?}")" != absent ] || die "$container does not exist" "Start it: ${0##*/} start." 1
}

# usage: run_in [DOCKER_OPTION]... CONTAINER COMMAND...   run a command whose usage shows the runner's name; with a
# terminal, if there is one, so that Ctrl-C reaches the command
run_in() {
    terminal=
    if [ -t 0 ] && [ -t 1 ]; then terminal=-it; fi
    docker container exec ${terminal:+"$terminal"} --env PROGRAM "$@"
}

# usage: confirm "question"   exit with 1 unless the answer, from a terminal or a pipe, is yes
confirm() {
    printf '%s Type yes: ' "$1" >&2
    read -r answer || answer=
    [ "$answer" = yes ] || die "nothing was changed" "Answer yes to continue." 1
}

# usage: ensure_passwords NAME...   add random values for variables that are not in .env; create .env from .env.example
ensure_passwords() {
    [ -e "$here/.env" ] || (umask 077 && cp "$here/.env.example" "$here/.env")
    chmod go-rwx "$here/.env"
    [ -z "$(tail -c 1 "$here/.env")" ] || echo >>"$here/.env" # the last line may have no end
    for name in "$@"; do
        if ! grep -q "^$name=." "$here/.env"; then
            printf '%s=%s\n' "$name" "$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')" >>"$here/.env"
        fi
    done
}

# usage: make_directories   create the mounted directories for the repository's owner; the engine would create them as root
make_directories() {
    # shellcheck disable=SC2012 # POSIX has no other command for the owner's ID
    owner=$(ls -dln "$here" | awk '{ print $3 ":" $4 }')
    for directory in section1/log section1/resource/dest section1/resource/dest/report section4/log; do
        [ ! -d "$here/$directory" ] || continue
        mkdir -p "$here/$directory"
        [ "$(id -u)" -ne 0 ] || chown "$owner" "$here/$directory"
    done
}

# usage: compose ARGUMENT...   run Compose (v2 or v1) on the containers of $section, with the settings of .env
compose() {
    set -- -p "${section:?}" -f "$here/docker/$section.compose.yaml" "$@"
    [ ! -e "$here/.env" ] || set -- --env-file "$here/.env" "$@"
    if docker compose version >/dev/null 2>&1; then docker compose "$@"; else docker-compose "$@"; fi
}

# usage: up   build and start the containers; Compose starts each one when those that it depends on are healthy
up() {
    compose up --detach --build || die "the containers did not start" "The lines above show why." 1
}

# usage: stop_or_purge DATA [--purge]   stop and remove the containers; with --purge their data too, after confirmation
stop_or_purge() {
    if [ "${2:-}" = --purge ]; then
        confirm "This deletes $1."
        compose down --volumes
    else
        compose down
    fi
}

# usage: run_module NAME ARGUMENT...   replace this process by a module of the repository, in the caller's directory
run_module() {
    PYTHONPATH=$here
    export PYTHONPATH
    exec "$here/.venv/bin/python" -P -m "$@" # without -P, modules in the caller's directory would be imported first
}

# usage: state_of CONTAINER   print, for example, "running healthy", "exited unhealthy" or "absent"
state_of() {
    # Some engines print an empty line for a container that does not exist.
    if state=$(docker container inspect --format '{{.State.Status}}{{with .State.Health}} {{.Status}}{{end}}' "$1" 2>/dev/null); then
        printf '%s\n' "$state"
    else
        echo absent
    fi
}

# usage: health_checks CONTAINER FIELD   print a field (Start or Output) of its last health check
health_checks() {
    docker container inspect --format "{{with .State.Health}}{{range .Log}}{{println .$2}}{{end}}{{end}}" "$1" 2>/dev/null |
        sed '/^[[:space:]]*$/d' | tail -n 1
}

# usage: detail_of CONTAINER STATE   print the output of the last health check, or the last log line if it is stopped
detail_of() {
    case $2 in
    running*) health_checks "$1" Output ;;
    absent) ;;
    *) docker container logs --tail 5 "$1" 2>&1 | sed '/^[[:space:]]*$/d' | tail -n 1 ;;
    esac
}

# usage: wait_healthy CONTAINER   return when it is healthy; exit with 1 when it stops or is unhealthy
wait_healthy() {
    seconds=0 first=$(health_checks "$1" Start)
    while :; do
        checked=$(health_checks "$1" Start)
        state=$(state_of "$1")
        detail=$(detail_of "$1" "$state")
        case "$state $detail" in
        'running healthy '*) return ;;
        *' waiting: '*) ;; # a first run may take longer than the engine's start period
        # The engine needs three such checks in a row, this script one; a check from before `start` may be out of date.
        running\ *' unhealthy: '* | 'running unhealthy '*)
            [ "$checked" = "$first" ] ||
                die "$1 is $state (${detail#unhealthy: })" "All output: docker container logs $1." 1
            ;;
        absent* | created* | exited* | dead* | restarting*)
            die "$1 is $state ($detail)" "All output: docker container logs $1." 1
            ;;
        esac
        [ "$seconds" -eq 0 ] || [ $((seconds % 10)) -ne 0 ] ||
            printf 'waiting for %s, %s s: %s\n' "$1" "$seconds" "${detail:-no health check yet}" >&2
        sleep 1
        seconds=$((seconds + 1))
    done
}

# usage: require_success CONTAINER   wait for a container that runs once and print its last line; exit with 1 if it failed
require_success() {
    code=$(docker container wait "$1" 2>&1)
    [ "$code" = 0 ] || die "$1 failed: $(detail_of "$1" exited)" "All output: docker container logs $1." 1
    detail_of "$1" exited
}

# usage: show_status CONTAINER...   print state and last health check of each; true if all are healthy
show_status() {
    all_healthy=yes
    for shown; do
        state=$(state_of "$shown")
        detail=$(detail_of "$shown" "$state")
        printf '%s: %s (%s)\n' "$shown" "$state" "${detail#*healthy: }"
        [ "$state" = 'running healthy' ] || all_healthy=no
    done
    [ "$all_healthy" = yes ]
}

# usage: refuse_command COMMAND   print the usage after an unknown command, or without one, and exit with 2
refuse_command() {
    [ -z "$1" ] || printf "%s: unknown command '%s'\n\n" "${0##*/}" "$(one_line "$1")" >&2
    usage >&2
    exit 2
}
