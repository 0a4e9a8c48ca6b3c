-- Columns of each table with types and keys, for the entity diagram.
select
    pg_class.relname::text as table_name,
    pg_attribute.attname::text as column_name,
    replace(format_type(pg_attribute.atttypid, pg_attribute.atttypmod), 'timestamp with time zone', 'timestamptz')
    || case when pg_attribute.attnotnull then '' else ' ?' end as type,
    exists(
        select 1 from pg_constraint
        where
            pg_constraint.conrelid = pg_class.oid
            and pg_constraint.contype = 'p'
            and pg_attribute.attnum = any(pg_constraint.conkey)
    ) as is_primary,
    exists(
        select 1 from pg_constraint
        where
            pg_constraint.conrelid = pg_class.oid
            and pg_constraint.contype = 'f'
            and pg_attribute.attnum = any(pg_constraint.conkey)
    ) as is_foreign
from pg_class
inner join pg_attribute on pg_class.oid = pg_attribute.attrelid
where
    pg_class.relnamespace = 'sales'::regnamespace
    and pg_class.relkind = 'r'
    and pg_attribute.attnum > 0 and not pg_attribute.attisdropped
order by pg_class.relname, pg_attribute.attnum;
