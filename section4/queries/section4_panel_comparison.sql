-- Confirmed cases per day as 7-day averages, several countries.
select
    daily.measurement_date::timestamp as time,
    country.name as metric,
    daily.cases_average as value
from covid.daily
inner join covid.country on daily.country_code = country.country_code
where daily.country_code in (${compared:sqlstring}) and $__timeFilter(daily.measurement_date)
order by daily.measurement_date, country.name;
