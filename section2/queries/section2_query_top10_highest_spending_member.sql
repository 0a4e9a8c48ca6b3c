-- Which ten members have spent most?
-- Spending counts the orders that are paid, shipped or complete, not those that were refunded.
-- Ties go to the older member.
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

-- The settled ones come off an index, so that ten of them suffice, however many members there are.
still as (
    select
        base.member_id,
        base.spent
    from base
    where base.member_id not in (select unsettled.member_id from unsettled)
    order by base.spent desc, base.member_id
    limit 10
),

moving as (
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
    from still
    union all
    select
        member_id,
        spent
    from moving
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
    -- Not a join: the view is a barrier, behind which a join would read every member.
    (
        select member.name
        from sales.member_masked as member
        where member.member_id = top.member_id
    ) as name,
    top.spent
from top
order by top.spent desc, top.member_id;
