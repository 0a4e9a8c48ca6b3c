-- Inserts what is new, revises what is said otherwise now (keeping what was said before), leaves the rest alone.
with changed as (
    update covid.daily_cases as kept
    set
        cases_total = said.cases_total,
        cases_new = said.cases_new,
        deaths_total = said.deaths_total,
        deaths_new = said.deaths_new,
        source = %(source)s,
        fetched_at = %(fetched_at)s
    from staged_record as said
    where
        kept.country_code = said.country_code
        and kept.measurement_date = said.measurement_date
        and (kept.cases_total, kept.cases_new, kept.deaths_total, kept.deaths_new)
        is distinct from (said.cases_total, said.cases_new, said.deaths_total, said.deaths_new)
    returning old.*
),

revised as (
    insert into covid.revision (
        country_code, measurement_date, cases_total, cases_new, deaths_total, deaths_new, source, fetched_at, revised_at
    )
    select
        country_code,
        measurement_date,
        cases_total,
        cases_new,
        deaths_total,
        deaths_new,
        source,
        fetched_at,
        %(fetched_at)s as revised_at
    from changed
),

inserted as (
    insert into covid.daily_cases (
        country_code, measurement_date, cases_total, cases_new, deaths_total, deaths_new, source, fetched_at
    )
    select
        said.country_code,
        said.measurement_date,
        said.cases_total,
        said.cases_new,
        said.deaths_total,
        said.deaths_new,
        %(source)s as source,
        %(fetched_at)s as fetched_at
    from staged_record as said
    where
        not exists (
            select from covid.daily_cases as kept
            where kept.country_code = said.country_code and kept.measurement_date = said.measurement_date
        )
    returning country_code
)

select
    (select count(*) from inserted) as inserted,
    (select count(*) from changed) as changed;
