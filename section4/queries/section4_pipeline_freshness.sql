-- Section 1's last batch and its age. A batch is due every hour; after two hours this turns red.
select
    state as "State",
    batch as "Last batch",
    to_char(published_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') as "Published",
    minutes_ago as "Minutes ago"
from pipeline.freshness();
