-- Orders that are stuck in a status; longest first, at most 100.
-- Limits: new for 1 day, paid for 2 days, shipped for 14 days.
with allowed (status, days) as (values ('new', 1), ('paid', 2), ('shipped', 14)),

open_order as (
    select
        order_id,
        status,
        status_since,
        total_price,
        total_weight_kg
    from sales.orders
    where status in ('new', 'paid', 'shipped')
)

select
    open_order.order_id,
    open_order.status,
    open_order.status_since,
    round(extract(epoch from now() - open_order.status_since) / 86400, 1) as days,
    open_order.total_price,
    open_order.total_weight_kg
from open_order
inner join allowed on open_order.status = allowed.status
where open_order.status_since < now() - make_interval(days => allowed.days)
order by open_order.status_since, open_order.order_id
limit 100;
