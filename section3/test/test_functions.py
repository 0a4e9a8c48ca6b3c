"""The functions sign what was asked for, for its owner, for minutes, and nothing else."""

import ast
import base64
import json
import time
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

from section3.function import read, upload
from section3.rules.template import load
from section3.test.support import FUNCTIONS

OWNER, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
LARGEST = 100


def call(user: str, **parts: Any) -> dict[str, Any]:
    """What API Gateway passes on for a signed-in user."""
    return {"requestContext": {"authorizer": {"claims": {"sub": user}}}, "body": None, **parts}


def asked(body: Any) -> tuple[int, dict[str, Any]]:
    """Ask for a form, give status and answer."""
    answer = upload.handler(call(OWNER, body=json.dumps(body)), None)
    return answer["statusCode"], json.loads(answer["body"])


def policy_of(answer: dict[str, Any]) -> dict[str, Any]:
    """What S3 will hold the form against."""
    policy: dict[str, Any] = json.loads(base64.b64decode(answer["fields"]["policy"]))
    return policy


@pytest.fixture(autouse=True)
def variables(account: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the template gives the functions."""
    monkeypatch.setenv("IMAGE_BUCKET", "the-images")
    monkeypatch.setenv("RECORD_TABLE", "records")
    monkeypatch.setenv("MAXIMUM_UPLOAD_BYTES", str(LARGEST))


def test_a_form_is_for_one_key_type_and_size() -> None:
    status, answer = asked({"content_type": "image/png", "bytes": 42})
    key = f"incoming/{OWNER}/{answer['image_id']}"
    assert (status, answer["expires_in"], answer["fields"]["key"]) == (201, 900, key)
    conditions = policy_of(answer)["conditions"]
    assert {"bucket": "the-images"} in conditions
    assert {"key": key} in conditions
    assert {"Content-Type": "image/png"} in conditions
    assert ["content-length-range", 42, 42] in conditions


def test_a_form_goes_straight_to_the_region_over_tls() -> None:
    _, answer = asked({"content_type": "image/png", "bytes": 1})
    assert answer["url"] == "https://the-images.s3.ap-southeast-1.amazonaws.com/"
    assert answer["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"


def test_a_form_is_good_for_fifteen_minutes() -> None:
    _, answer = asked({"content_type": "image/png", "bytes": 1})
    ends = time.mktime(time.strptime(policy_of(answer)["expiration"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    assert ends - time.time() == pytest.approx(900, abs=5)


def test_two_uploads_have_two_ids() -> None:
    body = {"content_type": "image/png", "bytes": 1}
    assert asked(body)[1]["image_id"] != asked(body)[1]["image_id"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "content_type is one of"),
        ([], "content_type is one of"),
        ("image/png", "content_type is one of"),
        ({"content_type": "text/html", "bytes": 1}, "content_type is one of image/jpeg, image/png"),
        ({"content_type": ["image/png"], "bytes": 1}, "content_type is one of"),
        ({"content_type": "image/png"}, "bytes is a whole number from 1 to 100"),
        ({"content_type": "image/png", "bytes": 0}, "bytes is a whole number"),
        ({"content_type": "image/png", "bytes": LARGEST + 1}, "bytes is a whole number"),
        ({"content_type": "image/png", "bytes": "5"}, "bytes is a whole number"),
        ({"content_type": "image/png", "bytes": True}, "bytes is a whole number"),
    ],
)
def test_a_request_that_cannot_be_met_says_what_is_allowed(body: Any, words: str) -> None:
    status, answer = asked(body)
    assert status == 400
    assert words in answer["error"]


def test_a_body_that_is_no_json_is_refused() -> None:
    answer = upload.handler(call(OWNER, body="{"), None)
    assert answer["statusCode"] == 400


def test_answers_are_for_the_web_application_and_are_not_kept() -> None:
    headers = upload.handler(call(OWNER), None)["headers"]
    assert headers == {"Access-Control-Allow-Origin": "https://app.example.com", "Cache-Control": "no-store"}


class Records:
    """A table of one record."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record

    def get_item(self, Key: dict[str, str]) -> dict[str, Any]:  # noqa: N803 - DynamoDB's word
        return {"Item": self.record} if Key == {"image_id": self.record["image_id"]} else {}


def record(**changes: Any) -> dict[str, Any]:
    """A record that is good for an hour."""
    return {
        "image_id": "abc",
        "owner": OWNER,
        "object_key": "processed/abc",
        "content_type": "image/png",
        "bytes": Decimal(42),
        "uploaded_at": Decimal(1_790_000_000),
        "expires_at": Decimal(int(time.time()) + 3600),
    } | changes


def shown(
    monkeypatch: pytest.MonkeyPatch, user: str = OWNER, image: str = "abc", without: str = "", **changes: Any
) -> tuple[int, Any]:
    """Read an image whose record lacks a field or not, give status and answer."""
    kept = {name: value for name, value in record(**changes).items() if name != without}
    monkeypatch.setattr(read, "records", lambda: Records(kept))
    answer = read.handler(call(user, pathParameters={"id": image}), None)
    return answer["statusCode"], json.loads(answer["body"])


def test_an_owner_gets_the_record_and_a_link_of_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    status, answer = shown(monkeypatch)
    assert (status, answer["image_id"], answer["bytes"], answer["expires_in"]) == (200, "abc", 42, 300)
    assert {"owner", "object_key"} & set(answer) == set()
    link = urlparse(answer["url"])
    assert (link.hostname, link.path) == ("the-images.s3.ap-southeast-1.amazonaws.com", "/processed/abc")
    assert parse_qs(link.query)["X-Amz-Expires"] == ["300"]


def test_a_link_does_not_outlive_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    status, answer = shown(monkeypatch, expires_at=Decimal(int(time.time()) + 60))
    assert status == 200
    assert 55 <= answer["expires_in"] <= 60


def test_not_there_not_yours_nobodys_and_expired_look_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [
        shown(monkeypatch, image="other"),
        shown(monkeypatch, user=OTHER),
        shown(monkeypatch, without="owner"),
        shown(monkeypatch, expires_at=Decimal(int(time.time()))),
    ]
    assert answers == [(404, {"error": "no such image"})] * 4


@pytest.mark.parametrize(("name", "resource"), [("upload", "UploadFunction"), ("read", "ReadFunction")])
def test_a_function_is_one_file_that_needs_only_what_lambda_has(name: str, resource: str) -> None:
    tree = ast.parse((FUNCTIONS / f"{name}.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    ours = {"json", "os", "time", "uuid", "functools", "typing", "boto3", "botocore.config"}
    assert imported <= ours
    assert load().named(resource).at("Handler") == f"{name}.handler"
    assert "handler" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("name", "resource"), [("upload", "UploadFunction"), ("read", "ReadFunction")])
def test_the_template_gives_each_variable_that_a_function_reads(name: str, resource: str) -> None:
    tree = ast.parse((FUNCTIONS / f"{name}.py").read_text())
    subscripts = [node for node in ast.walk(tree) if isinstance(node, ast.Subscript)]
    used = {
        node.slice.value
        for node in subscripts
        if ast.unparse(node.value) == "os.environ" and isinstance(node.slice, ast.Constant)
    }
    assert used == set(load().named(resource).at("Environment/Variables"))


def test_the_types_of_image_are_those_that_the_api_lets_through() -> None:
    assert list(upload.CONTENT_TYPES) == load().named("UploadModel").at("Schema/properties/content_type/enum")
