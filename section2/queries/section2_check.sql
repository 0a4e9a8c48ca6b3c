-- Differences between stored totals and aggregates and their recomputation from lines and payments; no row if none.
with line as (
    select
        order_id,
        sum(line_price) as price,
        sum(line_weight_kg) as weight_kg
    from sales.order_line
    group by order_id
),

received as (
    select
        order_id,
        sum(amount) as amount
    from sales.payment
    group by order_id
),

bought as (
    select
        order_id,
        member_id,
        total_price
    from sales.orders
    where sales.is_bought(status)
),

spending as (
    select
        member_id,
        sum(total_price) as spent,
        count(*) as orders
    from bought
    group by member_id
),

sold as (
    select
        order_line.item_id,
        sum(order_line.quantity) as units,
        count(*) as orders
    from bought
    inner join sales.order_line on bought.order_id = order_line.order_id
    group by order_line.item_id
),

order_money as (
    select
        orders.order_id,
        orders.status,
        orders.total_price,
        coalesce(received.amount, 0) as received,
        case
            when orders.status in ('cancelled', 'refunded') then array[0]
            when orders.status <> 'new' then array[0, orders.total_price] -- 0: refund paid, status not yet changed
            else array[greatest(coalesce(received.amount, 0), 0)] -- a new order may still lose lines
        end as allowed
    from sales.orders
    left join received on orders.order_id = received.order_id
)

select
    'total of an order' as what,
    orders.order_id as id,
    concat_ws(' / ', orders.total_price, orders.total_weight_kg) as is_now,
    concat_ws(' / ', coalesce(line.price, 0), coalesce(line.weight_kg, 0)) as should_be
from sales.orders
left join line on orders.order_id = line.order_id
where (orders.total_price, orders.total_weight_kg) <> (coalesce(line.price, 0), coalesce(line.weight_kg, 0))
union all
select
    'money of a ' || status || ' order' as what,
    order_id as id,
    received::text as is_now,
    array_to_string(allowed, ' or ') as should_be
from order_money
where received <> all(allowed)
union all
select
    'spending of a member' as what,
    coalesce(spending.member_id, stored.member_id) as id,
    concat_ws(' / ', stored.spent, stored.orders) as is_now,
    concat_ws(' / ', spending.spent, spending.orders) as should_be
from spending
full outer join sales.member_spending as stored on spending.member_id = stored.member_id
where
    coalesce(spending.spent, 0) <> coalesce(stored.spent, 0)
    or coalesce(spending.orders, 0) <> coalesce(stored.orders, 0)
union all
select
    'sales of an item' as what,
    coalesce(sold.item_id, stored.item_id) as id,
    concat_ws(' / ', stored.units, stored.orders) as is_now,
    concat_ws(' / ', sold.units, sold.orders) as should_be
from sold
full outer join sales.item_sales as stored on sold.item_id = stored.item_id
where
    coalesce(sold.units, 0) <> coalesce(stored.units, 0)
    or coalesce(sold.orders, 0) <> coalesce(stored.orders, 0)
order by what, id;
