-- Cumulative confirmed cases and deaths, as reported by the source.
select
    measurement_date::timestamp as time,
    cases_total as "Cases",
    deaths_total as "Deaths"
from covid.daily
where country_code = ${country:sqlstring} and $__timeFilter(measurement_date)
order by measurement_date;
