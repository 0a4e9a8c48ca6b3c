"""Lets what root started in a container work as the owner of the mounted folder, so that no file there is root's."""

import os

from common.errors import UsageError


def become_owner() -> None:
    """Become, for good, the owner of the folder that RUN_AS_OWNER_OF names, if this is root. Raises: UsageError."""
    folder = os.environ.get("RUN_AS_OWNER_OF")
    if not folder or os.geteuid() != 0:
        return
    try:
        owner = os.stat(folder)  # noqa: PTH116 - a name from outside, in the words of the system call
        if owner.st_uid == 0:
            return
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)
    except OSError as error:
        raise UsageError(
            f"RUN_AS_OWNER_OF: cannot become the owner of {folder} ({error.strerror}); "
            "name a mounted folder, and give the container the capabilities SETUID and SETGID"
        ) from None
    os.environ["HOME"] = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - root's is closed to others
