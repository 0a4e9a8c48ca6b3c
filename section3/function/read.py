"""Lambda function: returns an image's record and a signed link; the image can exceed the size limit of responses."""

import json
import os
import time
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

LINK_SECONDS = 5 * 60
SHOWN = ("image_id", "content_type", "bytes", "width", "height", "uploaded_at", "processed_at", "expires_at")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Handle GET /images/{id} of a signed-in user."""
    reader = event["requestContext"]["authorizer"]["claims"]["sub"]
    record = records().get_item(Key={"image_id": event["pathParameters"]["id"]}).get("Item")
    now = int(time.time())
    # One response for missing, foreign and expired images, so that it does not reveal whether an ID exists. Images of
    # the stream may have no owner. DynamoDB deletes expired records hours late, so the time is checked here.
    if record is None or record.get("owner") != reader or record["expires_at"] <= now:
        return answer(404, {"error": "no such image"})
    seconds = min(LINK_SECONDS, int(record["expires_at"]) - now)
    shown = {name: plain(record[name]) for name in SHOWN if name in record}
    return answer(200, shown | {"url": signed_link(record["object_key"], seconds), "expires_in": seconds})


def plain(value: Any) -> str | int:
    """Return a value of a record as a JSON type; DynamoDB's numbers are decimals."""
    return value if isinstance(value, str) else int(value)


def signed_link(key: str, seconds: int) -> str:
    target = {"Bucket": os.environ["IMAGE_BUCKET"], "Key": key}
    link: str = storage().generate_presigned_url("get_object", Params=target, ExpiresIn=seconds)
    return link


@cache
def storage() -> Any:
    """Return the shared S3 client. Its URLs name the region, which avoids redirects."""
    return boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))


@cache
def records() -> Any:
    return boto3.resource("dynamodb").Table(os.environ["RECORD_TABLE"])


def answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    """Return a response for API Gateway."""
    headers = {"Access-Control-Allow-Origin": os.environ["WEB_ORIGIN"], "Cache-Control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}
