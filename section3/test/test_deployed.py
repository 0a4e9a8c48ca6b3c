"""The stack, as far as moto can hold it, made from the template and used: an image goes all the way through it."""

import json
import re
import time
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_plus

import boto3
import pytest
import requests
from moto.cloudformation.parsing import get_model_map

from section3.config import SECTION
from section3.function import read, upload
from section3.rules.template import load
from section3.rules.template import read as read_template
from section3.test.support import ACCOUNT, PARAMETERS, REFUSED, REGION, UNSUPPORTED, sub_template
from section3.test.test_functions import OTHER, OWNER, call

IMAGE = b"\x89PNG\r\n\x1a\n and so on"
WEEK = 7 * 86_400
README = (SECTION / "README.md").read_text(encoding="utf-8")
Stack = dict[str, str]


@pytest.fixture(autouse=True)
def empty_queues(stack: Stack) -> None:
    """No message is left of the test before."""
    queue = boto3.client("sqs")
    for url in (stack["WorkQueue"], stack["DeadLetterQueue"]):
        while found := queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0).get("Messages"):
            for message in found:
                queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def uploaded() -> str:
    """Ask for a form and post an image with it, as the web application does; gives the image's id."""
    body = {"content_type": "image/png", "bytes": len(IMAGE)}
    answer = json.loads(upload.handler(call(OWNER, body=json.dumps(body)), None)["body"])
    posted = requests.post(answer["url"], data=answer["fields"], files={"file": IMAGE}, timeout=5)
    assert posted.status_code == 204
    return str(answer["image_id"])


def received(stack: Stack) -> list[dict[str, Any]]:
    """The messages on the work queue that tell of an object."""
    messages = boto3.client("sqs").receive_message(
        QueueUrl=stack["WorkQueue"], MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=0
    )
    return [message for message in messages.get("Messages", []) if "Records" in json.loads(message["Body"])]


def key_of(event: dict[str, Any]) -> str:
    """The key that a message tells of; S3 writes it as in an address."""
    return unquote_plus(event["s3"]["object"]["key"])


def work(stack: Stack, message: dict[str, Any]) -> None:
    """Stand in for the processing code: object, record, then delete the message; all by the image's id."""
    [event] = json.loads(message["Body"])["Records"]
    storage, key = boto3.client("s3"), key_of(event)
    source, owner, *_, image_id = key.split("/")
    image = storage.get_object(Bucket=stack["ImageBucket"], Key=key)
    storage.put_object(
        Bucket=stack["ImageBucket"], Key=f"processed/{image_id}", Body=image["Body"].read()[::-1],
        ContentType=image["ContentType"],
    )  # fmt: skip
    at = int(image["LastModified"].timestamp())
    record = {"object_key": f"processed/{image_id}", "content_type": image["ContentType"]}
    record |= {"owner": owner} if source == "incoming" else {}  # what comes by the stream is nobody's
    times = {"uploaded_at": Decimal(at), "expires_at": Decimal(at + WEEK)}
    boto3.resource("dynamodb").Table(stack["RecordTable"]).put_item(Item={"image_id": image_id, **record, **times})
    boto3.client("sqs").delete_message(QueueUrl=stack["WorkQueue"], ReceiptHandle=message["ReceiptHandle"])


def objects(stack: Stack, prefix: str) -> list[str]:
    """The keys of the images that begin so."""
    found = boto3.client("s3").list_objects_v2(Bucket=stack["ImageBucket"], Prefix=prefix)
    return [entry["Key"] for entry in found.get("Contents", [])]


def shown(image_id: str, user: str = OWNER) -> tuple[int, dict[str, Any]]:
    """Read an image as a user."""
    answer = read.handler(call(user, pathParameters={"id": image_id}), None)
    return answer["statusCode"], json.loads(answer["body"])


def test_an_image_goes_all_the_way(stack: Stack) -> None:
    image_id = uploaded()
    [message] = received(stack)
    [event] = json.loads(message["Body"])["Records"]
    assert event["s3"]["bucket"]["name"] == stack["ImageBucket"]
    assert key_of(event) == f"incoming/{OWNER}/{image_id}"
    assert shown(image_id) == (404, {"error": "no such image"})

    work(stack, message)
    status, answer = shown(image_id)
    assert (status, answer["content_type"], answer["expires_in"]) == (200, "image/png", 300)
    assert answer["expires_at"] - answer["uploaded_at"] == WEEK
    assert requests.get(answer["url"], timeout=5).content == IMAGE[::-1]
    assert received(stack) == []

    assert shown(image_id, user=OTHER) == (404, {"error": "no such image"})


def test_a_message_that_comes_twice_changes_nothing(stack: Stack) -> None:
    image_id = uploaded()
    [message] = received(stack)
    work(stack, message)
    before = shown(image_id)[1]
    work(stack, message)
    after = shown(image_id)[1]
    assert {**after, "url": ""} == {**before, "url": ""}
    assert len(objects(stack, f"processed/{image_id}")) == 1


