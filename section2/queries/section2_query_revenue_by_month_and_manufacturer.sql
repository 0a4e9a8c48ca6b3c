-- Revenue by month and manufacturer.
-- Counts the lines of paid, shipped and complete orders in the month in which the order was placed.
with bought as (
    select
        order_id,
        date_trunc('month', placed_at at time zone 'Asia/Singapore')::date as month
    from sales.orders
    where sales.is_bought(status)
),

line as (
    select
        order_id,
        item_id,
        quantity,
        line_price
    from sales.order_line
)

select
    bought.month,
    manufacturer.name as manufacturer,
    sum(line.line_price) as revenue,
    sum(line.quantity) as units
from bought
inner join line on bought.order_id = line.order_id
inner join sales.item as item on line.item_id = item.item_id
inner join sales.manufacturer as manufacturer on item.manufacturer_id = manufacturer.manufacturer_id
group by bought.month, manufacturer.manufacturer_id
order by bought.month, revenue desc, manufacturer.manufacturer_id;
