"""Somebody is told when it breaks, is slow or costs too much, and can find out why."""

import re

from section3.rules.base import Finding, Findings, Rule
from section3.rules.template import Resource, Template, at, each, names, statements, text

# What has to be watched: the metric and, where one metric is of many things, whose.
WATCHED = {
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
# Who sends notices to the topic of alarms.
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
# A metric that a query looks for: SELECT MAX(Metric) FROM "Namespace" WHERE "Dimension" = '${Name}'
QUERY = re.compile(r"""SELECT \w+\((?P<metric>\w+)\) FROM "(?P<namespace>[^"]+)" WHERE (?P<whose>.+)""")
KINDS = {"images", "metadata", "bi", "logs"}


def alarms_tell_somebody(template: Template) -> Findings:
    """Every alarm is on and tells a topic that somebody has subscribed to."""
    subscribed = [template.get(one.at("TopicArn")) for one in template.of_type("SNS::Subscription")]
    for alarm in template.of_type("CloudWatch::Alarm"):
        told = [template.get(action) for action in each(alarm.at("AlarmActions"))]
        if not any(topic in subscribed for topic in told if topic) or alarm.at("ActionsEnabled") is False:
            yield Finding(alarm.name, "tells nobody")
        if not alarm.at("AlarmDescription"):
            yield Finding(alarm.name, "does not say what it means")


def alarms_need_no_key_of_data(template: Template) -> Findings:
    """Notices have a key of their own, which their senders may use: they come through when the data's is disabled."""
    topics = template.of_type("SNS::Topic")
    storage = [resource for resource in template.resources.values() if resource not in topics]
    data = {key.name for key in template.of_type("KMS::Key") if any(uses(resource, key) for resource in storage)}
    for topic in topics:
        key = template.get(topic.at("KmsMasterKeyId"))
        if key is None or key.name in data:
            yield Finding(topic.name, "falls silent with the data's key")
            continue
        senders = {
            text(service)
            for statement in statements(key.at("KeyPolicy"))
            if statement["Effect"] == "Allow" and "kms:GenerateDataKey" in each(statement.get("Action"))
            for service in each(at(statement, "Principal/Service"))
        }
        if not senders >= SENDERS:
            yield Finding(key.name, f"refuses {', '.join(sorted(SENDERS - senders))}")


def uses(resource: Resource, key: Resource) -> bool:
    """Return whether a resource, other than a name of the key, refers to a key."""
    return resource.type != "AWS::KMS::Alias" and key.name in names(resource.properties)


def what_can_break_is_watched(template: Template) -> Findings:
    """Each part has an alarm: dead letters, waiting, errors, floods, limits, Kafka's disk and leaders, sink, BI."""
    found = {watch for alarm in template.of_type("CloudWatch::Alarm") for watch in watches(alarm)}
    for namespace, metric, whose in sorted(WATCHED):
        if (namespace, metric, whose) not in found:
            yield Finding(whose, f"{namespace} {metric} is not watched")


def watches(alarm: Resource) -> set[tuple[str, str, str]]:
    """Return what an alarm looks at: namespace, metric and each name among its dimensions."""
    metrics = [at(query, "MetricStat/Metric") for query in each(alarm.at("Metrics"))]
    queries = [QUERY.match(text(query.get("Expression"))) for query in each(alarm.at("Metrics"))]
    return {
        (text(metric["Namespace"]), text(metric["MetricName"]), name)
        for metric in [alarm.properties, *filter(None, metrics)]
        if "MetricName" in metric
        for name in names([dimension["Value"] for dimension in metric["Dimensions"]])
    } | {
        (query["namespace"], query["metric"], name) for query in filter(None, queries) for name in names(query["whose"])
    }


def spending_has_a_budget(template: Template) -> Findings:
    """A budget tells what is spent and what will be, before the month is over."""
    budgets = template.of_type("Budgets::Budget")
    if not budgets:
        yield Finding("Budget", "is missing")
    for budget in budgets:
        notices = each(budget.at("NotificationsWithSubscribers"))
        kinds = {at(notice, "Notification/NotificationType") for notice in notices if notice.get("Subscribers")}
        if kinds != {"ACTUAL", "FORECASTED"} or budget.at("Budget/BudgetLimit/Amount") is None:
            yield Finding(budget.name, "does not tell of both")


def data_say_what_they_are(template: Template) -> Findings:
    """All that holds data has the tag `data`: images, metadata, bi or logs."""
    for resource in template.of_type(*TAGGED):
        tags = resource.at("Tags") or {}
        pairs = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
        if pairs.get("data") not in KINDS:
            yield Finding(resource.name, "does not say what data it holds")


def calls_can_be_followed(template: Template) -> Findings:
    """A call is in the API's access log under an ID, and the parts give figures."""
    for stage in template.of_type("ApiGateway::Stage"):
        log = stage.at("AccessLogSetting") or {}
        if not log.get("DestinationArn") or "$context.requestId" not in text(log.get("Format")):
            yield Finding(stage.name, "has no access log of calls by their ID")
        if not template.of_type("ApiGateway::Account"):
            yield Finding(stage.name, "has no role to write its log with")
    for cluster in template.of_type("ECS::Cluster"):
        if {"Name": "containerInsights", "Value": "enabled"} not in each(cluster.at("ClusterSettings")):
            yield Finding(cluster.name, "gives no figures on tasks, which scaling needs")
    for account in template.of_type("ApiGateway::Account"):
        if template.get(account.at("CloudWatchRoleArn")) not in template.of_type("IAM::Role"):
            yield Finding(account.name, "has no role of the template")


def events_fit_their_table(template: Template) -> Findings:
    """BI events are written in the shape of their table, as Parquet, by day, so that queries read little."""
    for stream in template.of_type("KinesisFirehose::DeliveryStream"):
        conversion = stream.at("ExtendedS3DestinationConfiguration/DataFormatConversionConfiguration") or {}
        shape = [template.get(at(conversion, f"SchemaConfiguration/{part}Name")) for part in ("Database", "Table")]
        kinds = [resource.type if resource else None for resource in shape]
        if conversion.get("Enabled") is not True or kinds != ["AWS::Glue::Database", "AWS::Glue::Table"]:
            yield Finding(stream.name, "is not written in the shape of a table of the template")
        if "/day=" not in str(stream.at("ExtendedS3DestinationConfiguration/Prefix")):
            yield Finding(stream.name, "is not written by day")


RULES: tuple[Rule, ...] = (
    alarms_tell_somebody,
    alarms_need_no_key_of_data,
    what_can_break_is_watched,
    spending_has_a_budget,
    data_say_what_they_are,
    calls_can_be_followed,
    events_fit_their_table,
)
