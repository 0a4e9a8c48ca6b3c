"""The house as one picture: `python -m docs` draws it from the compose files, the configuration and the runners."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
COMPOSE = ROOT / "docker"
PICTURES = {kind: ROOT / "docs" / f"flow.{kind}" for kind in ("svg", "png")}
