-- Where did no report come for two days or more, and what came then? Weekly reports are no gaps; what lacks at the end
-- is one.
with daily as (
    select
        measurement_date,
        cases,
        days_before,
        is_backlog
    from covid.daily
    where country_code = ${country:sqlstring} and $__timeFilter(measurement_date)
)

select
    (measurement_date - days_before + 1)::timestamp as time,
    measurement_date::timestamp as timeend,
    format('%s days without a report; %s cases came then', days_before - 1, cases) as text
from daily
where is_backlog and days_before > 2
union all
select
    (last_day + 1)::timestamp as time,
    now() at time zone 'UTC' as timeend,
    'no figures since ' || last_day as text
from covid.freshness
where country_code = ${country:sqlstring} and days_old > 14
order by time;
