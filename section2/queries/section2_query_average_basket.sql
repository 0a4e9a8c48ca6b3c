-- Average basket by month.
-- Counts paid, shipped and complete orders in the month in which they were placed.
with bought as (
    select
        order_id,
        total_price,
        date_trunc('month', placed_at at time zone 'Asia/Singapore')::date as month
    from sales.orders
    where sales.is_bought(status)
),

content as (
    select
        order_id,
        count(*) as items,
        sum(quantity) as units
    from sales.order_line
    group by order_id
)

select
    bought.month,
    count(*) as orders,
    round(avg(bought.total_price), 2) as average_price,
    round(percentile_cont(0.5) within group (order by bought.total_price)::numeric, 2) as median_price,
    round(avg(content.items), 2) as average_items,
    round(avg(content.units), 2) as average_units
from bought
inner join content on bought.order_id = content.order_id
group by bought.month
order by bought.month;
