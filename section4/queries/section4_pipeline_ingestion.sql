-- Days added or changed by each ingestion run.
select
    started_at as time,
    inserted as "Inserted",
    changed as "Changed"
from covid.ingestion_run
where $__timeFilter(started_at)
order by started_at;
