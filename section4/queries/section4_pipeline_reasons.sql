-- Why were applications unsuccessful? One counts for each reason that applies to it.
select
    hour as time,
    reason as metric,
    sum(applications)::bigint as value
from pipeline.reasons($__timeFrom()::timestamptz, $__timeTo()::timestamptz)
group by hour, reason
order by hour, reason;
