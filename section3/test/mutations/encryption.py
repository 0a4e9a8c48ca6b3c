"""Data stored or sent without encryption, or with a key of another account."""

from section3.test.mutations.base import Mutations, drop, put

TLS = "PolicyDocument/Statement/0"

MUTATIONS: Mutations = {
    "storage_uses_the_customer_key": [
        drop("an unencrypted queue", "WorkQueue/KmsMasterKeyId"),
        put("a queue with the service's key", "WorkQueue/KmsMasterKeyId", "alias/aws/sqs"),
        drop("records without the key", "RecordTable/SSESpecification"),
        put("encryption of records is off", "RecordTable/SSESpecification/SSEEnabled", False),
        drop("a log group without the key", "FlowLogGroup/KmsKeyId"),
        drop("alarms without the key", "AlarmTopic/KmsMasterKeyId"),
        drop("variables without the key", "UploadFunction/KmsKeyArn"),
        drop("brokers' disks without the key", "KafkaCluster/EncryptionInfo/EncryptionAtRest"),
        drop("tasks' disks without the key", "Cluster/Configuration"),
        put("BI files without the key", "BiStream/ExtendedS3DestinationConfiguration/EncryptionConfiguration", {}),
    ],
    "buckets_use_the_customer_key": [
        drop("an unencrypted bucket", "BiBucket/BucketEncryption"),
        put(
            "images with Amazon's key",
            "ImageBucket/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault",
            {"SSEAlgorithm": "AES256"},
        ),
    ],
    "keys_rotate": [
        put("a key without rotation", "DataKey/EnableKeyRotation", False),
    ],
    "keys_serve_this_account_only": [
        put("a key for every account", "DataKey/KeyPolicy/Statement/0/Principal", "*"),
        drop("a key for any account's logs", "DataKey/KeyPolicy/Statement/1/Condition"),
        put("an alias of another key", "DataKeyAlias/TargetKeyId", "other"),
    ],
    "tls_only": [
        drop("images without TLS", "ImageBucketPolicy/PolicyDocument/Statement/0"),
        drop("old TLS for BI data", "BiBucketPolicy/PolicyDocument/Statement/1"),
        put("TLS required for one object only", f"ImageBucketPolicy/{TLS}/Resource", "arn:a/b"),
        put("TLS required for one account only", f"BiBucketPolicy/{TLS}/Principal", {"AWS": "123"}),
        drop("messages without TLS", "DeadLetterQueuePolicy"),
        drop("alarms without TLS", "AlarmTopicPolicy/PolicyDocument/Statement/1"),
        drop("the API accepts old TLS", "Api/SecurityPolicy"),
    ],
    "kafka_requires_tls_and_iam": [
        put(
            "Kafka accepts plain text", "KafkaCluster/EncryptionInfo/EncryptionInTransit/ClientBroker", "TLS_PLAINTEXT"
        ),
        put("brokers replicate in plain text", "KafkaCluster/EncryptionInfo/EncryptionInTransit/InCluster", False),
        put("Kafka accepts anonymous clients", "KafkaCluster/ClientAuthentication/Unauthenticated/Enabled", True),
        put("the sink reads without IAM", "SinkConnector/KafkaClusterClientAuthentication/AuthenticationType", "NONE"),
    ],
}
