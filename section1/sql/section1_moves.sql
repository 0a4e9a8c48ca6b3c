-- How many rows of `labelled_again` have which reasons by the first rules, and which by the second? An ID that differs
-- counts where the row is successful by both.
select
    again.source_file.reasons as first_reasons,
    again.reasons as second_reasons,
    count(*) as applications,
    count(case when again.membership_id != again.source_file.membership_id then 1 end) as other_ids
from labelled_again as again
group by again.source_file.reasons, again.reasons
