-- Repeat purchase rate: first-time buyers of each month who bought again within 90 days.
-- Counts paid, shipped and complete orders. Months whose 90 days are not over for all buyers are left out.
with bought as (
    select
        member_id,
        order_id,
        placed_at
    from sales.orders
    where sales.is_bought(status)
),

numbered as (
    select
        member_id,
        placed_at,
        row_number() over (partition by member_id order by placed_at, order_id) as number,
        lead(placed_at) over (partition by member_id order by placed_at, order_id) as next_at
    from bought
),

first_time as (
    select
        date_trunc('month', placed_at at time zone 'Asia/Singapore') as month,
        coalesce(next_at <= placed_at + interval '90 days', false) as came_back
    from numbered
    where number = 1
)

select
    month::date as month,
    count(*) as first_time_buyers,
    count(*) filter (where came_back) as came_back,
    round(100.0 * count(*) filter (where came_back) / count(*), 1) as percent
from first_time
where month + interval '1 month 90 days' <= now() at time zone 'Asia/Singapore'
group by month
order by month;
