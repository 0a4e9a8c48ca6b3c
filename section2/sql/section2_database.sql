-- Settings and grants of the database as a whole, which neither migrations nor backups contain. Run by `create`.
do $$
declare
    lock_function regprocedure;
begin
    execute format('revoke all on database %I from public', current_database());
    execute format(
        'grant connect on database %I to logistics, analytics, sales, application, dashboard, loader', current_database()
    );
    -- A role that can take any advisory lock could block settling and loads.
    for lock_function in
        select p.oid::regprocedure from pg_proc as p
        where p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ '^pg_(try_)?advisory_'
    loop
        execute format('revoke all on function %s from public', lock_function);
        execute format('grant execute on function %s to sales_owner', lock_function);
    end loop;
    grant execute on function pg_try_advisory_lock(bigint) to loader;
    execute format('grant temporary on database %I to loader', current_database());
    execute format('alter database %I set search_path = sales, public', current_database());
    execute format('alter database %I set timezone = %L', current_database(), 'Asia/Singapore'); -- decides where a month begins
end;
$$;
