-- How often does each combination of reasons apply, and how many membership IDs stand for different e-mail addresses?
with by_membership_id as (
    select
        reasons,
        membership_id,
        count(*) as n_rows,
        min(email) != max(email) as is_shared
    from labelled
    group by reasons, membership_id
)

select
    reasons,
    sum(n_rows) as n_rows,
    sum(case when membership_id is not null and is_shared then 1 else 0 end) as shared_membership_ids
from by_membership_id
group by reasons
