-- The result of section2_query_top3_most_sold_item.sql, computed from order lines instead of aggregates.
with sold as (
    select
        order_line.item_id,
        sum(order_line.quantity) as units,
        count(*) as orders
    from sales.orders
    inner join sales.order_line on orders.order_id = order_line.order_id
    where orders.status in ('paid', 'shipped', 'complete')
    group by order_line.item_id
)

select
    sold.item_id,
    item.name as item,
    manufacturer.name as manufacturer,
    sold.units,
    sold.orders
from sold
inner join sales.item as item on sold.item_id = item.item_id
inner join sales.manufacturer as manufacturer on item.manufacturer_id = manufacturer.manufacturer_id
order by sold.units desc, sold.item_id
limit 3;
