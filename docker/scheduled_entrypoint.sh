#!/bin/sh
# Entry point of a container with a scheduled job: catches up a missed run, then cron runs the job on SECTIONn_SCHEDULE.
# The image sets SECTION, such as section1.
set -eu
cd /app
variable=$(printf '%s' "$SECTION" | tr '[:lower:]' '[:upper:]')_SCHEDULE
schedule=$(printenv "$variable" || true)

# usage: die MESSAGE   print one line and exit with 2
die() {
    printf '%s: %s\n' "$SECTION" "$1" >&2
    exit 2
}

# usage: is_schedule TEXT   true for @hourly and the like, and for five fields of characters that cron allows
is_schedule() {
    case $1 in
    *[!0-9A-Za-z*/,@\ -]*) return 1 ;;
    @*) [ "${1#* }" = "$1" ] ;;
    *)
        set -f
        # shellcheck disable=SC2086 # counts the words
        set -- $1
        [ $# -eq 5 ]
        ;;
    esac
}

expected="$variable: expected a cron schedule such as '0 * * * *', got '$schedule'"
is_schedule "$schedule" || die "$expected. Change it in .env."
problem=$(printf '%s /app/docker/scheduled_job.sh\n' "$schedule" | crontab - 2>&1) ||
    die "$expected ($(printf %s "$problem" | sed -n '1s/.*: //p')). Change it in .env."
(umask 077 && export -p >/run/environment) # cron starts jobs without the container's environment

python3 -m "$SECTION.scheduled" catch-up &
catch_up=$!
cron -f &
cron=$!
stopping=
trap 'stopping=yes; kill "$cron" "$catch_up" 2>/dev/null || true' TERM INT
wait "$cron" || true
python3 -m "$SECTION.scheduled" stop || true
wait "$catch_up" || true
[ -n "$stopping" ] || die "cron has ended. The container restarts."
