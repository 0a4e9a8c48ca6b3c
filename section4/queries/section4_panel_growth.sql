-- Relative change of the 7-day average of cases within a week. Empty when that average was below one case per day a
-- week before, or is negative now because of a correction.
with averages as (
    select
        measurement_date,
        cases_average
    from covid.daily
    where country_code = ${country:sqlstring}
)

select
    today.measurement_date::timestamp as time,
    case
        when week_before.cases_average >= 1 and today.cases_average >= 0
            then round(today.cases_average / week_before.cases_average - 1, 4)
    end as "Change to a week before"
from averages as today
inner join averages as week_before on today.measurement_date = week_before.measurement_date + 7
where $__timeFilter(today.measurement_date)
order by today.measurement_date;
