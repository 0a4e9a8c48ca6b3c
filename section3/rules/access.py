"""Access rules: least privilege for every principal."""

import re
from collections.abc import Iterator
from typing import Any

from section3.rules.base import Finding, Findings, Rule
from section3.rules.template import Resource, Template, Tree, at, each, names, policies, statements, text

PUBLIC_BLOCK = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
EVERYTHING = r"\*|arn:\*|.*:::\*"
# Actions without a resource type; every other action must name its resources.
WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
}
PREFIXES = {
    ("UploadRole", "s3:PutObject"): ("incoming",),
    ("SinkRole", "s3:PutObject"): ("stream",),
    ("TaskRole", "s3:GetObject"): ("incoming", "stream"),
    ("TaskRole", "s3:PutObject"): ("processed",),
    ("ReadRole", "s3:GetObject"): ("processed",),
}
OPEN_TO_SERVICES = ("S3::BucketPolicy", "SQS::QueuePolicy", "SNS::TopicPolicy", "Logs::ResourcePolicy")
FOREIGN_POLICIES = ("service-role/AmazonAPIGatewayPushToCloudWatchLogs",)


def allowed(template: Template) -> Iterator[tuple[Resource, Tree]]:
    """Yield each Allow statement with its resource; section3/rules/encryption.py checks those of keys."""
    for resource in template.resources.values():
        for document in policies(resource) if resource.type != "AWS::KMS::Key" else ():
            for statement in statements(document):
                if statement["Effect"] == "Allow":
                    yield resource, statement


def no_public_bucket(template: Template) -> Findings:
    """No bucket can become public through an ACL, a policy or an object of another account."""
    for bucket in template.of_type("S3::Bucket"):
        block = bucket.at("PublicAccessBlockConfiguration") or {}
        if not all(block.get(name) is True for name in PUBLIC_BLOCK) or bucket.at("AccessControl"):
            yield Finding(bucket.name, "can become public")
        if bucket.at("OwnershipControls/Rules/0/ObjectOwnership") != "BucketOwnerEnforced":
            yield Finding(bucket.name, "may contain objects of other owners")
    for policy in template.of_type("S3::BucketPolicy", "SQS::QueuePolicy", "SNS::TopicPolicy"):
        for statement in statements(policy.at("PolicyDocument")):
            if statement["Effect"] == "Allow" and "*" in text(statement.get("Principal")):
                yield Finding(policy.name, "allows every principal")


def no_wildcard_action(template: Template) -> Findings:
    """No policy allows "*", all actions of a service, or NotAction, NotResource or NotPrincipal."""
    for resource, statement in allowed(template):
        wild = [action for action in map(text, each(statement.get("Action"))) if "*" in action]
        if wild or not statement.get("Action"):
            yield Finding(resource.name, f"allows {', '.join(wild) or 'NotAction'}")
        if {"NotAction", "NotResource", "NotPrincipal"} & set(statement):
            yield Finding(resource.name, "allows everything except what it names")


def no_wildcard_resource(template: Template) -> Findings:
    """Only actions without a resource type are allowed on all resources or all buckets."""
    for resource, statement in allowed(template):
        everything = any(re.match(EVERYTHING, text(arn)) for arn in each(statement.get("Resource")))
        actions = set(map(text, each(statement.get("Action"))))
        if everything and not actions <= WITHOUT_RESOURCE:
            yield Finding(resource.name, f"allows {', '.join(sorted(actions - WITHOUT_RESOURCE))} on everything")


def roles_are_for_one_service(template: Template) -> Findings:
    """Each role is for one service and has no AWS-managed policy, except the one for API logs."""
    for role in template.of_type("IAM::Role"):
        for statement in statements(role.at("AssumeRolePolicyDocument")):
            principal: Any = statement.get("Principal")
            if not isinstance(at(principal, "Service"), str) or len(principal) > 1:
                yield Finding(role.name, f"can be assumed by {text(principal)}")
        for policy in each(role.at("ManagedPolicyArns")):
            if template.get(policy) is None and not text(policy).endswith(FOREIGN_POLICIES):
                yield Finding(role.name, f"has the AWS-managed policy {text(policy)}")


def only_the_image_bucket_sends_messages(template: Template) -> Findings:
    """Only ImageBucket of this account sends messages to the queue."""
    for policy in template.of_type("SQS::QueuePolicy"):
        for statement in statements(policy.at("PolicyDocument")):
            if statement["Effect"] != "Allow":
                continue
            bucket = text(template.named("ImageBucket").at("BucketName"))
            condition = text(statement.get("Condition"))
            narrow = condition.split() == ["arn:${AWS::Partition}:s3:::" + bucket, "${AWS::AccountId}"]
            if statement.get("Principal") != {"Service": "s3.amazonaws.com"} or not narrow:
                yield Finding(policy.name, "allows other senders than ImageBucket")


