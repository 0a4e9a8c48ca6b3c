"""What tests record becomes tables."""

import json

from proof.tests import recorded


def test_records_with_the_same_columns_are_one_table() -> None:
    lines = [json.dumps(row) for row in ({"kills": "1", "lost": "0"}, {"who": "x"}, {"kills": "12", "lost": "0"})]
    assert recorded(lines) == [
        "| kills | lost |\n| ----- | ---: |\n| 1     |    0 |\n| 12    |    0 |",
        "| who |\n| --- |\n| x   |",
    ]
