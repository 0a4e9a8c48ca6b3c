-- Countries with figures.
select
    name as __text,
    country_code as __value
from covid.country
where country_code in (select country_code from covid.daily_cases)
order by name;
