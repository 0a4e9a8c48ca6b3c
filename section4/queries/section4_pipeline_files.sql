-- Files that were read, refused (unreadable) and skipped (an earlier batch holds their content).
select
    hour as time,
    sum(files)::bigint as "Read",
    sum(refused)::bigint as "Refused",
    sum(skipped)::bigint as "Skipped"
from pipeline.batches($__timeFrom()::timestamptz, $__timeTo()::timestamptz)
where is_readable
group by hour
order by hour;
