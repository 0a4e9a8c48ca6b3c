-- Effect of price changes on units sold.
-- Compares the 28 days before each change with the 28 days after it; counts paid, shipped and complete orders.
-- Leaves out changes with another change within 28 days, and changes less than 28 days ago.
-- Elasticity: change of units in percent per percent of price change.
with price as (
    select
        item_id,
        cost,
        valid_from,
        lag(cost) over (partition by item_id order by valid_from) as cost_before,
        lag(valid_from) over (partition by item_id order by valid_from) as from_before,
        lead(valid_from, 1, 'infinity') over (partition by item_id order by valid_from) as until
    from sales.item_price
),

change as (
    select
        item_id,
        cost,
        cost_before,
        valid_from as changed_at
    from price
    where
        from_before <= valid_from - interval '28 days'
        and least(until, now()) >= valid_from + interval '28 days'
),

bought as (
    select
        order_line.item_id,
        order_line.quantity,
        orders.placed_at
    from sales.order_line
    inner join sales.orders on order_line.order_id = orders.order_id
    where sales.is_bought(orders.status)
),

effect as (
    select
        change.item_id,
        change.changed_at,
        change.cost_before,
        change.cost,
        coalesce(sum(bought.quantity) filter (where bought.placed_at < change.changed_at), 0) as units_before,
        coalesce(sum(bought.quantity) filter (where bought.placed_at >= change.changed_at), 0) as units_after
    from change
    left join bought
        on
            change.item_id = bought.item_id
            and bought.placed_at >= change.changed_at - interval '28 days'
            and bought.placed_at < change.changed_at + interval '28 days'
    group by change.item_id, change.changed_at, change.cost_before, change.cost
)

select
    item.name as item,
    (effect.changed_at at time zone 'Asia/Singapore')::date as changed_on,
    effect.cost_before,
    effect.cost,
    effect.units_before,
    effect.units_after,
    round(
        (effect.units_after::numeric / nullif(effect.units_before, 0) - 1) / (effect.cost / effect.cost_before - 1), 2
    ) as elasticity
from effect
inner join sales.item as item on effect.item_id = item.item_id
order by effect.changed_at, effect.item_id;
