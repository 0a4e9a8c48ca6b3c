-- Gaps of two days or more without a report, and the cases of the next report (weekly reporting is not a gap); the time
-- since the last report; sample figures.
with daily as (
    select
        measurement_date,
        cases,
        days_before,
        is_backlog,
        source
    from covid.daily
    where country_code = ${country:sqlstring} and $__timeFilter(measurement_date)
)

select
    (measurement_date - days_before + 1)::timestamp as time,
    measurement_date::timestamp as timeend,
    days_before - 1 || ' days without a report, then ' || cases || ' cases' as text
from daily
where is_backlog and days_before > 2
union all
select
    (last_day + 1)::timestamp as time,
    now() at time zone 'UTC' as timeend,
    'no report since ' || last_day as text
from covid.freshness
where country_code = ${country:sqlstring} and days_old > 14
union all
select
    min(measurement_date)::timestamp as time,
    max(measurement_date)::timestamp as timeend,
    'SAMPLE: made up' as text
from daily
where source = 'sample'
having count(*) > 0
order by time;
