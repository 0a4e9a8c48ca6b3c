"""Monitoring rules: alarms, budgets, tags and access logs."""

import re

from section3.rules.base import Finding, Findings, Rule
from section3.rules.template import Resource, Template, at, each, names, statements, text

# Metrics that need an alarm, each with its dimension.
REQUIRED_ALARMS = {
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "DeadLetterQueue"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", "WorkQueue"),
    ("AWS/ApiGateway", "4XXError", "ApiStage"),
    ("AWS/ApiGateway", "5XXError", "ApiStage"),
    ("AWS/WAFV2", "BlockedRequests", "Name"),
    ("AWS/Lambda", "Throttles", "UploadFunction"),
    ("ECS/ContainerInsights", "RunningTaskCount", "Service"),
    ("AWS/DynamoDB", "WriteThrottleEvents", "RecordTable"),
    ("AWS/Kafka", "KafkaDataLogsDiskUsed", "Name"),
    ("AWS/Kafka", "OfflinePartitionsCount", "Name"),
    ("AWS/KafkaConnect", "ErroredTaskCount", "Name"),
    ("AWS/Firehose", "DeliveryToS3.DataFreshness", "BiStream"),
}
# Services that publish to the topic of alarms.
SENDERS = {"cloudwatch.amazonaws.com", "budgets.amazonaws.com"}
TAGGED = (
    "S3::Bucket",
    "SQS::Queue",
    "DynamoDB::Table",
    "Logs::LogGroup",
    "KinesisFirehose::DeliveryStream",
    "Athena::WorkGroup",
    "MSK::Cluster",
)
# A metric in a query: SELECT MAX(Metric) FROM "Namespace" WHERE "Dimension" = '${Name}'
QUERY = re.compile(r"""SELECT \w+\((?P<metric>\w+)\) FROM "(?P<namespace>[^"]+)" WHERE (?P<dimension>.+)""")
KINDS = {"images", "metadata", "bi", "logs"}


def alarms_have_a_subscriber(template: Template) -> Findings:
    """Every alarm is enabled and notifies a topic with a subscriber."""
    subscribed = [template.get(subscription.at("TopicArn")) for subscription in template.of_type("SNS::Subscription")]
    for alarm in template.of_type("CloudWatch::Alarm"):
        topics = [template.get(action) for action in each(alarm.at("AlarmActions"))]
        if not any(topic in subscribed for topic in topics if topic) or alarm.at("ActionsEnabled") is False:
            yield Finding(alarm.name, "notifies no subscriber")
        if not alarm.at("AlarmDescription"):
            yield Finding(alarm.name, "has no description")


def alarms_have_a_separate_key(template: Template) -> Findings:
    """Alarms have a separate key that their senders can use, so they work when the data's key is disabled."""
    topics = template.of_type("SNS::Topic")
    storage = [resource for resource in template.resources.values() if resource not in topics]
    data = {key.name for key in template.of_type("KMS::Key") if any(uses(resource, key) for resource in storage)}
    for topic in topics:
        key = template.get(topic.at("KmsMasterKeyId"))
        if key is None or key.name in data:
            yield Finding(topic.name, "depends on the data's key")
            continue
        senders = {
            text(service)
            for statement in statements(key.at("KeyPolicy"))
            if statement["Effect"] == "Allow" and "kms:GenerateDataKey" in each(statement.get("Action"))
            for service in each(at(statement, "Principal/Service"))
        }
        if not senders >= SENDERS:
            yield Finding(key.name, f"denies {', '.join(sorted(SENDERS - senders))}")


def uses(resource: Resource, key: Resource) -> bool:
    """Return whether a resource other than an alias refers to a key."""
    return resource.type != "AWS::KMS::Alias" and key.name in names(resource.properties)


