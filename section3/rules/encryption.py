"""Encryption rules: customer-managed keys at rest, TLS in transit."""

from typing import Any

from section3.rules.base import Finding, Findings, Rule
from section3.rules.template import Resource, Template, Tree, at, each, statements, text

# Path of the key in each type of storage.
KEYS = {
    "SQS::Queue": "KmsMasterKeyId",
    "DynamoDB::Table": "SSESpecification/KMSMasterKeyId",
    "Logs::LogGroup": "KmsKeyId",
    "SNS::Topic": "KmsMasterKeyId",
    "Lambda::Function": "KmsKeyArn",
    "ECR::Repository": "EncryptionConfiguration/KmsKey",
    "ECS::Cluster": "Configuration/ManagedStorageConfiguration/FargateEphemeralStorageKmsKeyId",
    "MSK::Cluster": "EncryptionInfo/EncryptionAtRest/DataVolumeKMSKeyId",
    "Athena::WorkGroup": "WorkGroupConfiguration/ResultConfiguration/EncryptionConfiguration/KmsKey",
    "KinesisFirehose::DeliveryStream": "DeliveryStreamEncryptionConfigurationInput/KeyARN",
}
POLICIES = ("S3::BucketPolicy", "SQS::QueuePolicy", "SNS::TopicPolicy")
BUCKET_KEY = "BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault"
FILES_KEY = "ExtendedS3DestinationConfiguration/EncryptionConfiguration/KMSEncryptionConfig/AWSKMSKeyARN"


def is_own_key(template: Template, value: object) -> bool:
    """Return whether a value is a key of the template."""
    return template.get(value) in template.of_type("KMS::Key")


def storage_uses_the_customer_key(template: Template) -> Findings:
    """All storage except buckets is encrypted with a customer-managed key."""
    for kind, path in KEYS.items():
        for resource in template.of_type(kind):
            if not is_own_key(template, resource.at(path)):
                yield Finding(resource.name, "is not encrypted with a key of the template")
    for table in template.of_type("DynamoDB::Table"):
        if table.at("SSESpecification/SSEEnabled") is not True:
            yield Finding(table.name, "does not use its customer-managed key")
    for stream in template.of_type("KinesisFirehose::DeliveryStream"):
        if not is_own_key(template, stream.at(FILES_KEY)):
            yield Finding(stream.name, "writes files without a key of the template")


def buckets_use_the_customer_key(template: Template) -> Findings:
    """Buckets use a customer-managed key; S3 requires AES256 for targets of its access logs."""
    buckets = template.of_type("S3::Bucket")
    log_targets = {text(bucket.at("LoggingConfiguration/DestinationBucketName")) for bucket in buckets}
    for bucket in buckets:
        encryption = bucket.at(BUCKET_KEY) or {}
        own = encryption.get("SSEAlgorithm") == "aws:kms" and is_own_key(template, encryption.get("KMSMasterKeyID"))
        log_target = f"${{{bucket.name}}}" in log_targets and encryption.get("SSEAlgorithm") == "AES256"
        if not own and not log_target:
            yield Finding(bucket.name, "is not encrypted with a key of the template")


def keys_rotate(template: Template) -> Findings:
    """Every key is rotated yearly."""
    for key in template.of_type("KMS::Key"):
        if key.at("EnableKeyRotation") is not True:
            yield Finding(key.name, "is not rotated")


def keys_serve_this_account_only(template: Template) -> Findings:
    """Keys are usable only by this account, and by services on its behalf."""
    for key in template.of_type("KMS::Key"):
        for statement in statements(key.at("KeyPolicy")):
            principal = statement.get("Principal")
            own = text(at(principal, "AWS")).endswith("::${AWS::AccountId}:root")
            on_behalf = at(principal, "Service") is not None and "${AWS::AccountId}" in text(statement.get("Condition"))
            if not own and not on_behalf:
                yield Finding(key.name, f"serves {text(principal)} for any account")
    for alias in template.of_type("KMS::Alias"):
        if not is_own_key(template, alias.at("TargetKeyId")):
            yield Finding(alias.name, "is not an alias of a key of the template")


def denies(policy: Resource, condition: str, value: str, count: int) -> bool:
    """Return whether a policy denies every principal under a condition, on all of its `count` resources."""
    return any(
        statement["Effect"] == "Deny"
        and (statement.get("Principal"), condition_value(statement, condition)) == ("*", value)
        and len(each(statement.get("Resource"))) == count
        for statement in statements(policy.at("PolicyDocument"))
    )


def condition_value(statement: Tree, condition: str) -> str:
    """Return the value of a condition of a statement, for any operator."""
    operators: Tree = statement.get("Condition", {})
    return next((text(values[condition]) for values in operators.values() if condition in values), "")


def tls_only(template: Template) -> Findings:
    """Buckets, queues, topics and APIs require TLS; buckets and APIs require TLS 1.2 or newer."""
    for resource in template.of_type("S3::Bucket", "SQS::Queue", "SNS::Topic"):
        bucket = resource.type == "AWS::S3::Bucket"
        own = [policy for policy in template.of_type(*POLICIES) if resource in map(template.get, targets(policy))]
        if not any(denies(policy, "aws:SecureTransport", "false", 1 + bucket) for policy in own):
            yield Finding(resource.name, "accepts connections without TLS")
        if bucket and not any(denies(policy, "s3:TlsVersion", "1.2", 2) for policy in own):
            yield Finding(resource.name, "accepts TLS before 1.2")
    for api in template.of_type("ApiGateway::RestApi"):
        if not str(api.at("SecurityPolicy")).startswith("SecurityPolicy_TLS13_1_"):
            yield Finding(api.name, "accepts TLS before 1.2")


def targets(policy: Resource) -> list[Any]:
    """Return the buckets, queues or topics of a policy."""
    return [target for key in ("Bucket", "Queues", "Topics") for target in each(policy.at(key))]


def kafka_requires_tls_and_iam(template: Template) -> Findings:
    """Kafka requires TLS and IAM authentication, without passwords or anonymous clients."""
    for cluster in template.of_type("MSK::Cluster"):
        transit = cluster.at("EncryptionInfo/EncryptionInTransit") or {}
        if transit != {"ClientBroker": "TLS", "InCluster": True}:
            yield Finding(cluster.name, "sends records without TLS")
        methods = cluster.at("ClientAuthentication") or {}
        others = [at(methods, "Sasl/Scram/Enabled"), at(methods, "Unauthenticated/Enabled"), at(methods, "Tls/Enabled")]
        if at(methods, "Sasl/Iam/Enabled") is not True or any(others) or at(methods, "Unauthenticated/Enabled") is None:
            yield Finding(cluster.name, "accepts clients without IAM")
    for connector in template.of_type("KafkaConnect::Connector"):
        if connector.at("KafkaClusterEncryptionInTransit/EncryptionType") != "TLS":
            yield Finding(connector.name, "reads without TLS")
        if connector.at("KafkaClusterClientAuthentication/AuthenticationType") != "IAM":
            yield Finding(connector.name, "reads without IAM")


RULES: tuple[Rule, ...] = (
    storage_uses_the_customer_key,
    buckets_use_the_customer_key,
    keys_rotate,
    keys_serve_this_account_only,
    tls_only,
    kafka_requires_tls_and_iam,
)
