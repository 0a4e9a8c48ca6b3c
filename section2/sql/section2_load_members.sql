-- Upserts the staged applications of one batch. Returns the numbers inserted, updated and read, and rejected by reason.
-- The latest application of a person wins, in whatever order the batches are loaded.
with checked as (
    select
        *,
        case
            when last_name = '' then 'name_missing'
            when greatest(char_length(first_name), char_length(last_name)) > 200 then 'name_too_long'
            when not pg_input_is_valid(date_of_birth, 'date') then 'birthday_invalid'
            when date_of_birth !~ '^(19|20)[0-9]{6}$' then 'birthday_invalid'
            when mobile_no !~ '^[0-9]{8}$' then 'mobile_invalid'
            when char_length(email) > 254 or email !~ '^[^@[:space:]]+@[^@[:space:]]+$' then 'email_invalid'
            when membership_id <> sales.membership_id_of(last_name, date_of_birth::date) then 'membership_id_differs'
        end as reason
    from staged_member
),

latest as (
    select distinct on (membership_id, lower(email))
        first_name,
        last_name,
        date_of_birth::date as date_of_birth,
        mobile_no,
        email
    from checked
    where reason is null
    order by membership_id, lower(email), row_number desc
),

upserted as (
    insert into sales.member as existing (
        first_name, last_name, date_of_birth, mobile_no, email, applied_in
    )
    select
        first_name,
        last_name,
        date_of_birth,
        mobile_no,
        email,
        %(batch)s as applied_in
    from latest
    on conflict (membership_id, lower(email)) do update
        set
            first_name = excluded.first_name,
            last_name = excluded.last_name,
            date_of_birth = excluded.date_of_birth,
            mobile_no = excluded.mobile_no,
            email = excluded.email,
            applied_in = excluded.applied_in
        where coalesce(existing.applied_in, '') <= excluded.applied_in
    returning
        old.member_id is null as is_new,
        (old.first_name, old.last_name, old.date_of_birth, old.mobile_no, old.email)
        is distinct from
        (new.first_name, new.last_name, new.date_of_birth, new.mobile_no, new.email) as is_changed
),

rejected as (
    select
        reason,
        count(*) as applications
    from checked
    where reason is not null
    group by reason
)

select
    (select count(*) filter (where is_new) from upserted) as inserted,
    (select count(*) filter (where not is_new and is_changed) from upserted) as updated,
    (select count(*) from checked) as read,
    (select coalesce(jsonb_object_agg(reason, applications), '{}') from rejected) as rejected;
