"""OHIF, the viewer: its package of a fixed version, and a small server that puts it beside Orthanc's DICOMweb."""

import hashlib
import http.client
import mimetypes
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

VERSION = "3.13.2"
PACKAGE = f"@ohif/app@{VERSION}"
SHA256 = "b189d3963bfc58e9394a9db8c7be75d07beb029ec211dbb126d47b62969dd3f1"

_CONFIG = Path(__file__).with_name("app-config.js")
_PASSED_ON = ("Accept", "Content-Type")
_TYPES = {".wasm": "application/wasm", ".woff2": "font/woff2", ".js": "text/javascript"}


def built_viewer() -> Path | None:
    """Folder of the viewer's built files, fetched once into the Python environment; None without npm."""
    folder = Path(sys.prefix) / f"ohif-{VERSION}"
    built = folder / "package" / "dist"
    if (built / "index.html").exists():
        return built
    if shutil.which("npm") is None:
        return None
    folder.mkdir(exist_ok=True)
    subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True)
    (packed,) = folder.glob("*.tgz")
    found = hashlib.sha256(packed.read_bytes()).hexdigest()
    assert found == SHA256, f"{PACKAGE} is not the package that was tested: SHA-256 {found}"
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    packed.unlink()
    return built


@contextmanager
def served(built: Path, orthanc_port: int) -> Iterator[str]:
    """Address of the viewer on loopback; what it asks below /dicom-web goes on to Orthanc."""

    class Handler(_Handler):
        root, behind = built, orthanc_port

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    """Static files, the configuration of ours, and a way through to Orthanc: one origin, so no CORS."""

    root: Path
    behind: int
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer one request."""
        path = self.path.partition("?")[0]
        if path.startswith("/dicom-web"):
            self._pass_on()
            return
        wanted = (self.root / path.lstrip("/")).resolve()
        if path == "/app-config.js":
            wanted = _CONFIG
        elif not (wanted.is_relative_to(self.root.resolve()) and wanted.is_file()):
            wanted = self.root / "index.html"  # a route of the viewer's own
        kind = _TYPES.get(wanted.suffix) or mimetypes.guess_type(wanted.name)[0] or "application/octet-stream"
        self._answer(200, kind, wanted.read_bytes())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _pass_on(self) -> None:
        headers = {name: self.headers[name] for name in _PASSED_ON if name in self.headers}
        # Without it Orthanc writes links to bulk data with its own port, which the browser then refuses.
        headers["Forwarded"] = f"host={self.headers['Host']};proto=http"
        line = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=60)
        try:
            line.request("GET", self.path, headers=headers)
            answer = line.getresponse()
            self._answer(answer.status, answer.headers["Content-Type"] or "application/json", answer.read())
        finally:
            line.close()

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.end_headers()
        self.wfile.write(body)