def failures_have_alarms(template: Template) -> Findings:
    """Dead letters, backlog, errors, floods, limits, Kafka's disks and leaders, sink and BI have alarms."""
    found = {metric for alarm in template.of_type("CloudWatch::Alarm") for metric in metrics_of(alarm)}
    for namespace, metric, dimension in sorted(REQUIRED_ALARMS):
        if (namespace, metric, dimension) not in found:
            yield Finding(dimension, f"{namespace} {metric} has no alarm")


def metrics_of(alarm: Resource) -> set[tuple[str, str, str]]:
    """Return namespace, metric and each dimension of an alarm."""
    metrics = [at(query, "MetricStat/Metric") for query in each(alarm.at("Metrics"))]
    queries = [QUERY.match(text(query.get("Expression"))) for query in each(alarm.at("Metrics"))]
    return {
        (text(metric["Namespace"]), text(metric["MetricName"]), name)
        for metric in [alarm.properties, *filter(None, metrics)]
        if "MetricName" in metric
        for name in names([dimension["Value"] for dimension in metric["Dimensions"]])
    } | {
        (query["namespace"], query["metric"], name)
        for query in filter(None, queries)
        for name in names(query["dimension"])
    }


def spending_has_a_budget(template: Template) -> Findings:
    """A budget sends notifications of actual and forecast costs."""
    budgets = template.of_type("Budgets::Budget")
    if not budgets:
        yield Finding("Budget", "is missing")
    for budget in budgets:
        notifications = each(budget.at("NotificationsWithSubscribers"))
        kinds = {at(entry, "Notification/NotificationType") for entry in notifications if entry.get("Subscribers")}
        if kinds != {"ACTUAL", "FORECASTED"} or budget.at("Budget/BudgetLimit/Amount") is None:
            yield Finding(budget.name, "does not notify of both")


def data_are_tagged(template: Template) -> Findings:
    """All storage has the tag `data`: images, metadata, bi or logs."""
    for resource in template.of_type(*TAGGED):
        tags = resource.at("Tags") or {}
        pairs = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
        if pairs.get("data") not in KINDS:
            yield Finding(resource.name, "has no valid tag `data`")


def calls_are_logged_by_id(template: Template) -> Findings:
    """The API's access log has the ID of each call, and clusters have metrics."""
    for stage in template.of_type("ApiGateway::Stage"):
        log = stage.at("AccessLogSetting") or {}
        if not log.get("DestinationArn") or "$context.requestId" not in text(log.get("Format")):
            yield Finding(stage.name, "has no access log of calls by their ID")
        if not template.of_type("ApiGateway::Account"):
            yield Finding(stage.name, "has no role for its log")
    for cluster in template.of_type("ECS::Cluster"):
        if {"Name": "containerInsights", "Value": "enabled"} not in each(cluster.at("ClusterSettings")):
            yield Finding(cluster.name, "has no task metrics, which scaling needs")
    for account in template.of_type("ApiGateway::Account"):
        if template.get(account.at("CloudWatchRoleArn")) not in template.of_type("IAM::Role"):
            yield Finding(account.name, "has no role of the template")


def events_match_their_table(template: Template) -> Findings:
    """BI events are written as Parquet with the schema of their table, by day, so that queries read little."""
    for stream in template.of_type("KinesisFirehose::DeliveryStream"):
        conversion = stream.at("ExtendedS3DestinationConfiguration/DataFormatConversionConfiguration") or {}
        schema = [template.get(at(conversion, f"SchemaConfiguration/{part}Name")) for part in ("Database", "Table")]
        kinds = [resource.type if resource else None for resource in schema]
        if conversion.get("Enabled") is not True or kinds != ["AWS::Glue::Database", "AWS::Glue::Table"]:
            yield Finding(stream.name, "does not use the schema of a table of the template")
        if "/day=" not in str(stream.at("ExtendedS3DestinationConfiguration/Prefix")):
            yield Finding(stream.name, "is not written by day")


RULES: tuple[Rule, ...] = (
    alarms_have_a_subscriber,
    alarms_have_a_separate_key,
    failures_have_alarms,
    spending_has_a_budget,
    data_are_tagged,
    calls_are_logged_by_id,
    events_match_their_table,
)
