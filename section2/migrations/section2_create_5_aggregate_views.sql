-- depends: section2_create_4_aggregates
-- Version 5: views that add base tables and unsettled deltas.

set role sales_owner;

create view sales.order_unsettled as
select
    d.member_id,
    d.spent,
    d.orders,
    d.item_ids,
    d.units
from sales.order_delta as d
where
    d.epoch > (select s.settled_to from sales.settlement as s)
    and d.epoch <= 2147483647; -- with an upper bound the planner expects a short range and uses the index

create view sales.member_spending_unsettled as
select
    u.member_id,
    sum(u.spent) as spent,
    sum(u.orders)::bigint as orders
from sales.order_unsettled as u
group by u.member_id;

create view sales.item_sales_unsettled as
select
    l.item_id,
    sum(l.units)::bigint as units,
    sum(u.orders)::bigint as orders
from sales.order_unsettled as u
cross join lateral unnest(u.item_ids, u.units) as l (item_id, units)
group by l.item_id;

create view sales.member_spending as
select
    a.member_id,
    sum(a.spent) as spent,
    sum(a.orders)::bigint as orders
from (
    select
        b.member_id,
        b.spent,
        b.orders
    from sales.member_spending_base as b
    union all
    select
        u.member_id,
        u.spent,
        u.orders
    from sales.member_spending_unsettled as u
) as a
group by a.member_id;

create view sales.item_sales as
select
    a.item_id,
    sum(a.units)::bigint as units,
    sum(a.orders)::bigint as orders
from (
    select
        b.item_id,
        b.units,
        b.orders
    from sales.item_sales_base as b
    union all
    select
        u.item_id,
        u.units,
        u.orders
    from sales.item_sales_unsettled as u
) as a
group by a.item_id;

comment on view sales.member_spending is 'What each member has spent on bought orders, right at every moment';
comment on column sales.member_spending.member_id is 'The member';
comment on column sales.member_spending.spent is 'Sum of total_price';
comment on column sales.member_spending.orders is 'How many orders';
comment on view sales.item_sales is 'How often each item was bought, right at every moment';
comment on column sales.item_sales.item_id is 'The item';
comment on column sales.item_sales.units is 'How many units';
comment on column sales.item_sales.orders is 'In how many orders';
comment on view sales.order_unsettled is 'The deltas that are not settled';
comment on column sales.order_unsettled.member_id is 'Whose order';
comment on column sales.order_unsettled.spent is 'Its total_price, negative when it was refunded';
comment on column sales.order_unsettled.orders is '1, or -1 when it was refunded';
comment on column sales.order_unsettled.item_ids is 'Its items';
comment on column sales.order_unsettled.units is 'How many of each, negative when it was refunded';
comment on view sales.member_spending_unsettled is 'The sum of what is not settled';
comment on column sales.member_spending_unsettled.member_id is 'The member';
comment on column sales.member_spending_unsettled.spent is 'Sum of total_price';
comment on column sales.member_spending_unsettled.orders is 'How many orders';
comment on view sales.item_sales_unsettled is 'The sum of what is not settled';
comment on column sales.item_sales_unsettled.item_id is 'The item';
comment on column sales.item_sales_unsettled.units is 'How many units';
comment on column sales.item_sales_unsettled.orders is 'In how many orders';

grant select on sales.member_spending, sales.member_spending_unsettled to analytics;
grant select on sales.item_sales, sales.item_sales_unsettled to analytics, sales, dashboard;

reset role;
