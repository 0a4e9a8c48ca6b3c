"""Everybody may do what their work needs, by name, and nobody more."""

import re
from collections.abc import Iterator
from typing import Any

from section3.rules.base import Finding, Findings, Rule
from section3.rules.template import Resource, Template, Tree, at, each, names, policies, statements, text

PUBLIC_BLOCK = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
EVERYTHING = r"\*|arn:\*|.*:::\*"
# Actions that know no resource; every other one has to name its own.
WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
}
FOLDERS = {
    ("UploadRole", "s3:PutObject"): ("incoming",),
    ("SinkRole", "s3:PutObject"): ("stream",),
    ("TaskRole", "s3:GetObject"): ("incoming", "stream"),
    ("TaskRole", "s3:PutObject"): ("processed",),
    ("ReadRole", "s3:GetObject"): ("processed",),
}
OPEN_TO_SERVICES = ("S3::BucketPolicy", "SQS::QueuePolicy", "SNS::TopicPolicy", "Logs::ResourcePolicy")
FOREIGN_POLICIES = ("service-role/AmazonAPIGatewayPushToCloudWatchLogs",)


def allowed(template: Template) -> Iterator[tuple[Resource, Tree]]:
    """Give each statement that allows something, with the resource it stands in; keys have rules of their own."""
    for resource in template.resources.values():
        for document in policies(resource) if resource.type != "AWS::KMS::Key" else ():
            for statement in statements(document):
                if statement["Effect"] == "Allow":
                    yield resource, statement


def no_public_bucket(template: Template) -> Findings:
    """No bucket can be opened to the public, by list, policy or another account's object."""
    for bucket in template.of_type("S3::Bucket"):
        block = bucket.at("PublicAccessBlockConfiguration") or {}
        if not all(block.get(name) is True for name in PUBLIC_BLOCK) or bucket.at("AccessControl"):
            yield Finding(bucket.name, "can be made public")
        if bucket.at("OwnershipControls/Rules/0/ObjectOwnership") != "BucketOwnerEnforced":
            yield Finding(bucket.name, "may hold objects that others own")
    for policy in template.of_type("S3::BucketPolicy", "SQS::QueuePolicy", "SNS::TopicPolicy"):
        for statement in statements(policy.at("PolicyDocument")):
            if statement["Effect"] == "Allow" and "*" in text(statement.get("Principal")):
                yield Finding(policy.name, "allows everybody")


def no_wildcard_action(template: Template) -> Findings:
    """No policy allows "*", a whole service or "all but"."""
    for resource, statement in allowed(template):
        wild = [action for action in map(text, each(statement.get("Action"))) if "*" in action]
        if wild or not statement.get("Action"):
            yield Finding(resource.name, f"allows {', '.join(wild) or 'all but some actions'}")
        if {"NotAction", "NotResource", "NotPrincipal"} & set(statement):
            yield Finding(resource.name, "allows all but what it names")


def no_wildcard_resource(template: Template) -> Findings:
    """An action on all resources, or on all buckets, is one that knows no resource."""
    for resource, statement in allowed(template):
        everything = any(re.match(EVERYTHING, text(place)) for place in each(statement.get("Resource")))
        actions = set(map(text, each(statement.get("Action"))))
        if everything and not actions <= WITHOUT_RESOURCE:
            yield Finding(resource.name, f"allows {', '.join(sorted(actions - WITHOUT_RESOURCE))} on everything")


def roles_have_policies_of_their_own(template: Template) -> Findings:
    """A role is for one service, on behalf of nobody else, and takes no ready-made policy but the logs' one."""
    for role in template.of_type("IAM::Role"):
        for statement in statements(role.at("AssumeRolePolicyDocument")):
            principal: Any = statement.get("Principal")
            if not isinstance(at(principal, "Service"), str) or len(principal) > 1:
                yield Finding(role.name, f"may be taken by {text(principal)}")
        for policy in each(role.at("ManagedPolicyArns")):
            if template.get(policy) is None and not text(policy).endswith(FOREIGN_POLICIES):
                yield Finding(role.name, f"has the ready-made policy {text(policy)}")


def only_the_image_bucket_fills_the_queue(template: Template) -> Findings:
    """Messages come from ImageBucket of this account, and from nobody else."""
    for policy in template.of_type("SQS::QueuePolicy"):
        for statement in statements(policy.at("PolicyDocument")):
            if statement["Effect"] != "Allow":
                continue
            bucket = text(template.named("ImageBucket").at("BucketName"))
            condition = text(statement.get("Condition"))
            narrow = condition.split() == ["arn:${AWS::Partition}:s3:::" + bucket, "${AWS::AccountId}"]
            if statement.get("Principal") != {"Service": "s3.amazonaws.com"} or not narrow:
                yield Finding(policy.name, "lets others than ImageBucket send")


