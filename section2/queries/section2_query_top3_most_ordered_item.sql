-- Top 3 items by number of orders.
-- Counts paid, shipped and complete orders. Ties: older item first.
-- By units, the usual definition: section2_query_top3_most_sold_item.sql.
with unsettled as (
    select
        item_id,
        units,
        orders
    from sales.item_sales_unsettled
),

base as not materialized (
    select
        item_id,
        units,
        orders
    from sales.item_sales_base
),

-- Settled rows, read from an index: only three, however many items exist.
settled as (
    select
        base.item_id,
        base.units,
        base.orders
    from base
    where base.item_id not in (select unsettled.item_id from unsettled)
    order by base.orders desc, base.item_id
    limit 3
),

changed as (
    select
        unsettled.item_id,
        unsettled.units + coalesce(base.units, 0) as units,
        unsettled.orders + coalesce(base.orders, 0) as orders
    from unsettled
    left join base on unsettled.item_id = base.item_id
),

sold as (
    select
        item_id,
        units,
        orders
    from settled
    union all
    select
        item_id,
        units,
        orders
    from changed
),

top as (
    select
        item_id,
        units,
        orders
    from sold
    where orders > 0
    order by orders desc, item_id
    limit 3
)

select
    top.item_id,
    item.name as item,
    manufacturer.name as manufacturer,
    top.units,
    top.orders
from top
inner join sales.item as item on top.item_id = item.item_id
inner join sales.manufacturer as manufacturer on item.manufacturer_id = manufacturer.manufacturer_id
order by top.orders desc, top.item_id;
