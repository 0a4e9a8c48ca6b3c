-- depends: section2_create_3_teams
-- Version 4: spending of members and sales of items, always current, without lock waits between orders.
--
-- An order that becomes bought (or is refunded) appends a delta; it updates no counter, so it waits for no other order.
-- Every 128th delta triggers settling: old deltas are folded into the base tables and deleted. Only one transaction
-- settles at a time; others skip it. Readers add base tables and unsettled deltas in one statement, so in one snapshot.
--
-- Deltas belong to epochs, which decide what can be folded. A writer holds a shared advisory lock on the current epoch
-- until its transaction ends. Settling starts a new epoch, and folds an old one once it gets the exclusive lock on it:
-- then all writers of that epoch have ended. Locks are only tried, never waited for. The current epoch is a sequence,
-- because all transactions see the same value of a sequence, whatever their snapshot.
-- Readers start after `settled_to`, so they do not scan deltas that are deleted but not yet vacuumed.

set role sales_owner;

create sequence sales.epoch_seq as integer;
do $$
begin
    perform setval('sales.epoch_seq', 1); -- otherwise the first nextval returns 1 and starts no new epoch
end;
$$;

create table sales.member_spending_base (
    member_id bigint not null,
    spent numeric(18, 2) not null,
    orders bigint not null,
    constraint member_spending_base_pkey primary key (member_id),
    constraint member_spending_base_member_fkey foreign key (member_id) references sales.member
);
create index member_spending_base_spent_idx on sales.member_spending_base (spent desc, member_id);

create table sales.item_sales_base (
    item_id bigint not null,
    units bigint not null,
    orders bigint not null,
    constraint item_sales_base_pkey primary key (item_id),
    constraint item_sales_base_item_fkey foreign key (item_id) references sales.item
);
create index item_sales_base_units_idx on sales.item_sales_base (units desc, item_id);
create index item_sales_base_orders_idx on sales.item_sales_base (orders desc, item_id);

create table sales.order_delta (
    epoch integer not null,
    delta_id bigint generated always as identity,
    member_id bigint not null,
    spent numeric(18, 2) not null,
    orders integer not null,
    item_ids bigint[] not null,
    units bigint[] not null,
    constraint order_delta_pkey primary key (epoch, delta_id)
);

create table sales.settlement (
    only_row boolean not null default true,
    settled_to integer not null default 0,
    constraint settlement_pkey primary key (only_row),
    constraint settlement_is_one_row check (only_row)
);
insert into sales.settlement default values;

-- Deltas are inserted and deleted all the time; frequent vacuum keeps these tables small.
alter table sales.order_delta set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
alter table sales.settlement set (
    fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500
);

create function sales.is_bought(status text) returns boolean
language sql immutable parallel safe
return status in ('paid', 'shipped', 'complete');
comment on function sales.is_bought is 'Whether an order of this status counts as bought';

-- Advisory locks (1, epoch) are local to the database; no other lock here uses two keys.
create function sales.lock_epoch(epoch integer) returns boolean
language sql security definer set search_path = ''
return pg_try_advisory_xact_lock(1, epoch);
comment on function sales.lock_epoch is
'Tries to have an epoch for itself until the transaction ends, which it gets when nobody writes to it any more';

create function sales.join_epoch() returns integer
language plpgsql security definer set search_path = '' as $$
declare
    current_epoch integer;
begin
    for attempt in 1..1000 loop
        current_epoch := (select s.last_value from sales.epoch_seq as s);
        -- The epoch may have ended between the two reads.
        if pg_try_advisory_xact_lock_shared(1, current_epoch)
            and current_epoch = (select s.last_value from sales.epoch_seq as s) then
            return current_epoch;
        end if;
    end loop;
    raise exception 'no epoch of sales can be joined; who holds its advisory locks?' using errcode = 'lock_not_available';
end;
$$;
comment on function sales.join_epoch is 'Returns the current epoch, which is not settled before the transaction ends';

create function sales.settle() returns void
language plpgsql security definer set search_path = '' as $$
declare
    settled_from integer;
    settled_up_to integer;
    current_epoch integer;
