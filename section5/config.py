"""Paths of section 5, and the attributes that a prediction starts from."""

from common.paths import ROOT

HOME = ROOT / "section5"
FEATURES = ("maint", "doors", "lug_boot", "safety", "class")
DATA = HOME / "resource" / "ml" / "car.data"
SOURCE = HOME / "car_buy_price_prediction.py"
NOTEBOOK = SOURCE.with_suffix(".ipynb")
PAGE = SOURCE.with_suffix(".html")
KEY_FIGURES = HOME / "key_figures.json"
# Files whose content decides the notebook's outputs.
CODE = (SOURCE, *sorted((HOME / "core").glob("*.py")), HOME / "operator" / "dataset.py")
