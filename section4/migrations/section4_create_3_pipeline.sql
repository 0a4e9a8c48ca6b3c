-- depends: section4_create_2_views
-- Version 3: section 1's batches, read from their reports by each query; nothing is copied.
-- pipeline_owner, a role without login, may read the server's files. Other roles get the functions granted at the end.

do $$
begin
    if not exists (select from pg_roles where rolname = 'pipeline_owner') then
        create role pipeline_owner nologin;
    end if;
end;
$$;
comment on role pipeline_owner is 'Reads section 1''s reports for those who ask';
grant pg_read_server_files to pipeline_owner;
grant execute on function pg_ls_dir(text, boolean, boolean) to pipeline_owner;
grant execute on function pg_stat_file(text, boolean) to pipeline_owner;
grant execute on function pg_read_binary_file(text, bigint, bigint, boolean) to pipeline_owner;

create schema pipeline authorization pipeline_owner;
comment on schema pipeline is 'Section 1''s batches, as their reports tell of them';
set role pipeline_owner;

create table pipeline.report_folder (
    path text not null,
    constraint report_folder_is_absolute check (path ~ '^/' and path !~ '(^|/)[.][.](/|$)')
);
create unique index report_folder_is_one on pipeline.report_folder ((true));

create type pipeline.batch as (
    batch text,
    hour timestamptz,
    published_at timestamptz,
    started_at timestamptz,
    engine text,
    files integer,
    skipped integer,
    refused integer,
    successful bigint,
    unsuccessful bigint,
    reasons jsonb,
    seconds numeric,
    is_readable boolean
);

-- Hours are numbers such as 2026112316, because a file name may contain an invalid date.
create function pipeline.committed() returns table (batch text, hour bigint, path text)
language sql stable security definer set search_path = ''
begin atomic
    select
        left(named.name, -5) as batch,
        translate(left(named.name, 13), '-T', '')::bigint as hour,
        folder.path || '/' || named.name as path
    from pipeline.report_folder as folder
    cross join lateral pg_ls_dir(folder.path, true, false) as named (name)
    where named.name ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}(-[2-9]|-[1-9][0-9]+)?[.]json$';
end;

-- Only regular files with a size are opened: reading a pipe would block. A link to another file returns nothing of its
-- content, unless that is the report of the same batch.
create function pipeline.report(batch text, path text) returns pipeline.batch
language plpgsql stable security definer set search_path = ''
as $$
declare
    largest constant bigint := 16 * 1024 * 1024;
    length bigint;
    told jsonb;
    damaged pipeline.batch;
    found pipeline.batch;
