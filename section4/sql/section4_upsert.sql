-- Inserts new days and revises changed ones, keeping earlier figures in covid.revision; other rows stay unchanged.
-- Equal figures from another source only change `source`. A day without figures can revise a row, but is not inserted.
with changed as (
    update covid.daily_cases as loaded
    set
        cases_total = staged.cases_total,
        cases_new = staged.cases_new,
        deaths_total = staged.deaths_total,
        deaths_new = staged.deaths_new,
        source = %(source)s,
        fetched_at = %(fetched_at)s
    from staged_record as staged
    where
        loaded.country_code = staged.country_code
        and loaded.measurement_date = staged.measurement_date
        and (loaded.cases_total, loaded.cases_new, loaded.deaths_total, loaded.deaths_new, loaded.source)
        is distinct from (staged.cases_total, staged.cases_new, staged.deaths_total, staged.deaths_new, %(source)s)
    returning
        old.*,
        (old.cases_total, old.cases_new, old.deaths_total, old.deaths_new)
        is distinct from (new.cases_total, new.cases_new, new.deaths_total, new.deaths_new) as is_revised
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
    where is_revised
    returning country_code
),

added as (
    select *
    from staged_record as staged
    where
        not exists (
            select from covid.daily_cases as loaded
            where loaded.country_code = staged.country_code and loaded.measurement_date = staged.measurement_date
        )
),

inserted as (
    insert into covid.daily_cases (
        country_code, measurement_date, cases_total, cases_new, deaths_total, deaths_new, source, fetched_at
    )
    select
        country_code,
        measurement_date,
        cases_total,
        cases_new,
        deaths_total,
        deaths_new,
        %(source)s as source,
        %(fetched_at)s as fetched_at
    from added
    where num_nonnulls(cases_total, cases_new, deaths_total, deaths_new) > 0
    returning country_code
)

select
    (select count(*) from inserted) as inserted,
    (select count(*) from revised) as changed,
    (select count(*) from added) - (select count(*) from inserted) as blank;
