"""Somebody is told when it breaks, is slow or costs too much, and can find out why."""

from section3.util.rule.rule import Finding, Findings, Rule
from section3.util.template import Resource, Template, at, each, names, text

# What has to be watched: the metric and, where one metric is of many things, whose.
WATCHED = {
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "DeadLetterQueue"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", "WorkQueue"),
    ("AWS/ApiGateway", "5XXError", "ApiStage"),
    ("AWS/Lambda", "Throttles", "UploadFunction"),
    ("ECS/ContainerInsights", "RunningTaskCount", "Service"),
    ("AWS/DynamoDB", "WriteThrottleEvents", "RecordTable"),
    ("AWS/Kafka", "KafkaDataLogsDiskUsed", "Name"),
    ("AWS/Kafka", "OfflinePartitionsCount", "Name"),
    ("AWS/KafkaConnect", "ErroredTaskCount", "Name"),
    ("AWS/Firehose", "DeliveryToS3.DataFreshness", "BiStream"),
}
TAGGED = (
    "S3::Bucket",
    "SQS::Queue",
    "DynamoDB::Table",
    "Logs::LogGroup",
    "KinesisFirehose::DeliveryStream",
    "Athena::WorkGroup",
    "MSK::Cluster",
)
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


def what_can_break_is_watched(template: Template) -> Findings:
    """There is an alarm for each part: dead letters, waiting, errors, limits, Kafka's disk and leaders, sink, BI."""
    found = {watch for alarm in template.of_type("CloudWatch::Alarm") for watch in watches(alarm)}
    for namespace, metric, whose in sorted(WATCHED):
        if (namespace, metric, whose) not in found:
            yield Finding(whose, f"{namespace} {metric} is not watched")


def watches(alarm: Resource) -> set[tuple[str, str, str]]:
    """Return what an alarm looks at: namespace, metric and each name among its dimensions."""
    metrics = [at(query, "MetricStat/Metric") for query in each(alarm.at("Metrics"))]
    return {
        (text(metric["Namespace"]), text(metric["MetricName"]), name)
        for metric in [alarm.properties, *filter(None, metrics)]
        if "MetricName" in metric
        for name in names([dimension["Value"] for dimension in metric["Dimensions"]])
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
    """A call is traced from the API through its function, is in the access log, and the parts give figures."""
    for stage in template.of_type("ApiGateway::Stage"):
        if stage.at("TracingEnabled") is not True or not stage.at("AccessLogSetting/DestinationArn"):
            yield Finding(stage.name, "is not traced or has no access log")
        if not template.of_type("ApiGateway::Account"):
            yield Finding(stage.name, "has no role to write its log with")
    for function in template.of_type("Lambda::Function"):
        if function.at("TracingConfig/Mode") != "Active":
            yield Finding(function.name, "is not traced")
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
    what_can_break_is_watched,
    spending_has_a_budget,
    data_say_what_they_are,
    calls_can_be_followed,
    events_fit_their_table,
)
