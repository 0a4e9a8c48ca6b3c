"""The repository's root, from which all sections name their files."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
