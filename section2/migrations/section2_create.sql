-- Version 1 of schema sales: tables. Rules (triggers) are in version 2, roles and grants in version 3, aggregates in
-- versions 4 and 5. All objects are owned by sales_owner, which cannot log in. Version 6 rewords the comments below.

do $$
begin
    if not exists (select from pg_roles where rolname = 'sales_owner') then
        create role sales_owner nologin;
    end if;
end;
$$;

create schema sales authorization sales_owner;
comment on schema sales is 'The shop''s sales: items and their prices, members, orders and payments';
set role sales_owner;
alter default privileges for role sales_owner revoke execute on functions from public;

-- Tables -------------------------------------------------------------------------------------------------------------

create function sales.membership_id_of(last_name text, date_of_birth date) returns text
language sql immutable strict parallel safe
return last_name || '_' || left(encode(sha256(convert_to(
    lpad(extract(year from date_of_birth)::integer::text, 4, '0')
    || lpad(extract(month from date_of_birth)::integer::text, 2, '0')
    || lpad(extract(day from date_of_birth)::integer::text, 2, '0'), 'UTF8'
)), 'hex'), 5);
comment on function sales.membership_id_of is
'Last name, _, first five hex digits of the SHA-256 of the birthday as yyyymmdd; the rule of section 1';

create table sales.manufacturer (
    manufacturer_id bigint generated always as identity,
    name text not null,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    constraint manufacturer_pkey primary key (manufacturer_id),
    constraint manufacturer_name_fits check (name = btrim(name) and char_length(name) between 1 and 200)
);
create unique index manufacturer_name_key on sales.manufacturer (lower(name));

create table sales.item (
    item_id bigint generated always as identity,
    name text not null,
    manufacturer_id bigint not null,
    cost numeric(10, 2) not null,
    cost_since timestamptz not null default now(),
    weight_kg numeric(9, 3) not null,
    discontinued_at timestamptz,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    constraint item_pkey primary key (item_id),
    constraint item_manufacturer_fkey foreign key (manufacturer_id) references sales.manufacturer,
    constraint item_name_fits check (name = btrim(name) and char_length(name) between 1 and 200),
    constraint item_cost_in_range check (cost between 0.01 and 99999999.99), -- NaN sorts above every number
    constraint item_weight_in_range check (weight_kg between 0 and 99999.999),
    constraint item_cost_since_is_a_moment check (isfinite(cost_since))
);
create unique index item_name_key on sales.item (manufacturer_id, lower(name));

create table sales.item_price (
    item_id bigint not null,
    valid_from timestamptz not null,
    cost numeric(10, 2) not null,
    changed_by text not null default session_user,
    constraint item_price_pkey primary key (item_id, valid_from),
    constraint item_price_item_fkey foreign key (item_id) references sales.item,
    constraint item_price_cost_in_range check (cost between 0.01 and 99999999.99)
);

create table sales.member (
    member_id bigint generated always as identity,
    membership_id text not null generated always as (sales.membership_id_of(last_name, date_of_birth)) stored,
    first_name text not null,
    last_name text not null,
    date_of_birth date not null,
    mobile_no text not null,
    email text not null,
    applied_in text,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    constraint member_pkey primary key (member_id),
    constraint member_first_name_fits check (char_length(first_name) <= 200),
    constraint member_last_name_fits check (char_length(last_name) between 1 and 200),
    constraint member_date_of_birth_in_range check (date_of_birth between '1900-01-01' and '2099-12-31'),
    constraint member_mobile_no_is_8_digits check (mobile_no ~ '^[0-9]{8}$'),
    constraint member_email_fits check (char_length(email) <= 254 and email ~ '^[^@[:space:]]+@[^@[:space:]]+$')
);
create unique index member_person_key on sales.member (membership_id, lower(email));

create table sales.order_status_move (
    from_status text not null,
    to_status text not null,
    meaning text not null,
    constraint order_status_move_pkey primary key (from_status, to_status)
);
insert into sales.order_status_move (from_status, to_status, meaning) values
('new', 'paid', 'what was received equals the total'),
('new', 'cancelled', 'nothing is left of what was received'),
('paid', 'shipped', 'on its way'),
('paid', 'refunded', 'all that was received was given back'),
('shipped', 'complete', 'delivered'),
('shipped', 'refunded', 'all that was received was given back'),
('complete', 'refunded', 'all that was received was given back');

