-- Labels applications: returns each row of `application` (name, email, date_of_birth, mobile_no, raw_row, source_file)
-- with its `reasons`, which are null for a successful application.
-- The text is Spark SQL, and DuckDB runs sqlglot's translation. Both must give equal results, so the text uses
-- \z instead of $ (Java's $ also matches before a final line end), [Mm] instead of (?i) (the engines fold different
-- letters), and trim with explicit characters. No pattern backtracks: a field can have a megabyte.
with source as (
    select
        raw_row,
        source_file,
        coalesce(name, '') as raw_name,
        coalesce(email, '') as raw_email,
        coalesce(date_of_birth, '') as raw_birthday,
        coalesce(mobile_no, '') as raw_mobile
    from application
),

-- Few values need trimming. Checking both ends for a visible ASCII character is much cheaper than trim.
trimmed as (
    select
        *,
        case
            when raw_email not between '!' and '~' or substr(raw_email, -1, 1) not between '!' and '~'
                then trim(both :white_space from raw_email)
            else raw_email
        end as email,
        case
            when raw_birthday not between '!' and '~' or substr(raw_birthday, -1, 1) not between '!' and '~'
                then trim(both :white_space from raw_birthday)
            else raw_birthday
        end as birthday,
        case
            when raw_mobile not between '!' and '~' or substr(raw_mobile, -1, 1) not between '!' and '~'
                then trim(both :white_space from raw_mobile)
            else raw_mobile
        end as mobile
    from source
),

-- A comma next to white space or at an end of the name counts as white space, and so does a comma next to such a comma.
-- Most names are words separated by one space, without title and suffix. They are not split.
worded as (
    select
        *,
        case
            when
                raw_name rlike concat(
                    '[,', :rare_space, ']|^ |  | \\z|^(', :titles, ')[.]? | (', :suffixes, ')[.]?\\z'
                )
                then filter(
                    transform(
                        split(raw_name, concat('[ ', :rare_space, ']+')),
                        word -> trim(both ',' from word)
                    ),
                    word -> word != ''
                )
        end as words
    from trimmed
),

-- One letter for each word: t for a title, s for a suffix, w for any other word.
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

-- Leading titles are removed, then trailing suffixes, as long as a word remains.
untitled as (
    select
        *,
        greatest(least(length(regexp_extract(marks, '^t*', 0)), size(words) - 1), 0) as titles
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
        coalesce(array_join(slice(words, titles + 1, words_left), ' '), raw_name) as full_name
    from unsuffixed
),

-- Separator and position of the year identify the shape. The configuration defines the positions of month and day.
shaped as (
    select
        *,
        nullif(
            case
                when birthday like '____-__-__' then :dash_year_first
                when birthday like '____/__/__' then :slash_year_first
                when birthday like '__/__/____' then :slash_year_last
                when birthday like '__-__-____' then :dash_year_last
            end,
            ''
        ) as shape
    from named
),

dated as (
    select
        *,
        concat_ws(
            '',
            substr(birthday, position('yyyy' in shape), 4),
            substr(birthday, position('MM' in shape), 2),
            substr(birthday, position('dd' in shape), 2)
        ) as written_birthday
    from shaped
),

-- Every month has 28 days. Only later days need the calendar.
born as (
    select
        *,
        case
            when written_birthday rlike '^(19|[2-9][0-9])[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])\\z'
                then written_birthday
            when
                written_birthday rlike '^(19|[2-9][0-9])[0-9]{2}(0[1-9]|1[0-2])(29|3[01])\\z'
                and try_cast(
                    concat_ws(
                        '-', left(written_birthday, 4), substr(written_birthday, 5, 2), right(written_birthday, 2)
                    ) as date
                ) is not null
                then written_birthday
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
        -- Comparing a first letter, a length or two dots is cheaper than a regular expression.
        case when full_name >= 'A' and full_name < '[' then true else full_name rlike '\\p{L}' end as has_name,
        case when length(mobile_no) = 8 then mobile_no rlike '^[0-9]{8}\\z' else false end as has_mobile,
        born_on <= :latest_adult_birthday as is_adult,
        case
            when contains(email, '..') and contains(substr(email, position('@' in email)), '..') then false
            else email rlike concat('^[^@', :white_space, ']+@[A-Za-z0-9-][A-Za-z0-9.-]*[.](', :email_endings, ')\\z')
        end as has_email
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
    case when has_name then left(full_name, greatest(length(full_name) - length(last_name) - 1, 0)) end as first_name,
    case when has_name then last_name end as last_name,
    born_on as date_of_birth,
    mobile_no,
    email,
    case is_adult when true then 'true' when false then 'false' end as above_18,
    case when reasons = '' then concat(last_name, '_', left(sha2(born_on, 256), 5)) end as membership_id,
    nullif(reasons, '') as reasons,
    raw_name,
    raw_email,
    raw_birthday as raw_date_of_birth,
    raw_mobile as raw_mobile_no,
    raw_row,
    source_file
from reasoned
