-- Number and weight of the orders to ship today, by parcel and freight.
-- Counts paid orders that are not shipped yet. Parcels weigh up to 30 kg; heavier orders go by freight.
with to_ship as (
    select
        total_weight_kg,
        case when total_weight_kg <= 30 then 'parcel' else 'freight' end as goes_by
    from sales.orders
    where status = 'paid'
)

select
    coalesce(goes_by, 'all') as goes_by,
    count(*) as orders,
    coalesce(sum(total_weight_kg), 0) as weight_kg,
    coalesce(max(total_weight_kg), 0) as heaviest_kg
from to_ship
group by grouping sets ((goes_by), ())
order by grouping(goes_by), goes_by desc;
