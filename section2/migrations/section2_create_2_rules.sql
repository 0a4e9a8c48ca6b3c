-- depends: section2_create
-- Version 2: triggers that enforce the rules for every client.
-- They run as sales_owner, so that roles need no rights on the tables that the triggers read and write. Errors have the
-- SQLSTATE of a check constraint (23514), so that clients handle them like any other rejected value.

set role sales_owner;

create function sales.keep_audit() returns trigger
language plpgsql set search_path = '' as $$
begin
    if tg_op = 'INSERT' then
        new.created_at := now();
        new.created_by := session_user;
    else
        new.created_at := old.created_at;
        new.created_by := old.created_by;
    end if;
    new.updated_at := now();
    new.updated_by := session_user;
    return new;
end;
$$;
comment on function sales.keep_audit is 'Writes who created and last changed a row, and when';

create function sales.refuse() returns trigger
language plpgsql set search_path = '' as $$
begin
    raise exception '%.%: %', tg_table_schema, tg_table_name, tg_argv[0] using errcode = 'check_violation';
end;
$$;
comment on function sales.refuse is 'Refuses what its trigger stands for, with the reason given to it';

create function sales.date_price() returns trigger
language plpgsql set search_path = '' as $$
declare
    dated_by_client constant boolean := tg_op = 'UPDATE' and new.cost_since is distinct from old.cost_since;
begin
    if tg_op = 'INSERT' then
        if new.cost_since > clock_timestamp() then
            raise exception 'item %: no price is from the future (%)', new.name, new.cost_since
                using errcode = 'check_violation';
        end if;
    elsif new.cost is not distinct from old.cost then
        new.cost_since := old.cost_since;
    elsif not dated_by_client then
        -- now() is the start of the transaction, which may lie before the last change; then the clock counts.
        new.cost_since := case when now() > old.cost_since then now() else clock_timestamp() end;
    elsif new.cost_since not between old.cost_since and clock_timestamp() then
        raise exception 'item %: a price cannot hold since %; the last one holds since %, and none is from the future',
            new.item_id, new.cost_since, old.cost_since using errcode = 'check_violation';
    end if;
    return new;
end;
$$;
comment on function sales.date_price is
'Dates a change of cost: now, or when the client says, never before the last one';

create function sales.record_price() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into sales.item_price (item_id, valid_from, cost) values (new.item_id, new.cost_since, new.cost)
    on conflict on constraint item_price_pkey do update set cost = excluded.cost;
    return null;
end;
$$;
comment on function sales.record_price is 'Adds a new cost to the item''s price history';

create function sales.guard_order() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    received numeric;
begin
    if tg_op = 'INSERT' then
        if new.status <> 'new' or new.placed_at > clock_timestamp() then
            raise exception 'an order begins as new, and not in the future (status %, placed at %)',
                new.status, new.placed_at using errcode = 'check_violation';
        end if;
        new.status_since := new.placed_at;
        new.total_price := 0;
        new.total_weight_kg := 0;
        return new;
    end if;
    if (new.order_id, new.member_id, new.placed_at) is distinct from (old.order_id, old.member_id, old.placed_at) then
        raise exception 'order %: whose it is and when it was placed never change', old.order_id
            using errcode = 'check_violation';
    end if;
    -- Totals are fixed once the order is not new, even if one statement changes its lines and status together.
    if (pg_trigger_depth() = 1 or old.status <> 'new')
        and (new.total_price, new.total_weight_kg) is distinct from (old.total_price, old.total_weight_kg) then
        raise exception 'order %: its totals follow from its lines', old.order_id using errcode = 'check_violation';
    end if;
    if new.status = old.status then
        new.status_since := old.status_since;
        return new;
    end if;
    if not exists (
        select from sales.order_status_move as m where m.from_status = old.status and m.to_status = new.status
    ) then
        raise exception 'order %: % orders cannot become %', old.order_id, old.status, new.status
            using errcode = 'check_violation';
    end if;
    if new.status_since = old.status_since then
        new.status_since := greatest(now(), old.status_since);
    elsif new.status_since not between old.status_since and clock_timestamp() then
        raise exception 'order %: it cannot be % since %; it is % since %, and nothing is from the future',
            old.order_id, new.status, new.status_since, old.status, old.status_since using errcode = 'check_violation';
    end if;
    if new.status in ('paid', 'cancelled', 'refunded') then
        select coalesce(sum(p.amount), 0) into received from sales.payment as p where p.order_id = new.order_id;
        if new.status = 'paid' and (received <> new.total_price or new.total_price = 0) then
            raise exception 'order %: what was received is not its total; it cannot become paid', old.order_id
                using errcode = 'check_violation';
        elsif new.status <> 'paid' and received <> 0 then
            raise exception 'order %: give back what was received before it becomes %', old.order_id, new.status
                using errcode = 'check_violation';
        end if;
    end if;
    return new;
end;
$$;
comment on function sales.guard_order is
'Lets an order begin as new and move along order_status_move, with its money right';

create function sales.price_line() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    its_order record;
    bought record;
