-- Countries whose staged figures end more than two weeks before those that another source has loaded.
with staged as (
    select
        country_code,
        max(measurement_date) as last_day
    from staged_record
    where num_nonnulls(cases_total, cases_new, deaths_total, deaths_new) > 0
    group by country_code
),

loaded as (
    select
        country_code,
        max(measurement_date) as last_day
    from covid.daily_cases
    where source <> %(source)s
    group by country_code
)

select
    staged.country_code,
    staged.last_day,
    loaded.last_day as known_to
from staged
inner join loaded on staged.country_code = loaded.country_code
where staged.last_day < loaded.last_day - 14
order by staged.country_code
limit 1;
