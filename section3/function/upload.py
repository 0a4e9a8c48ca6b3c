"""Lambda function: returns a signed form that posts an image directly to the bucket."""

import json
import os
import uuid
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

FORM_SECONDS = 15 * 60
CONTENT_TYPES = ("image/jpeg", "image/png", "image/tiff", "image/webp")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Handle POST /uploads of a signed-in user; the body has `content_type` and `bytes`."""
    owner = event["requestContext"]["authorizer"]["claims"]["sub"]
    try:
        content_type, size = parse(json.loads(event["body"] or "{}"))
    except ValueError as error:
        return answer(400, {"error": str(error)})
    image_id = uuid.uuid4().hex
    form = signed_form(f"incoming/{owner}/{image_id}", content_type, size)
    return answer(201, {"image_id": image_id, "expires_in": FORM_SECONDS, **form})


def parse(body: Any) -> tuple[str, int]:
    """Return content type and size of a request. Raises: ValueError with the allowed values."""
    largest = int(os.environ["MAXIMUM_UPLOAD_BYTES"])
    content_type, size = (body.get("content_type"), body.get("bytes")) if isinstance(body, dict) else (None, None)
    if content_type not in CONTENT_TYPES:
        raise ValueError(f"content_type must be one of {', '.join(CONTENT_TYPES)}")
    # Not isinstance: a bool is an int.
    if type(size) is not int or not 1 <= size <= largest:
        raise ValueError(f"bytes must be an integer from 1 to {largest}")
    return content_type, size


def signed_form(key: str, content_type: str, size: int) -> dict[str, Any]:
    """Return URL and fields of a form for one object with a fixed type and size."""
    form: dict[str, Any] = storage().generate_presigned_post(
        os.environ["IMAGE_BUCKET"],
        key,
        Fields={"Content-Type": content_type},
        Conditions=[{"Content-Type": content_type}, ["content-length-range", size, size]],
        ExpiresIn=FORM_SECONDS,
    )
    return form


@cache
def storage() -> Any:
    """Return the shared S3 client. Its URLs name the region, which avoids redirects."""
    return boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))


def answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    """Return a response for API Gateway."""
    headers = {"Access-Control-Allow-Origin": os.environ["WEB_ORIGIN"], "Cache-Control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}
