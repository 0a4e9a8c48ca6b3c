-- Top 10 members by spending.
-- Counts paid, shipped and complete orders, not refunded ones. Ties: older member first.
with unsettled as (
    select
        member_id,
        spent
    from sales.member_spending_unsettled
),

base as not materialized (
    select
        member_id,
        spent
    from sales.member_spending_base
),

-- Settled rows, read from an index: only ten, however many members exist.
settled as (
    select
        base.member_id,
        base.spent
    from base
    where base.member_id not in (select unsettled.member_id from unsettled)
    order by base.spent desc, base.member_id
    limit 10
),

changed as (
    select
        unsettled.member_id,
        unsettled.spent + coalesce(base.spent, 0) as spent
    from unsettled
    left join base on unsettled.member_id = base.member_id
),

spending as (
    select
        member_id,
        spent
    from settled
    union all
    select
        member_id,
        spent
    from changed
),

top as (
    select
        member_id,
        spent
    from spending
    where spent > 0
    order by spent desc, member_id
    limit 10
)

select
    top.member_id,
    -- A subquery, because a join with this security_barrier view would read every member.
    (
        select member.name
        from sales.member_masked as member
        where member.member_id = top.member_id
    ) as name,
    top.spent
from top
order by top.spent desc, top.member_id;