create table sales.orders (
    order_id bigint generated always as identity,
    member_id bigint not null,
    status text not null default 'new',
    placed_at timestamptz not null default now(),
    status_since timestamptz not null default now(),
    total_price numeric(14, 2) not null default 0,
    total_weight_kg numeric(14, 3) not null default 0,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    constraint orders_pkey primary key (order_id),
    constraint orders_member_fkey foreign key (member_id) references sales.member,
    constraint orders_status_known check (status in ('new', 'paid', 'shipped', 'complete', 'cancelled', 'refunded')),
    constraint orders_total_price_in_range check (total_price between 0 and 999999999999.99),
    constraint orders_total_weight_in_range check (total_weight_kg between 0 and 99999999999.999),
    constraint orders_moments_in_order check (
        isfinite(placed_at) and isfinite(status_since) and status_since >= placed_at
    )
);
create index orders_member_idx on sales.orders (member_id);
create index orders_open_idx on sales.orders (status, status_since) where status in ('new', 'paid', 'shipped');

create table sales.order_line (
    order_id bigint not null,
    item_id bigint not null,
    quantity integer not null,
    unit_price numeric(10, 2) not null,
    unit_weight_kg numeric(9, 3) not null,
    line_price numeric(14, 2) not null generated always as (quantity * unit_price) stored,
    line_weight_kg numeric(14, 3) not null generated always as (quantity * unit_weight_kg) stored,
    constraint order_line_pkey primary key (order_id, item_id),
    constraint order_line_order_fkey foreign key (order_id) references sales.orders,
    constraint order_line_item_fkey foreign key (item_id) references sales.item,
    constraint order_line_quantity_in_range check (quantity between 1 and 10000),
    constraint order_line_unit_price_in_range check (unit_price between 0.01 and 99999999.99),
    constraint order_line_unit_weight_in_range check (unit_weight_kg between 0 and 99999.999)
);
create index order_line_item_idx on sales.order_line (item_id);

create table sales.payment (
    payment_id bigint generated always as identity,
    order_id bigint not null,
    amount numeric(14, 2) not null,
    method text not null,
    paid_at timestamptz not null default now(),
    created_by text not null default session_user,
    constraint payment_pkey primary key (payment_id),
    constraint payment_order_fkey foreign key (order_id) references sales.orders,
    constraint payment_amount_in_range check (abs(amount) between 0.01 and 999999999999.99),
    constraint payment_method_known check (method in ('card', 'bank_transfer', 'wallet')),
    constraint payment_paid_at_is_a_moment check (isfinite(paid_at))
);
create index payment_order_idx on sales.payment (order_id);

create table sales.application_batch (
    batch text not null,
    report_sha256 text not null,
    inserted integer not null,
    updated integer not null,
    unchanged integer not null,
    refused integer not null,
    loaded_at timestamptz not null default now(),
    constraint application_batch_pkey primary key (batch),
    constraint application_batch_counts_in_range check (least(inserted, updated, unchanged, refused) >= 0)
);

create table sales.made_up_batch (
    seed integer not null,
    batch integer not null,
    until date not null,
    orders integer not null,
    loaded_at timestamptz not null default now(),
    constraint made_up_batch_pkey primary key (seed, batch)
);

-- Comments -----------------------------------------------------------------------------------------------------------

