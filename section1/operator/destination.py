"""The destination folder: who may write, what is committed there, and how a batch gets in whole or not at all."""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from pydantic import ValidationError

from common.errors import Busy, JobError
from section1.core.batch import NAME
from section1.core.columns import OUTPUTS
from section1.core.report import Committed, Report
from section1.operator.disk import children, flush, make, move, move_if_there, remove

logger = logging.getLogger(__name__)


class ReportUnreadable(JobError):
    """A committed batch's report is damaged, so that nobody knows what the batch holds."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: is no report of this batch; restore it, or remove it to withdraw the batch")


@dataclass(frozen=True)
class Stage:
    """A run's own folder beside the outputs, on the same disk; nobody reads it."""

    root: Path

    @property
    def source(self) -> Path:
        """Where the files to label are laid ready."""
        return self.root / "source"

    def output(self, name: str) -> Path:
        """Where one of OUTPUTS is made."""
        return self.root / name

    @staticmethod
    def at(root: Path) -> "Stage":
        """Make the folders of a stage."""
        stage = Stage(root)
        for folder in (stage.source, *(stage.output(name) for name in OUTPUTS)):
            folder.mkdir(parents=True)
        return stage


class Destination:
    """The folder that batches are published to. A batch counts only when its report is there."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._reports = self.root / "report"
        self._stages = self.root / ".staging"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only run here while the body runs; the lock goes with the process. Raises: Busy."""
        make(self.root)
        descriptor = os.open(self.root / ".lock", os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            self._take(descriptor)
            yield
        finally:
            with suppress(OSError):  # all is done, and closed it is whatever close says
                os.close(descriptor)

    def _take(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(self.root) from None

    def committed(self) -> dict[str, Committed]:
        """Return the batches that count, by name. Raises: ReportUnreadable."""
        batches = {}
        for path in self._markers():
            try:
                batches[path.stem] = Committed.model_validate_json(path.read_bytes())
            except ValidationError:
                raise ReportUnreadable(path) from None
            if batches[path.stem].batch != path.stem:
                raise ReportUnreadable(path)
        return batches

    def holds(self, batch: str) -> bool:
        """Return whether the batch counts."""
        return self.marker(batch).exists()

    def newest(self) -> tuple[str, float] | None:
        """Return the batch that was published last, and when (seconds since 1970); None without one."""
        published = ((path.stem, path.stat().st_mtime) for path in self._markers())
        return max(published, key=itemgetter(1), default=None)

    def clean(self) -> None:
        """Remove what killed runs left: stages, and outputs and pages of batches that are not committed."""
        for folder in filter(Path.exists, (self.root, self._reports)):
            flush(folder)  # what one published or withdrew must not be otherwise again once this run builds on it
        leftovers = children(self._stages)
        pages = (path for path in children(self._reports) if path.suffix == ".html" and NAME.fullmatch(path.stem))
        leftovers += [path for path in pages if not self.marker(path.stem).exists()]
        for name in OUTPUTS:
            batches = (folder for folder in children(self.root / name) if NAME.fullmatch(folder.name))
            leftovers += [folder for folder in batches if not self.marker(folder.name).exists()]
        for folder in leftovers:
            logger.info("removing what an interrupted run left: %s", folder.relative_to(self.root))
            if folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder)
            else:
                folder.unlink()

    def _markers(self) -> list[Path]:
        return [path for path in children(self._reports) if path.suffix == ".json" and NAME.fullmatch(path.stem)]

    def marker(self, batch: str) -> Path:
        """Return where the report is that makes a batch count."""
        return self._reports / f"{batch}.json"

    def page(self, batch: str) -> Path:
        """Return where the page is that shows the report to a person; it may be missing."""
        return self._reports / f"{batch}.html"

    @contextmanager
    def stage(self) -> Iterator[Stage]:
        """Keep a stage while the body runs."""
        root = self._stages / str(os.getpid())
        try:
            yield Stage.at(root)
        finally:
            remove(root)

    def publish(self, stage: Stage, report: Report) -> None:
        """Make the staged batch count: its outputs first, its report last, each on disk before the next."""
        marker = stage.root / "report.json"
        marker.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
        flush(marker)
        for name in OUTPUTS:
            for part in stage.output(name).iterdir():
                flush(part)
            flush(stage.output(name))
            move(stage.output(name), self.root / name / report.batch)
        move(marker, self.marker(report.batch))

    def places(self, batch: str) -> list[Path]:
        """Return where a committed batch's outputs, its report and, if it has one, its page are."""
        outputs = [self.root / name / batch for name in OUTPUTS]
        return [*outputs, self.marker(batch), *filter(Path.exists, [self.page(batch)])]

    def put_page(self, batch: str, content: bytes) -> None:
        """Lay a committed batch's page beside its report, whole or not at all; a draft that stays is cleaned."""
        draft = self._stages / f"{batch}.html"
        draft.write_bytes(content)
        flush(draft)
        draft.rename(self.page(batch))

    @contextmanager
    def replacing(self, batch: str, stage: Stage) -> Iterator[None]:
        """Withdraw a committed batch, report first, while the body publishes another; put it back if that fails."""
        withdrawn = stage.root / "withdrawn"
        withdrawn.mkdir()
        try:
            move_if_there(self.page(batch), withdrawn / "report.html")
            move(self.marker(batch), withdrawn / "report.json")
            for name in OUTPUTS:
                move_if_there(self.root / name / batch, withdrawn / name)
            yield
        except BaseException:
            try:
                self._put_back(batch, withdrawn, stage.root / "failed")
            except OSError:
                logger.error("batch %s is withdrawn and could not be put back; replace it again", batch)
            raise

    def _put_back(self, batch: str, withdrawn: Path, failed: Path) -> None:
        """Let a withdrawn batch count again, its report last; what stands in its place goes with the stage."""
        if not (withdrawn / "report.json").exists():
            return
        move_if_there(self.marker(batch), failed / "report.json")
        for name in OUTPUTS:
            if (withdrawn / name).exists():
                move_if_there(self.root / name / batch, failed / name)
                move(withdrawn / name, self.root / name / batch)
        move_if_there(withdrawn / "report.html", self.page(batch))
        move(withdrawn / "report.json", self.marker(batch))
