"""Web: health, metrics and one plain page, on loopback by default.

In:      the registry, its slice of the settings, where the listener answers.
Out:     /healthz, /readyz, /metrics and the page of series with state, reason, score and deliveries.
Keeps:   nothing: every answer is read from the registry.
Hostile: whoever reaches the port; nothing can be changed here, values of peers are escaped.
Alone:   tests/node/web: in memory, over a filled registry.
"""

from node.web.app import build_app
from node.web.server import WebError, WebServer

__all__ = ["WebError", "WebServer", "build_app"]
