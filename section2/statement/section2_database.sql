-- What belongs to the database as a whole, and so to no version nor backup: who may connect, and what holds for all.
do $$
begin
    execute format('revoke all on database %I from public', current_database());
    execute format(
        'grant connect on database %I to logistics, analytics, sales, application, dashboard, loader', current_database()
    );
    execute format('grant temporary on database %I to loader', current_database());
    execute format('alter database %I set search_path = sales, public', current_database());
    execute format('alter database %I set timezone = %L', current_database(), 'Asia/Singapore'); -- what a month is
end;
$$;
