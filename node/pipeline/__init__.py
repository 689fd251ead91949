"""Pipeline: the durable way of a series through the rooms, in order, and nothing else.

In:      the spool's objects and the registry's rows; its slice of the settings.
Out:     results in the data folder, rows in the registry, drains of the outbox.
Keeps:   jobs in the engine's tables, in the registry's own database; nothing in memory that a restart would miss.
Hostile: rows of a foreign backup: the engine's pickle door is closed. Images: they are opened in the sandbox only.
Light:   importing this package loads no engine and no database: the sandboxed child imports it. What acts is imported
         by its module: engine, intake_loop, steps, sweep, rebuild.
Alone:   tests/node/pipeline: a registry, a spool and real children; killed after each step and started again.
"""

from node.pipeline.series_job import JobReply, JobRequest, request_for, score_images

__all__ = ["JobReply", "JobRequest", "request_for", "score_images"]
