"""The Lambda functions sign exactly what the owner requested, for minutes."""

import ast
import base64
import json
import time
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

from section3.function import read, upload
from section3.operator.template import load
from section3.test.support import FUNCTIONS, OTHER, OWNER, call

LARGEST = 100
PNG = {"content_type": "image/png", "bytes": 1}
FILES = pytest.mark.parametrize(("name", "resource"), [("upload", "UploadFunction"), ("read", "ReadFunction")])


def request_form(body: Any) -> tuple[int, dict[str, Any]]:
    response = upload.handler(call(OWNER, body=json.dumps(body)), None)
    return response["statusCode"], json.loads(response["body"])


def policy_of(form: dict[str, Any]) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(base64.b64decode(form["fields"]["policy"]))
    return policy


@pytest.fixture(autouse=True)
def variables(account: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment variables that the template sets."""
    monkeypatch.setenv("IMAGE_BUCKET", "the-images")
    monkeypatch.setenv("RECORD_TABLE", "records")
    monkeypatch.setenv("MAXIMUM_UPLOAD_BYTES", str(LARGEST))


def test_form_is_limited_to_one_key_type_and_size() -> None:
    status, form = request_form({"content_type": "image/png", "bytes": 42})
    key = f"incoming/{OWNER}/{form['image_id']}"
    assert (status, form["expires_in"], form["fields"]["key"]) == (201, 900, key)
    conditions = policy_of(form)["conditions"]
    for condition in (
        {"bucket": "the-images"},
        {"key": key},
        {"Content-Type": "image/png"},
        ["content-length-range", 42, 42],
    ):
        assert condition in conditions


def test_form_posts_to_the_region_and_expires_after_15_minutes() -> None:
    _, form = request_form(PNG)
    assert form["url"] == "https://the-images.s3.ap-southeast-1.amazonaws.com/"
    assert form["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    ends = time.mktime(time.strptime(policy_of(form)["expiration"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    assert ends - time.time() == pytest.approx(900, abs=5)


def test_each_upload_gets_a_new_id() -> None:
    assert request_form(PNG)[1]["image_id"] != request_form(PNG)[1]["image_id"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "content_type must be one of"),
        ([], "content_type must be one of"),
        ("image/png", "content_type must be one of"),
        ({"content_type": "text/html", "bytes": 1}, "content_type must be one of image/jpeg, image/png"),
        ({"content_type": ["image/png"], "bytes": 1}, "content_type must be one of"),
        ({"content_type": "image/png"}, "bytes must be an integer from 1 to 100"),
        ({"content_type": "image/png", "bytes": 0}, "bytes must be an integer"),
        ({"content_type": "image/png", "bytes": LARGEST + 1}, "bytes must be an integer"),
        ({"content_type": "image/png", "bytes": "5"}, "bytes must be an integer"),
        ({"content_type": "image/png", "bytes": True}, "bytes must be an integer"),
    ],
)
def test_invalid_request_returns_the_allowed_values(body: Any, error: str) -> None:
    status, response = request_form(body)
    assert status == 400
    assert error in response["error"]


def test_body_that_is_not_json_is_rejected() -> None:
    assert upload.handler(call(OWNER, body="{"), None)["statusCode"] == 400


def test_response_headers_allow_the_web_application_and_no_cache() -> None:
    headers = upload.handler(call(OWNER), None)["headers"]
    assert headers == {"Access-Control-Allow-Origin": "https://app.example.com", "Cache-Control": "no-store"}


class Records:
    """A table with one record."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record

    def get_item(self, Key: dict[str, str]) -> dict[str, Any]:  # noqa: N803 - DynamoDB's name
        return {"Item": self.record} if Key == {"image_id": self.record["image_id"]} else {}


def record(**changes: Any) -> dict[str, Any]:
    """A record that expires in an hour."""
    return {
        "image_id": "abc",
        "owner": OWNER,
        "object_key": "processed/abc",
        "content_type": "image/png",
        "bytes": Decimal(42),
        "uploaded_at": Decimal(1_790_000_000),
        "expires_at": Decimal(int(time.time()) + 3600),
    } | changes


def read_image(
    monkeypatch: pytest.MonkeyPatch, user: str = OWNER, image: str = "abc", without: str = "", **changes: Any
) -> tuple[int, Any]:
    """Read an image, whose record may have changed or missing fields."""
    stored = {name: value for name, value in record(**changes).items() if name != without}
    monkeypatch.setattr(read, "records", lambda: Records(stored))
    response = read.handler(call(user, pathParameters={"id": image}), None)
    return response["statusCode"], json.loads(response["body"])


def test_owner_gets_the_record_and_a_link_for_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    status, response = read_image(monkeypatch)
    assert (status, response["image_id"], response["bytes"], response["expires_in"]) == (200, "abc", 42, 300)
    assert {"owner", "object_key"} & set(response) == set()
    link = urlparse(response["url"])
    assert (link.hostname, link.path) == ("the-images.s3.ap-southeast-1.amazonaws.com", "/processed/abc")
    assert parse_qs(link.query)["X-Amz-Expires"] == ["300"]


def test_link_expires_with_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    status, response = read_image(monkeypatch, expires_at=Decimal(int(time.time()) + 60))
    assert status == 200
    assert 55 <= response["expires_in"] <= 60


def test_missing_foreign_ownerless_and_expired_look_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    responses = [
        read_image(monkeypatch, image="other"),
        read_image(monkeypatch, user=OTHER),
        read_image(monkeypatch, without="owner"),
        read_image(monkeypatch, expires_at=Decimal(int(time.time()))),
    ]
    assert responses == [(404, {"error": "no such image"})] * 4


@FILES
def test_function_is_one_file_with_imports_that_lambda_has(name: str, resource: str) -> None:
    tree = ast.parse((FUNCTIONS / f"{name}.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= {"json", "os", "time", "uuid", "functools", "typing", "boto3", "botocore.config"}
    assert load().named(resource).at("Handler") == f"{name}.handler"
    assert "handler" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@FILES
def test_template_sets_each_variable_that_a_function_reads(name: str, resource: str) -> None:
    tree = ast.parse((FUNCTIONS / f"{name}.py").read_text())
    used = {
        node.slice.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and ast.unparse(node.value) == "os.environ"
        and isinstance(node.slice, ast.Constant)
    }
    assert used == set(load().named(resource).at("Environment/Variables"))


def test_content_types_are_those_of_the_api_model() -> None:
    assert list(upload.CONTENT_TYPES) == load().named("UploadModel").at("Schema/properties/content_type/enum")
