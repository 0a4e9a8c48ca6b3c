"""Data that would stay for longer than seven days."""

from section3.test.mutations.base import Mutation, add, allow, drop, kafka_setting, put

LIFE = "LifecycleConfiguration/Rules/0"

MUTATIONS: list[Mutation] = [
    put("images stay 8 days", "objects_expire", f"ImageBucket/{LIFE}/ExpirationInDays", 8),
    put("BI data stay 30 days", "objects_expire", f"BiBucket/{LIFE}/ExpirationInDays", 30),
    put("the purge of images is off", "objects_expire", f"ImageBucket/{LIFE}/Status", "Disabled"),
    put("only one folder is purged", "objects_expire", f"ImageBucket/{LIFE}/Prefix", "incoming/"),
    drop("logs never expire", "objects_expire", f"LogBucket/{LIFE}/ExpirationInDays"),
    put("versions add days to the purge", "objects_expire", f"LogBucket/{LIFE}/ExpirationInDays", 7),
    put(
        "versions of images outlive the purge",
        "objects_expire",
        "ImageBucket/VersioningConfiguration",
        {"Status": "Enabled"},
    ),
    put(
        "older versions stay 30 days",
        "objects_expire",
        f"ImageBucket/{LIFE}/NoncurrentVersionExpiration/NoncurrentDays",
        30,
    ),
    drop("results stay as long as data", "results_begin_no_new_week", "BiBucket/LifecycleConfiguration/Rules/1"),
    put(
        "the purge of results is of another folder",
        "results_begin_no_new_week",
        "BiBucket/LifecycleConfiguration/Rules/1/Prefix",
        "result/",
    ),
    drop(
        "unfinished uploads stay",
        "unfinished_uploads_are_dropped",
        f"ImageBucket/{LIFE}/AbortIncompleteMultipartUpload",
    ),
    put("dead letters stay 14 days", "queues_forget", "DeadLetterQueue/MessageRetentionPeriod", 1_209_600),
    put("images of last week", "late_images_are_not_processed", "WorkQueue/MessageRetentionPeriod", 345_600),
    drop(
        "images that wait for as long as SQS says", "late_images_are_not_processed", "WorkQueue/MessageRetentionPeriod"
    ),
    put("records have no time to live", "records_expire", "RecordTable/TimeToLiveSpecification/Enabled", False),
    put(
        "the time to live looks at another attribute",
        "records_expire",
        "RecordTable/TimeToLiveSpecification/AttributeName",
        "expires",
    ),
    put(
        "records are backed up",
        "no_copy_outlives_the_purge",
        "RecordTable/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled",
        True,
    ),
    put(
        "records are streamed out",
        "no_copy_outlives_the_purge",
        "RecordTable/StreamSpecification",
        {"StreamViewType": "NEW_IMAGE"},
    ),
    put("images are replicated", "no_copy_outlives_the_purge", "ImageBucket/ReplicationConfiguration", {"Role": "r"}),
    add("a vault keeps backups", "no_copy_outlives_the_purge", "Backup::BackupVault", BackupVaultName="vault"),
    kafka_setting("Kafka keeps records 8 days", "kafka_forgets", "retention.hours=24", "retention.hours=192"),
    kafka_setting("Kafka keeps records for ever", "kafka_forgets", "log.retention.hours=24\n", ""),
    kafka_setting("a slow partition keeps records longer", "kafka_forgets", "log.roll.ms=3600000\n", ""),
    kafka_setting("segments take records for a week", "kafka_forgets", "roll.ms=3600000", "roll.ms=604800000"),
    kafka_setting("producers' clocks count", "kafka_forgets", "LogAppendTime", "CreateTime"),
    kafka_setting("Kafka compacts", "kafka_forgets", "min.insync", "log.cleanup.policy=compact\nmin.insync"),
    put("a topic keeps records longer", "kafka_forgets", "ImagesTopic/Configs", "cmV0ZW50aW9uLm1zPS0x"),
    drop("the cluster has Kafka's own defaults", "kafka_forgets", "KafkaCluster/ConfigurationInfo"),
    put("logs of the API stay 8 days", "logs_forget", "ApiLogGroup/RetentionInDays", 8),
    drop("logs of a function stay for ever", "logs_forget", "UploadLogGroup/RetentionInDays"),
    put("an API with traces", "no_trace_is_kept", "ApiStage/TracingEnabled", True),
    put("a function with traces", "no_trace_is_kept", "ReadFunction/TracingConfig", {"Mode": "Active"}),
    allow("a task with traces", "no_trace_is_kept", "TaskRole", Action="xray:PutTraceSegments", Resource="*"),
    drop("a function logs to a group of its own", "logs_go_to_groups_of_the_template", "ReadFunction/LoggingConfig"),
    put("the BI stream logs elsewhere", "logs_go_to_groups_of_the_template", "BiLogStream/LogGroupName", "elsewhere"),
    put(
        "tasks log elsewhere",
        "logs_go_to_groups_of_the_template",
        "TaskDefinition/ContainerDefinitions/0/LogConfiguration/Options/awslogs-group",
        "elsewhere",
    ),
    put(
        "query results lie elsewhere",
        "results_go_to_buckets_that_purge",
        "BiWorkgroup/WorkGroupConfiguration/ResultConfiguration/OutputLocation",
        "s3://elsewhere/",
    ),
    put(
        "an analyst may put results elsewhere",
        "results_go_to_buckets_that_purge",
        "BiWorkgroup/WorkGroupConfiguration/EnforceWorkGroupConfiguration",
        False,
    ),
    put(
        "BI events are kept twice",
        "results_go_to_buckets_that_purge",
        "BiStream/ExtendedS3DestinationConfiguration/S3BackupMode",
        "Enabled",
    ),
]
