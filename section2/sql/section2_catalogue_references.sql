-- Foreign keys between tables and their cardinality, for the entity diagram.
select
    child.relname::text as child,
    child_column.attname::text as child_column,
    parent.relname::text as parent,
    parent_column.attname::text as parent_column,
    exists(
        select 1 from pg_index
        where
            pg_index.indrelid = child.oid
            and pg_index.indisunique
            and pg_index.indkey::text = reference.conkey[1]::text
    ) as at_most_one
from pg_constraint as reference
inner join pg_class as child on reference.conrelid = child.oid
inner join pg_class as parent on reference.confrelid = parent.oid
inner join pg_attribute as child_column
    on child.oid = child_column.attrelid and child_column.attnum = reference.conkey[1]
inner join pg_attribute as parent_column
    on parent.oid = parent_column.attrelid and parent_column.attnum = reference.confkey[1]
where reference.contype = 'f' and reference.connamespace = 'sales'::regnamespace
order by parent.relname, child.relname, child_column.attname;
