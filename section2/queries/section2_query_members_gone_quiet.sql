-- Members without an order for 180 days who bought at least twice before; highest spending first, at most 100.
-- Counts paid, shipped and complete orders.
with bought as (
    select
        member_id,
        total_price,
        placed_at
    from sales.orders
    where sales.is_bought(status)
),

history as (
    select
        member_id,
        count(*) as orders,
        sum(total_price) as spent,
        max(placed_at) as last_at
    from bought
    group by member_id
)

select
    history.member_id,
    member.name,
    history.orders,
    history.spent,
    (history.last_at at time zone 'Asia/Singapore')::date as last_order,
    (now() at time zone 'Asia/Singapore')::date - (history.last_at at time zone 'Asia/Singapore')::date as days_quiet
from history
inner join sales.member_masked as member on history.member_id = member.member_id
where history.orders >= 2 and history.last_at < now() - interval '180 days'
order by history.spent desc, history.member_id
limit 100;
