"""Nothing keeps images, metadata, BI data or logs for longer than seven days."""

import re

from section3.rules.base import Finding, Findings, Rule
from section3.rules.template import Resource, Template, Tree, each, policies, statements, text

DAYS = 7
LATE_SECONDS = 86_400  # how late an image may be processed, or a result be asked for: it begins a life of its own then
COPIES = ("Backup::BackupPlan", "Backup::BackupVault", "Backup::BackupSelection", "DynamoDB::GlobalTable")


def purges(bucket: Resource, folder: str = "") -> list[Tree]:
    """Return the lifecycle rules that are in force for all objects of a bucket, or of a folder of it."""
    narrowing = {"TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan"}
    rules: list[Tree] = each(bucket.at("LifecycleConfiguration/Rules"))
    whole = [rule for rule in rules if rule.get("Status") == "Enabled" and not narrowing & set(rule)]
    return [rule for rule in whole if folder.startswith(rule.get("Prefix", ""))]


def least(template: Template, values: list[object]) -> float:
    """Return the smallest number; infinity when there is none."""
    numbers = [template.number(value) for value in values]
    return min((number for number in numbers if number is not None), default=float("inf"))


def objects_expire(template: Template) -> Findings:
    """Every object of every bucket expires after seven days; where there are versions, they count on top."""
    for bucket in template.of_type("S3::Bucket"):
        days = least(template, [rule.get("ExpirationInDays") for rule in purges(bucket)])
        kept = [each(rule.get("NoncurrentVersionExpiration")) for rule in purges(bucket)]
        versions = least(template, [version.get("NoncurrentDays") for found in kept for version in found])
        versioned = bucket.at("VersioningConfiguration/Status") is not None
        if not 1 <= days + (versions if versioned else 0) <= DAYS:
            yield Finding(bucket.name, f"objects are kept for {days:g} days, older versions for {versions:g} more")
        if versions > DAYS:
            yield Finding(bucket.name, f"older versions are kept for {versions:g} days")


def results_begin_no_new_week(template: Template) -> Findings:
    """A query's result is gone after a day, so that what it tells of day seven does not live for seven more."""
    for group in template.of_type("Athena::WorkGroup"):
        place = group.at("WorkGroupConfiguration/ResultConfiguration/OutputLocation")
        bucket, folder = template.get(place), re.sub(r"^s3://[^/]*/", "", text(place))
        days = [rule.get("ExpirationInDays") for rule in purges(bucket, folder)] if bucket else []
        if least(template, days) > 1:
            yield Finding(group.name, f"results are kept for {least(template, days):g} days")