comment on table sales.manufacturer is 'Who makes the items';
comment on column sales.manufacturer.manufacturer_id is 'Key';
comment on column sales.manufacturer.name is 'Unique, whatever its case';
comment on table sales.item is 'What is sold; never deleted, but discontinued';
comment on column sales.item.item_id is 'Key';
comment on column sales.item.name is 'Unique for its manufacturer, whatever its case';
comment on column sales.item.manufacturer_id is 'Who makes it';
comment on column sales.item.cost is 'What one costs the buyer now, in the shop''s currency';
comment on column sales.item.cost_since is 'Since when it costs that';
comment on column sales.item.weight_kg is 'What one weighs, in kg; 0 for what is not sent';
comment on column sales.item.discontinued_at is 'Since when it is no longer sold; null while it is';
comment on table sales.item_price is 'What each item cost since when; kept by the database';
comment on column sales.item_price.item_id is 'The item';
comment on column sales.item_price.valid_from is 'Since when, until the next row of the item';
comment on column sales.item_price.cost is 'What one cost the buyer';
comment on column sales.item_price.changed_by is 'Who changed it';
comment on table sales.member is
'Who may buy. One row is one person: two with the same membership_id differ in their e-mail address';
comment on column sales.member.member_id is 'Key';
comment on column sales.member.membership_id is
'As section 1 makes it, from last name and birthday; two people can share it';
comment on column sales.member.first_name is 'Empty for a person with one name';
comment on column sales.member.last_name is 'Last word of the name';
comment on column sales.member.date_of_birth is 'Birthday';
comment on column sales.member.mobile_no is 'Eight digits';
comment on column sales.member.email is 'Compared without case';
comment on column sales.member.applied_in is
'Batch of section 1 that the data are from, such as 2026-11-23T16-0001; an older one changes nothing';
comment on table sales.order_status_move is 'How the status of an order may change; all else is refused';
comment on column sales.order_status_move.from_status is 'What it was';
comment on column sales.order_status_move.to_status is 'What it becomes';
comment on column sales.order_status_move.meaning is 'When that is so';
comment on table sales.orders is
'Orders; bought once paid, shipped or complete. Never deleted, but cancelled or refunded';
comment on column sales.orders.order_id is 'Key';
comment on column sales.orders.member_id is 'Who ordered';
comment on column sales.orders.status is 'Where it stands, one of order_status_move';
comment on column sales.orders.placed_at is 'When it was placed; its prices are those of this moment';
comment on column sales.orders.status_since is 'Since when it has its status';
comment on column sales.orders.total_price is 'Sum of its lines, kept by the database';
comment on column sales.orders.total_weight_kg is 'Sum of its lines in kg, kept by the database';
comment on table sales.order_line is
'What was ordered; changes while the order is new, and each change shows in orders.updated_at and updated_by';
comment on column sales.order_line.order_id is 'The order';
comment on column sales.order_line.item_id is 'The item, once an order';
comment on column sales.order_line.quantity is 'How many';
comment on column sales.order_line.unit_price is 'What one cost when the order was placed, set by the database';
comment on column sales.order_line.unit_weight_kg is
'What one weighed in kg when the line was added, set by the database';
comment on column sales.order_line.line_price is 'quantity x unit_price';
comment on column sales.order_line.line_weight_kg is 'quantity x unit_weight_kg';
comment on table sales.payment is 'Money received, and given back as a negative amount; never changed';
comment on column sales.payment.payment_id is 'Key';
comment on column sales.payment.order_id is 'What was paid for';
comment on column sales.payment.amount is 'Positive: received; negative: given back';
comment on column sales.payment.method is 'How';
comment on column sales.payment.paid_at is 'When';
comment on column sales.payment.created_by is 'Who entered it';
comment on table sales.application_batch is 'Batches of section 1 whose members were loaded; each is loaded once';
comment on column sales.application_batch.batch is 'Its name, such as 2026-11-23T16';
comment on column sales.application_batch.report_sha256 is 'Of its report: a batch that was replaced is loaded anew';
comment on column sales.application_batch.inserted is 'New members';
comment on column sales.application_batch.updated is 'Members whose data changed';
comment on column sales.application_batch.unchanged is 'Applications that changed nothing';
comment on column sales.application_batch.refused is 'Applications that are no member';
comment on column sales.application_batch.loaded_at is 'When';
comment on table sales.made_up_batch is 'Made-up orders that were loaded; a load that is stopped goes on from here';
comment on column sales.made_up_batch.seed is 'Which story';
comment on column sales.made_up_batch.batch is 'Which part of it; -1 is the catalogue';
comment on column sales.made_up_batch.until is 'The day at which the story ends';
comment on column sales.made_up_batch.orders is 'How many orders of the part are loaded';
comment on column sales.made_up_batch.loaded_at is 'When';

do $$
declare
    audited text;
begin
    foreach audited in array array['manufacturer', 'item', 'member', 'orders'] loop
        execute format('comment on column sales.%I.created_at is %L', audited, 'When the row was made');
        execute format('comment on column sales.%I.created_by is %L', audited, 'Who made it');
        execute format('comment on column sales.%I.updated_at is %L', audited, 'When it was last changed');
        execute format('comment on column sales.%I.updated_by is %L', audited, 'Who changed it last');
    end loop;
end;
$$;

reset role;