def services_act_for_this_account(template: Template) -> Findings:
    """A service that writes to a bucket, queue, topic or log does so for this account alone."""
    for policy in template.of_type(*OPEN_TO_SERVICES):
        for statement in statements(policy.at("PolicyDocument")):
            foreign = "${AWS::AccountId}" not in text(statement.get("Condition"))
            if statement["Effect"] == "Allow" and foreign:
                yield Finding(policy.name, "lets a service write for other accounts")


def analysts_see_no_image(template: Template) -> Findings:
    """Analysts read BI data alone, and may decrypt nothing but what lies in BiBucket."""
    policy = template.named("AnalystPolicy")
    for statement in statements(policy.at("PolicyDocument")):
        secrets = {"ImageBucket", "RecordTable", "KafkaCluster", "WorkQueue"} & set(names(statement.get("Resource")))
        if secrets:
            yield Finding(policy.name, f"reaches {', '.join(sorted(secrets))}")
        if "DataKey" in names(statement.get("Resource")) and "BiBucket" not in names(statement.get("Condition")):
            yield Finding(policy.name, "decrypts more than BI data")


def producers_only_write(template: Template) -> Findings:
    """The engineers' producers write to the topic images, and read nothing."""
    policy = template.named("StreamProducerPolicy")
    for statement in statements(policy.at("PolicyDocument")):
        resources = list(map(text, each(statement.get("Resource"))))
        if "kafka-cluster:ReadData" in each(statement.get("Action")):
            yield Finding(policy.name, "reads records")
        if not all(resource == "${KafkaCluster}" or resource.endswith("/images") for resource in resources):
            yield Finding(policy.name, "reaches another topic")


def each_part_has_its_own_folder(template: Template) -> Findings:
    """Who takes uploads in, processes them or shows them reads and writes the folders of that step, and no other."""
    found: dict[tuple[str, str], set[str]] = {}
    for resource, statement in allowed(template):
        places = [text(place) for place in each(statement.get("Resource")) if "ImageBucket" in names(place)]
        for action in {"s3:GetObject", "s3:PutObject"} & set(map(text, each(statement.get("Action")))):
            # an endpoint is a limit for all that pass through it, and allows nobody anything by itself
            if places and resource.type != "AWS::EC2::VPCEndpoint":
                found.setdefault((resource.name, action), set()).update(places)
    for name, action in sorted({*found, *FOLDERS}):
        folders = {f"${{ImageBucket.Arn}}/{folder}/*" for folder in FOLDERS.get((name, action), ())}
        if found.get((name, action), set()) != folders:
            yield Finding(name, f"has other folders for {action} than its step needs")


def only_the_worker_writes_records(template: Template) -> Findings:
    """One role writes records and processed images, and none deletes an image or a record before its time."""
    writes = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}
    for resource, statement in allowed(template):
        actions = set(map(text, each(statement.get("Action"))))
        if resource.type == "AWS::IAM::Role" and resource.name != "TaskRole" and actions & writes:
            yield Finding(resource.name, "writes records")
        if actions & {"s3:DeleteObject", "s3:DeleteObjectVersion", "dynamodb:DeleteItem"}:
            yield Finding(resource.name, "deletes what is kept")


def users_prove_who_they_are(template: Template) -> Findings:
    """A user is made by an administrator, has a long password and a second factor; no password travels."""
    for pool in template.of_type("Cognito::UserPool"):
        if pool.at("MfaConfiguration") != "ON":
            yield Finding(pool.name, "asks for no second factor")
        if (template.number(pool.at("Policies/PasswordPolicy/MinimumLength")) or 0) < 12:
            yield Finding(pool.name, "takes short passwords")
        if pool.at("AdminCreateUserConfig/AllowAdminCreateUserOnly") is not True:
            yield Finding(pool.name, "lets anybody sign up")
    for client in template.of_type("Cognito::UserPoolClient"):
        flows = set(each(client.at("ExplicitAuthFlows")))
        if not flows or flows - {"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}:
            yield Finding(client.name, "lets a password travel")
        if client.at("PreventUserExistenceErrors") != "ENABLED":
            yield Finding(client.name, "tells who is a user")


RULES: tuple[Rule, ...] = (
    no_public_bucket,
    no_wildcard_action,
    no_wildcard_resource,
    roles_have_policies_of_their_own,
    only_the_image_bucket_fills_the_queue,
    services_act_for_this_account,
    analysts_see_no_image,
    producers_only_write,
    each_part_has_its_own_folder,
    only_the_worker_writes_records,
    users_prove_who_they_are,
)
