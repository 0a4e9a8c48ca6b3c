"""What the tests share: the part of the template that moto's CloudFormation can hold, deployed."""

import io
import json
import zipfile
from pathlib import Path

import boto3
from moto.cloudformation.parsing import get_model_map

from section3.rules.template import Tree, names, read

REGION, ACCOUNT = "ap-southeast-1", "123456789012"
FUNCTIONS = Path(__file__).resolve().parents[1] / "function"
PARAMETERS = {
    "CodeBucket": "code",
    "CodeVersion": "1",
    "StoragePrefixList": "pl-1",
    "RecordsPrefixList": "pl-2",
    "AlarmEmail": "alarms@example.com",
    "WebOrigin": "https://app.example.com",
}
# Types of the template that moto's CloudFormation does not know. What they promise is proven by rules and mutations.
UNSUPPORTED = (
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::Authorizer",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGateway::Model",
    "AWS::ApiGateway::RequestValidator",
    "AWS::ApiGateway::Stage",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::Athena::WorkGroup",
    "AWS::Budgets::Budget",
    "AWS::CloudWatch::Alarm",
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    "AWS::KafkaConnect::Connector",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Logs::LogStream",
    "AWS::MSK::Cluster",
    "AWS::MSK::Configuration",
    "AWS::MSK::Topic",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::WAFv2::LoggingConfiguration",
    "AWS::WAFv2::WebACL",
    "AWS::WAFv2::WebACLAssociation",
)
# Resources of types that moto knows, but cannot make: it asks a mock integration for a method, and without the
# methods, which need the authorizer, there is nothing to deploy.
REFUSED = ("UploadPreflight", "ReadPreflight", "ApiDeployment")


def sub_template() -> Tree:
    """Return the template with the resources that moto can hold: its type is known, and what it refers to is in."""
    values = read()
    known = {name for name, body in values["Resources"].items() if body["Type"] in get_model_map()} - {*REFUSED}
    resources = {name: body for name, body in values["Resources"].items() if name in known}
    left_out: set[str] = {*values["Resources"]} - {*resources}
    while lacking := [name for name, body in resources.items() if left_out & {*names(body.get("Properties"))}]:
        left_out |= {*lacking}
        resources = {name: body for name, body in resources.items() if name not in lacking}
    for body in resources.values():  # only an order among what is made
        body.pop("DependsOn", None)
    return {key: value for key, value in values.items() if key != "Outputs"} | {"Resources": resources}


def deploy() -> dict[str, str]:
    """Make the stack and what moto leaves out of it, give its resources by logical name; runs under moto."""
    boto3.client("s3").create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": REGION})
    for name in ("upload", "read"):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(FUNCTIONS / f"{name}.py", f"{name}.py")
        boto3.client("s3").put_object(Bucket="code", Key=f"1/{name}.zip", Body=packed.getvalue())
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in PARAMETERS.items()]
    formation = boto3.client("cloudformation")
    formation.create_stack(
        StackName="platform", TemplateBody=json.dumps(sub_template()), Parameters=parameters,
        Capabilities=["CAPABILITY_IAM"],
    )  # fmt: skip
    [stack] = formation.describe_stacks(StackName="platform")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    found = formation.list_stack_resources(StackName="platform")["StackResourceSummaries"]
    made = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in found}
    complete(made)
    return made


def complete(made: dict[str, str]) -> None:
    """Tell S3 and DynamoDB the properties of the template that moto's CloudFormation leaves out."""
    resources = read()["Resources"]
    table = resources["RecordTable"]["Properties"]
    boto3.client("dynamodb").update_time_to_live(
        TableName=made["RecordTable"], TimeToLiveSpecification=table["TimeToLiveSpecification"]
    )
    queue = boto3.client("sqs").get_queue_attributes(QueueUrl=made["WorkQueue"], AttributeNames=["QueueArn"])
    for name in ("ImageBucket", "BiBucket", "LogBucket"):
        complete_bucket(made[name], resources[name]["Properties"], queue["Attributes"]["QueueArn"])


def complete_bucket(bucket: str, properties: Tree, queue: str) -> None:
    """Tell S3 a bucket's purge, its block of the public and its notices, in the words of its API."""
    storage, given = boto3.client("s3"), {"Bucket": bucket}
    storage.put_public_access_block(
        **given, PublicAccessBlockConfiguration=properties["PublicAccessBlockConfiguration"]
    )
    rules = [lifecycle_rule(rule) for rule in properties["LifecycleConfiguration"]["Rules"]]
    storage.put_bucket_lifecycle_configuration(**given, LifecycleConfiguration={"Rules": rules})
    notices = properties.get("NotificationConfiguration", {}).get("QueueConfigurations", [])
    told = [
        {
            "QueueArn": queue,
            "Events": [notice["Event"]],
            "Filter": {"Key": {"FilterRules": notice["Filter"]["S3Key"]["Rules"]}},
        }
        for notice in notices
    ]
    storage.put_bucket_notification_configuration(**given, NotificationConfiguration={"QueueConfigurations": told})


def lifecycle_rule(rule: Tree) -> Tree:
    """Return a rule of CloudFormation as one of S3's API."""
    words = {"ExpirationInDays": "Days", "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}
    expiration = {words[key]: value for key, value in rule.items() if key in words}
    same = {key: rule[key] for key in rule if key not in {*words, "Id", "Prefix"}}
    return {"ID": rule["Id"], "Filter": {"Prefix": rule.get("Prefix", "")}, "Expiration": expiration, **same}
