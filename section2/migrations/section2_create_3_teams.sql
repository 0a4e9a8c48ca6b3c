-- depends: section2_create_2_rules
-- Version 3: roles and grants. `create` sets the passwords from .env; nothing is granted to PUBLIC.
-- Roles belong to the server, not to the database, so they may already exist.

do $$
declare
    team text;
begin
    foreach team in array array['logistics', 'analytics', 'sales', 'application', 'dashboard', 'loader'] loop
        if not exists (select from pg_roles where rolname = team) then
            execute format('create role %I login nosuperuser nocreatedb nocreaterole noreplication', team);
        end if;
        execute format('alter role %I set search_path = sales', team);
        execute format('alter role %I set idle_in_transaction_session_timeout = %L', team, '60s');
    end loop;
end;
$$;
revoke all on schema public from public;

comment on role logistics is 'Moves orders along their statuses; sees no member';
comment on role analytics is 'Reads everything but members, whom it sees masked';
comment on role sales is 'Adds items, changes their prices, retires them';
comment on role application is 'The shop: members, orders, payments';
comment on role dashboard is 'Reads what a dashboard shows; no member, not even masked';
comment on role loader is 'Batch jobs: as the application, with moments of the past, and items';

alter role analytics set default_transaction_read_only = on;
alter role dashboard set default_transaction_read_only = on;
alter role analytics set statement_timeout = '5min';
alter role dashboard set statement_timeout = '30s';

set role sales_owner;

-- Members without personal data. The membership ID is left out because it contains the last name and a birthday hash.
create view sales.member_masked with (security_barrier) as
select
    m.member_id,
    left(m.first_name, 1) || '*** ' || left(m.last_name, 1) || '***' as name,
    extract(year from m.date_of_birth)::integer / 10 * 10 as born_in_decade,
    '****' || right(m.mobile_no, 2) as mobile_no,
    '***' || coalesce(substring(m.email from '@[^@]*(\.[^.@]+)$'), '') as email,
    m.created_at
from sales.member as m;
comment on view sales.member_masked is 'Members for those who may not know who they are';
comment on column sales.member_masked.member_id is 'Key';
comment on column sales.member_masked.name is 'Initials';
comment on column sales.member_masked.born_in_decade is 'Such as 1990';
comment on column sales.member_masked.mobile_no is 'Its last two digits';
comment on column sales.member_masked.email is 'Its last label: a host may carry a name';
comment on column sales.member_masked.created_at is 'When the member came';

grant usage on schema sales to logistics, analytics, sales, application, dashboard, loader;
grant execute on function sales.membership_id_of to application, loader;

grant select on sales.manufacturer, sales.item to logistics, analytics, sales, application, dashboard, loader;
grant select on sales.item_price to analytics, sales, application, loader;
grant select on sales.order_status_move to logistics, analytics, sales, application, dashboard, loader;
grant select on sales.orders to analytics, application, loader;
grant select on sales.order_line to logistics, analytics, application, loader;
grant select on sales.payment to analytics, application, loader;
grant select on sales.member_masked to analytics;
grant select (order_id, status, placed_at, status_since, total_price, total_weight_kg)
on sales.orders to logistics, dashboard;

grant update (status) on sales.orders to logistics;

grant insert (name) on sales.manufacturer to sales;
grant insert (name, manufacturer_id, cost, weight_kg) on sales.item to sales;
grant update (cost, discontinued_at) on sales.item to sales;

grant select on sales.member to application, loader;
grant insert (first_name, last_name, date_of_birth, mobile_no, email) on sales.member to application, loader;
grant update (first_name, last_name, date_of_birth, mobile_no, email) on sales.member to application, loader;
grant insert (applied_in), update (applied_in) on sales.member to loader;
grant insert (member_id), update (status) on sales.orders to application;
grant insert (order_id, item_id, quantity), update (quantity), delete on sales.order_line to application, loader;
grant insert (order_id, amount, method) on sales.payment to application;

grant insert (name) on sales.manufacturer to loader;
grant insert (name, manufacturer_id, cost, cost_since, weight_kg) on sales.item to loader;
grant update (cost, cost_since, discontinued_at) on sales.item to loader;
grant insert (order_id, member_id, placed_at), update (status, status_since) on sales.orders to loader;
grant insert (order_id, amount, method, paid_at) on sales.payment to loader;
grant usage on sequence sales.orders_order_id_seq to loader;
grant select, insert, update on sales.application_batch, sales.made_up_batch to loader;

reset role;