begin
    -- The lock on epoch 0 allows one settling at a time. In other isolation levels the snapshot may be older than the
    -- lock, and deltas that were just folded would be folded twice, or fail.
    if current_setting('transaction_isolation') <> 'read committed' or not sales.lock_epoch(0) then
        return;
    end if;
    settled_from := (select s.settled_to from sales.settlement as s);
    settled_up_to := settled_from;
    current_epoch := (select s.last_value from sales.epoch_seq as s);
    while settled_up_to + 1 < current_epoch and sales.lock_epoch(settled_up_to + 1) loop
        settled_up_to := settled_up_to + 1;
    end loop;
    if settled_up_to > settled_from then
        with settled as (
            delete from sales.order_delta as d
            where d.epoch > settled_from and d.epoch <= settled_up_to
            returning d.member_id, d.spent, d.orders, d.item_ids, d.units
        ),

        members as (
            insert into sales.member_spending_base as b (member_id, spent, orders)
            select
                s.member_id,
                sum(s.spent) as spent,
                sum(s.orders) as orders
            from settled as s
            group by s.member_id
            on conflict on constraint member_spending_base_pkey
            do update set spent = b.spent + excluded.spent, orders = b.orders + excluded.orders
        )

        insert into sales.item_sales_base as b (item_id, units, orders)
        select
            l.item_id,
            sum(l.units) as units,
            sum(s.orders) as orders
        from settled as s
        cross join lateral unnest(s.item_ids, s.units) as l (item_id, units)
        group by l.item_id
        on conflict on constraint item_sales_base_pkey
        do update set units = b.units + excluded.units, orders = b.orders + excluded.orders;

        update sales.settlement set settled_to = settled_up_to;
    end if;
    if settled_up_to + 1 = current_epoch then
        perform nextval('sales.epoch_seq');
    end if;
end;
$$;
comment on function sales.settle is
'Folds the deltas of epochs that nobody writes to any more into the base tables, and begins an epoch';

create function sales.count_order() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    sign constant integer := case when sales.is_bought(new.status) then 1 else -1 end;
    number bigint;
begin
    insert into sales.order_delta (epoch, member_id, spent, orders, item_ids, units)
    select
        sales.join_epoch() as epoch,
        new.member_id,
        sign * new.total_price as spent,
        sign as orders,
        array_agg(l.item_id) as item_ids,
        array_agg(sign * l.quantity) as units
    from sales.order_line as l
    where l.order_id = new.order_id
    returning delta_id into number;
    -- Once per transaction: its deltas cannot be settled before it ends.
    if number % 128 = 0 and current_setting('sales.settled', true) is distinct from 'yes' then
        perform set_config('sales.settled', 'yes', true);
        perform sales.settle();
    end if;
    return null;
end;
$$;
comment on function sales.count_order is 'Appends what an order adds to spending and sales, or takes from them';

lock table sales.orders in share row exclusive mode;
insert into sales.member_spending_base (member_id, spent, orders)
select
    o.member_id,
    sum(o.total_price) as spent,
    count(*) as orders
from sales.orders as o
where sales.is_bought(o.status)
group by o.member_id;
insert into sales.item_sales_base (item_id, units, orders)
select
    l.item_id,
    sum(l.quantity) as units,
    count(*) as orders
from sales.orders as o
inner join sales.order_line as l on o.order_id = l.order_id
where sales.is_bought(o.status)
group by l.item_id;
create trigger count_order after update of status on sales.orders
for each row when (sales.is_bought(new.status) <> sales.is_bought(old.status))
execute function sales.count_order();

comment on table sales.settlement is 'Up to where deltas are folded into the base tables; one row';
comment on column sales.settlement.only_row is 'Always true';
comment on column sales.settlement.settled_to is 'Deltas of epochs up to this one are folded and deleted';
comment on sequence sales.epoch_seq is 'Its last value is the current epoch';
comment on table sales.order_delta is 'What orders that were bought or refunded add; settled now and then';
comment on column sales.order_delta.epoch is 'With which deltas it is settled';
comment on column sales.order_delta.delta_id is 'In the order of numbers, not of commits';
comment on column sales.order_delta.member_id is 'Whose order';
comment on column sales.order_delta.spent is 'Its total_price, negative when it was refunded';
comment on column sales.order_delta.orders is '1, or -1 when it was refunded';
comment on column sales.order_delta.item_ids is 'Its items';
comment on column sales.order_delta.units is 'How many of each, negative when it was refunded';
comment on table sales.member_spending_base is 'All that is settled';
comment on column sales.member_spending_base.member_id is 'The member';
comment on column sales.member_spending_base.spent is 'Sum of total_price';
comment on column sales.member_spending_base.orders is 'How many orders';
comment on table sales.item_sales_base is 'All that is settled';
comment on column sales.item_sales_base.item_id is 'The item';
comment on column sales.item_sales_base.units is 'How many units';
comment on column sales.item_sales_base.orders is 'In how many orders';

grant execute on function sales.settle to loader;
grant execute on function sales.is_bought to logistics, analytics, sales, application, dashboard, loader;
grant select on sales.member_spending_base to analytics;
grant select on sales.item_sales_base to analytics, sales, dashboard;

reset role;
