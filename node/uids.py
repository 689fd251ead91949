"""UIDs derived from content: the same parts give the same UID, on any machine, for ever."""

import uuid

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:calcium-node:uids:1")
"""Never change it: every UID that this product ever wrote hangs on it."""

_SEPARATOR = "\x1f"  # no UID, number or word of ours holds it, so ("a", "bc") and ("ab", "c") stay apart


def derive(*parts: object) -> str:
    """UID of the form 2.25.<decimal of a name-based UUID> (PS3.5 B.2), at most 44 characters.

    Examples
    --------
    >>> derive("1.2.3", "sr") == derive("1.2.3", "sr"), derive("1.2.3", "sr") == derive("1.2.3", "seg")
    (True, False)
    """
    return f"2.25.{uuid.uuid5(NAMESPACE, _SEPARATOR.join(map(str, parts))).int}"
