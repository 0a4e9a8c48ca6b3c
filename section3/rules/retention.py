"""Retention rules: images, metadata, BI data and logs are kept for at most seven days."""

import re

from section3.rules.base import Finding, Findings, Rule
from section3.rules.template import Resource, Template, Tree, each, policies, statements, text

DAYS = 7
MAXIMUM_WAIT = 86_400  # seconds before processing; the processed copy's retention starts then
COPIES = ("Backup::BackupPlan", "Backup::BackupVault", "Backup::BackupSelection", "DynamoDB::GlobalTable")


def expirations(bucket: Resource, prefix: str = "") -> list[Tree]:
    """Return the enabled lifecycle rules for all objects of a bucket, or of a prefix."""
    narrowing = {"TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan"}
    rules: list[Tree] = each(bucket.at("LifecycleConfiguration/Rules"))
    enabled = [rule for rule in rules if rule.get("Status") == "Enabled" and not narrowing & set(rule)]
    return [rule for rule in enabled if prefix.startswith(rule.get("Prefix", ""))]


def least(template: Template, values: list[object]) -> float:
    """Return the smallest number, or infinity."""
    numbers = [template.number(value) for value in values]
    return min((number for number in numbers if number is not None), default=float("inf"))


def objects_expire(template: Template) -> Findings:
    """Every object expires within seven days, including the retention of older versions."""
    for bucket in template.of_type("S3::Bucket"):
        days = least(template, [rule.get("ExpirationInDays") for rule in expirations(bucket)])
        noncurrent = [each(rule.get("NoncurrentVersionExpiration")) for rule in expirations(bucket)]
        versions = least(template, [version.get("NoncurrentDays") for found in noncurrent for version in found])
        versioned = bucket.at("VersioningConfiguration/Status") is not None
        if not 1 <= days + (versions if versioned else 0) <= DAYS:
            yield Finding(bucket.name, f"objects are kept for {days:g} days, older versions for {versions:g} more")
        if versions > DAYS:
            yield Finding(bucket.name, f"older versions are kept for {versions:g} days")


def query_results_expire_after_a_day(template: Template) -> Findings:
    """Query results expire after a day, so that data of day seven is not kept for seven more days."""
    for group in template.of_type("Athena::WorkGroup"):
        location = group.at("WorkGroupConfiguration/ResultConfiguration/OutputLocation")
        bucket, prefix = template.get(location), re.sub(r"^s3://[^/]*/", "", text(location))
        days = [rule.get("ExpirationInDays") for rule in expirations(bucket, prefix)] if bucket else []
        if least(template, days) > 1:
            yield Finding(group.name, f"results are kept for {least(template, days):g} days")


def unfinished_uploads_are_dropped(template: Template) -> Findings:
    """Parts of unfinished uploads are deleted after a day."""
    for bucket in template.of_type("S3::Bucket"):
        limits = [
            rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation") for rule in expirations(bucket)
        ]
        if least(template, limits) > 1:
            yield Finding(bucket.name, "unfinished uploads are kept")


def messages_expire(template: Template) -> Findings:
    """No queue keeps messages for more than seven days; SQS's default is four days."""
    for queue in template.of_type("SQS::Queue"):
        seconds = template.number(queue.properties.get("MessageRetentionPeriod", 345_600))
        if seconds is None or seconds > DAYS * 86_400:
            yield Finding(queue.name, f"messages are kept for {seconds} s")


def late_images_are_not_processed(template: Template) -> Findings:
    """An image waits for at most a day, because a later processed copy is kept for longer after the upload."""
    targets = [template.get(queue.at("RedrivePolicy/deadLetterTargetArn")) for queue in template.of_type("SQS::Queue")]
    for queue in template.of_type("SQS::Queue"):
        seconds = template.number(queue.properties.get("MessageRetentionPeriod", 345_600))
        if queue not in targets and (seconds is None or seconds > MAXIMUM_WAIT):
            yield Finding(queue.name, f"delivers images for {seconds} s")


def records_expire(template: Template) -> Findings:
    """Every record has a time to live."""
    for table in template.of_type("DynamoDB::Table"):
        expiry = table.at("TimeToLiveSpecification") or {}
        if expiry.get("Enabled") is not True or expiry.get("AttributeName") != "expires_at":
            yield Finding(table.name, "records have no time to live in expires_at")


def no_copy_outlives_the_purge(template: Template) -> Findings:
    """Purged data has no backup, replica, archive or change stream."""
    for copy in template.of_type(*COPIES):
        yield Finding(copy.name, "is a copy without a purge")
    for table in template.of_type("DynamoDB::Table"):
        if table.at("PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled") is not False:
            yield Finding(table.name, "point-in-time recovery keeps records for 35 days")
        if table.at("StreamSpecification") or table.at("KinesisStreamSpecification"):
            yield Finding(table.name, "a change stream copies records")
    for bucket in template.of_type("S3::Bucket"):
        if bucket.at("ReplicationConfiguration") or bucket.at("ObjectLockEnabled"):
            yield Finding(bucket.name, "objects are replicated or locked")


