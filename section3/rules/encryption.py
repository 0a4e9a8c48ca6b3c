"""All that is stored or sent is encrypted, with the platform's own key."""

from typing import Any

from section3.rules.base import Finding, Findings, Rule
from section3.rules.template import Resource, Template, Tree, at, each, statements, text

# Where each kind of storage names its key.
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


def named(template: Template, value: object) -> bool:
    """Return whether a value is a key of the template."""
    return template.get(value) in template.of_type("KMS::Key")


def storage_has_the_own_key(template: Template) -> Findings:
    """Queues, records, logs, notices, variables, images of containers, disks, events and results use the own key."""
    for kind, path in KEYS.items():
        for resource in template.of_type(kind):
            if not named(template, resource.at(path)):
                yield Finding(resource.name, "is not encrypted with a key of the template")
    for table in template.of_type("DynamoDB::Table"):
        if table.at("SSESpecification/SSEEnabled") is not True:
            yield Finding(table.name, "has encryption with the own key switched off")
    for stream in template.of_type("KinesisFirehose::DeliveryStream"):
        if not named(template, stream.at(FILES_KEY)):
            yield Finding(stream.name, "writes files without a key of the template")


def buckets_have_the_own_key(template: Template) -> Findings:
    """Buckets encrypt with the own key; only a target of S3's access logs may use AES256, as S3 demands."""
    buckets = template.of_type("S3::Bucket")
    log_targets = {text(bucket.at("LoggingConfiguration/DestinationBucketName")) for bucket in buckets}
    for bucket in buckets:
        encryption = bucket.at(BUCKET_KEY) or {}
        own = encryption.get("SSEAlgorithm") == "aws:kms" and named(template, encryption.get("KMSMasterKeyID"))
        log_target = f"${{{bucket.name}}}" in log_targets and encryption.get("SSEAlgorithm") == "AES256"
        if not own and not log_target:
            yield Finding(bucket.name, "is not encrypted with a key of the template")


def keys_rotate(template: Template) -> Findings:
    """Every key is renewed by itself each year."""
    for key in template.of_type("KMS::Key"):
        if key.at("EnableKeyRotation") is not True:
            yield Finding(key.name, "is never renewed")


def keys_serve_this_account_only(template: Template) -> Findings:
    """A key is for this account, and for services only on its behalf."""
    for key in template.of_type("KMS::Key"):
        for statement in statements(key.at("KeyPolicy")):
            principal = statement.get("Principal")
            own = text(at(principal, "AWS")).endswith("::${AWS::AccountId}:root")
            on_behalf = at(principal, "Service") is not None and "${AWS::AccountId}" in text(statement.get("Condition"))
            if not own and not on_behalf:
                yield Finding(key.name, f"serves {text(principal)} for any account")
    for alias in template.of_type("KMS::Alias"):
        if not named(template, alias.at("TargetKeyId")):
            yield Finding(alias.name, "is a name of no key of the template")


def refuses(policy: Resource, condition: str, value: str, whole: int) -> bool:
    """Return whether a policy refuses everybody with a condition on the connection, on all its `whole` resources."""
    return any(
        statement["Effect"] == "Deny"
        and (statement.get("Principal"), demanded(statement, condition)) == ("*", value)
        and len(each(statement.get("Resource"))) == whole
        for statement in statements(policy.at("PolicyDocument"))
    )


def demanded(statement: Tree, condition: str) -> str:
    """Return the value of one condition of a statement, whatever its operator."""
    operators: Tree = statement.get("Condition", {})
    return next((text(values[condition]) for values in operators.values() if condition in values), "")


def tls_only(template: Template) -> Findings:
    """Every bucket, queue, topic and API refuses what does not come over TLS; buckets and API also TLS before 1.2."""
    for resource in template.of_type("S3::Bucket", "SQS::Queue", "SNS::Topic"):
        bucket = resource.type == "AWS::S3::Bucket"
        own = [policy for policy in template.of_type(*POLICIES) if resource in map(template.get, targets(policy))]
        if not any(refuses(policy, "aws:SecureTransport", "false", 1 + bucket) for policy in own):
            yield Finding(resource.name, "takes connections without TLS")
        if bucket and not any(refuses(policy, "s3:TlsVersion", "1.2", 2) for policy in own):
            yield Finding(resource.name, "takes connections with TLS before 1.2")
    for api in template.of_type("ApiGateway::RestApi"):
        if not str(api.at("SecurityPolicy")).startswith("SecurityPolicy_TLS13_1_"):
            yield Finding(api.name, "takes connections with TLS before 1.2")


def targets(policy: Resource) -> list[Any]:
    """Return what a policy of a bucket, queue or topic is attached to."""
    return [target for key in ("Bucket", "Queues", "Topics") for target in each(policy.at(key))]


def kafka_speaks_tls_with_identities(template: Template) -> Findings:
    """Kafka's clients and brokers speak TLS, and a client is who IAM says, never a password or nobody."""
    for cluster in template.of_type("MSK::Cluster"):
        transit = cluster.at("EncryptionInfo/EncryptionInTransit") or {}
        if transit != {"ClientBroker": "TLS", "InCluster": True}:
            yield Finding(cluster.name, "sends records without TLS")
        ways = cluster.at("ClientAuthentication") or {}
        others = [at(ways, "Sasl/Scram/Enabled"), at(ways, "Unauthenticated/Enabled"), at(ways, "Tls/Enabled")]
        if at(ways, "Sasl/Iam/Enabled") is not True or any(others) or at(ways, "Unauthenticated/Enabled") is None:
            yield Finding(cluster.name, "takes clients that IAM does not know")
    for connector in template.of_type("KafkaConnect::Connector"):
        if connector.at("KafkaClusterEncryptionInTransit/EncryptionType") != "TLS":
            yield Finding(connector.name, "reads without TLS")
        if connector.at("KafkaClusterClientAuthentication/AuthenticationType") != "IAM":
            yield Finding(connector.name, "reads as nobody")


RULES: tuple[Rule, ...] = (
    storage_has_the_own_key,
    buckets_have_the_own_key,
    keys_rotate,
    keys_serve_this_account_only,
    tls_only,
    kafka_speaks_tls_with_identities,
)
