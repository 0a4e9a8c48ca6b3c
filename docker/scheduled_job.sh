#!/bin/sh
# Started by cron as root: one scheduled run, with the container's environment and standard output, which cron withholds.
# shellcheck source=/dev/null
. /run/environment # written by scheduled_entrypoint.sh
cd /app || exit
exec python3 -m "$SECTION.scheduled" run >/proc/1/fd/1 2>&1
