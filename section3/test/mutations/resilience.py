"""Failures that would lose an image or stop the platform."""

from section3.test.mutations.base import Mutation, add, drop, kafka_setting, put

SETTINGS = "SinkConnector/ConnectorConfiguration"

MUTATIONS: list[Mutation] = [
    drop("a missing dead-letter queue", "queues_have_a_dead_letter_queue", "DeadLetterQueue"),
    drop("a queue without a dead-letter queue", "queues_have_a_dead_letter_queue", "WorkQueue/RedrivePolicy"),
    put(
        "a queue that never gives up", "queues_have_a_dead_letter_queue", "WorkQueue/RedrivePolicy/maxReceiveCount", 999
    ),
    put("dead letters go first", "queues_have_a_dead_letter_queue", "DeadLetterQueue/MessageRetentionPeriod", 86_400),
    add("one more queue on its own", "queues_have_a_dead_letter_queue", "SQS::Queue"),
    drop("dead letters of any queue", "dead_letters_come_from_the_template", "DeadLetterQueue/RedriveAllowPolicy"),
    drop("calls that fail are forgotten", "dead_letters_come_from_the_template", "UploadFunction/DeadLetterConfig"),
    put("records that fail are passed over", "the_sink_skips_nothing", f"{SETTINGS}/errors.tolerance", "all"),
    put("a sink of another topic", "the_sink_skips_nothing", f"{SETTINGS}/topics", "other"),
    put("a message comes back at once", "a_message_is_given_back", "WorkQueue/VisibilityTimeout", 1),
    put("a message comes back tomorrow", "a_message_is_given_back", "WorkQueue/VisibilityTimeout", 43_200),
    drop("uploads nobody hears of", "each_upload_becomes_a_message", "ImageBucket/NotificationConfiguration"),
    drop(
        "the stream's images nobody hears of",
        "each_upload_becomes_a_message",
        "ImageBucket/NotificationConfiguration/QueueConfigurations/1",
    ),
    drop(
        "processed images are processed again",
        "each_upload_becomes_a_message",
        "ImageBucket/NotificationConfiguration/QueueConfigurations/0/Filter",
    ),
    put("many records in an object", "one_record_is_one_image", f"{SETTINGS}/flush.size", "1000"),
    put(
        "a repeated record is another object",
        "one_record_is_one_image",
        f"{SETTINGS}/partitioner.class",
        "io.confluent.connect.storage.partitioner.TimeBasedPartitioner",
    ),
    kafka_setting("one copy is enough", "kafka_loses_nothing", "insync.replicas=2", "insync.replicas=1"),
    kafka_setting("a broker that lags leads", "kafka_loses_nothing", "election.enable=false", "election.enable=true"),
    put("a topic on one broker", "kafka_loses_nothing", "ImagesTopic/ReplicationFactor", 1),
    put("a Kafka with ZooKeeper", "kafka_can_grow", "KafkaCluster/KafkaVersion", "3.9.x"),
    drop(
        "a bad version stays",
        "bad_deployments_are_rolled_back",
        "Service/DeploymentConfiguration/DeploymentCircuitBreaker",
    ),
    put(
        "old tasks stop first",
        "bad_deployments_are_rolled_back",
        "Service/DeploymentConfiguration/MinimumHealthyPercent",
        0,
    ),
    put("one task at least", "processing_follows_the_queue", "ScalableTarget/MinCapacity", 1),
    put("a release stops what bursts need", "processing_follows_the_queue", "Service/DesiredCount", 3),
    drop("no scaling", "processing_follows_the_queue", "ScalingPolicy"),
    put(
        "scaling by something else",
        "processing_follows_the_queue",
        "ScalingPolicy/TargetTrackingScalingPolicyConfiguration",
        {"PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}},
    ),
    put(
        "all tasks on the spot market",
        "processing_follows_the_queue",
        "Service/CapacityProviderStrategy",
        [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}],
    ),
    put(
        "a sink of one worker",
        "processing_follows_the_queue",
        "SinkConnector/Capacity/AutoScaling/MinWorkerCount",
        1,
    ),
    put("a task of root", "tasks_are_confined", "TaskDefinition/ContainerDefinitions/0/User", "0:0"),
    drop("a task of whom the image says", "tasks_are_confined", "TaskDefinition/ContainerDefinitions/0/User"),
    put("a privileged task", "tasks_are_confined", "TaskDefinition/ContainerDefinitions/0/Privileged", True),
    drop(
        "a task that changes its image",
        "tasks_are_confined",
        "TaskDefinition/ContainerDefinitions/0/ReadonlyRootFilesystem",
    ),
    put("a task to log into", "tasks_are_confined", "Service/EnableExecuteCommand", True),
    put("tags that move", "builds_cannot_change", "Repository/ImageTagMutability", "MUTABLE"),
    drop("builds that nobody scans", "builds_cannot_change", "Repository/ImageScanningConfiguration"),
]
