"""The web server's thread."""

import socket
import threading
from importlib.metadata import version

import uvicorn

from node.clock import Clock
from node.facts import CalciumNodeError
from node.registry import Registry
from node.settings import Settings
from node.web.app import build_app

STOP_SECONDS = 5


class WebError(CalciumNodeError):
    """The page cannot be served."""


class WebServer:
    """Serves the application until it is stopped."""

    def __init__(self, registry: Registry, settings: Settings, clock: Clock, *, dicom_port: int | None) -> None:
        self._settings = settings
        app = build_app(registry, settings, clock, version=version("calcium-node"), dicom_port=dicom_port)
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=STOP_SECONDS)
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    def start(self) -> int:
        """Bind and serve; returns the port.

        Raises
        ------
        WebError
            ``web_port``: the port is taken.
        """
        host, port = self._settings.web.host, self._settings.web.port
        listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as fault:
            listening.close()
            raise WebError(
                "web_port",
                f"the web page cannot use {host}:{port} ({fault.strerror}): "
                "stop what runs there, choose another [web] port, or 0 to switch the page off",
            ) from None
        self._thread = threading.Thread(target=self._server.run, args=([listening],), name="web", daemon=True)
        self._thread.start()
        return int(listening.getsockname()[1])

    def stop(self) -> None:
        """Finish what is being answered."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(STOP_SECONDS + 1)
