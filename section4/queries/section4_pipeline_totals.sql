-- Totals of the batches in this time range. Damaged reports are counted separately, their applications are unknown.
select
    count(*) filter (where is_readable) as "Batches",
    coalesce(sum(successful + unsuccessful), 0)::bigint as "Applications",
    coalesce(sum(successful), 0)::bigint as "Successful",
    coalesce(sum(unsuccessful), 0)::bigint as "Unsuccessful",
    coalesce(sum(refused), 0)::bigint as "Files refused",
    count(*) filter (where not is_readable) as "Damaged reports"
from pipeline.batches($__timeFrom()::timestamptz, $__timeTo()::timestamptz);
