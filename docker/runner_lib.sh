# What the runners share. A runner sets `here` (the repository's root) and sources this file.
# Those that start containers set `section` as well, the name of the compose project.
# shellcheck shell=sh
: "${here:?is set by the runner}"

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

# usage: require_engine   ends with 2 unless Docker and Compose answer; says what to do, and how to do without
require_engine() {
    without="or do without Docker: ${0##*/} run"
    command -v docker >/dev/null || die "no docker command on the PATH" "install Docker, $without"
    if ! said=$(docker version --format '{{.Server.Version}}' 2>&1); then
        case $said in
        *'permission denied'*)
            die "this user may not use the Docker engine" "add it to the group docker and log in anew, $without"
            ;;
        esac
        die "the Docker engine does not answer ($(printf '%s\n' "$said" | tail -n 1))" "start it, $without"
    fi
    docker compose version >/dev/null 2>&1 || docker-compose version >/dev/null 2>&1 ||
        die "this Docker has no Compose" "install its plugin docker-compose-plugin, $without"
}

# usage: require_container   ends with 1 unless $container is there
require_container() {
    require_engine
    [ "$(state_of "${container:?}")" != absent ] || die "$container is not there" "start it: ${0##*/} start" 1
}

# usage: find_terminal   sets `terminal` to -it where there is one: an interrupt then ends what runs in a container too
find_terminal() {
    terminal=
    # shellcheck disable=SC2034 # the runners use it
    if [ -t 0 ] && [ -t 1 ]; then terminal=-it; fi
}

# usage: ask "question"   ends with 1 unless the answer, from a terminal or a pipe, is yes
ask() {
    printf '%s Type yes: ' "$1" >&2
    read -r answer || answer=
    [ "$answer" = yes ] || die "nothing was changed" "answer yes to go on" 1
}

# usage: ensure_passwords NAME...   gives each variable of .env that has no value a random one; makes .env from .env.example
ensure_passwords() {
    [ -e "$here/.env" ] || (umask 077 && cp "$here/.env.example" "$here/.env")
    chmod go-rwx "$here/.env"
    [ -z "$(tail -c 1 "$here/.env")" ] || echo >>"$here/.env" # its last line may lack an end
    for name in "$@"; do
        if ! grep -q "^$name=." "$here/.env"; then
            printf '%s=%s\n' "$name" "$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')" >>"$here/.env"
        fi
    done
}

# usage: make_folders   those that containers share, for the repository's owner even under sudo; the engine would make them for root
make_folders() {
    # shellcheck disable=SC2012 # nothing else that POSIX knows tells the owner's number
    owner=$(ls -dln "$here" | awk '{ print $3 ":" $4 }')
    for folder in section1/log section1/resource/dest section1/resource/dest/report section4/log; do
        [ ! -d "$here/$folder" ] || continue
        mkdir -p "$here/$folder"
        [ "$(id -u)" -ne 0 ] || chown "$owner" "$here/$folder"
    done
}

# usage: compose ARGUMENT...   Compose (v2, or v1) on the containers of $section, with the settings of .env
compose() {
    set -- -p "${section:?}" -f "$here/docker/$section.compose.yaml" "$@"
    [ ! -e "$here/.env" ] || set -- --env-file "$here/.env" "$@"
    if docker compose version >/dev/null 2>&1; then docker compose "$@"; else docker-compose "$@"; fi
}

# usage: stop_or_purge DATA [--purge]   stops and removes the containers; with --purge their data too, after asking
stop_or_purge() {
    if [ "${2:-}" = --purge ]; then
        ask "This removes $1, for good."
        compose down --volumes
    else
        compose down
    fi
}

# usage: run_module NAME ARGUMENT...   becomes a module of the repository, with the caller's folder as it is
run_module() {
    PYTHONPATH=$here
    export PYTHONPATH
    exec "$here/.venv/bin/python" -P -m "$@" # -P: or what lies in the caller's folder would be imported first
}

# usage: state_of CONTAINER   such as "running healthy", "exited unhealthy", "absent"
state_of() {
    # Of one that is not there some engines print an empty line.
    if found=$(docker container inspect --format '{{.State.Status}}{{with .State.Health}} {{.Status}}{{end}}' "$1" 2>/dev/null); then
        printf '%s\n' "$found"
    else
        echo absent
    fi
}

# usage: last_words CONTAINER STATE   what its health check said last, or its log where it does not run
last_words() {
    case $2 in
    running*) docker container inspect --format '{{with .State.Health}}{{range .Log}}{{println .Output}}{{end}}{{end}}' "$1" ;;
    absent) ;;
    *) docker container logs --tail 5 "$1" 2>&1 ;;
    esac | sed '/^[[:space:]]*$/d' | tail -n 1
}

# usage: last_check CONTAINER   when its last health check was made
last_check() {
    docker container inspect --format '{{with .State.Health}}{{range .Log}}{{println .Start}}{{end}}{{end}}' "$1" 2>/dev/null |
        sed '/^[[:space:]]*$/d' | tail -n 1
}

# usage: wait_healthy CONTAINER   returns once its health check passes; ends with 1 when it cannot, and says why
wait_healthy() {
    waited=0 before=$(last_check "$1")
    while :; do
        checked=$(last_check "$1")
        state=$(state_of "$1")
        words=$(last_words "$1" "$state")
        case "$state $words" in
        'running healthy '*) break ;;
        *' waiting: '*) ;; # a first run may take longer than Docker's patience
        # A check that says so itself need not say it three times; one of before may be out of date.
        running\ *' unhealthy: '* | 'running unhealthy '*) [ "$checked" = "$before" ] || give_up "$1" ;;
        absent* | created* | exited* | dead* | restarting*) give_up "$1" ;;
        esac
        say_waiting "waiting for $1, $waited s: ${words:-no word of its health yet}"
        sleep 1
        waited=$((waited + 1))
    done
    say_waiting_is_over
}

# usage: give_up CONTAINER   says how it is, in the words that wait_healthy has last heard, and ends with 1
give_up() {
    say_waiting_is_over
    die "$1 is $state (${words#unhealthy: })" "mend that; all it said: docker container logs $1" 1
}

# usage: say_waiting TEXT   on a terminal one line that is rewritten, elsewhere a line every ten seconds; on stderr
say_waiting() {
    if [ -t 2 ]; then
        printf '\r\033[K%.*s' "$(($(tput cols 2>/dev/null || echo 80) - 1))" "$1" >&2
    elif [ "$waited" -gt 0 ] && [ $((waited % 10)) -eq 0 ]; then
        printf '%s\n' "$1" >&2
    fi
}

# usage: say_waiting_is_over   clears the line that say_waiting rewrites
say_waiting_is_over() {
    [ ! -t 2 ] || printf '\r\033[K' >&2
}

# usage: show_status CONTAINER   its state and the words of its health check; true when healthy
show_status() {
    state=$(state_of "$1")
    words=$(last_words "$1" "$state")
    printf '%s: %s (%s)\n' "$1" "$state" "${words#*healthy: }"
    [ "$state" = 'running healthy' ]
}
