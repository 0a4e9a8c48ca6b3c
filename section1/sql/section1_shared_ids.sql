-- Counts membership IDs with more than one e-mail address.
with shared as (
    select membership_id
    from successful
    group by membership_id
    having min(email) != max(email)
)

select count(*) as shared_ids
from shared
