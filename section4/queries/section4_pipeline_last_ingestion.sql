-- The last successful ingestion run. Runs are daily; after 36 hours this turns red.
with last_run as (
    select
        max(started_at) as started_at,
        (array_agg(source order by started_at desc))[1] as source
    from covid.ingestion_run
)

select
    case
        when started_at is null then 'no run yet'
        when started_at < now() - interval '36 hours' then 'STALE: no run for 36 hours'
        else 'fresh'
    end as "State",
    source as "Source",
    to_char(started_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') as "Started",
    floor(extract(epoch from now() - started_at) / 3600)::integer as "Hours ago"
from last_run;
