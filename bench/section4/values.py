"""Loads long.csv with execute_values, in pages of 1,000 rows."""

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
from psycopg2.extras import execute_values

directory, host, database = sys.argv[1:]
with psycopg2.connect(host=host, dbname=database, user="postgres") as connection, connection.cursor() as cursor:
    with Path(directory, "long.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    codes = sorted({row[0] for row in rows})
    cursor.execute("insert into covid.country select unnest(%s), 'x' on conflict do nothing", [codes])
    now = datetime.now(UTC)
    execute_values(
        cursor,
        "insert into covid.daily_cases as kept"
        " (country_code, measurement_date, cases_total, deaths_total, source, fetched_at) values %s"
        " on conflict (country_code, measurement_date) do update set cases_total = excluded.cases_total,"
        " deaths_total = excluded.deaths_total, source = excluded.source, fetched_at = excluded.fetched_at"
        " where (kept.cases_total, kept.deaths_total) is distinct from (excluded.cases_total, excluded.deaths_total)",
        [(*row, "jhu", now) for row in rows],
        template="(%s, %s::date, %s::bigint, %s::bigint, %s, %s)",
        page_size=1000,
    )
