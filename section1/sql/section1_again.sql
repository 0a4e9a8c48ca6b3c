-- The rows of a first labelling, `labelled`, as applications for a second one: it keeps every field as it was read.
-- In the place of the file's name, which the second one passes on as it is, stands what the first one made of the row.
select
    raw_name as name, -- noqa: RF04
    raw_email as email,
    raw_date_of_birth as date_of_birth,
    raw_mobile_no as mobile_no,
    raw_row,
    struct(reasons, membership_id) as source_file
from labelled
