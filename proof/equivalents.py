"""Changes that nobody can see, reviewed one by one: module and change, and why it makes no difference."""

_FASTER = "a short cut: the long way finds the same"
EQUIVALENTS: dict[tuple[str, str], str] = {
    ("section1/operator/source.py", "_looked_through: 1 -> 2"): "each block is waited for, so a second thread idles",
}
