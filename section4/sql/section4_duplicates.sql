-- Drops duplicate days with equal figures; returns their number, and the first day with conflicting figures.
with duplicated as (
    select
        country_code,
        measurement_date,
        count(distinct row(cases_total, cases_new, deaths_total, deaths_new)) as versions,
        min(ctid) as first_row
    from staged_record
    group by country_code, measurement_date
    having count(*) > 1
),

dropped as (
    delete from staged_record
    using duplicated
    where
        staged_record.country_code = duplicated.country_code
        and staged_record.measurement_date = duplicated.measurement_date
        and staged_record.ctid <> duplicated.first_row
    returning staged_record.country_code
),

conflict as (
    select
        country_code,
        measurement_date
    from duplicated
    where versions > 1
    order by country_code, measurement_date
    limit 1
)

select
    (select count(*) from dropped) as dropped,
    (select country_code from conflict) as country_code,
    (select measurement_date from conflict) as measurement_date;
