"""A mocked AWS account with the supported part of the template."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from section3.function import read, upload
from section3.test.support import PARAMETERS, REGION, deploy


@pytest.fixture(scope="module")
def account() -> Iterator[pytest.MonkeyPatch]:
    """Credentials without access, a region and new clients of the functions; yields the environment."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            environment.setenv(name, "testing")
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        environment.delenv("AWS_PROFILE", raising=False)
        environment.setenv("WEB_ORIGIN", PARAMETERS["WebOrigin"])
        for client in (read.storage, read.records, upload.storage):
            client.cache_clear()
        yield environment


@pytest.fixture(scope="module")
def stack(account: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The deployed stack: physical names by logical name, with the functions' deployed variables set."""
    with mock_aws():
        created = deploy()
        for name in ("UploadFunction", "ReadFunction"):
            configuration = boto3.client("lambda").get_function_configuration(FunctionName=created[name])
            for variable, value in configuration["Environment"]["Variables"].items():
                account.setenv(variable, str(value))
        yield created
