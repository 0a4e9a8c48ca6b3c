"""Where section 5's files are."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
DATA = ROOT / "section5" / "resource" / "ml" / "car.data"
SOURCE = ROOT / "section5" / "car_buy_price_prediction.py"
NOTEBOOK = SOURCE.with_suffix(".ipynb")
PAGE = SOURCE.with_suffix(".html")
KEY_FIGURES = ROOT / "section5" / "key_figures.json"
