-- Confirmed cases per day as reported, and the average of seven calendar days up to that day.
select
    measurement_date::timestamp as time,
    cases as "Reported",
    cases_average as "7-day average"
from covid.daily
where country_code = ${country:sqlstring} and $__timeFilter(measurement_date)
order by measurement_date;
