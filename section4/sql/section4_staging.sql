-- Staging table of a run, compared with the loaded rows before anything is changed.
create temporary table staged_record (
    country_code text not null,
    measurement_date date not null,
    cases_total bigint,
    cases_new bigint,
    deaths_total bigint,
    deaths_new bigint
) on commit drop;
