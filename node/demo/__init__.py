"""Demo: the imitation scanner, the test PACS, and the walk from one to the other.

In:      a folder; the phantom's images.
Out:     associations on loopback; what arrived, as files and as a list.
Keeps:   what a walk received, until it ends.
Hostile: nothing: it serves demonstrations and tests, on loopback.
Alone:   tests/node/demo.
"""
