-- How many of an hour's applications are unsuccessful? None where there was no application.
select
    hour as time,
    round(sum(unsuccessful) / nullif(sum(successful + unsuccessful), 0), 4) as "Unsuccessful"
from pipeline.batches($__timeFrom()::timestamptz, $__timeTo()::timestamptz)
where is_readable
group by hour
order by hour;
