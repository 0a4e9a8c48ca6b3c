-- The result of section2_query_top10_highest_spending_member.sql, computed from order lines instead of aggregates.
with spending as (
    select
        orders.member_id,
        sum(order_line.line_price) as spent
    from sales.orders
    inner join sales.order_line on orders.order_id = order_line.order_id
    where orders.status in ('paid', 'shipped', 'complete')
    group by orders.member_id
)

select
    spending.member_id,
    member.name,
    spending.spent
from spending
inner join sales.member_masked as member on spending.member_id = member.member_id
order by spending.spent desc, spending.member_id
limit 10;
