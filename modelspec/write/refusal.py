"""Why nothing was written."""

import errno
import os

from modelspec.quote import visible
from modelspec.refusal import Refusal

__all__ = ["Refusal", "shown", "unusable"]

_LONGEST = 4096

_HELP = {
    errno.EACCES: "choose an output folder that you may write to",
    errno.EBUSY: "the output is replaced as a whole, so it cannot be a mount point: choose a folder in it",
    errno.EDQUOT: "free some space, then build again",
    errno.EFBIG: "raise the limit on the size of a file, then build again",
    errno.ENAMETOOLONG: "choose a shorter path for the output folder",
    errno.ENOSPC: "free some space, then build again",
    errno.EPERM: "choose an output folder that you may write to",
    errno.EROFS: "choose an output folder on a file system that can be written to",
}


def shown(path: str) -> str:
    """A path in quotes, safe to print and in practice never cut: a path that is cut helps nobody."""
    return f"'{visible(path, _LONGEST)}'"


def unusable(verb: str, path: str, error: OSError) -> Refusal:
    """What the operating system said to `verb`: 'cannot write 'dist/a.json': No space left on device'."""
    number = error.errno or errno.EIO
    return Refusal(
        message=f"cannot {verb} {shown(path)}: {os.strerror(number)}",
        help=_HELP.get(number, "choose another output folder, or put this one right, then build again"),
    )
