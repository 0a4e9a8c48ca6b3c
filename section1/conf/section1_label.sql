-- Which applications are successful, and why are the others not?
-- One row out for each row of `application` (name, email, date_of_birth, mobile_no, raw_row, source_file), labelled by
-- `reasons`, which is null on the successful ones. Written in Spark SQL; DuckDB runs what sqlglot makes of it, hence:
-- \z for $ (Java's $ also matches before a last line end), [Mm] for (?i) (the engines fold different letters), no loop
-- around a group and no search that backtracks (a field may hold a megabyte), trim with its characters named.
with given as (
    select
        raw_row,
        source_file,
        coalesce(name, '') as raw_name,
        coalesce(email, '') as raw_email,
        coalesce(date_of_birth, '') as raw_birthday,
        coalesce(mobile_no, '') as raw_mobile
    from application
),

-- Few values have anything to trim, and seeing a visible ASCII letter at both ends is much cheaper than trimming.
trimmed as (
    select
        *,
        case
            when substr(raw_email, 1, 1) not between '!' and '~' or substr(raw_email, -1, 1) not between '!' and '~'
                then trim(both :white_space from raw_email)
            else raw_email
        end as email,
        case
            when
                substr(raw_birthday, 1, 1) not between '!' and '~'
                or substr(raw_birthday, -1, 1) not between '!' and '~'
                then trim(both :white_space from raw_birthday)
            else raw_birthday
        end as birthday,
        case
            when substr(raw_mobile, 1, 1) not between '!' and '~' or substr(raw_mobile, -1, 1) not between '!' and '~'
                then trim(both :white_space from raw_mobile)
            else raw_mobile
        end as mobile
    from given
),

-- A comma that touches white space, or an end of the name, is white space; so is one that touches such a comma.
-- Most names are spaced already, and looking is cheaper than taking them apart.
spaced as (
    select
        *,
        case
            when raw_name rlike concat('[,', :rare_space, ']|^ |  | \\z')
                then array_join(
                    filter(
                        transform(
                            split(raw_name, concat('[ ', :rare_space, ']+')),
                            word -> trim(both ',' from word)
                        ),
                        word -> word != ''
                    ),
                    ' '
                )
            else raw_name
        end as spaced_name
    from trimmed
),

-- Few names begin with a title or end with a suffix, so that words are needed.
worded as (
    select
        *,
        case
            when spaced_name rlike concat('^(', :titles, ')[.]? | (', :suffixes, ')[.]?\\z')
                then split(spaced_name, ' ')
        end as words
    from spaced
),

-- One letter a word: t for a title, s for a suffix, w for any other.
marked as (
    select
        *,
        array_join(
            transform(
                words,
                word -> case
                    when word rlike concat('^(', :titles, ')[.]?\\z') then 't'
                    when word rlike concat('^(', :suffixes, ')[.]?\\z') then 's'
                    else 'w'
                end
            ),
            ''
        ) as marks
    from worded
),

-- Titles go first, then suffixes, as long as a word remains.
untitled as (
    select
        *,
        least(length(regexp_extract(marks, '^t*', 0)), size(words) - 1) as titles
    from marked
),

unsuffixed as (
    select
        *,
        size(words) - titles - least(
            length(regexp_extract(reverse(marks), '^s*', 0)), size(words) - titles - 1
        ) as words_left
    from untitled
),

named as (
    select
        *,
        coalesce(array_join(slice(words, titles + 1, words_left), ' '), spaced_name) as full_name
    from unsuffixed
),

-- Separator and place of the year tell the four shapes apart; the configuration says where month and day stand.
shaped as (
    select
        *,
        nullif(
            case
                when birthday rlike '^[0-9]{4}-[0-9]{2}-[0-9]{2}\\z' then :dash_year_first
                when birthday rlike '^[0-9]{4}/[0-9]{2}/[0-9]{2}\\z' then :slash_year_first
                when birthday rlike '^[0-9]{2}/[0-9]{2}/[0-9]{4}\\z' then :slash_year_last
                when birthday rlike '^[0-9]{2}-[0-9]{2}-[0-9]{4}\\z' then :dash_year_last
            end,
            ''
        ) as shape
    from named
),

dated as (
    select
        *,
        substr(birthday, position('yyyy' in shape), 4) as birth_year,
        substr(birthday, position('MM' in shape), 2) as birth_month,
        substr(birthday, position('dd' in shape), 2) as birth_day
    from shaped
),

-- Every month has 28 days; whether it has more is left to the calendar.
born as (
    select
        *,
        case
            when birth_year < '1900' then null
            when birth_month between '01' and '12' and birth_day between '01' and '28'
                then concat(birth_year, birth_month, birth_day)
            when try_cast(concat(birth_year, '-', birth_month, '-', birth_day) as date) is not null
                then concat(birth_year, birth_month, birth_day)
        end as born_on
    from dated
),

digits as (
    select
        *,
        replace(replace(mobile, ' ', ''), '-', '') as mobile_no
    from born
),

checked as (
    select
        *,
        element_at(split(full_name, ' '), -1) as last_name,
        full_name rlike '\\p{L}' as has_name,
        mobile_no rlike '^[0-9]{8}\\z' as has_mobile,
        born_on <= :latest_adult_birthday as is_adult,
        email rlike concat('^[^@', :white_space, ']+@[A-Za-z0-9-][A-Za-z0-9.-]*[.](', :email_endings, ')\\z')
        and not contains(substr(email, position('@' in email)), '..') as has_email
    from digits
),

reasoned as (
    select
        *,
        case
            when raw_row is not null then 'row_malformed'
            else concat_ws(
                ';',
                case when not has_name then 'name_missing' end,
                case when not has_mobile then 'mobile_invalid' end,
                case when birthday = '' then 'birthday_missing' end,
                case when birthday != '' and born_on is null then 'birthday_invalid' end,
                case when not is_adult then 'under_18' end,
                case when not has_email then 'email_invalid' end
            )
        end as reasons
    from checked
)

select
    case
        when has_name
            then nullif(left(full_name, greatest(length(full_name) - length(last_name) - 1, 0)), '')
    end as first_name,
    case when has_name then last_name end as last_name,
    born_on as date_of_birth,
    nullif(mobile_no, '') as mobile_no,
    nullif(email, '') as email,
    case is_adult when true then 'true' when false then 'false' end as above_18,
    case when reasons = '' then concat(last_name, '_', left(sha2(born_on, 256), 5)) end as membership_id,
    nullif(reasons, '') as reasons,
    nullif(raw_name, '') as raw_name,
    nullif(raw_email, '') as raw_email,
    nullif(raw_birthday, '') as raw_date_of_birth,
    nullif(raw_mobile, '') as raw_mobile_no,
    raw_row,
    source_file
from reasoned