def test_an_expired_record_is_refused_before_the_table_drops_it(stack: Stack) -> None:
    image_id = uploaded()
    work(stack, *received(stack))
    boto3.resource("dynamodb").Table(stack["RecordTable"]).update_item(
        Key={"image_id": image_id},
        UpdateExpression="SET expires_at = :now",
        ExpressionAttributeValues={":now": Decimal(int(time.time()))},
    )
    assert shown(image_id) == (404, {"error": "no such image"})


@pytest.mark.parametrize(
    ("key", "messages"), [("stream/images/partition=0/images+0+0000000001.bin", 1), ("processed/x", 0)]
)
def test_the_stream_becomes_messages_and_what_is_processed_does_not(stack: Stack, key: str, messages: int) -> None:
    boto3.client("s3").put_object(Bucket=stack["ImageBucket"], Key=key, Body=IMAGE)
    assert len(received(stack)) == messages


def test_an_image_of_the_stream_is_kept_and_shown_to_nobody(stack: Stack) -> None:
    key = "stream/images/partition=0/images+0+0000000002.bin"
    boto3.client("s3").put_object(Bucket=stack["ImageBucket"], Key=key, Body=IMAGE)
    [message] = received(stack)
    work(stack, message)
    image_id = key.rpartition("/")[2]
    assert objects(stack, f"processed/{image_id}") == [f"processed/{image_id}"]
    found = boto3.resource("dynamodb").Table(stack["RecordTable"]).get_item(Key={"image_id": image_id})["Item"]
    assert "owner" not in found
    assert shown(image_id) == (404, {"error": "no such image"})


def test_an_image_that_fails_five_times_is_set_aside(stack: Stack) -> None:
    uploaded()
    for _ in range(5):
        assert len(received(stack)) == 1
    assert received(stack) == []
    dead = boto3.client("sqs").receive_message(QueueUrl=stack["DeadLetterQueue"])["Messages"]
    assert len(dead) == 1


@pytest.mark.parametrize("name", ["ImageBucket", "BiBucket", "LogBucket"])
def test_s3_says_that_a_bucket_purges_and_is_private(stack: Stack, name: str) -> None:
    storage, bucket = boto3.client("s3"), stack[name]
    rule = storage.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]
    assert (rule["Status"], rule["Filter"], rule["Expiration"]["Days"]) == (
        "Enabled",
        {"Prefix": ""},
        7 if name == "ImageBucket" else 6,  # the other two keep older versions for a day
    )
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    block = storage.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}


def test_services_say_that_data_are_encrypted_with_the_own_key(stack: Stack) -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{stack['DataKey']}"
    for name in ("ImageBucket", "BiBucket"):
        encryption = boto3.client("s3").get_bucket_encryption(Bucket=stack[name])
        [rule] = encryption["ServerSideEncryptionConfiguration"]["Rules"]
        assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    for name in ("WorkQueue", "DeadLetterQueue"):
        attributes = boto3.client("sqs").get_queue_attributes(QueueUrl=stack[name], AttributeNames=["All"])
        assert attributes["Attributes"]["KmsMasterKeyId"] == key


def test_logs_say_that_they_forget(stack: Stack) -> None:
    groups = boto3.client("logs").describe_log_groups()["logGroups"]
    assert [group["retentionInDays"] for group in groups] == [7] * len(load().of_type("Logs::LogGroup"))


def test_dynamodb_says_that_records_expire(stack: Stack) -> None:
    told = boto3.client("dynamodb").describe_time_to_live(TableName=stack["RecordTable"])["TimeToLiveDescription"]
    assert told == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def test_the_network_has_three_zones_and_no_way_out(stack: Stack) -> None:
    network, here = boto3.client("ec2"), [{"Name": "vpc-id", "Values": [stack["Vpc"]]}]
    subnets = network.describe_subnets(Filters=here)["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 3
    # the BI stream's endpoint names the stream, which moto lacks
    assert len(network.describe_vpc_endpoints(Filters=here)["VpcEndpoints"]) == 6
    assert network.describe_internet_gateways()["InternetGateways"] == []
    routes = network.describe_route_tables(RouteTableIds=[stack["PrivateRoutes"]])["RouteTables"][0]["Routes"]
    assert {route.get("GatewayId") for route in routes if "DestinationCidrBlock" in route} == {"local"}


def test_what_moto_lacks_is_listed_and_the_rest_is_made(stack: Stack) -> None:
    resources = load().resources
    assert {resource.type for resource in resources.values()} - set(get_model_map()) == set(UNSUPPORTED)
    assert set(stack) == set(sub_template()["Resources"])
    assert set(REFUSED) <= set(resources) - set(stack)
    assert len(stack) >= 60


def test_parameters_without_a_default_are_those_a_deployment_names() -> None:
    wanted = {name for name, parameter in read_template()["Parameters"].items() if "Default" not in parameter}
    assert wanted == set(PARAMETERS)


def test_the_readme_deploys_with_the_parameters_that_have_no_default() -> None:
    [command] = re.findall(r"^    aws cloudformation deploy .*(?:\n    +.*)*", README, re.MULTILINE)
    given = command.partition("--parameter-overrides")[2]
    assert sorted(re.findall(r"(\w+)=", given)) == sorted(PARAMETERS)
