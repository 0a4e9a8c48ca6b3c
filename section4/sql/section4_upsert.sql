-- Inserts what is new, revises what is said otherwise now (keeping what was said before), leaves the rest alone;
-- where another source repeats the figures, it is the one that said so last. A day without any figure revises, but
-- is not new.
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
        and (kept.cases_total, kept.cases_new, kept.deaths_total, kept.deaths_new, kept.source)
        is distinct from (said.cases_total, said.cases_new, said.deaths_total, said.deaths_new, %(source)s)
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
    from staged_record as said
    where
        not exists (
            select from covid.daily_cases as kept
            where kept.country_code = said.country_code and kept.measurement_date = said.measurement_date
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
