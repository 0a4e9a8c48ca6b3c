-- Version 1: schema covid with figures by country and day, their revisions, and the runs that loaded them.
-- All objects belong to covid_owner, a role without login.

do $$
begin
    if not exists (select from pg_roles where rolname = 'covid_owner') then
        create role covid_owner nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'covid_loader') then
        create role covid_loader login nosuperuser nocreatedb nocreaterole noreplication;
    end if;
    if not exists (select from pg_roles where rolname = 'grafana') then
        create role grafana login nosuperuser nocreatedb nocreaterole noreplication;
    end if;
end;
$$;
comment on role covid_loader is 'The ingestion job';
comment on role grafana is 'Reads what the dashboard shows';
alter role covid_loader set search_path = covid;
alter role grafana set search_path = covid;
alter role grafana set default_transaction_read_only = on;
alter role grafana set statement_timeout = '30s';
revoke all on schema public from public;

create schema covid authorization covid_owner;
comment on schema covid is 'COVID-19 by country and day, as sources give it';
set role covid_owner;

create table covid.country (
    country_code text not null,
    name text not null,
    constraint country_pkey primary key (country_code),
    constraint country_code_is_iso check (country_code ~ '^[A-Z]{2}$'),
    constraint country_name_fits check (char_length(name) between 1 and 100)
);

create table covid.ingestion_run (
    run_id bigint generated always as identity,
    source text not null,
    countries text[] not null,
    first_day date not null,
    last_day date,
    started_at timestamptz not null,
    seconds numeric(10, 3) not null,
    inserted integer not null,
    changed integer not null,
    unchanged integer not null,
    refused integer not null,
    refused_names text[] not null,
    outcome text not null,
    constraint ingestion_run_pkey primary key (run_id),
    constraint ingestion_run_outcome_known check (outcome in ('loaded', 'not modified')),
    constraint ingestion_run_counts_in_range check (least(inserted, changed, unchanged, refused) >= 0),
    constraint ingestion_run_days_in_order check (first_day <= last_day)
);

create table covid.daily_cases (
    country_code text not null,
    measurement_date date not null,
    cases_total bigint,
    cases_new bigint,
    deaths_total bigint,
    deaths_new bigint,
    source text not null,
    fetched_at timestamptz not null,
    constraint daily_cases_pkey primary key (country_code, measurement_date),
    constraint daily_cases_country_fkey foreign key (country_code) references covid.country,
    constraint daily_cases_date_in_range check (
        measurement_date between '2019-12-01' and (fetched_at at time zone 'UTC')::date + 1
    ),
    constraint daily_cases_cases_total_in_range check (cases_total between 0 and 10000000000),
    constraint daily_cases_deaths_total_in_range check (deaths_total between 0 and 10000000000),
    constraint daily_cases_cases_new_in_range check (abs(cases_new) <= 10000000000),
    constraint daily_cases_deaths_new_in_range check (abs(deaths_new) <= 10000000000)
);

create table covid.revision (
    country_code text not null,
    measurement_date date not null,
    cases_total bigint,
    cases_new bigint,
    deaths_total bigint,
    deaths_new bigint,
    source text not null,
    fetched_at timestamptz not null,
    revised_at timestamptz not null,
    constraint revision_pkey primary key (country_code, measurement_date, revised_at),
    constraint revision_day_fkey foreign key (country_code, measurement_date) references covid.daily_cases
    on delete cascade
);

create table covid.validator (
    address text not null,
    source text not null,
    asked text not null,
    etag text,
    last_modified text,
    constraint validator_pkey primary key (address)
);

create function covid.remove_sample() returns bigint
language sql security definer set search_path = ''
begin atomic
    with removed as (
        delete from covid.daily_cases
        where daily_cases.source = 'sample'
        returning daily_cases.country_code
    )

    select count(*) from removed;
end;
revoke execute on function covid.remove_sample from public;
comment on function covid.remove_sample is 'Removes made-up figures, which must not stand among real ones';

comment on table covid.country is 'Countries that a source has spoken of';
comment on column covid.country.country_code is 'ISO 3166, two letters';
comment on column covid.country.name is 'What it is called';
comment on table covid.ingestion_run is 'The ledger: each run that was committed, with the rows, in one transaction';
comment on column covid.ingestion_run.run_id is 'Key';
comment on column covid.ingestion_run.source is 'Who answered';
comment on column covid.ingestion_run.countries is 'Which countries were asked for; empty: all';
comment on column covid.ingestion_run.first_day is 'From when';
comment on column covid.ingestion_run.last_day is 'Until when; null: the latest that there is';
comment on column covid.ingestion_run.started_at is 'When it began';
comment on column covid.ingestion_run.seconds is 'How long it took';
comment on column covid.ingestion_run.inserted is 'Rows that are new';
comment on column covid.ingestion_run.changed is 'Rows whose figures were revised';
comment on column covid.ingestion_run.unchanged is 'Rows that the source repeated';
comment on column covid.ingestion_run.refused is 'Days that stand under names that are no country''s';
comment on column covid.ingestion_run.refused_names is 'Those names';
comment on column covid.ingestion_run.outcome is 'loaded; or not modified: the server said that nothing is new';
comment on table covid.daily_cases is
'What was said last of a country and day, signed, as it was said; nothing, where it was withdrawn';
comment on column covid.daily_cases.country_code is 'The country';
comment on column covid.daily_cases.measurement_date is 'The day';
comment on column covid.daily_cases.cases_total is 'Confirmed cases up to this day';
comment on column covid.daily_cases.cases_new is 'Confirmed cases of this report; negative: a correction';
comment on column covid.daily_cases.deaths_total is 'Deaths up to this day';
comment on column covid.daily_cases.deaths_new is 'Deaths of this report; negative: a correction';
comment on column covid.daily_cases.source is 'Who said so last';
comment on column covid.daily_cases.fetched_at is 'When that source said so first';
comment on table covid.revision is 'What was said of a country and day before it was revised';
comment on column covid.revision.country_code is 'The country';
comment on column covid.revision.measurement_date is 'The day';
comment on column covid.revision.cases_total is 'As it was';
comment on column covid.revision.cases_new is 'As it was';
comment on column covid.revision.deaths_total is 'As it was';
comment on column covid.revision.deaths_new is 'As it was';
comment on column covid.revision.source is 'Who had said so';
comment on column covid.revision.fetched_at is 'When it had been fetched';
comment on column covid.revision.revised_at is 'started_at of the run that changed it';
comment on table covid.validator is
'By what a server can tell that what it sent last still holds; of the last run alone';
comment on column covid.validator.address is 'What was asked for';
comment on column covid.validator.source is 'Whom';
comment on column covid.validator.asked is 'About which countries and days, and where';
comment on column covid.validator.etag is 'ETag';
comment on column covid.validator.last_modified is 'Last-Modified';

grant usage on schema covid to covid_loader, grafana;
grant select, insert, update on covid.daily_cases to covid_loader;
grant select, insert on covid.country, covid.ingestion_run, covid.revision to covid_loader;
grant select, insert, delete on covid.validator to covid_loader;
grant execute on function covid.remove_sample to covid_loader;
grant select on covid.country, covid.daily_cases, covid.ingestion_run, covid.revision to grafana;

reset role;
