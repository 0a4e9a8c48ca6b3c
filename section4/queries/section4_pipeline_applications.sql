-- Applications by the hour of their batch.
select
    hour as time,
    sum(successful)::bigint as "Successful",
    sum(unsuccessful)::bigint as "Unsuccessful"
from pipeline.batches($__timeFrom()::timestamptz, $__timeTo()::timestamptz)
where is_readable
group by hour
order by hour;
