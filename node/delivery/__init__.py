"""Delivery: bring finished objects to each destination, once.

In:      objects on disk with their destination; how often each was tried.
Out:     bytes on the wire; one Attempt for each object that was offered, in words; when to try again.
Keeps:   nothing in memory that a restart would miss.
Hostile: answers of a peer PACS (statuses, aborts, silence): bounded by deadlines, never believed without a status.
Alone:   tests/node/delivery: policy and outcome by tables, the wire against the scripted PACS.
"""

from node.delivery.dimse_scu import EchoAnswer, PeerClasses, Reachability, accepted_classes, echo, send
from node.delivery.line import Timeouts
from node.delivery.offer import objects_of_files
from node.delivery.outbox import Outbox
from node.delivery.outcome import outcome_of_store
from node.delivery.policy import RetryPolicy, next_attempt, retry_policy

__all__ = [
    "EchoAnswer",
    "Outbox",
    "PeerClasses",
    "Reachability",
    "RetryPolicy",
    "Timeouts",
    "accepted_classes",
    "echo",
    "next_attempt",
    "objects_of_files",
    "outcome_of_store",
    "retry_policy",
    "send",
]
