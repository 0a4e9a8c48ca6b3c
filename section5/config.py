"""Where section 5's files are."""

from common.paths import ROOT

ASKED = ("maint", "doors", "lug_boot", "safety", "class")  # what the question gives
DATA = ROOT / "section5" / "resource" / "ml" / "car.data"
SOURCE = ROOT / "section5" / "car_buy_price_prediction.py"
NOTEBOOK = SOURCE.with_suffix(".ipynb")
PAGE = SOURCE.with_suffix(".html")
# All that the notebook's outputs follow from.
CODE = (SOURCE, *sorted((ROOT / "section5" / "core").glob("*.py")), ROOT / "section5" / "operator" / "cars.py")
KEY_FIGURES = ROOT / "section5" / "key_figures.json"