begin
    damaged.batch := report.batch;
    damaged.is_readable := false;
    select stat.modification, stat.size into damaged.published_at, length
    from pg_stat_file(report.path, true) as stat where not stat.isdir;
    if length is null then
        return null; -- withdrawn meanwhile, or a folder
    end if;
    if length between 1 and largest then
        told := convert_from(pg_read_binary_file(report.path, 0, length, true), 'UTF8')::jsonb;
        found := (
            told ->> 'batch',
            left(report.batch, 13) || ':00' || substring(told ->> 'started_at' from '[+-][0-9]{2}:[0-9]{2}$'),
            damaged.published_at,
            told ->> 'started_at',
            told ->> 'engine',
            jsonb_array_length(told -> 'files'),
            jsonb_array_length(told -> 'skipped'),
            jsonb_array_length(told -> 'refused'),
            told #>> '{counts,successful}',
            told #>> '{counts,unsuccessful}',
            (
                select jsonb_object_agg(each.key, each.value::bigint)
                from jsonb_each_text(told #> '{counts,reasons}') as each
            ),
            (select sum(each.value::numeric) from jsonb_each_text(told -> 'seconds') as each),
            true
        );
    end if;
    if found is not null and found.batch = report.batch then
        return found;
    end if;
    return damaged;
exception
    when data_exception or program_limit_exceeded or system_error or insufficient_privilege or internal_error then
        return damaged;
end;
$$;

-- 14 hours: the largest offset from UTC. The time zone of a batch's name is known only from its report.
create function pipeline.batches(first timestamptz, last timestamptz) returns setof pipeline.batch
language sql stable security definer set search_path = ''
begin atomic
    select told
    from pipeline.committed() as named
    cross join lateral pipeline.report(named.batch, named.path) as told
    where
        named.hour >= to_char(first at time zone 'UTC' - interval '14 hours', 'YYYYMMDDHH24')::bigint
        and named.hour <= to_char(last at time zone 'UTC' + interval '14 hours', 'YYYYMMDDHH24')::bigint
        and (told.hour between first and last or not told.is_readable)
    order by told.hour, length(told.batch), told.batch;
end;

create function pipeline.reasons(first timestamptz, last timestamptz)
returns table (batch text, hour timestamptz, reason text, applications bigint)
language sql stable security definer set search_path = ''
begin atomic
    select
        told.batch,
        told.hour,
        each.key as reason,
        each.value::bigint as applications
    from pipeline.batches(first, last) as told
    cross join lateral jsonb_each_text(told.reasons) as each;
end;

-- Reads the newest report, and older ones only while newer ones are unreadable. File times have whole seconds.
create function pipeline.last_batch() returns pipeline.batch
language plpgsql stable security definer set search_path = ''
as $$
declare
    named record;
    found pipeline.batch;
begin
    for named in
        select committed.batch, committed.path from pipeline.committed()
        cross join lateral pg_stat_file(committed.path, true) as stat
        order by stat.modification desc nulls last, committed.hour desc, length(committed.batch) desc, committed.batch desc
    loop
        found := pipeline.report(named.batch, named.path);
        if found.is_readable then
            return found;
        end if;
    end loop;
    return null;
end;
$$;

create function pipeline.freshness()
returns table (state text, batch text, published_at timestamptz, minutes_ago integer)
language sql stable security definer set search_path = ''
begin atomic
    select
        case
            when told.batch is null then 'no batch yet'
            when told.published_at < now() - interval '2 hours' then 'STALE: no batch for 2 hours'
            else 'fresh'
        end as state,
        told.batch,
        told.published_at,
        floor(extract(epoch from now() - told.published_at) / 60)::integer as minutes_ago
    from pipeline.last_batch() as told;
end;

revoke execute on function pipeline.committed from public;
revoke execute on function pipeline.report from public;
revoke execute on function pipeline.batches from public;
revoke execute on function pipeline.reasons from public;
revoke execute on function pipeline.last_batch from public;
revoke execute on function pipeline.freshness from public;

comment on table pipeline.report_folder is 'Where section 1''s reports are on this server: one row, written by create';
comment on column pipeline.report_folder.path is 'Absolute';
comment on type pipeline.batch is 'A committed batch; of an unreadable report its name and its time on disk alone';
comment on column pipeline.batch.batch is 'Its name: its hour by section 1''s clock, and -2, -3 ... for more of it';
comment on column pipeline.batch.hour is 'That hour';
comment on column pipeline.batch.published_at is 'When its report was written, from when it counts';
comment on column pipeline.batch.files is 'Files whose rows it holds';
comment on column pipeline.batch.skipped is 'Files that an earlier batch holds';
comment on column pipeline.batch.refused is 'Files that could not be read';
comment on column pipeline.batch.reasons is 'How many applications each reason applies to';
comment on column pipeline.batch.seconds is 'Of all steps together';
comment on function pipeline.committed is 'The batches whose report is there';
comment on function pipeline.report is 'Read one report; nothing, if it is gone';
comment on function pipeline.batches is
'The batches whose hour is in this time; with them the unreadable reports that may be';
comment on function pipeline.reasons is 'The same batches, a row a reason';
comment on function pipeline.last_batch is 'The batch that was published last';
comment on function pipeline.freshness is 'How long ago that was; a row even without a batch';

grant usage on schema pipeline to grafana;
grant execute on function pipeline.batches, pipeline.reasons, pipeline.freshness to grafana;

reset role;
