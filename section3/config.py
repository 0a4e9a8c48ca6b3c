"""Paths of section 3."""

from common.paths import ROOT

SECTION = ROOT / "section3"
CONF = SECTION / "conf"
TEMPLATE = SECTION / "template.yaml"
MODEL = CONF / "section3_model.yaml"
PRICES = CONF / "section3_prices.yaml"
CAPACITY = SECTION / "resource" / "capacity.json"
