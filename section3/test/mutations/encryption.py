"""Data that would lie or travel in the clear, or under somebody else's key."""

from section3.test.mutations.base import Mutation, drop, put

TLS = "PolicyDocument/Statement/0"

MUTATIONS: list[Mutation] = [
    drop("an unencrypted queue", "storage_has_the_own_key", "WorkQueue/KmsMasterKeyId"),
    put("a queue with the service's key", "storage_has_the_own_key", "WorkQueue/KmsMasterKeyId", "alias/aws/sqs"),
    drop("records without the own key", "storage_has_the_own_key", "RecordTable/SSESpecification"),
    put("encryption of records is off", "storage_has_the_own_key", "RecordTable/SSESpecification/SSEEnabled", False),
    drop("a log group without the key", "storage_has_the_own_key", "FlowLogGroup/KmsKeyId"),
    drop("notices without the key", "storage_has_the_own_key", "AlarmTopic/KmsMasterKeyId"),
    drop("variables without the key", "storage_has_the_own_key", "UploadFunction/KmsKeyArn"),
    drop("brokers' disks without the key", "storage_has_the_own_key", "KafkaCluster/EncryptionInfo/EncryptionAtRest"),
    drop("tasks' disks without the key", "storage_has_the_own_key", "Cluster/Configuration"),
    put(
        "BI files without the key",
        "storage_has_the_own_key",
        "BiStream/ExtendedS3DestinationConfiguration/EncryptionConfiguration",
        {},
    ),
    drop("an unencrypted bucket", "buckets_have_the_own_key", "BiBucket/BucketEncryption"),
    put(
        "images with Amazon's key",
        "buckets_have_the_own_key",
        "ImageBucket/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault",
        {"SSEAlgorithm": "AES256"},
    ),
    put("a key that never changes", "keys_rotate", "DataKey/EnableKeyRotation", False),
    put("a key for every account", "keys_serve_this_account_only", "DataKey/KeyPolicy/Statement/0/Principal", "*"),
    drop("a key for any account's logs", "keys_serve_this_account_only", "DataKey/KeyPolicy/Statement/1/Condition"),
    put("an alias of another key", "keys_serve_this_account_only", "DataKeyAlias/TargetKeyId", "other"),
    drop("images without TLS", "tls_only", "ImageBucketPolicy/PolicyDocument/Statement/0"),
    drop("old TLS for BI data", "tls_only", "BiBucketPolicy/PolicyDocument/Statement/1"),
    put("TLS is asked of readers of one object", "tls_only", f"ImageBucketPolicy/{TLS}/Resource", "arn:a/b"),
    put("TLS is asked of one account", "tls_only", f"BiBucketPolicy/{TLS}/Principal", {"AWS": "123"}),
    drop("messages without TLS", "tls_only", "DeadLetterQueuePolicy"),
    drop("notices without TLS", "tls_only", "AlarmTopicPolicy/PolicyDocument/Statement/1"),
    drop("the API takes old TLS", "tls_only", "Api/SecurityPolicy"),
    put(
        "Kafka takes plain text",
        "kafka_speaks_tls_with_identities",
        "KafkaCluster/EncryptionInfo/EncryptionInTransit/ClientBroker",
        "TLS_PLAINTEXT",
    ),
    put(
        "brokers speak plain text",
        "kafka_speaks_tls_with_identities",
        "KafkaCluster/EncryptionInfo/EncryptionInTransit/InCluster",
        False,
    ),
    put(
        "Kafka takes anybody",
        "kafka_speaks_tls_with_identities",
        "KafkaCluster/ClientAuthentication/Unauthenticated/Enabled",
        True,
    ),
    put(
        "the sink reads as nobody",
        "kafka_speaks_tls_with_identities",
        "SinkConnector/KafkaClusterClientAuthentication/AuthenticationType",
        "NONE",
    ),
]
