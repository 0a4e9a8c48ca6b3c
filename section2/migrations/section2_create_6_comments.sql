-- depends: section2_create_5_aggregate_views
-- Version 6: rewords the comments on tables, columns, functions and roles of versions 1 to 3. Nothing else changes.

comment on role logistics is 'Moves orders along their statuses; cannot read members';
comment on role analytics is 'Reads everything; members only masked';
comment on role sales is 'Adds items, changes prices, discontinues items';
comment on role application is 'The shop: members, orders, payments';
comment on role dashboard is 'Reads orders, items and sales; cannot read members';
comment on role loader is 'Batch jobs: rights of application, and may write past dates and items';

set role sales_owner;

comment on schema sales is 'Sales of the shop: items and their prices, members, orders and payments';

comment on function sales.membership_id_of is
'Last name, underscore, first five hex digits of the SHA-256 of the birthday as yyyymmdd; same rule as section 1';
comment on function sales.keep_audit is 'Sets created_at, created_by, updated_at and updated_by';
comment on function sales.refuse is 'Raises an error with the reason that the trigger passes';
comment on function sales.date_price is
'Sets when a new cost takes effect: now, or the date from the client, not before the previous change';
comment on function sales.record_price is 'Adds a new cost to the price history of the item';
comment on function sales.guard_order is
'Requires new orders to start as new, and checks status changes and the money received';
comment on function sales.price_line is
'Sets price and weight of a line: the price when the order was placed, the weight when the line is added';
comment on function sales.add_up_order is 'Keeps the totals of orders equal to the sums of their lines';
comment on function sales.guard_payment is 'Rejects payments above the total, and partial refunds';

