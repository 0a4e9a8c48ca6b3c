-- Connect privileges, which belong to the database as a whole and so to no migration.
do $$
begin
    execute format('revoke all on database %I from public', current_database());
    revoke connect on database postgres, template1 from public;
    execute format('grant connect on database %I to covid_loader, grafana', current_database());
    execute format('grant temporary on database %I to covid_loader', current_database());
end;
$$;
