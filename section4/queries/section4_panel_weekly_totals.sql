-- Confirmed cases per week, Monday to Sunday; the current week is left out.
with weeks as (
    select
        date_trunc('week', measurement_date::timestamp) as week,
        sum(cases) as cases
    from covid.daily
    where country_code = ${country:sqlstring}
    group by date_trunc('week', measurement_date::timestamp)
)

select
    week as time,
    cases as "Cases"
from weeks
where
    $__timeFilter(week)
    and week + interval '6 days' <= (
        select max(measurement_date) from covid.daily_cases
        where country_code = ${country:sqlstring}
    )
order by week;
