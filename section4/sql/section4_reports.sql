-- The directory of section 1's reports on this server.
insert into pipeline.report_folder (path) values (%(path)s)
on conflict ((true)) do update set path = excluded.path;
