-- The countries that there are figures of.
select
    name as __text,
    country_code as __value
from covid.country
order by name;
