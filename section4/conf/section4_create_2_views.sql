-- depends: section4_create
-- Version 2: what follows from what sources said.

set role covid_owner;

create view covid.report as
with confirmed as (
    select
        country_code,
        measurement_date,
        case when source = lag(source) over by_day then cases_total - lag(cases_total) over by_day end as cases
    from covid.daily_cases
    where cases_total is not null
    window by_day as (partition by country_code order by measurement_date)
),

died as (
    select
        country_code,
        measurement_date,
        case when source = lag(source) over by_day then deaths_total - lag(deaths_total) over by_day end as deaths
    from covid.daily_cases
    where deaths_total is not null
    window by_day as (partition by country_code order by measurement_date)
)

select
    said.country_code,
    said.measurement_date,
    said.source,
    said.cases_total,
    said.deaths_total,
    coalesce(said.cases_new, confirmed.cases) as cases,
    coalesce(said.deaths_new, died.deaths) as deaths
from covid.daily_cases as said
left join confirmed
    on said.country_code = confirmed.country_code and said.measurement_date = confirmed.measurement_date
left join died
    on said.country_code = died.country_code and said.measurement_date = died.measurement_date;

create view covid.rhythm as
with gaps as (
    select
        country_code,
        measurement_date,
        measurement_date - lag(measurement_date) over by_day as days_before
    from covid.report
    where cases <> 0
    window by_day as (partition by country_code order by measurement_date)
)

select
    country_code,
    measurement_date,
    days_before,
    days_before > 1 and count(*) filter (where days_before >= 6) over around >= 2 as is_weekly
from gaps
window around as (partition by country_code order by measurement_date rows between 2 preceding and 2 following);

create view covid.daily as
select
    report.country_code,
    report.measurement_date,
    report.source,
    report.cases_total,
    report.deaths_total,
    report.cases,
    report.deaths,
    case
        when
            report.measurement_date - 6 >= min(report.measurement_date) filter (where report.cases is not null)
                over (partition by report.country_code)
            then round(sum(report.cases) over last_seven_days / 7, 2)
    end as cases_average,
    case
        when
            report.measurement_date - 6 >= min(report.measurement_date) filter (where report.deaths is not null)
                over (partition by report.country_code)
            then round(sum(report.deaths) over last_seven_days / 7, 2)
    end as deaths_average,
    rhythm.days_before,
    coalesce(rhythm.is_weekly, false) as is_weekly,
    coalesce(
        rhythm.days_before > 1 and not rhythm.is_weekly and sum(report.cases) over last_seven_days >= 70, false
    ) as is_backlog
from covid.report
left join covid.rhythm
    on report.country_code = rhythm.country_code and report.measurement_date = rhythm.measurement_date
window last_seven_days as (
    partition by report.country_code
    order by report.measurement_date
    range between interval '6 days' preceding and current row
);

create view covid.freshness as
with last_day as (
    select distinct on (country_code)
        country_code,
        measurement_date,
        source
    from covid.daily_cases
    order by country_code asc, measurement_date desc
),

last_run as (select max(started_at) as started_at from covid.ingestion_run)

select
    last_day.country_code,
    last_day.measurement_date as last_day,
    last_day.source,
    last_run.started_at as last_run,
    (now() at time zone 'UTC')::date - last_day.measurement_date as days_old,
    case
        when last_day.source = 'sample' then 'SAMPLE: made up'
        when last_run.started_at < now() - interval '36 hours' then 'STALE: no run for 36 hours'
        when last_day.measurement_date < (now() at time zone 'UTC')::date - 14 then 'STALE: no newer figures'
        else 'fresh'
    end as state
from last_day
cross join last_run;

comment on view covid.report is
'Figures of a report: as the source gave them, or the difference to its report before; the first one has none';
comment on column covid.report.cases is 'Confirmed cases of this report, signed';
comment on column covid.report.deaths is 'Deaths of this report, signed';
comment on view covid.rhythm is 'Days with cases, and how they follow one another';
comment on column covid.rhythm.days_before is 'How long ago the day with cases before was';
comment on column covid.rhythm.is_weekly is
'Of five days with cases in a row, it the third, two came six days or more after the one before; it is no daily one';
comment on view covid.daily is
'A report, the average of the seven days of the calendar that end with it, how to take it';
comment on column covid.daily.cases_average is
'Of seven days, days without a report among them; null for the first six';
comment on column covid.daily.deaths_average is 'Likewise';
comment on column covid.daily.is_weekly is 'It is a weekly report';
comment on column covid.daily.is_backlog is
'It catches up with days before, of which nothing was reported: with ten cases a day a day without any is none';
comment on view covid.freshness is
'How far a country''s figures go, who gave the last ones, and what they are worth today';
comment on column covid.freshness.state is 'fresh; or STALE or SAMPLE, and why';

grant select on covid.report, covid.rhythm, covid.daily, covid.freshness to grafana;

reset role;
