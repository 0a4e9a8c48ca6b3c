-- Adds copies of all members, orders, lines and payments, with new keys. Triggers are off: the original rows are valid.
-- Parameters: number of copies, and distance between the keys of two copies.
set session_replication_role = replica;

insert into sales.member (
    member_id, first_name, last_name, date_of_birth, mobile_no, email, created_at, created_by, updated_at, updated_by
) overriding system value
select
    member_id + copy * %(apart)s,
    first_name,
    last_name,
    date_of_birth,
    mobile_no,
    copy || email,
    created_at,
    created_by,
    updated_at,
    updated_by
from sales.member
cross join generate_series(1::bigint, %(copies)s) as copy;

insert into sales.orders (
    order_id, member_id, status, placed_at, status_since, total_price, total_weight_kg,
    created_at, created_by, updated_at, updated_by
) overriding system value
select
    order_id + copy * %(apart)s,
    member_id + copy * %(apart)s,
    status,
    placed_at,
    status_since,
    total_price,
    total_weight_kg,
    created_at,
    created_by,
    updated_at,
    updated_by
from sales.orders
cross join generate_series(1::bigint, %(copies)s) as copy;

insert into sales.order_line (order_id, item_id, quantity, unit_price, unit_weight_kg)
select
    order_id + copy * %(apart)s,
    item_id,
    quantity,
    unit_price,
    unit_weight_kg
from sales.order_line
cross join generate_series(1::bigint, %(copies)s) as copy;

insert into sales.payment (payment_id, order_id, amount, method, paid_at, created_by) overriding system value
select
    payment_id + copy * %(apart)s,
    order_id + copy * %(apart)s,
    amount,
    method,
    paid_at,
    created_by
from sales.payment
cross join generate_series(1::bigint, %(copies)s) as copy;

delete from sales.order_delta;
delete from sales.member_spending_base;
delete from sales.item_sales_base;

insert into sales.member_spending_base (member_id, spent, orders)
select
    member_id,
    sum(total_price) as spent,
    count(*) as orders
from sales.orders
where sales.is_bought(status)
group by member_id;

insert into sales.item_sales_base (item_id, units, orders)
select
    order_line.item_id,
    sum(order_line.quantity) as units,
    count(*) as orders
from sales.orders
inner join sales.order_line on orders.order_id = order_line.order_id
where sales.is_bought(orders.status)
group by order_line.item_id;

select
    setval('sales.member_member_id_seq', (select max(member_id) from sales.member)),
    setval('sales.orders_order_id_seq', (select max(order_id) from sales.orders)),
    setval('sales.payment_payment_id_seq', (select max(payment_id) from sales.payment));
