-- Reasons of unsuccessful applications. An application counts once for each of its reasons.
select
    hour as time,
    reason as metric,
    sum(applications)::bigint as value
from pipeline.reasons($__timeFrom()::timestamptz, $__timeTo()::timestamptz)
group by hour, reason
order by hour, reason;
