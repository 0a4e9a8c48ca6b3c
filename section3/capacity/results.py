"""All results of the capacity model, as stored in resource/capacity.json."""

import json

from common.config import Frozen
from section3.capacity.bottlenecks import Bottleneck
from section3.capacity.cost import Bill
from section3.capacity.model import Scenario
from section3.capacity.required_parameters import RequiredParameter
from section3.capacity.scenario import Outcome
from section3.capacity.validation import Validation


class Results(Frozen):
    """Simulated outcomes and calculated figures; `parameters` is the hash of the model's parameters and prices."""

    parameters: str = ""
    outcomes: tuple[Outcome, ...]
    variants: tuple[Outcome, ...] = ()
    checks: tuple[Validation, ...] = ()
    bills: tuple[Bill, ...] = ()
    bottlenecks: tuple[Bottleneck, ...] = ()
    required_parameters: tuple[RequiredParameter, ...] = ()

    def outcome(self, rate: int, scenario: Scenario) -> Outcome:
        return next(outcome for outcome in self.outcomes if (outcome.rate, outcome.scenario) == (rate, scenario))

    def text(self) -> str:
        """Return JSON with one entry per line; equal results give equal text."""
        lines = [f'"parameters": "{self.parameters}"']
        for name, entries in self.model_dump(exclude={"parameters"}).items():
            inner = ",\n".join(f"  {json.dumps(entry)}" for entry in entries)
            lines.append(f'"{name}": [\n{inner}\n]')
        return "{\n" + ",\n".join(lines) + "\n}\n"
