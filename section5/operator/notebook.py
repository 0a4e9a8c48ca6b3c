"""Makes the notebook and its page from the percent-format source, executed in a clean kernel."""

import hashlib

import jupytext
import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from section5.config import NOTEBOOK, PAGE, ROOT, SOURCE

MARK = "source-sha256"
SECONDS_A_CELL = 170


def make() -> None:
    """Execute the source's cells and write the notebook and the page."""
    notebook = as_notebook(SOURCE.read_text())
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(ROOT)}},
        config=Config(KernelManager={"transport": "ipc"}),  # a port would be open to all users of the machine
    )
    client.execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of day
    nbformat.write(notebook, NOTEBOOK)
    PAGE.write_text(page(notebook))


def as_notebook(source: str) -> NotebookNode:
    """Return the cells of a percent-format source, with its hash."""
    notebook: NotebookNode = jupytext.reads(source, fmt="py:percent")
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            MARK: hashlib.sha256(source.encode()).hexdigest(),
        }
    )
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # random else
    return notebook


def page(notebook: NotebookNode) -> str:
    """Return one HTML file that needs no network, with the notebook's hash."""
    exporter = HTMLExporter(template_name="classic")
    exporter.mathjax_url = exporter.require_js_url = exporter.jquery_url = ""
    body, _ = exporter.from_notebook_node(notebook)
    return f"{body}\n<!-- {MARK} {hash_of(notebook)} -->\n"


def hash_of(notebook: NotebookNode) -> str:
    """Return the hash of a notebook's cells and outputs."""
    return hashlib.sha256(nbformat.writes(notebook).encode()).hexdigest()
