-- Run time per hour of the batch, by engine.
select
    hour as time,
    engine as metric,
    sum(seconds) as value
from pipeline.batches($__timeFrom()::timestamptz, $__timeTo()::timestamptz)
where is_readable
group by hour, engine
order by hour, engine;
