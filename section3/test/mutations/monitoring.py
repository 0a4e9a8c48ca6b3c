"""Failures without an alarm."""

from section3.test.mutations.base import Mutations, drop, put

MUTATIONS: Mutations = {
    "alarms_have_a_subscriber": [
        drop("an alarm without an action", "DeadLetterAlarm/AlarmActions"),
        put("an alarm that is off", "QueueAgeAlarm/ActionsEnabled", False),
        drop("a topic without a subscription", "AlarmSubscription"),
    ],
    "failures_have_alarms": [
        drop("dead letters without an alarm", "DeadLetterAlarm"),
        put("an alarm on another queue", "QueueAgeAlarm/Dimensions/0/Value", "other"),
        drop("a flood at the firewall without an alarm", "FirewallAlarm"),
        drop("a flood at the API without an alarm", "ApiRefusalAlarm"),
        put("another cluster's disk", "KafkaDiskAlarm/Metrics/0/Expression", "MAX([one])"),
        drop("Kafka's disk without an alarm", "KafkaDiskAlarm"),
    ],
    "alarms_have_a_separate_key": [
        put("alarms use the data's key", "AlarmTopic/KmsMasterKeyId", {"Fn::GetAtt": ["DataKey", "Arn"]}),
        put(
            "data use the alarms' key",
            "RecordTable/SSESpecification/KMSMasterKeyId",
            {"Fn::GetAtt": ["AlarmKey", "Arn"]},
        ),
        put(
            "alarms without permission for their key",
            "AlarmKey/KeyPolicy/Statement/1/Principal/Service",
            ["budgets.amazonaws.com"],
        ),
    ],
    "spending_has_a_budget": [
        drop("no budget", "Budget"),
        drop("no forecast", "Budget/NotificationsWithSubscribers/1"),
    ],
    "services_act_only_for_this_account": [
        drop("other accounts publish alarms", "AlarmTopicPolicy/PolicyDocument/Statement/0/Condition"),
    ],
    "data_are_tagged": [
        drop("untagged data", "RecordTable/Tags"),
        put("data of an unknown kind", "KafkaCluster/Tags", {"data": "misc"}),
    ],
    "calls_are_logged_by_id": [
        drop("an API without access log", "ApiStage/AccessLogSetting"),
        put("calls without their ID", "ApiStage/AccessLogSetting/Format", "$context.status"),
        drop("an API without a role to log with", "ApiAccount"),
        put("a role to log with of another stack", "ApiAccount/CloudWatchRoleArn", "arn:other"),
        drop("scaling without metrics", "Cluster/ClusterSettings"),
    ],
    "events_match_their_table": [
        drop("events without a database", "BiDatabase"),
        put("events without a daily prefix", "BiStream/ExtendedS3DestinationConfiguration/Prefix", "bi/"),
    ],
}
