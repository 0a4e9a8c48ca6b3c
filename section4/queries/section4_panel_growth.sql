-- Change of the 7-day average within a week. Empty below one case per day.
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
        -- A correction can make an average negative.
        when week_before.cases_average >= 1 and today.cases_average >= 0
            then round(today.cases_average / week_before.cases_average - 1, 4)
    end as "Change to a week before"
from averages as today
inner join averages as week_before on today.measurement_date = week_before.measurement_date + 7
where $__timeFilter(today.measurement_date)
order by today.measurement_date;
