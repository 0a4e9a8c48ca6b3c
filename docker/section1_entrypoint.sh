#!/bin/sh
# What section 1's container does: cron starts a run when SECTION1_SCHEDULE says so, and a run that was missed is made up.
set -eu
cd /app

# usage: refuse "what is wrong" "what to do"
refuse() {
    printf 'section1: %s; %s\n' "$1" "$2" >&2
    exit 2
}

# usage: is_schedule TEXT   true for @hourly and the like, and for five fields of what cron allows in them
is_schedule() {
    case $1 in
    *[!0-9A-Za-z*/,@\ -]*) return 1 ;;
    @*) [ "${1#* }" = "$1" ] ;;
    *)
        set -f
        # shellcheck disable=SC2086 # its words are to be counted
        set -- $1
        [ $# -eq 5 ]
        ;;
    esac
}

example="name one like '0 * * * *' in .env"
is_schedule "${SECTION1_SCHEDULE:-}" || refuse "SECTION1_SCHEDULE: '${SECTION1_SCHEDULE:-}' is no schedule of cron" "$example"
problem=$(printf '%s /app/docker/section1_job.sh\n' "$SECTION1_SCHEDULE" | crontab - 2>&1) ||
    refuse "SECTION1_SCHEDULE: '$SECTION1_SCHEDULE' is no schedule of cron ($(printf %s "$problem" | sed -n '1s/.*: //p'))" "$example"
[ -r section1/scheduled.py ] || refuse "the mounted folder section1 is closed to others" "chmod -R go+rX section1"

python3 -m section1.scheduled catch-up &
cron -f &
cron=$!
stopping=
trap 'stopping=yes; kill "$cron"' TERM INT
wait "$cron" || true
python3 -m section1.scheduled stop || true
[ -n "$stopping" ] || refuse "cron has ended" "the container starts anew"