begin
    if tg_op = 'UPDATE' and (new.order_id, new.item_id) is distinct from (old.order_id, old.item_id) then
        raise exception 'order %: a line keeps its order and its item; delete it and add another', old.order_id
            using errcode = 'check_violation';
    end if;
    -- The lock serialises changes of the lines with changes of the status.
    select o.order_id, o.status, o.placed_at into its_order
    from sales.orders as o
    where o.order_id = coalesce(new.order_id, old.order_id)
    for no key update;
    if not found then
        raise exception 'order %: there is none', coalesce(new.order_id, old.order_id)
            using errcode = 'foreign_key_violation';
    elsif its_order.status <> 'new' then
        raise exception 'order %: it is %; its lines no longer change', its_order.order_id, its_order.status
            using errcode = 'check_violation';
    end if;
    if tg_op = 'DELETE' then
        return old;
    elsif tg_op = 'UPDATE' then
        new.unit_price := old.unit_price;
        new.unit_weight_kg := old.unit_weight_kg;
        return new;
    end if;
    select p.cost, i.weight_kg, i.discontinued_at into bought
    from sales.item as i
    inner join sales.item_price as p on i.item_id = p.item_id
    where i.item_id = new.item_id and p.valid_from <= its_order.placed_at
    order by p.valid_from desc
    limit 1;
    if not found or bought.discontinued_at <= its_order.placed_at then
        raise exception 'item %: was not sold when order % was placed', new.item_id, new.order_id
            using errcode = 'check_violation';
    end if;
    new.unit_price := bought.cost;
    new.unit_weight_kg := bought.weight_kg;
    return new;
end;
$$;
comment on function sales.price_line is
'Gives a line of a new order the price that held when the order was placed, and its item''s weight';

create function sales.add_up_order() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if tg_op in ('DELETE', 'UPDATE') then
        update sales.orders as o
        set total_price = o.total_price - l.price, total_weight_kg = o.total_weight_kg - l.weight_kg
        from (
            select order_id, sum(line_price) as price, sum(line_weight_kg) as weight_kg
            from old_line
            group by order_id
        ) as l
        where o.order_id = l.order_id;
    end if;
    if tg_op in ('INSERT', 'UPDATE') then
        update sales.orders as o
        set total_price = o.total_price + l.price, total_weight_kg = o.total_weight_kg + l.weight_kg
        from (
            select order_id, sum(line_price) as price, sum(line_weight_kg) as weight_kg
            from new_line
            group by order_id
        ) as l
        where o.order_id = l.order_id;
    end if;
    return null;
end;
$$;
comment on function sales.add_up_order is 'Keeps the totals of orders equal to the sums of their lines';

create function sales.guard_payment() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    its_order record;
    received numeric;
begin
    if new.paid_at > clock_timestamp() then
        raise exception 'order %: no payment is from the future (%)', new.order_id, new.paid_at
            using errcode = 'check_violation';
    end if;
    -- This update serialises payments with changes of the status. A lock is not enough: a transaction with an older
    -- snapshot fails only if the row was written after its snapshot.
    update sales.orders as o set status = o.status
    where o.order_id = new.order_id
    returning o.status, o.total_price into its_order;
    select coalesce(sum(p.amount), 0) into received from sales.payment as p where p.order_id = new.order_id;
    if new.amount < 0 and new.amount <> -received then
        raise exception 'order %: a refund gives back all that was received, which is %', new.order_id, received
            using errcode = 'check_violation';
    elsif new.amount > 0 and its_order.status <> 'new' then
        raise exception 'order %: it is %; only a new one is paid for', new.order_id, its_order.status
            using errcode = 'check_violation';
    elsif new.amount > 0 and received + new.amount > its_order.total_price then
        raise exception 'order %: % is more than what is left to pay of %', new.order_id, new.amount,
            its_order.total_price using errcode = 'check_violation';
    end if;
    return new;
end;
$$;
comment on function sales.guard_payment is 'Takes no more than an order costs, and gives back all or nothing';

create trigger audit before insert or update on sales.manufacturer
for each row execute function sales.keep_audit();
create trigger audit before insert or update on sales.item
for each row execute function sales.keep_audit();
create trigger audit before insert or update on sales.member
for each row execute function sales.keep_audit();
create trigger audit before insert or update on sales.orders
for each row execute function sales.keep_audit();

create trigger date_price before insert or update on sales.item
for each row execute function sales.date_price();
create trigger record_first_price after insert on sales.item
for each row execute function sales.record_price();
create trigger record_new_price after update on sales.item
for each row when (new.cost is distinct from old.cost) execute function sales.record_price();

create trigger guard before insert or update on sales.orders
for each row execute function sales.guard_order();
create trigger stay before delete on sales.orders
for each row execute function sales.refuse('an order is cancelled, never deleted');
create trigger stay_all before truncate on sales.orders
for each statement execute function sales.refuse('an order is cancelled, never deleted');

create trigger price_line before insert or update or delete on sales.order_line
for each row execute function sales.price_line();
create trigger add_up_inserted after insert on sales.order_line referencing new table as new_line
for each statement execute function sales.add_up_order();
create trigger add_up_updated after update on sales.order_line referencing old table as old_line new table as new_line
for each statement execute function sales.add_up_order();
create trigger add_up_deleted after delete on sales.order_line referencing old table as old_line
for each statement execute function sales.add_up_order();
create trigger stay_all before truncate on sales.order_line
for each statement execute function sales.refuse('lines are deleted one by one, from new orders');

create trigger guard before insert on sales.payment
for each row execute function sales.guard_payment();
create trigger stay before update or delete on sales.payment
for each row execute function sales.refuse('a payment is given back by another one, never changed');
create trigger stay_all before truncate on sales.payment
for each statement execute function sales.refuse('a payment is given back by another one, never changed');

reset role;
