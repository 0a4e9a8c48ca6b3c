"""Failures that would lose an image or stop the platform."""

from section3.test.mutations.base import Mutations, add, drop, kafka_setting, put

SETTINGS = "SinkConnector/ConnectorConfiguration"

MUTATIONS: Mutations = {
    "queues_have_a_dead_letter_queue": [
        drop("a missing dead-letter queue", "DeadLetterQueue"),
        drop("a queue without a dead-letter queue", "WorkQueue/RedrivePolicy"),
        put("a queue with unlimited receives", "WorkQueue/RedrivePolicy/maxReceiveCount", 999),
        put("dead letters expire first", "DeadLetterQueue/MessageRetentionPeriod", 86_400),
        add("one more queue without a dead-letter queue", "SQS::Queue"),
    ],
    "dead_letters_come_from_the_template": [
        drop("dead letters of any queue", "DeadLetterQueue/RedriveAllowPolicy"),
        drop("failed calls are dropped", "UploadFunction/DeadLetterConfig"),
    ],
    "the_sink_skips_no_record": [
        put("failed records are skipped", f"{SETTINGS}/errors.tolerance", "all"),
        put("a sink of another topic", f"{SETTINGS}/topics", "other"),
    ],
    "messages_are_redelivered": [
        put("a message comes back at once", "WorkQueue/VisibilityTimeout", 1),
        put("a message comes back tomorrow", "WorkQueue/VisibilityTimeout", 43_200),
    ],
    "each_upload_becomes_a_message": [
        drop("uploads without a message", "ImageBucket/NotificationConfiguration"),
        drop("images of the stream without a message", "ImageBucket/NotificationConfiguration/QueueConfigurations/1"),
        drop(
            "processed images are processed again", "ImageBucket/NotificationConfiguration/QueueConfigurations/0/Filter"
        ),
    ],
    "one_record_is_one_object": [
        put("many records in an object", f"{SETTINGS}/flush.size", "1000"),
        put(
            "a repeated record is another object",
            f"{SETTINGS}/partitioner.class",
            "io.confluent.connect.storage.partitioner.TimeBasedPartitioner",
        ),
    ],
    "kafka_records_are_replicated": [
        kafka_setting("one copy is enough", "insync.replicas=2", "insync.replicas=1"),
        kafka_setting("an out-of-sync broker becomes leader", "election.enable=false", "election.enable=true"),
        put("a topic on one broker", "ImagesTopic/ReplicationFactor", 1),
    ],
    "kafka_can_grow": [
        put("a Kafka with ZooKeeper", "KafkaCluster/KafkaVersion", "3.9.x"),
    ],
    "bad_deployments_are_rolled_back": [
        drop("a bad version stays", "Service/DeploymentConfiguration/DeploymentCircuitBreaker"),
        put("old tasks stop first", "Service/DeploymentConfiguration/MinimumHealthyPercent", 0),
    ],
    "processing_scales_with_the_queue": [
        put("one task at least", "ScalableTarget/MinCapacity", 1),
        put("a release stops what bursts need", "Service/DesiredCount", 3),
        drop("no scaling", "ScalingPolicy"),
        put(
            "scaling by something else",
            "ScalingPolicy/TargetTrackingScalingPolicyConfiguration",
            {"PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}},
        ),
        put(
            "all tasks on the spot market",
            "Service/CapacityProviderStrategy",
            [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}],
        ),
        put("a sink of one worker", "SinkConnector/Capacity/AutoScaling/MinWorkerCount", 1),
    ],
    "tasks_are_confined": [
        put("a task of root", "TaskDefinition/ContainerDefinitions/0/User", "0:0"),
        drop("a task with the image's default user", "TaskDefinition/ContainerDefinitions/0/User"),
        put("a privileged task", "TaskDefinition/ContainerDefinitions/0/Privileged", True),
        drop("a task that changes its image", "TaskDefinition/ContainerDefinitions/0/ReadonlyRootFilesystem"),
        put("a task with remote login", "Service/EnableExecuteCommand", True),
    ],
    "builds_are_immutable": [
        put("mutable tags", "Repository/ImageTagMutability", "MUTABLE"),
        drop("builds without a scan", "Repository/ImageScanningConfiguration"),
    ],
}
