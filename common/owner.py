"""Drops root's rights in a container, so that files in a mounted directory belong to its owner."""

import os

from common.errors import UsageError


def become_owner() -> None:
    """Become the owner of the directory RUN_AS_OWNER_OF, if this process is root. Raises: UsageError."""
    directory = os.environ.get("RUN_AS_OWNER_OF")
    if not directory or os.geteuid() != 0:
        return
    try:
        owner = os.stat(directory)  # noqa: PTH116 - Path would change the name in the error
        if owner.st_uid == 0:
            return
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)
    except OSError as error:
        raise UsageError(
            f"RUN_AS_OWNER_OF: cannot become the owner of {directory}: {error.strerror}. "
            "Name a mounted directory, and give the container the capabilities SETUID and SETGID."
        ) from None
    os.environ["HOME"] = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - only root can use root's home
