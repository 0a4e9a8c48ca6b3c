-- Source and date of the newest figures, and whether they are fresh, STALE or SAMPLE.
select
    state as "State",
    source as "Source",
    to_char(last_day, 'YYYY-MM-DD') as "Figures up to",
    days_old as "Days old",
    to_char(last_run at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') as "Last run"
from covid.freshness
where country_code = ${country:sqlstring};
