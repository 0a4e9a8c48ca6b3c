"""Answer the form that posts an image straight to the bucket; the image itself never passes through here."""

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
    """Answer POST /uploads of a signed-in user, whose body names `content_type` and `bytes`."""
    owner = event["requestContext"]["authorizer"]["claims"]["sub"]
    try:
        content_type, size = wanted(json.loads(event["body"] or "{}"))
    except ValueError as error:
        return answer(400, {"error": str(error)})
    image_id = uuid.uuid4().hex
    form = signed_form(f"incoming/{owner}/{image_id}", content_type, size)
    return answer(201, {"image_id": image_id, "expires_in": FORM_SECONDS, **form})


def wanted(body: Any) -> tuple[str, int]:
    """Return the type and size that a request names. Raises: ValueError with what is allowed."""
    largest = int(os.environ["MAXIMUM_UPLOAD_BYTES"])
    content_type, size = (body.get("content_type"), body.get("bytes")) if isinstance(body, dict) else (None, None)
    if content_type not in CONTENT_TYPES:
        raise ValueError(f"content_type is one of {', '.join(CONTENT_TYPES)}")
    # true is an int to Python
    if type(size) is not int or not 1 <= size <= largest:
        raise ValueError(f"bytes is a whole number from 1 to {largest}")
    return content_type, size


def signed_form(key: str, content_type: str, size: int) -> dict[str, Any]:
    """Return url and fields of a form for one object of one type and exactly one size."""
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
    """Return the client, one for all calls; its addresses name the region, so that nothing is redirected."""
    return boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))


def answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    """Return what API Gateway passes on to the web application."""
    headers = {"Access-Control-Allow-Origin": os.environ["WEB_ORIGIN"], "Cache-Control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}