def services_act_only_for_this_account(template: Template) -> Findings:
    """A service writes to a bucket, queue, topic or log only for this account."""
    for policy in template.of_type(*OPEN_TO_SERVICES):
        for statement in statements(policy.at("PolicyDocument")):
            foreign = "${AWS::AccountId}" not in text(statement.get("Condition"))
            if statement["Effect"] == "Allow" and foreign:
                yield Finding(policy.name, "allows a service to write for other accounts")


def analysts_cannot_read_images(template: Template) -> Findings:
    """Analysts can read and decrypt only the BI data in BiBucket."""
    policy = template.named("AnalystPolicy")
    for statement in statements(policy.at("PolicyDocument")):
        private = {"ImageBucket", "RecordTable", "KafkaCluster", "WorkQueue"} & set(names(statement.get("Resource")))
        if private:
            yield Finding(policy.name, f"can access {', '.join(sorted(private))}")
        if "DataKey" in names(statement.get("Resource")) and "BiBucket" not in names(statement.get("Condition")):
            yield Finding(policy.name, "decrypts more than BI data")


def producers_only_write(template: Template) -> Findings:
    """The engineers' producers can write to the topic images, and cannot read."""
    policy = template.named("StreamProducerPolicy")
    for statement in statements(policy.at("PolicyDocument")):
        resources = list(map(text, each(statement.get("Resource"))))
        if "kafka-cluster:ReadData" in each(statement.get("Action")):
            yield Finding(policy.name, "can read records")
        if not all(resource == "${KafkaCluster}" or resource.endswith("/images") for resource in resources):
            yield Finding(policy.name, "can access another topic")


def roles_access_only_their_prefixes(template: Template) -> Findings:
    """The roles for upload, processing and reading access only the prefixes of their step."""
    found: dict[tuple[str, str], set[str]] = {}
    for resource, statement in allowed(template):
        arns = [text(arn) for arn in each(statement.get("Resource")) if "ImageBucket" in names(arn)]
        for action in {"s3:GetObject", "s3:PutObject"} & set(map(text, each(statement.get("Action")))):
            # An endpoint policy limits its traffic and grants nothing by itself.
            if arns and resource.type != "AWS::EC2::VPCEndpoint":
                found.setdefault((resource.name, action), set()).update(arns)
    for name, action in sorted({*found, *PREFIXES}):
        expected = {f"${{ImageBucket.Arn}}/{prefix}/*" for prefix in PREFIXES.get((name, action), ())}
        if found.get((name, action), set()) != expected:
            yield Finding(name, f"has other prefixes for {action} than its step needs")


def only_the_worker_writes_records(template: Template) -> Findings:
    """Only TaskRole writes records, and no role deletes images or records."""
    writes = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}
    for resource, statement in allowed(template):
        actions = set(map(text, each(statement.get("Action"))))
        if resource.type == "AWS::IAM::Role" and resource.name != "TaskRole" and actions & writes:
            yield Finding(resource.name, "can write records")
        if actions & {"s3:DeleteObject", "s3:DeleteObjectVersion", "dynamodb:DeleteItem"}:
            yield Finding(resource.name, "can delete images or records")


def users_authenticate_with_two_factors(template: Template) -> Findings:
    """Administrators create users, who have a long password and a second factor; passwords are never sent."""
    for pool in template.of_type("Cognito::UserPool"):
        if pool.at("MfaConfiguration") != "ON":
            yield Finding(pool.name, "requires no second factor")
        if (template.number(pool.at("Policies/PasswordPolicy/MinimumLength")) or 0) < 12:
            yield Finding(pool.name, "accepts short passwords")
        if pool.at("AdminCreateUserConfig/AllowAdminCreateUserOnly") is not True:
            yield Finding(pool.name, "allows open sign-up")
    for client in template.of_type("Cognito::UserPoolClient"):
        flows = set(each(client.at("ExplicitAuthFlows")))
        if not flows or flows - {"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}:
            yield Finding(client.name, "allows sending passwords")
        if client.at("PreventUserExistenceErrors") != "ENABLED":
            yield Finding(client.name, "reveals which users exist")


RULES: tuple[Rule, ...] = (
    no_public_bucket,
    no_wildcard_action,
    no_wildcard_resource,
    roles_are_for_one_service,
    only_the_image_bucket_sends_messages,
    services_act_only_for_this_account,
    analysts_cannot_read_images,
    producers_only_write,
    roles_access_only_their_prefixes,
    only_the_worker_writes_records,
    users_authenticate_with_two_factors,
)
