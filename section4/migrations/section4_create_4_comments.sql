-- depends: section4_create_3_pipeline
-- Version 4: plain comments on all objects.

comment on role covid_loader is 'The ingestion job';
comment on role grafana is 'Read-only role of the dashboards';
comment on role pipeline_owner is 'Owner of schema pipeline; may read the server''s files';

set role covid_owner;
comment on schema covid is 'COVID-19 figures by country and day, as reported';
comment on table covid.country is 'Countries with figures';
comment on column covid.country.country_code is 'ISO 3166 code of two letters';
comment on column covid.country.name is 'English name';
comment on table covid.ingestion_run is 'Committed runs, each written in one transaction with its rows';
comment on column covid.ingestion_run.run_id is 'Primary key';
comment on column covid.ingestion_run.source is 'Source that was loaded';
comment on column covid.ingestion_run.countries is 'Requested countries; empty: all';
comment on column covid.ingestion_run.first_day is 'First requested day';
comment on column covid.ingestion_run.last_day is 'Last requested day; null: latest';
comment on column covid.ingestion_run.started_at is 'Start of the run';
comment on column covid.ingestion_run.seconds is 'Duration';
comment on column covid.ingestion_run.inserted is 'New rows';
comment on column covid.ingestion_run.changed is 'Rows with revised figures';
comment on column covid.ingestion_run.unchanged is 'Rows with the same figures as before';
comment on column covid.ingestion_run.refused is 'Days under names that are not countries';
comment on column covid.ingestion_run.refused_names is 'Those names';
comment on column covid.ingestion_run.outcome is 'loaded, or not modified: the server reported no change';
comment on table covid.daily_cases is
'Latest reported figures of a country and day, signed; null where not reported or withdrawn';
comment on column covid.daily_cases.country_code is 'Country';
comment on column covid.daily_cases.measurement_date is 'Day';
comment on column covid.daily_cases.cases_total is 'Confirmed cases up to this day';
comment on column covid.daily_cases.cases_new is 'Confirmed cases of this day; negative: a correction';
comment on column covid.daily_cases.deaths_total is 'Deaths up to this day';
comment on column covid.daily_cases.deaths_new is 'Deaths of this day; negative: a correction';
comment on column covid.daily_cases.source is 'Last source that reported these figures';
comment on column covid.daily_cases.fetched_at is 'First run that loaded these figures from that source';
comment on table covid.revision is 'Earlier figures of revised days';
comment on column covid.revision.country_code is 'Country';
comment on column covid.revision.measurement_date is 'Day';
comment on column covid.revision.cases_total is 'Earlier value';
comment on column covid.revision.cases_new is 'Earlier value';
comment on column covid.revision.deaths_total is 'Earlier value';
comment on column covid.revision.deaths_new is 'Earlier value';
comment on column covid.revision.source is 'Source of the earlier figures';
comment on column covid.revision.fetched_at is 'Run that loaded the earlier figures';
comment on column covid.revision.revised_at is 'started_at of the run that changed them';
comment on table covid.validator is 'HTTP validators of the last load, for conditional requests';
comment on column covid.validator.address is 'Requested address';
comment on column covid.validator.source is 'Source';
comment on column covid.validator.asked is 'Query and configured address of that load';
comment on column covid.validator.etag is 'ETag header';
comment on column covid.validator.last_modified is 'Last-Modified header';
comment on function covid.remove_sample is 'Removes synthetic figures, which must not be mixed with real ones';
comment on view covid.report is
'Reported figures per day: as the source gave them, else the difference to its report before; null for the first';
comment on column covid.report.cases is 'Confirmed cases of this report, signed';
comment on column covid.report.deaths is 'Deaths of this report, signed';
comment on view covid.rhythm is 'Reports with the distance between days with cases';
comment on column covid.rhythm.days_before is 'Days since the previous day with cases';
comment on column covid.rhythm.is_weekly is
'Weekly report: among the five days with cases around this one, at least two follow a gap of 6 to 16 days';
comment on view covid.daily is 'Reports with 7-day averages and flags';
comment on column covid.daily.cases_average is
'Average of seven calendar days, including days without a report; null for the first six, and near a withdrawn day';
comment on column covid.daily.deaths_average is 'Like cases_average';
comment on column covid.daily.is_weekly is 'Weekly report';
comment on column covid.daily.is_backlog is
'Report that includes earlier, unreported days; only where there are at least ten cases per day on average';
comment on view covid.freshness is 'Last day, source and state of each country''s figures';
comment on column covid.freshness.last_day is
'Last day with cases or deaths; zeros do not count, sources continue with them after a country stops reporting';
comment on column covid.freshness.last_run is 'Last run that requested this country up to the latest day';
comment on column covid.freshness.state is 'fresh, or STALE or SAMPLE with the cause';

set role pipeline_owner;
comment on schema pipeline is 'Section 1''s batches, read from their reports';
comment on table pipeline.report_folder is 'Directory of section 1''s reports on this server; one row';
comment on column pipeline.report_folder.path is 'Absolute path';
comment on type pipeline.batch is 'A committed batch; for an unreadable report only its name and file time';
comment on column pipeline.batch.batch is 'Name: hour in section 1''s time zone, then -2, -3 ... for further batches';
comment on column pipeline.batch.hour is 'Hour of the batch';
comment on column pipeline.batch.published_at is 'Time of the report file, when the batch was committed';
comment on column pipeline.batch.files is 'Files in the batch';
comment on column pipeline.batch.skipped is 'Files whose content is in an earlier batch';
comment on column pipeline.batch.refused is 'Unreadable files';
comment on column pipeline.batch.reasons is 'Number of applications by reason';
comment on column pipeline.batch.seconds is 'Duration of all steps';
comment on function pipeline.committed is 'Batches that have a report';
comment on function pipeline.report is 'Reads one report; null if it does not exist';
comment on function pipeline.batches is 'Batches of a time range, and unreadable reports that may belong to it';
comment on function pipeline.reasons is 'Those batches, one row per reason';
comment on function pipeline.last_batch is 'The batch published last';
comment on function pipeline.freshness is 'Age of the last batch; one row even without a batch';

reset role;
