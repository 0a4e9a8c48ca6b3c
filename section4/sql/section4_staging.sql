-- Where a run's records lie until they are compared with what is there.
create temporary table staged_record (
    country_code text not null,
    measurement_date date not null,
    cases_total bigint,
    cases_new bigint,
    deaths_total bigint,
    deaths_new bigint
) on commit drop;
