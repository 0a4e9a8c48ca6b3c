"""Answer an image's record and a link to it, so that images may be larger than a function's answer."""

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
    """Answer GET /images/{id} of a signed-in user."""
    reader = event["requestContext"]["authorizer"]["claims"]["sub"]
    record = records().get_item(Key={"image_id": event["pathParameters"]["id"]}).get("Item")
    now = int(time.time())
    # One answer for "not there", "not yours" and "expired": an id must not tell whether it exists. An image of the
    # stream may have no owner. The table drops an expired record hours late, so its time is looked at here.
    if record is None or record.get("owner") != reader or record["expires_at"] <= now:
        return answer(404, {"error": "no such image"})
    seconds = min(LINK_SECONDS, int(record["expires_at"]) - now)
    shown = {name: plain(record[name]) for name in SHOWN if name in record}
    return answer(200, shown | {"url": signed_link(record["object_key"], seconds), "expires_in": seconds})


def plain(value: Any) -> str | int:
    """Return a value of a record as JSON knows it: the table's numbers are decimals."""
    return value if isinstance(value, str) else int(value)


def signed_link(key: str, seconds: int) -> str:
    """Return a link that reads one object for so long."""
    what = {"Bucket": os.environ["IMAGE_BUCKET"], "Key": key}
    link: str = storage().generate_presigned_url("get_object", Params=what, ExpiresIn=seconds)
    return link


@cache
def storage() -> Any:
    """Return the client, one for all calls; its addresses name the region, so that nothing is redirected."""
    return boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))


@cache
def records() -> Any:
    """Return the table, one client for all calls."""
    return boto3.resource("dynamodb").Table(os.environ["RECORD_TABLE"])


def answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    """Return what API Gateway passes on to the web application."""
    headers = {"Access-Control-Allow-Origin": os.environ["WEB_ORIGIN"], "Cache-Control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}
