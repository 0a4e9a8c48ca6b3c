-- Temporary tables for one batch of sample orders.
create temporary table staged_order (
    order_id bigint,
    member_id bigint,
    placed_at timestamptz,
    paid_at timestamptz,
    shipped_at timestamptz,
    completed_at timestamptz,
    refunded_at timestamptz,
    cancelled_at timestamptz,
    method text
) on commit delete rows;
create temporary table staged_line (order_id bigint, item_id bigint, quantity integer) on commit delete rows;
