"""Shared helpers: deploy the part of the template that moto's CloudFormation supports."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import boto3
from moto.cloudformation.parsing import get_model_map

from section3.operator.template import load, read
from section3.rules.template import Tree, names

REGION = "ap-southeast-1"
OWNER, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
FUNCTIONS = Path(__file__).resolve().parents[1] / "function"
PARAMETERS = {
    "CodeBucket": "code",
    "CodeVersion": "1",
    "StoragePrefixList": "pl-1",
    "RecordsPrefixList": "pl-2",
    "AlarmEmail": "alarms@example.com",
    "WebOrigin": "https://app.example.com",
}
# Types that moto's CloudFormation does not support. Rules and mutations cover them.
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
# Resources of supported types that moto cannot create: it requires a method of a mock integration, and a deployment
# requires methods, which need the unsupported authorizer.
NOT_CREATED = ("UploadPreflight", "ReadPreflight", "ApiDeployment")


def call(user: str, **parts: Any) -> dict[str, Any]:
    """Return API Gateway's event of a signed-in user."""
    return {"requestContext": {"authorizer": {"claims": {"sub": user}}}, "body": None, **parts}


def sub_template() -> Tree:
    """Return the template with the resources that moto supports, including their references."""
    values = read()
    known = {name for name, body in values["Resources"].items() if body["Type"] in get_model_map()} - {*NOT_CREATED}
    resources = {name: body for name, body in values["Resources"].items() if name in known}
    left_out: set[str] = {*values["Resources"]} - {*resources}
    while incomplete := [name for name, body in resources.items() if left_out & {*names(body.get("Properties"))}]:
        left_out |= {*incomplete}
        resources = {name: body for name, body in resources.items() if name not in incomplete}
    for body in resources.values():  # only an order of creation
        body.pop("DependsOn", None)
    return {key: value for key, value in values.items() if key != "Outputs"} | {"Resources": resources}


def deploy() -> dict[str, str]:
    """Create the stack under moto; returns the physical names by logical name."""
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
    created = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in found}
    add_notifications(created)
    return created


def add_notifications(created: dict[str, str]) -> None:
    """Set the notifications of ImageBucket, which moto's CloudFormation ignores."""
    queue = boto3.client("sqs").get_queue_attributes(QueueUrl=created["WorkQueue"], AttributeNames=["QueueArn"])
    notifications = [
        {
            "QueueArn": queue["Attributes"]["QueueArn"],
            "Events": [notification["Event"]],
            "Filter": {"Key": {"FilterRules": notification["Filter"]["S3Key"]["Rules"]}},
        }
        for notification in load().named("ImageBucket").at("NotificationConfiguration/QueueConfigurations")
    ]
    boto3.client("s3").put_bucket_notification_configuration(
        Bucket=created["ImageBucket"], NotificationConfiguration={"QueueConfigurations": notifications}
    )
