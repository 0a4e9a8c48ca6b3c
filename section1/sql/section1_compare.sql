-- Counts rows by their reasons under the first and under the second rules (`labelled_again`).
-- changed_ids: rows that are successful under both, with different membership IDs.
select
    relabelled.source_file.reasons as first_reasons,
    relabelled.reasons as second_reasons,
    count(*) as applications,
    count(case when relabelled.membership_id != relabelled.source_file.membership_id then 1 end) as changed_ids
from labelled_again as relabelled
group by relabelled.source_file.reasons, relabelled.reasons
