#!/bin/sh
# What cron runs, as root: one scheduled run, with the environment and the output of the container, which cron withholds.
exec >/proc/1/fd/1 2>&1
cd /app || exit
# shellcheck disable=SC2016 # SECTION is of that environment
exec xargs --null --arg-file=/proc/1/environ sh -c 'exec env -i "$@" sh -c "exec python3 -m \$SECTION.scheduled run"' sh
