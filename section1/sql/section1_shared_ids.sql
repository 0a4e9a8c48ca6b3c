-- How many membership IDs stand on rows with different e-mail addresses?
with shared as (
    select membership_id
    from successful
    group by membership_id
    having min(email) != max(email)
)

select count(*) as shared_ids
from shared
