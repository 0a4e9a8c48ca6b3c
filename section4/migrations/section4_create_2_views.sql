-- depends: section4_create
-- Version 2: views with daily figures, averages and freshness.

set role covid_owner;

-- Windows instead of joins: freshly loaded tables have no statistics yet.
create view covid.report as
select
    country_code,
    measurement_date,
    source,
    cases_total,
    deaths_total,
    coalesce(cases_new, cases_total - lag(cases_total) over confirmed) as cases,
    coalesce(deaths_new, deaths_total - lag(deaths_total) over died) as deaths
from covid.daily_cases
window
    confirmed as (partition by country_code, cases_total is null order by measurement_date),
    died as (partition by country_code, deaths_total is null order by measurement_date);

create view covid.rhythm as
with flagged as (
    select
        *,
        coalesce(cases <> 0, false) as has_cases
    from covid.report
),

gaps as (
    select
        *,
        case when has_cases then measurement_date - lag(measurement_date) over by_day end as days_before
    from flagged
    window by_day as (partition by country_code, has_cases order by measurement_date)
)

select
    country_code,
    measurement_date,
    source,
    cases_total,
    deaths_total,
    cases,
    deaths,
    days_before,
    coalesce(days_before > 1 and count(*) filter (where days_before between 6 and 16) over around >= 2, false)
        as is_weekly
from gaps
window around as (
    partition by country_code, has_cases order by measurement_date rows between 2 preceding and 2 following
);

create view covid.daily as
with weeks as (
    select
        *,
        min(measurement_date) filter (where cases is not null) over (partition by country_code)
        + 6 as cases_averaged_from,
        min(measurement_date) filter (where deaths is not null) over (partition by country_code)
        + 6 as deaths_averaged_from,
        sum(cases) over seven_days as cases_of_seven_days,
        sum(deaths) over seven_days as deaths_of_seven_days,
        count(*) over seven_days - count(cases) over seven_days as unknown_cases,
        count(*) over seven_days - count(deaths) over seven_days as unknown_deaths
    from covid.rhythm
    window seven_days as (
        partition by country_code
        order by measurement_date
        range between interval '6 days' preceding and current row
    )
)

select
    country_code,
    measurement_date,
    source,
    cases_total,
    deaths_total,
    cases,
    deaths,
    case
        when measurement_date >= cases_averaged_from and unknown_cases = 0 then round(cases_of_seven_days / 7, 2)
    end as cases_average,
    case
        when measurement_date >= deaths_averaged_from and unknown_deaths = 0 then round(deaths_of_seven_days / 7, 2)
    end as deaths_average,
    days_before,
    is_weekly,
    coalesce(days_before > 1 and not is_weekly and cases_of_seven_days >= 70, false) as is_backlog
from weeks;

create view covid.freshness as
with last_report as (
    select distinct on (country_code)
        country_code,
        measurement_date,
        source
    from covid.report
    where cases <> 0 or deaths <> 0
    order by country_code asc, measurement_date desc
),

aged as (
    select
        last_report.country_code,
        last_report.measurement_date as last_day,
        last_report.source,
        (
            select max(run.started_at) from covid.ingestion_run as run
            where run.last_day is null and (run.countries = '{}' or last_report.country_code = any(run.countries))
        ) as last_run,
        (now() at time zone 'UTC')::date - last_report.measurement_date as days_old
    from last_report
)

select
    country_code,
    last_day,
    source,
    last_run,
    days_old,
    case
        when source = 'sample' then 'SAMPLE: made up'
        when last_run > now() - interval '36 hours' is not true then 'STALE: no run for 36 hours'
        when days_old > 14 then 'STALE: nothing newer is reported'
        else 'fresh'
    end as state
from aged;

comment on view covid.report is
'Figures of a report: as the source gave them, or the difference to its report before; the first one has none';
comment on column covid.report.cases is 'Confirmed cases of this report, signed';
comment on column covid.report.deaths is 'Deaths of this report, signed';
comment on view covid.rhythm is 'Reports, and how days with cases follow one another';
comment on column covid.rhythm.days_before is 'How long ago the day with cases before was';
comment on column covid.rhythm.is_weekly is
'Of five days with cases in a row, it the third, two came a week or two after the one before; it is no daily one';
comment on view covid.daily is
'A report, the average of the seven days of the calendar that end with it, how to take it';
comment on column covid.daily.cases_average is
'Of seven days of the calendar, days without a report among them; null for the first six and beside a withdrawn day';
comment on column covid.daily.deaths_average is 'Likewise';
comment on column covid.daily.is_weekly is 'It is a weekly report';
comment on column covid.daily.is_backlog is
'It catches up with days before, of which nothing was reported: with ten cases a day a day without any is none';
comment on view covid.freshness is
'How far a country''s figures go, who gave the last ones, and what they are worth today';
comment on column covid.freshness.last_day is
'When cases or deaths were reported last: sources go on with zeros when a country does not';
comment on column covid.freshness.last_run is 'The last run that asked for all up to the latest of this country';
comment on column covid.freshness.state is 'fresh; or STALE or SAMPLE, and why';

grant select on covid.report, covid.rhythm, covid.daily, covid.freshness to grafana;

reset role;
