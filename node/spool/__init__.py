"""Spool: received objects as files, by keys of our own.

In:      a key and the bytes of one object.
Out:     a durable file `objects/<2 hex>/<key>.dcm`; the keys that exist; free space.
Keeps:   the files, which are the truth: the database is an index that can be rebuilt from them.
Hostile: nothing of a peer reaches a name here; its bytes are never looked at.
Alone:   tests/node/spool: each step of a put fails in turn; a process dies after each step.
"""

from node.spool.spool import Spool, SpoolError

__all__ = ["Spool", "SpoolError"]
