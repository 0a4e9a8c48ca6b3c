-- Where this server finds section 1's reports.
insert into pipeline.report_folder (path) values (%(path)s)
on conflict ((true)) do update set path = excluded.path;
