#!/bin/sh
# What the container of a scheduled job does: cron starts a run when SECTIONn_SCHEDULE says so, and a run that was missed
# is made up. The image sets SECTION, such as section1.
set -eu
cd /app
variable=$(printf '%s' "$SECTION" | tr '[:lower:]' '[:upper:]')_SCHEDULE
schedule=$(printenv "$variable" || true)

# usage: refuse "what is wrong" "what to do"
refuse() {
    printf '%s: %s; %s\n' "$SECTION" "$1" "$2" >&2
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
is_schedule "$schedule" || refuse "$variable: '$schedule' is no schedule of cron" "$example"
problem=$(printf '%s /app/docker/scheduled_job.sh\n' "$schedule" | crontab - 2>&1) ||
    refuse "$variable: '$schedule' is no schedule of cron ($(printf %s "$problem" | sed -n '1s/.*: //p'))" "$example"

python3 -m "$SECTION.scheduled" catch-up &
cron -f &
cron=$!
stopping=
trap 'stopping=yes; kill "$cron"' TERM INT
wait "$cron" || true
python3 -m "$SECTION.scheduled" stop || true
[ -n "$stopping" ] || refuse "cron has ended" "the container starts anew"
