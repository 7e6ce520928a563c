"""Whether a file stands on a network file system, where SQLite's WAL and its locks do not hold."""

import os
import re
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")
_NETWORK: Final = frozenset(
    {"9p", "afs", "ceph", "cifs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb3", "smbfs"}
)
# proc(5): mountinfo writes blanks and backslashes of a path as octal.
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


def network_file_system(path: Path) -> str | None:
    """The type of the network file system that holds `path`; None on a local one, or where the system does not tell."""
    place = Path(os.path.realpath(path))
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    found = [(mount, kind) for mount, kind in map(_mount, lines) if place == mount or mount in place.parents]
    # Of mounts one over the other the last one counts, which `max` alone would not say.
    _, kind = max(reversed(found), key=lambda held: len(held[0].parts), default=(place, ""))
    name = kind.removeprefix("fuse.")
    return kind if name in _NETWORK or name in {"sshfs", "s3fs", "rclone"} else None


def _mount(line: str) -> tuple[Path, str]:
    """Mount point and type of a line `36 35 98:0 /root /point rw shared:1 - ext4 /dev/sda rw`."""
    fields, _, rest = line.partition(" - ")
    point = fields.split(" ")[4]
    return Path(_OCTAL.sub(lambda match: chr(int(match[1], 8)), point)), rest.split(" ")[0]
