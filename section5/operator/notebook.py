"""Makes the notebook and its page from the percent-format source, executed in a clean kernel."""

import asyncio
import hashlib
import json
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
from common.paths import ROOT
from section5.config import CODE, KEY_FIGURES, NOTEBOOK, PAGE, SOURCE

MARK = "source-sha256"
SECONDS = 900  # of all cells; on two cores they take less than one minute
TITLE = "What was this car bought for?"
# The exporter's own page fetches scripts from elsewhere, for formulas and diagrams that this one has none of.
TEMPLATE = """{% extends 'index.html.j2' %}
{% block html_head_js %}{% endblock %}{% block html_head_js_mathjax %}{% endblock %}"""


class NotebookFailed(JobError):
    """The notebook was not executed to its end."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the notebook was not executed to its end: {why}; nothing was written")


def make() -> None:
    """Execute the source's cells; write the notebook, the page and the key figures. Raises: NotebookFailed."""
    notebook = executed(as_notebook(SOURCE.read_text()))
    publish(
        {NOTEBOOK: nbformat.writes(notebook) + "\n", PAGE: page(notebook), KEY_FIGURES: key_figures(notebook)},
    )


def executed(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook with what its cells say in a clean kernel. Raises: NotebookFailed."""
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        resources={"metadata": {"path": str(ROOT)}},
        config=Config(KernelManager={"transport": "ipc"}),  # a port would be open to all users of the machine
    )
    try:
        asyncio.run(asyncio.wait_for(client.async_execute(), SECONDS))
    except CellExecutionError as error:
        raise NotebookFailed(f"{error.ename}: {error.evalue}") from error
    except DeadKernelError as error:
        raise NotebookFailed("its kernel was stopped") from error
    except TimeoutError as error:
        raise NotebookFailed(f"it took more than {SECONDS} s") from error
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of day
    return notebook


def publish(texts: Mapping[Path, str]) -> None:
    """Write all files, each in whole."""
    for path, text in texts.items():
        path.with_suffix(".new").write_text(text)
        path.with_suffix(".new").replace(path)


def as_notebook(source: str) -> NotebookNode:
    """Return the cells of a percent-format source, with the hash of all that its outputs follow from."""
    notebook: NotebookNode = jupytext.reads(source, fmt="py:percent")
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            MARK: hash_of_code(),
        }
    )
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # random else
    return notebook


def hash_of_code() -> str:
    """Return the hash of the source and of the modules that it calls."""
    return hashlib.sha256("\0".join(path.read_text() for path in CODE).encode()).hexdigest()


def key_figures(notebook: NotebookNode) -> str:
    """Return the figures that the last cell shows, as a file has them."""
    [output] = notebook.cells[-1].outputs
    return json.dumps(output.data["application/json"], indent=2, sort_keys=True) + "\n"


def page(notebook: NotebookNode) -> str:
    """Return one HTML file that needs no network, with the notebook's hash."""
    body, _ = HTMLExporter(template_name="classic", raw_template=TEMPLATE).from_notebook_node(
        notebook, {"metadata": {"name": TITLE}}
    )
    return f"{body}\n<!-- {MARK} {hash_of(notebook)} -->\n"


def hash_of(notebook: NotebookNode) -> str:
    """Return the hash of a notebook's cells and outputs."""
    return hashlib.sha256(nbformat.writes(notebook).encode()).hexdigest()
