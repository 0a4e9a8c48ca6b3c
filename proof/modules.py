"""The modules that load, publish and decide, and the quickest tests that are to notice any change of each."""

TESTS: dict[str, list[str]] = {
    # load
    "section2/operator/applications.py": ["section2/test/test_applications.py"],
    "section2/operator/member_loader.py": ["section2/test/test_members.py"],
    "section2/operator/order_loader.py": ["section2/test/test_load.py", "-k", "not killed"],
    "section4/operator/postgresql_operator.py": ["section4/test/test_ingestion.py"],
    # publish
    "section1/main.py": ["section1/test/test_main.py", "section1/test/test_manage_losses.py"],
    "section1/operator/destination.py": ["section1/test/test_destination.py"],
    "section1/operator/disk.py": ["section1/test/test_destination.py"],
    "section1/operator/source.py": ["section1/test/test_source.py"],
    "section1/core/batch.py": ["section1/test/test_batch.py"],
    # decide
    "section4/main.py": ["section4/test/test_main.py"],
    "section4/sources/asking.py": ["section4/test/test_asking.py"],
    "section4/core/record.py": ["section4/test/test_asking.py"],
    "common/schedule/commands.py": [
        "common/test/test_schedule_commands.py",
        "common/test/test_schedule_health.py",
        "common/test/test_schedule_run.py",
        "common/test/test_schedule_notice.py",
        "common/test/test_schedule_stop.py",
    ],
    "common/schedule/record.py": ["common/test/test_schedule_record.py"],
    "section1/core/csv_records.py": ["section1/test/test_csv_records.py"],
    "section1/core/plain_csv.py": ["section1/test/test_plain_csv.py", "section1/test/test_source.py"],
    "section1/sql/section1_label.sql": [
        "section1/test/test_engines.py::test_each_nasty_value_by_itself_is_labelled_as_the_oracle_says",
        "section1/test/test_rules.py",
    ],
}
