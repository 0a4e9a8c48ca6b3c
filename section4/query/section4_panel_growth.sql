-- How much more than a week before is the 7-day average? None where it was not above zero then.
with averages as (
    select
        measurement_date,
        cases_average
    from covid.daily
    where country_code = ${country:sqlstring}
)

select
    today.measurement_date::timestamp as time,
    round(today.cases_average / week_before.cases_average - 1, 4) as "Against a week before"
from averages as today
inner join averages as week_before on today.measurement_date = week_before.measurement_date + 7
where week_before.cases_average > 0 and $__timeFilter(today.measurement_date)
order by today.measurement_date;