comment on table sales.manufacturer is 'Manufacturers of the items';
comment on column sales.manufacturer.manufacturer_id is 'Primary key';
comment on column sales.manufacturer.name is 'Name, unique regardless of case';
comment on table sales.item is 'Items for sale; discontinued instead of deleted';
comment on column sales.item.item_id is 'Primary key';
comment on column sales.item.name is 'Name, unique per manufacturer regardless of case';
comment on column sales.item.manufacturer_id is 'Manufacturer of the item';
comment on column sales.item.cost is 'Current price of one unit, in the currency of the shop';
comment on column sales.item.cost_since is 'Start of the current price';
comment on column sales.item.weight_kg is 'Weight of one unit in kg; 0 for items that are not shipped';
comment on column sales.item.discontinued_at is 'End of sale; null while the item is sold';
comment on table sales.item_price is 'Price history of the items; written by triggers';
comment on column sales.item_price.item_id is 'Item';
comment on column sales.item_price.valid_from is 'Start of the price; it ends at the next row of the item';
comment on column sales.item_price.cost is 'Price of one unit';
comment on column sales.item_price.changed_by is 'User who set the price';
comment on table sales.member is
'Members, one row per person: membership_id and e-mail address together identify a person';
comment on column sales.member.member_id is 'Primary key';
comment on column sales.member.membership_id is
'ID derived from last name and birthday, as in section 1; two persons can share one';
comment on column sales.member.first_name is 'First names; empty for a person with one name';
comment on column sales.member.last_name is 'Last word of the full name';
comment on column sales.member.date_of_birth is 'Date of birth';
comment on column sales.member.mobile_no is 'Mobile number, eight digits';
comment on column sales.member.email is 'E-mail address, compared without case';
comment on column sales.member.applied_in is
'Batch of section 1 with these data, such as 2026-11-23T16-0001; older batches do not overwrite them';
comment on table sales.order_status_move is 'Allowed status changes of orders';
comment on column sales.order_status_move.from_status is 'Status before the change';
comment on column sales.order_status_move.to_status is 'Status after the change';
comment on column sales.order_status_move.meaning is 'Condition for the change';
comment on table sales.orders is
'Orders; bought means paid, shipped or complete. Cancelled or refunded instead of deleted';
comment on column sales.orders.order_id is 'Primary key';
comment on column sales.orders.member_id is 'Member who placed the order';
comment on column sales.orders.status is 'Current status; order_status_move lists the allowed changes';
comment on column sales.orders.placed_at is 'Time of the order; its lines have the prices of this time';
comment on column sales.orders.status_since is 'Start of the current status';
comment on column sales.orders.total_price is 'Sum of the lines; set by triggers';
comment on column sales.orders.total_weight_kg is 'Sum of the lines in kg; set by triggers';
comment on table sales.order_line is
'Order lines; they change only while the order is new, which updates the audit columns of the order';
comment on column sales.order_line.order_id is 'Order';
comment on column sales.order_line.item_id is 'Item, at most once per order';
comment on column sales.order_line.quantity is 'Number of units';
comment on column sales.order_line.unit_price is 'Price of one unit when the order was placed; set by a trigger';
comment on column sales.order_line.unit_weight_kg is
'Weight of one unit in kg when the line was added; set by a trigger';
comment on column sales.order_line.line_price is 'quantity x unit_price';
comment on column sales.order_line.line_weight_kg is 'quantity x unit_weight_kg';
comment on table sales.payment is 'Payments, and refunds as negative amounts; never updated';
comment on column sales.payment.payment_id is 'Primary key';
comment on column sales.payment.order_id is 'Order that is paid or refunded';
comment on column sales.payment.amount is 'Amount: positive for a payment, negative for a refund';
comment on column sales.payment.method is 'Payment method';
comment on column sales.payment.paid_at is 'Time of the payment';
comment on column sales.payment.created_by is 'User who entered the payment';
comment on table sales.application_batch is 'Batches of section 1 whose members are loaded';
comment on column sales.application_batch.batch is 'Name of the batch, such as 2026-11-23T16';
comment on column sales.application_batch.report_sha256 is
'SHA-256 of the report; a batch with another report is loaded again';
comment on column sales.application_batch.inserted is 'Number of new members';
comment on column sales.application_batch.updated is 'Number of members whose data changed';
comment on column sales.application_batch.unchanged is 'Number of applications that changed nothing';
comment on column sales.application_batch.refused is 'Number of rejected applications';
comment on column sales.application_batch.loaded_at is 'Time of the load';
comment on table sales.made_up_batch is 'Loaded batches of sample orders; a stopped load continues from here';
comment on column sales.made_up_batch.seed is 'Seed of the sample data';
comment on column sales.made_up_batch.batch is 'Number of the batch; -1 for the catalogue';
comment on column sales.made_up_batch.until is 'End date of the sample data';
comment on column sales.made_up_batch.orders is 'Number of loaded orders of the batch';
comment on column sales.made_up_batch.loaded_at is 'Time of the load';

comment on view sales.member_masked is 'Members without personal data, for roles that must not read it';
comment on column sales.member_masked.member_id is 'Primary key of member';
comment on column sales.member_masked.name is 'Initials';
comment on column sales.member_masked.born_in_decade is 'Decade of birth, such as 1990';
comment on column sales.member_masked.mobile_no is 'Last two digits of the mobile number';
comment on column sales.member_masked.email is 'Top-level domain of the e-mail address; its other parts may be a name';
comment on column sales.member_masked.created_at is 'Time when the member was added';

do $$
declare
    audited text;
begin
    foreach audited in array array['manufacturer', 'item', 'member', 'orders'] loop
        execute format('comment on column sales.%I.created_at is %L', audited, 'Time when the row was inserted');
        execute format('comment on column sales.%I.created_by is %L', audited, 'User who inserted the row');
        execute format('comment on column sales.%I.updated_at is %L', audited, 'Time of the last change');
        execute format('comment on column sales.%I.updated_by is %L', audited, 'User who made the last change');
    end loop;
end;
$$;

reset role;
