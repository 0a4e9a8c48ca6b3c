"""Failures that nobody would hear of."""

from section3.test.mutations.base import Mutation, drop, put

MUTATIONS: list[Mutation] = [
    drop("an alarm that tells nobody", "alarms_tell_somebody", "DeadLetterAlarm/AlarmActions"),
    put("an alarm that is off", "alarms_tell_somebody", "QueueAgeAlarm/ActionsEnabled", False),
    drop("nobody has subscribed", "alarms_tell_somebody", "AlarmSubscription"),
    drop("dead letters are not watched", "what_can_break_is_watched", "DeadLetterAlarm"),
    put("an alarm on another queue", "what_can_break_is_watched", "QueueAgeAlarm/Dimensions/0/Value", "other"),
    put(
        "notices need the data's key",
        "alarms_need_no_key_of_data",
        "AlarmTopic/KmsMasterKeyId",
        {"Fn::GetAtt": ["DataKey", "Arn"]},
    ),
    put(
        "data under the notices' key",
        "alarms_need_no_key_of_data",
        "RecordTable/SSESpecification/KMSMasterKeyId",
        {"Fn::GetAtt": ["AlarmKey", "Arn"]},
    ),
    put(
        "alarms may not use their key",
        "alarms_need_no_key_of_data",
        "AlarmKey/KeyPolicy/Statement/1/Principal/Service",
        ["budgets.amazonaws.com"],
    ),
    drop("a flood that the firewall holds off", "what_can_break_is_watched", "FirewallAlarm"),
    drop("a flood that the API refuses", "what_can_break_is_watched", "ApiRefusalAlarm"),
    put("another cluster's disk", "what_can_break_is_watched", "KafkaDiskAlarm/Metrics/0/Expression", "MAX([one])"),
    drop("Kafka's disk is not watched", "what_can_break_is_watched", "KafkaDiskAlarm"),
    drop("no budget", "spending_has_a_budget", "Budget"),
    drop("no forecast", "spending_has_a_budget", "Budget/NotificationsWithSubscribers/1"),
    drop(
        "other accounts send notices",
        "services_act_for_this_account",
        "AlarmTopicPolicy/PolicyDocument/Statement/0/Condition",
    ),
    drop("data that nobody named", "data_say_what_they_are", "RecordTable/Tags"),
    put("data of an unknown kind", "data_say_what_they_are", "KafkaCluster/Tags", {"data": "misc"}),
    drop("an API without access log", "calls_can_be_followed", "ApiStage/AccessLogSetting"),
    put("calls without their ID", "calls_can_be_followed", "ApiStage/AccessLogSetting/Format", "$context.status"),
    drop("an API without a role to log with", "calls_can_be_followed", "ApiAccount"),
    put("a role to log with of another stack", "calls_can_be_followed", "ApiAccount/CloudWatchRoleArn", "arn:other"),
    drop("scaling without figures", "calls_can_be_followed", "Cluster/ClusterSettings"),
    drop("events without a database", "events_fit_their_table", "BiDatabase"),
    put("events in one heap", "events_fit_their_table", "BiStream/ExtendedS3DestinationConfiguration/Prefix", "bi/"),
]
