-- Loads the same rows with COPY and one INSERT ... ON CONFLICT that updates only changed rows.
create temporary table staged_record (
    country_code text,
    measurement_date date,
    cases_total bigint,
    deaths_total bigint
);
\copy staged_record from 'long.csv' with (format csv)
insert into covid.country (country_code, name)
select distinct
    country_code,
    country_code as name
from staged_record
on conflict do nothing;
insert into covid.daily_cases as kept (
    country_code, measurement_date, cases_total, deaths_total, source, fetched_at
)
select
    country_code,
    measurement_date,
    cases_total,
    deaths_total,
    'jhu' as source,
    now() as fetched_at
from staged_record
on conflict (country_code, measurement_date) do update set
    cases_total = excluded.cases_total,
    deaths_total = excluded.deaths_total,
    source = excluded.source,
    fetched_at = excluded.fetched_at
where (kept.cases_total, kept.deaths_total) is distinct from (excluded.cases_total, excluded.deaths_total);
