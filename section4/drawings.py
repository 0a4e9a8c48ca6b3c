"""The commands that draw: run and picture."""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from common.embedded_postgresql import serving
from common.paths import ROOT
from common.picture import vega_lite_to_png
from common.postgresql import Server
from common.progress import Progress
from section4 import commands, main
from section4.config import ALL, CONF, OUTPUT, load_process
from section4.operator.drawing import dashboard, draw, specification
from section4.sources import sample

COMPARED = ("SG", "MY", "FR", "US")
PICTURE = ROOT / "section4" / "covid19_graph.png"


def run(options: argparse.Namespace) -> int:
    """Ingest, then draw the picture and the page into section4/output."""
    config, request = commands.requested(options)
    with commands.server_of(options) as server:
        commands.ingest_into(server, config, request)
        if not request.dry_run:
            countries = sorted(request.query.countries) if request.query.countries else COMPARED
            for path in draw(server, countries, OUTPUT):
                print(f"wrote {path}")
    return 0


def picture() -> int:
    """Draw the README's picture from the sample, in a temporary database."""
    with _sample_database() as server:
        PICTURE.write_bytes(vega_lite_to_png(specification(dashboard(server, COMPARED))))
    print(f"wrote {PICTURE}")
    return 0


@contextmanager
def _sample_database() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as directory, serving(Path(directory) / "data") as sockets:
        server = Server(host=str(sockets), database="my_database")
        main.create(server)
        config = load_process(str(CONF / "section4_process.yaml"))
        request = main.Request((sample.NAME,), config.query((ALL,)), datetime.now(UTC))
        main.ingest(config, server, request, Progress())
        yield server
