-- The batches in this time range, newest first, at most 100. A damaged report shows only its name.
select
    batch as "Batch",
    case when is_readable then 'published' else 'DAMAGED report' end as "State",
    engine as "Engine",
    successful as "Successful",
    unsuccessful as "Unsuccessful",
    files as "Files read",
    skipped as "Skipped",
    refused as "Refused",
    seconds as "Seconds",
    to_char(published_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as "Published, UTC"
from pipeline.batches($__timeFrom()::timestamptz, $__timeTo()::timestamptz)
order by left(batch, 13) desc, length(batch) desc, batch desc
limit 100;
