"""The template, deployed to moto and used: an image from upload to download."""

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
from section3.operator.template import load
from section3.test.support import (
    NOT_CREATED,
    OTHER,
    OWNER,
    PARAMETERS,
    UNSUPPORTED,
    call,
    sub_template,
)

pytestmark = pytest.mark.integration

IMAGE = b"\x89PNG\r\n\x1a\n and so on"
WEEK = 7 * 86_400
README = (SECTION / "README.md").read_text(encoding="utf-8")
Stack = dict[str, str]


@pytest.fixture(autouse=True)
def empty_queues(stack: Stack) -> None:
    """Delete the messages of the previous test."""
    queue = boto3.client("sqs")
    for url in (stack["WorkQueue"], stack["DeadLetterQueue"]):
        while found := queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0).get("Messages"):
            for message in found:
                queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def upload_image() -> str:
    """Request a form and post an image like the web application; returns the image ID."""
    body = {"content_type": "image/png", "bytes": len(IMAGE)}
    form = json.loads(upload.handler(call(OWNER, body=json.dumps(body)), None)["body"])
    posted = requests.post(form["url"], data=form["fields"], files={"file": IMAGE}, timeout=5)
    assert posted.status_code == 204
    return str(form["image_id"])


def receive(stack: Stack) -> list[dict[str, Any]]:
    """Receive the messages about objects from the work queue."""
    messages = boto3.client("sqs").receive_message(
        QueueUrl=stack["WorkQueue"], MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=0
    )
    return [message for message in messages.get("Messages", []) if "Records" in json.loads(message["Body"])]


def key_of(event: dict[str, Any]) -> str:
    """Return the key in a message, which S3 encodes like a URL."""
    return unquote_plus(event["s3"]["object"]["key"])


def process(stack: Stack, message: dict[str, Any]) -> None:
    """Act like the processing code: write object and record by image ID, then delete the message."""
    [event] = json.loads(message["Body"])["Records"]
    storage, key = boto3.client("s3"), key_of(event)
    source, owner, *_, image_id = key.split("/")
    image = storage.get_object(Bucket=stack["ImageBucket"], Key=key)
    storage.put_object(
        Bucket=stack["ImageBucket"], Key=f"processed/{image_id}", Body=image["Body"].read()[::-1],
        ContentType=image["ContentType"],
    )  # fmt: skip
    uploaded_at = int(image["LastModified"].timestamp())
    record = {"object_key": f"processed/{image_id}", "content_type": image["ContentType"]}
    record |= {"owner": owner} if source == "incoming" else {}  # images of the stream have no owner
    times = {"uploaded_at": Decimal(uploaded_at), "expires_at": Decimal(uploaded_at + WEEK)}
    boto3.resource("dynamodb").Table(stack["RecordTable"]).put_item(Item={"image_id": image_id, **record, **times})
    boto3.client("sqs").delete_message(QueueUrl=stack["WorkQueue"], ReceiptHandle=message["ReceiptHandle"])


def objects(stack: Stack, prefix: str) -> list[str]:
    """List the keys with a prefix."""
    found = boto3.client("s3").list_objects_v2(Bucket=stack["ImageBucket"], Prefix=prefix)
    return [entry["Key"] for entry in found.get("Contents", [])]


def read_image(image_id: str, user: str = OWNER) -> tuple[int, dict[str, Any]]:
    """Read an image as a user; returns status and body."""
    response = read.handler(call(user, pathParameters={"id": image_id}), None)
    return response["statusCode"], json.loads(response["body"])


def test_image_is_uploaded_processed_and_read(stack: Stack) -> None:
    image_id = upload_image()
    [message] = receive(stack)
    [event] = json.loads(message["Body"])["Records"]
    assert event["s3"]["bucket"]["name"] == stack["ImageBucket"]
    assert key_of(event) == f"incoming/{OWNER}/{image_id}"
    assert read_image(image_id) == (404, {"error": "no such image"})

    process(stack, message)
    status, body = read_image(image_id)
    assert (status, body["content_type"], body["expires_in"]) == (200, "image/png", 300)
    assert body["expires_at"] - body["uploaded_at"] == WEEK
    assert requests.get(body["url"], timeout=5).content == IMAGE[::-1]
    assert receive(stack) == []

    assert read_image(image_id, user=OTHER) == (404, {"error": "no such image"})


def test_duplicate_message_changes_nothing(stack: Stack) -> None:
    image_id = upload_image()
    [message] = receive(stack)
    process(stack, message)
    before = read_image(image_id)[1]
    process(stack, message)
    after = read_image(image_id)[1]
    assert {**after, "url": ""} == {**before, "url": ""}
    assert len(objects(stack, f"processed/{image_id}")) == 1


def test_expired_record_is_not_found_before_its_deletion(stack: Stack) -> None:
    image_id = upload_image()
    process(stack, *receive(stack))
    boto3.resource("dynamodb").Table(stack["RecordTable"]).update_item(
        Key={"image_id": image_id},
        UpdateExpression="SET expires_at = :now",
        ExpressionAttributeValues={":now": Decimal(int(time.time()))},
    )
    assert read_image(image_id) == (404, {"error": "no such image"})


@pytest.mark.parametrize(
    ("key", "messages"), [("stream/images/partition=0/images+0+0000000001.bin", 1), ("processed/x", 0)]
)
def test_stream_objects_become_messages_and_processed_ones_do_not(stack: Stack, key: str, messages: int) -> None:
    boto3.client("s3").put_object(Bucket=stack["ImageBucket"], Key=key, Body=IMAGE)
    assert len(receive(stack)) == messages


def test_stream_image_without_owner_is_stored_and_not_readable(stack: Stack) -> None:
    key = "stream/images/partition=0/images+0+0000000002.bin"
    boto3.client("s3").put_object(Bucket=stack["ImageBucket"], Key=key, Body=IMAGE)
    [message] = receive(stack)
    process(stack, message)
    image_id = key.rpartition("/")[2]
    assert objects(stack, f"processed/{image_id}") == [f"processed/{image_id}"]
    found = boto3.resource("dynamodb").Table(stack["RecordTable"]).get_item(Key={"image_id": image_id})["Item"]
    assert "owner" not in found
    assert read_image(image_id) == (404, {"error": "no such image"})


def test_message_received_five_times_becomes_a_dead_letter(stack: Stack) -> None:
    upload_image()
    for _ in range(5):
        assert len(receive(stack)) == 1
    assert receive(stack) == []
    dead = boto3.client("sqs").receive_message(QueueUrl=stack["DeadLetterQueue"])["Messages"]
    assert len(dead) == 1


def test_all_supported_resources_are_created(stack: Stack) -> None:
    resources = load().resources
    assert {resource.type for resource in resources.values()} - set(get_model_map()) == set(UNSUPPORTED)
    assert set(stack) == set(sub_template()["Resources"])
    assert set(NOT_CREATED) <= set(resources) - set(stack)
    assert len(stack) >= 60


def test_parameters_without_a_default_are_in_the_readme_command() -> None:
    required = sorted(name for name, parameter in load().parameters.items() if "Default" not in parameter)
    [command] = re.findall(r"^    aws cloudformation deploy .*(?:\n    +.*)*", README, re.MULTILINE)
    assert sorted(re.findall(r"(\w+)=", command.partition("--parameter-overrides")[2])) == required
    assert sorted(PARAMETERS) == required
