"""Pipeline: the durable way of a series through the rooms, in order, and nothing else.

In:      the spool's objects and the registry's rows; its slice of the settings.
Out:     results in the data folder, rows in the registry, drains of the outbox.
Keeps:   jobs in the engine's tables, in the registry's own database; nothing in memory that a restart would miss.
Hostile: rows of a foreign backup: the engine's pickle door is closed. Images: they are opened in the sandbox only.
Alone:   tests/node/pipeline: a registry, a spool and real children; killed after each step and started again.
"""

from node.pipeline.engine import Engine, EngineClient, EngineError, prepare
from node.pipeline.intake_loop import IntakeLoop
from node.pipeline.rebuild import register_unknown
from node.pipeline.series_job import JobReply, JobRequest, score_images
from node.pipeline.steps import Steps
from node.pipeline.sweep import Sweeper

__all__ = [
    "Engine",
    "EngineClient",
    "EngineError",
    "IntakeLoop",
    "JobReply",
    "JobRequest",
    "Steps",
    "Sweeper",
    "prepare",
    "register_unknown",
    "score_images",
]
