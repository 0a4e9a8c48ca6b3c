-- Deaths per day as reported, and their 7-day average.
select
    measurement_date::timestamp as time,
    deaths as "Reported",
    deaths_average as "7-day average"
from covid.daily
where country_code = ${country:sqlstring} and $__timeFilter(measurement_date)
order by measurement_date;