def kafka_records_expire(template: Template) -> Findings:
    """Kafka deletes records within seven days by the brokers' clock; no topic overrides the retention."""
    for configuration in template.of_type("MSK::Configuration"):
        properties = text(configuration.at("ServerProperties"))
        hours = re.search(r"^log\.retention\.hours=(\d+)$", properties, re.MULTILINE)
        roll = re.search(r"^log\.roll\.ms=(\d+)$", properties, re.MULTILINE)
        # Kafka deletes whole segments after their last record; a segment is open for log.roll.ms.
        total = int(hours[1]) + int(roll[1]) / 3_600_000 if hours and roll else float("inf")
        if total > DAYS * 24:
            yield Finding(configuration.name, f"records are kept for {total:g} hours")
        if not re.search(r"^log\.message\.timestamp\.type=LogAppendTime$", properties, re.MULTILINE):
            yield Finding(configuration.name, "uses the producers' clocks")
        if re.search(r"^log\.(retention\.(ms|minutes)|cleanup\.policy)=", properties, re.MULTILINE):
            yield Finding(configuration.name, "overrides log.retention.hours")
    for topic in template.of_type("MSK::Topic"):
        if topic.at("Configs"):
            yield Finding(topic.name, "overrides the cluster's configuration")
    for cluster in template.of_type("MSK::Cluster"):
        if template.get(cluster.at("ConfigurationInfo/Arn")) not in template.of_type("MSK::Configuration"):
            yield Finding(cluster.name, "does not use the configuration of the template")


def logs_expire(template: Template) -> Findings:
    """Every log group deletes its lines after seven days."""
    for group in template.of_type("Logs::LogGroup"):
        days = template.number(group.at("RetentionInDays"))
        if days is None or days > DAYS:
            yield Finding(group.name, f"lines are kept for {'an unlimited time' if days is None else f'{days:g} days'}")


def nothing_is_traced(template: Template) -> Findings:
    """X-Ray is off, because it keeps traces with addresses and image IDs for 30 days."""
    for stage in template.of_type("ApiGateway::Stage"):
        if stage.at("TracingEnabled") is not False:
            yield Finding(stage.name, "is traced")
    for function in template.of_type("Lambda::Function"):
        if function.at("TracingConfig/Mode") == "Active":
            yield Finding(function.name, "is traced")
    for resource in template.resources.values():
        for document in policies(resource):
            actions = [text(action) for statement in statements(document) for action in each(statement.get("Action"))]
            if any(action.startswith("xray:") for action in actions):
                yield Finding(resource.name, "can write traces")


def logs_go_to_groups_of_the_template(template: Template) -> Findings:
    """All components log to log groups of the template."""
    groups = {
        "Lambda::Function": "LoggingConfig/LogGroup",
        "ECS::TaskDefinition": "ContainerDefinitions/0/LogConfiguration/Options/awslogs-group",
        "MSK::Cluster": "LoggingInfo/BrokerLogs/CloudWatchLogs/LogGroup",
        "KafkaConnect::Connector": "LogDelivery/WorkerLogDelivery/CloudWatchLogs/LogGroup",
        "KinesisFirehose::DeliveryStream": "ExtendedS3DestinationConfiguration/CloudWatchLoggingOptions/LogGroupName",
        "ApiGateway::Stage": "AccessLogSetting/DestinationArn",
        "WAFv2::LoggingConfiguration": "LogDestinationConfigs",
        "EC2::FlowLog": "LogGroupName",
        "Logs::LogStream": "LogGroupName",
    }
    for kind, path in groups.items():
        for resource in template.of_type(kind):
            if template.get(resource.at(path)) not in template.of_type("Logs::LogGroup"):
                yield Finding(resource.name, "does not log to a group of the template")


def results_go_to_expiring_buckets(template: Template) -> Findings:
    """Query results and BI files are stored in buckets of the template, without a second copy."""
    locations = {
        "Athena::WorkGroup": "WorkGroupConfiguration/ResultConfiguration/OutputLocation",
        "KinesisFirehose::DeliveryStream": "ExtendedS3DestinationConfiguration/BucketARN",
        "KafkaConnect::Connector": "ConnectorConfiguration/s3.bucket.name",
        "Glue::Table": "TableInput/StorageDescriptor/Location",
    }
    for kind, path in locations.items():
        for resource in template.of_type(kind):
            if template.get(resource.at(path)) not in template.of_type("S3::Bucket"):
                yield Finding(resource.name, "does not write to a bucket of the template")
    for stream in template.of_type("KinesisFirehose::DeliveryStream"):
        if stream.at("ExtendedS3DestinationConfiguration/S3BackupMode") == "Enabled":
            yield Finding(stream.name, "keeps a second copy")
    for group in template.of_type("Athena::WorkGroup"):
        if group.at("WorkGroupConfiguration/EnforceWorkGroupConfiguration") is not True:
            yield Finding(group.name, "allows clients to choose another location")


RULES: tuple[Rule, ...] = (
    objects_expire,
    query_results_expire_after_a_day,
    unfinished_uploads_are_dropped,
    messages_expire,
    late_images_are_not_processed,
    records_expire,
    no_copy_outlives_the_purge,
    kafka_records_expire,
    logs_expire,
    nothing_is_traced,
    logs_go_to_groups_of_the_template,
    results_go_to_expiring_buckets,
)
