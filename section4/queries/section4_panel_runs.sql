-- The last 20 ingestion runs.
select
    to_char(started_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as "Started, UTC",
    source as "Source",
    outcome as "Outcome",
    coalesce(nullif(array_to_string(countries, ', '), ''), 'all') as "Countries",
    inserted as "Inserted",
    changed as "Changed",
    unchanged as "Unchanged",
    refused as "Refused",
    seconds as "Seconds"
from covid.ingestion_run
order by run_id desc
limit 20;
