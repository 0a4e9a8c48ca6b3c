-- Of which country does this source end more than two weeks before what another one has said?
with said as (
    select
        country_code,
        max(measurement_date) as last_day
    from staged_record
    where num_nonnulls(cases_total, cases_new, deaths_total, deaths_new) > 0
    group by country_code
),

kept as (
    select
        country_code,
        max(measurement_date) as last_day
    from covid.daily_cases
    where source <> %(source)s
    group by country_code
)

select
    said.country_code,
    said.last_day,
    kept.last_day as known_to
from said
inner join kept on said.country_code = kept.country_code
where said.last_day < kept.last_day - 14
order by said.country_code
limit 1;
