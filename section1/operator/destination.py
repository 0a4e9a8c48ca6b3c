"""The destination directory: its lock, its committed batches, and how a batch is published as a whole."""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from common.batches import NAME, read_report, reports
from common.errors import Busy
from section1.core.columns import OUTPUTS
from section1.core.report import Committed, Report
from section1.operator.disk import children, flush, make_directory, move, move_if_exists, remove_directory

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stage:
    """A run's private directory, on the same disk as the outputs."""

    root: Path

    @property
    def source(self) -> Path:
        """The directory of the files to label."""
        return self.root / "source"

    def output(self, name: str) -> Path:
        """Return the directory of one of OUTPUTS."""
        return self.root / name

    @staticmethod
    def create(root: Path) -> "Stage":
        """Create the directories of a stage."""
        stage = Stage(root)
        for directory in (stage.source, *(stage.output(name) for name in OUTPUTS)):
            directory.mkdir(parents=True)
        return stage


class Destination:
    """The directory of the published batches. A batch counts only if its report exists."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._reports = self.root / "report"
        self._stages = self.root / ".staging"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the exclusive lock while the body runs. It ends with the process. Raises: Busy."""
        make_directory(self.root)
        descriptor = os.open(self.root / ".lock", os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(self.root) from None
            yield
        finally:
            with suppress(OSError):  # the work is done, and the descriptor is closed even if close() fails
                os.close(descriptor)

    def committed(self) -> dict[str, Committed]:
        """Return the committed batches by name, the oldest first. Raises: ReportInvalid."""
        return {path.stem: read_report(path, Committed)[0] for path in reports(self.root)}

    def holds(self, batch: str) -> bool:
        """Return whether the batch is committed."""
        return self.marker(batch).exists()

    def newest(self) -> tuple[str, float] | None:
        """Return the batch that was published last and its time in seconds since 1970, or None."""
        published = ((path.stem, path.stat().st_mtime) for path in reports(self.root))
        return max(published, key=itemgetter(1), default=None)

    def clean(self) -> None:
        """Remove what killed runs left: stages, and the outputs and pages of batches that are not committed."""
        for directory in filter(Path.exists, (self.root, self._reports)):
            flush(directory)  # this run relies on the renames of earlier runs, so they must be on disk
        leftovers = children(self._stages)
        pages = (path for path in children(self._reports) if path.suffix == ".html" and NAME.fullmatch(path.stem))
        leftovers += [path for path in pages if not self.marker(path.stem).exists()]
        for name in OUTPUTS:
            batches = (path for path in children(self.root / name) if NAME.fullmatch(path.name))
            leftovers += [path for path in batches if not self.marker(path.name).exists()]
        for path in leftovers:
            logger.info("removing the remains of an interrupted run: %s", path.relative_to(self.root))
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def marker(self, batch: str) -> Path:
        """Return the path of the report, which commits the batch."""
        return self._reports / f"{batch}.json"

    def page(self, batch: str) -> Path:
        """Return the path of the HTML page, which can be missing."""
        return self._reports / f"{batch}.html"

    @contextmanager
    def stage(self) -> Iterator[Stage]:
        """Keep a stage while the body runs."""
        root = self._stages / str(os.getpid())
        try:
            yield Stage.create(root)
        finally:
            remove_directory(root)

    def publish(self, stage: Stage, report: Report) -> None:
        """Commit the staged batch: outputs first, report last, each on disk before the next."""
        marker = stage.root / "report.json"
        marker.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
        flush(marker)
        for name in OUTPUTS:
            for part in stage.output(name).iterdir():
                flush(part)
            flush(stage.output(name))
            move(stage.output(name), self.root / name / report.batch)
        move(marker, self.marker(report.batch))

    def paths(self, batch: str) -> list[Path]:
        """Return the paths of a committed batch: outputs, report and, if there is one, page."""
        outputs = [self.root / name / batch for name in OUTPUTS]
        return [*outputs, self.marker(batch), *filter(Path.exists, [self.page(batch)])]

    def put_page(self, batch: str, content: bytes) -> None:
        """Write a committed batch's page atomically. `clean` removes an unfinished one."""
        draft = self._stages / f"{batch}.html"
        draft.write_bytes(content)
        flush(draft)
        draft.rename(self.page(batch))

    @contextmanager
    def replacing(self, batch: str, stage: Stage) -> Iterator[None]:
        """Withdraw a committed batch, report first, while the body publishes another. Restore it if the body fails."""
        withdrawn = stage.root / "withdrawn"
        withdrawn.mkdir()
        try:
            move_if_exists(self.page(batch), withdrawn / "report.html")
            move(self.marker(batch), withdrawn / "report.json")
            for name in OUTPUTS:
                move_if_exists(self.root / name / batch, withdrawn / name)
            yield
        except BaseException:
            try:
                self._restore(batch, withdrawn, stage.root / "failed")
            except OSError:
                logger.error("batch %s is withdrawn and cannot be restored. Reprocess it again.", batch)
            raise

    def _restore(self, batch: str, withdrawn: Path, failed: Path) -> None:
        """Commit a withdrawn batch again, report last. What was published in its place moves to `failed`."""
        if not (withdrawn / "report.json").exists():
            return
        move_if_exists(self.marker(batch), failed / "report.json")
        for name in OUTPUTS:
            if (withdrawn / name).exists():
                move_if_exists(self.root / name / batch, failed / name)
                move(withdrawn / name, self.root / name / batch)
        move_if_exists(withdrawn / "report.html", self.page(batch))
        move(withdrawn / "report.json", self.marker(batch))
