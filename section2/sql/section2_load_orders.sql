-- Inserts the staged orders and moves them through their statuses, so that every trigger checks them.
analyze staged_order;

insert into sales.orders (order_id, member_id, placed_at) overriding system value
select
    order_id,
    member_id,
    placed_at
from staged_order;

insert into sales.order_line (order_id, item_id, quantity)
select
    order_id,
    item_id,
    quantity
from staged_line;

insert into sales.payment (order_id, amount, method, paid_at)
select
    orders.order_id,
    orders.total_price as amount,
    staged_order.method,
    staged_order.paid_at
from staged_order
inner join sales.orders on staged_order.order_id = orders.order_id
where staged_order.paid_at is not null;

update sales.orders set status = 'cancelled', status_since = staged_order.cancelled_at
from staged_order
where orders.order_id = staged_order.order_id and staged_order.cancelled_at is not null;

update sales.orders set status = 'paid', status_since = staged_order.paid_at
from staged_order
where orders.order_id = staged_order.order_id and staged_order.paid_at is not null;

update sales.orders set status = 'shipped', status_since = staged_order.shipped_at
from staged_order
where orders.order_id = staged_order.order_id and staged_order.shipped_at is not null;

update sales.orders set status = 'complete', status_since = staged_order.completed_at
from staged_order
where orders.order_id = staged_order.order_id and staged_order.completed_at is not null;

insert into sales.payment (order_id, amount, method, paid_at)
select
    orders.order_id,
    -orders.total_price as amount,
    staged_order.method,
    staged_order.refunded_at as paid_at
from staged_order
inner join sales.orders on staged_order.order_id = orders.order_id
where staged_order.refunded_at is not null;

update sales.orders set status = 'refunded', status_since = staged_order.refunded_at
from staged_order
where orders.order_id = staged_order.order_id and staged_order.refunded_at is not null;
