-- Top 20 pairs of items that are bought together, by lift.
-- Counts paid, shipped and complete orders of the last 365 days; pairs in fewer than five orders are left out.
-- Lift: observed frequency of the pair, divided by the frequency expected if the two were bought independently.
with bought as (
    select order_id
    from sales.orders
    where sales.is_bought(status) and placed_at > now() - interval '365 days'
),

line as (
    select
        order_line.order_id,
        order_line.item_id
    from sales.order_line
    inner join bought on order_line.order_id = bought.order_id
),

basket as (select count(*) as orders from bought),

popularity as (
    select
        item_id,
        count(*) as orders
    from line
    group by item_id
),

pair as (
    select
        a.item_id as item_a,
        b.item_id as item_b,
        count(*) as orders
    from line as a
    inner join line as b on a.order_id = b.order_id and a.item_id < b.item_id
    group by a.item_id, b.item_id
    having count(*) >= 5
)

select
    name_a.name as item,
    name_b.name as bought_with,
    pair.orders,
    round(pair.orders::numeric * basket.orders / (popular_a.orders * popular_b.orders), 2) as lift
from pair
cross join basket
inner join popularity as popular_a on pair.item_a = popular_a.item_id
inner join popularity as popular_b on pair.item_b = popular_b.item_id
inner join sales.item as name_a on pair.item_a = name_a.item_id
inner join sales.item as name_b on pair.item_b = name_b.item_id
order by lift desc, pair.orders desc, pair.item_a, pair.item_b
limit 20;
