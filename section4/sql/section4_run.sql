-- The run record of an ingestion.
insert into covid.ingestion_run (
    source, countries, first_day, last_day, started_at, seconds,
    inserted, changed, unchanged, refused, refused_names, outcome
) values (
    %(source)s, %(countries)s, %(first_day)s, %(last_day)s, %(started_at)s, %(seconds)s,
    %(inserted)s, %(changed)s, %(unchanged)s, %(refused)s, %(refused_names)s, %(outcome)s
);
