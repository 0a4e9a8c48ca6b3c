"""Reads a batch's page: its tables, headline, chart labels and tags."""

from html.parser import HTMLParser


class PageReader(HTMLParser):
    """Collects table rows, the terms of the headline, chart labels, tags, and the last text."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.terms: dict[str, str] = {}
        self.labels: list[str] = []
        self.tags: set[str] = set()
        self.text, self._term = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if label := dict(attrs).get("aria-label"):
            self.labels.append(label)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th", "dt", "dd"):
            self.text = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.tables[-1][-1].append(self.text.strip())
        elif tag == "dt":
            self._term = self.text
        elif tag == "dd":
            self.terms[self._term] = self.text

    def handle_data(self, data: str) -> None:
        self.text += data


def read_page(html: str) -> PageReader:
    reader = PageReader()
    reader.feed(html)
    return reader
