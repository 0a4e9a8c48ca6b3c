-- Which days does a source speak of twice? Repetitions of the same figures are dropped; the first day with different
-- ones is told.
with repeated as (
    select
        country_code,
        measurement_date,
        count(distinct row(cases_total, cases_new, deaths_total, deaths_new)) as sayings,
        min(ctid) as kept
    from staged_record
    group by country_code, measurement_date
    having count(*) > 1
),

dropped as (
    delete from staged_record
    using repeated
    where
        staged_record.country_code = repeated.country_code
        and staged_record.measurement_date = repeated.measurement_date
        and staged_record.ctid <> repeated.kept
    returning staged_record.country_code
)

select
    (select count(*) from dropped) as dropped,
    min(country_code || ' ' || measurement_date) filter (where sayings > 1) as contradiction
from repeated;
