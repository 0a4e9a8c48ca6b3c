-- Turns rows of a first labelling, `labelled`, into applications for a second one. It keeps every field as read.
-- source_file, which labelling passes through, takes the first reasons and membership ID.
select
    raw_name as name, -- noqa: RF04
    raw_email as email,
    raw_date_of_birth as date_of_birth,
    raw_mobile_no as mobile_no,
    raw_row,
    struct(reasons, membership_id) as source_file
from labelled