def unfinished_uploads_are_dropped(template: Template) -> Findings:
    """The parts of an upload that never ended are gone after a day."""
    for bucket in template.of_type("S3::Bucket"):
        limits = [rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation") for rule in purges(bucket)]
        if least(template, limits) > 1:
            yield Finding(bucket.name, "unfinished uploads stay")


def queues_forget(template: Template) -> Findings:
    """No message stays longer than seven days, in whichever queue; what is not said is SQS's four days."""
    for queue in template.of_type("SQS::Queue"):
        seconds = template.number(queue.properties.get("MessageRetentionPeriod", 345_600))
        if seconds is None or seconds > DAYS * 86_400:
            yield Finding(queue.name, f"messages are kept for {seconds} s")


def late_images_are_not_processed(template: Template) -> Findings:
    """An image waits for a day at most: one that is processed later would be kept for longer after its upload."""
    targets = [template.get(queue.at("RedrivePolicy/deadLetterTargetArn")) for queue in template.of_type("SQS::Queue")]
    for queue in template.of_type("SQS::Queue"):
        seconds = template.number(queue.properties.get("MessageRetentionPeriod", 345_600))
        if queue not in targets and (seconds is None or seconds > LATE_SECONDS):
            yield Finding(queue.name, f"hands images out for {seconds} s")


def records_expire(template: Template) -> Findings:
    """Every record carries the time at which the table drops it."""
    for table in template.of_type("DynamoDB::Table"):
        expiry = table.at("TimeToLiveSpecification") or {}
        if expiry.get("Enabled") is not True or expiry.get("AttributeName") != "expires_at":
            yield Finding(table.name, "records have no time to live in expires_at")


def no_copy_outlives_the_purge(template: Template) -> Findings:
    """There is no backup, replica, archive or change stream of what is purged."""
    for copy in template.of_type(*COPIES):
        yield Finding(copy.name, "is a copy that the purge does not reach")
    for table in template.of_type("DynamoDB::Table"):
        if table.at("PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled") is not False:
            yield Finding(table.name, "point-in-time recovery keeps records for 35 days")
        if table.at("StreamSpecification") or table.at("KinesisStreamSpecification"):
            yield Finding(table.name, "a change stream copies records")
    for bucket in template.of_type("S3::Bucket"):
        if bucket.at("ReplicationConfiguration") or bucket.at("ObjectLockEnabled"):
            yield Finding(bucket.name, "objects are replicated or locked")


def kafka_forgets(template: Template) -> Findings:
    """Kafka drops a record, with its segment, within seven days by its own clock; no topic has a time of its own."""
    for configuration in template.of_type("MSK::Configuration"):
        words = text(configuration.at("ServerProperties"))
        hours = re.search(r"^log\.retention\.hours=(\d+)$", words, re.MULTILINE)
        roll = re.search(r"^log\.roll\.ms=(\d+)$", words, re.MULTILINE)
        # what is dropped is a segment, so long after its last record, and it takes records for log.roll.ms
        kept = int(hours[1]) + int(roll[1]) / 3_600_000 if hours and roll else float("inf")
        if kept > DAYS * 24:
            yield Finding(configuration.name, f"records are kept for {kept:g} hours")
        if not re.search(r"^log\.message\.timestamp\.type=LogAppendTime$", words, re.MULTILINE):
            yield Finding(configuration.name, "keeps records for as long as their producer's clock says")
        if re.search(r"^log\.(retention\.(ms|minutes)|cleanup\.policy)=", words, re.MULTILINE):
            yield Finding(configuration.name, "something overrides log.retention.hours")
    for topic in template.of_type("MSK::Topic"):
        if topic.at("Configs"):
            yield Finding(topic.name, "has a configuration of its own, which may keep records")
    for cluster in template.of_type("MSK::Cluster"):
        if template.get(cluster.at("ConfigurationInfo/Arn")) not in template.of_type("MSK::Configuration"):
            yield Finding(cluster.name, "does not use the configuration of the template")


def logs_forget(template: Template) -> Findings:
    """Every log group drops its lines after seven days."""
    for group in template.of_type("Logs::LogGroup"):
        days = template.number(group.at("RetentionInDays"))
        if days is None or days > DAYS:
            yield Finding(group.name, f"lines are kept for {'ever' if days is None else f'{days:g} days'}")


def no_trace_is_kept(template: Template) -> Findings:
    """X-Ray keeps traces, with users' addresses and images' IDs, for 30 days; so nothing is traced."""
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
                yield Finding(resource.name, "may write traces")


def logs_go_to_groups_of_the_template(template: Template) -> Findings:
    """Functions, tasks, brokers, the sink, the BI stream, the API and the firewall log to groups that forget."""
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
                yield Finding(resource.name, "logs to no group of the template")


def results_go_to_buckets_that_purge(template: Template) -> Findings:
    """Query results, BI files and the table over them lie in a bucket of the template; no second copy is written."""
    places = {
        "Athena::WorkGroup": "WorkGroupConfiguration/ResultConfiguration/OutputLocation",
        "KinesisFirehose::DeliveryStream": "ExtendedS3DestinationConfiguration/BucketARN",
        "KafkaConnect::Connector": "ConnectorConfiguration/s3.bucket.name",
        "Glue::Table": "TableInput/StorageDescriptor/Location",
    }
    for kind, path in places.items():
        for resource in template.of_type(kind):
            if template.get(resource.at(path)) not in template.of_type("S3::Bucket"):
                yield Finding(resource.name, "writes to no bucket of the template")
    for stream in template.of_type("KinesisFirehose::DeliveryStream"):
        if stream.at("ExtendedS3DestinationConfiguration/S3BackupMode") == "Enabled":
            yield Finding(stream.name, "keeps a second copy")
    for group in template.of_type("Athena::WorkGroup"):
        if group.at("WorkGroupConfiguration/EnforceWorkGroupConfiguration") is not True:
            yield Finding(group.name, "lets a client put results elsewhere")


RULES: tuple[Rule, ...] = (
    objects_expire,
    results_begin_no_new_week,
    unfinished_uploads_are_dropped,
    queues_forget,
    late_images_are_not_processed,
    records_expire,
    no_copy_outlives_the_purge,
    kafka_forgets,
    logs_forget,
    no_trace_is_kept,
    logs_go_to_groups_of_the_template,
    results_go_to_buckets_that_purge,
)
