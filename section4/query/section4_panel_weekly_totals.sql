-- Confirmed cases a week, from Monday to Sunday.
select
    date_trunc('week', measurement_date::timestamp) as time,
    sum(cases) as "Cases"
from covid.daily
where country_code = ${country:sqlstring} and $__timeFilter(measurement_date)
group by date_trunc('week', measurement_date::timestamp)
order by date_trunc('week', measurement_date::timestamp);
