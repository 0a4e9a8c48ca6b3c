"""Data kept for more than seven days."""

from section3.test.mutations.base import Mutations, add, allow, drop, kafka_setting, put

LIFE = "LifecycleConfiguration/Rules/0"

MUTATIONS: Mutations = {
    "objects_expire": [
        put("images stay 8 days", f"ImageBucket/{LIFE}/ExpirationInDays", 8),
        put("BI data stay 30 days", f"BiBucket/{LIFE}/ExpirationInDays", 30),
        put("the purge of images is off", f"ImageBucket/{LIFE}/Status", "Disabled"),
        put("only one prefix is purged", f"ImageBucket/{LIFE}/Prefix", "incoming/"),
        drop("logs never expire", f"LogBucket/{LIFE}/ExpirationInDays"),
        put("versions add days to the purge", f"LogBucket/{LIFE}/ExpirationInDays", 7),
        put("versions of images outlive the purge", "ImageBucket/VersioningConfiguration", {"Status": "Enabled"}),
        put("older versions stay 30 days", f"ImageBucket/{LIFE}/NoncurrentVersionExpiration/NoncurrentDays", 30),
    ],
    "query_results_expire_after_a_day": [
        drop("results stay as long as data", "BiBucket/LifecycleConfiguration/Rules/1"),
        put("the purge of results has another prefix", "BiBucket/LifecycleConfiguration/Rules/1/Prefix", "result/"),
    ],
    "unfinished_uploads_are_dropped": [
        drop("unfinished uploads stay", f"ImageBucket/{LIFE}/AbortIncompleteMultipartUpload"),
    ],
    "messages_expire": [
        put("dead letters stay 14 days", "DeadLetterQueue/MessageRetentionPeriod", 1_209_600),
    ],
    "late_images_are_not_processed": [
        put("images of last week", "WorkQueue/MessageRetentionPeriod", 345_600),
        drop("SQS's default retention for images", "WorkQueue/MessageRetentionPeriod"),
    ],
    "records_expire": [
        put("records have no time to live", "RecordTable/TimeToLiveSpecification/Enabled", False),
        put(
            "time to live of another attribute",
            "RecordTable/TimeToLiveSpecification/AttributeName",
            "expires",
        ),
    ],
    "no_copy_outlives_the_purge": [
        put("records are backed up", "RecordTable/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled", True),
        put("records are streamed out", "RecordTable/StreamSpecification", {"StreamViewType": "NEW_IMAGE"}),
        put("images are replicated", "ImageBucket/ReplicationConfiguration", {"Role": "r"}),
        add("a vault keeps backups", "Backup::BackupVault", BackupVaultName="vault"),
    ],
    "kafka_records_expire": [
        kafka_setting("Kafka keeps records 8 days", "retention.hours=24", "retention.hours=192"),
        kafka_setting("Kafka keeps records for ever", "log.retention.hours=24\n", ""),
        kafka_setting("a slow partition keeps records longer", "log.roll.ms=3600000\n", ""),
        kafka_setting("segments stay open for a week", "roll.ms=3600000", "roll.ms=604800000"),
        kafka_setting("producers' clocks count", "LogAppendTime", "CreateTime"),
        kafka_setting("Kafka compacts", "min.insync", "log.cleanup.policy=compact\nmin.insync"),
        put("a topic keeps records longer", "ImagesTopic/Configs", "cmV0ZW50aW9uLm1zPS0x"),
        drop("the cluster has Kafka's own defaults", "KafkaCluster/ConfigurationInfo"),
    ],
    "logs_expire": [
        put("logs of the API stay 8 days", "ApiLogGroup/RetentionInDays", 8),
        drop("logs of a function stay for ever", "UploadLogGroup/RetentionInDays"),
    ],
    "nothing_is_traced": [
        put("an API with traces", "ApiStage/TracingEnabled", True),
        put("a function with traces", "ReadFunction/TracingConfig", {"Mode": "Active"}),
        allow("a task with traces", "TaskRole", Action="xray:PutTraceSegments", Resource="*"),
    ],
    "logs_go_to_groups_of_the_template": [
        drop("a function logs to its default group", "ReadFunction/LoggingConfig"),
        put("the BI stream logs elsewhere", "BiLogStream/LogGroupName", "elsewhere"),
        put(
            "tasks log elsewhere",
            "TaskDefinition/ContainerDefinitions/0/LogConfiguration/Options/awslogs-group",
            "elsewhere",
        ),
    ],
    "results_go_to_expiring_buckets": [
        put(
            "query results lie elsewhere",
            "BiWorkgroup/WorkGroupConfiguration/ResultConfiguration/OutputLocation",
            "s3://elsewhere/",
        ),
        put(
            "an analyst may put results elsewhere",
            "BiWorkgroup/WorkGroupConfiguration/EnforceWorkGroupConfiguration",
            False,
        ),
        put("BI events are kept twice", "BiStream/ExtendedS3DestinationConfiguration/S3BackupMode", "Enabled"),
    ],
}
