-- Share of an hour's applications that are unsuccessful. Empty for an hour without applications.
select
    hour as time,
    round(sum(unsuccessful) / nullif(sum(successful + unsuccessful), 0), 4) as "Unsuccessful"
from pipeline.batches($__timeFrom()::timestamptz, $__timeTo()::timestamptz)
where is_readable
group by hour
order by hour;
