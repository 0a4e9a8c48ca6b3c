"""All results of the capacity model, as they stand in resource/capacity.json."""

import hashlib
import json

from common.config import Frozen
from section3.capacity.check import Check
from section3.capacity.cost import Bill
from section3.capacity.knees import Knee
from section3.capacity.model import Scenario
from section3.capacity.needs import Need
from section3.capacity.outcome import Outcome


class Results(Frozen):
    """What was simulated and computed, and the hash of the parameters and prices that it rests on."""

    parameters: str
    outcomes: tuple[Outcome, ...]
    variants: tuple[Outcome, ...]
    checks: tuple[Check, ...]
    bills: tuple[Bill, ...]
    knees: tuple[Knee, ...]
    needs: tuple[Need, ...]

    def outcome(self, rate: int, scenario: Scenario) -> Outcome:
        """Return the outcome of a scenario at a rate."""
        return next(one for one in self.outcomes if (one.rate, one.scenario) == (rate, scenario))

    def text(self) -> str:
        """Return the results as JSON, a line an entry, the same for the same results."""
        lines = [f'"parameters": "{self.parameters}"']
        for name, entries in self.model_dump(exclude={"parameters"}).items():
            inner = ",\n".join(f"  {json.dumps(entry)}" for entry in entries)
            lines.append(f'"{name}": [\n{inner}\n]')
        return "{\n" + ",\n".join(lines) + "\n}\n"


def fingerprint(*texts: str) -> str:
    """Return the hash of texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
