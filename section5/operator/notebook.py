"""Builds the notebook and its HTML page from the percent-format source, executed in a clean kernel."""

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from common.errors import JobError
from common.files import write_atomic
from common.paths import ROOT
from common.progress import Progress
from section5.config import CODE, KEY_FIGURES, NOTEBOOK, PAGE, SOURCE

HASH_KEY = "source-sha256"
TIMEOUT_SECONDS = 900  # all cells together; two cores need less than one minute
TITLE = "What was this car bought for?"
# The standard page loads scripts for formulas and diagrams from the network; this page has neither.
TEMPLATE = """{% extends 'index.html.j2' %}
{% block html_head_js %}{% endblock %}{% block html_head_js_mathjax %}{% endblock %}"""


class NotebookFailed(JobError):
    """A cell failed, the kernel died or the time limit was reached."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"cannot execute the notebook: {reason}. No file was changed.")


def build() -> str:
    """Execute the notebook, write its three files and return a line that reports them. Raises: NotebookFailed."""
    started = time.monotonic()
    with Progress().step("executing the notebook"):
        notebook = execute(parse_source(SOURCE.read_text(encoding="utf-8")))
    write_all({NOTEBOOK: serialize(notebook), PAGE: to_html(notebook), KEY_FIGURES: key_figures(notebook)})
    return f"wrote {NOTEBOOK.name}, {PAGE.name} and {KEY_FIGURES.name} after {time.monotonic() - started:.0f} s"


def execute(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook with its outputs. Raises: NotebookFailed."""
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        resources={"metadata": {"path": str(ROOT)}},
        config=Config(KernelManager={"transport": "ipc"}),  # a TCP port would be open to every local user
    )
    try:
        asyncio.run(asyncio.wait_for(client.async_execute(), TIMEOUT_SECONDS))
    except CellExecutionError as error:
        raise NotebookFailed(f"{error.ename}: {error.evalue}") from error
    except DeadKernelError as error:
        raise NotebookFailed("the kernel died") from error
    except TimeoutError as error:
        raise NotebookFailed(f"timeout after {TIMEOUT_SECONDS} s") from error
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # timestamps would change the file in every build
    return notebook


def write_all(texts: Mapping[Path, str]) -> None:
    """Replace each file atomically."""
    for path, text in texts.items():
        write_atomic(path, text)


def parse_source(source: str) -> NotebookNode:
    """Return the notebook of a percent-format source, without outputs."""
    notebook: NotebookNode = jupytext.reads(source, fmt="py:percent")
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            HASH_KEY: code_hash(),
        }
    )
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # the default is random
    return notebook


def serialize(notebook: NotebookNode) -> str:
    """Return the notebook as JSON."""
    return f"{nbformat.writes(notebook)}\n"


def code_hash() -> str:
    """Return the hash of the notebook's source and of the modules that it imports."""
    return hashlib.sha256("\0".join(path.read_text(encoding="utf-8") for path in CODE).encode()).hexdigest()


def key_figures(notebook: NotebookNode) -> str:
    """Return the figures that the last cell displays, as JSON."""
    [output] = notebook.cells[-1].outputs
    return json.dumps(output.data["application/json"], indent=2, sort_keys=True) + "\n"


def to_html(notebook: NotebookNode) -> str:
    """Return one HTML page that needs no network, with the notebook's hash in its last line."""
    body, _ = HTMLExporter(template_name="classic", raw_template=TEMPLATE).from_notebook_node(
        notebook, {"metadata": {"name": TITLE}}
    )
    return f"{body}\n<!-- {HASH_KEY} {notebook_hash(notebook)} -->\n"


def notebook_hash(notebook: NotebookNode) -> str:
    """Return the hash of a notebook's cells and outputs."""
    return hashlib.sha256(nbformat.writes(notebook).encode()).hexdigest()
