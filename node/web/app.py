"""The routes: each a small function over the registry."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from node.clock import Clock
from node.facts import Delivery
from node.registry import DatabaseError, Registry, deliveries, instances, peers, series
from node.settings import Settings
from node.web.health import checks
from node.web.metrics import StateCollector, spell

SHOWN_SERIES = 200

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=select_autoescape(default=True)
)


def build_app(
    registry: Registry, settings: Settings, clock: Clock, *, version: str, dicom_port: int | None = None
) -> Starlette:
    """The web application over an open registry."""
    collector = StateCollector(registry, settings, clock, version)

    def healthz(_request: Request) -> Response:
        return JSONResponse({"ok": True})

    def readyz(_request: Request) -> Response:
        found = checks(registry, settings, dicom_port)
        ready = all(check.ok for check in found)
        return JSONResponse(
            {"ok": ready, "checks": [asdict(check) for check in found]}, status_code=200 if ready else 503
        )

    def metrics(_request: Request) -> Response:
        return Response(spell(collector), media_type="text/plain; version=0.0.4")

    def page(_request: Request) -> Response:
        try:
            with registry.read() as connection:
                shown = series.lines(connection, limit=SHOWN_SERIES)
                sent = deliveries.lines(connection)
                refused = peers.refused(connection)
                unreadable = instances.unreadable(connection)
        except DatabaseError:
            return HTMLResponse("The database does not answer.", status_code=503)
        text = _PAGES.get_template("status.html").render(
            version=version,
            now=clock.now(),
            series=[(line, _deliveries_in_words(line.series_instance_uid, sent)) for line in shown],
            refused=refused,
            unreadable=unreadable,
            ae_title=settings.receive.ae_title,
        )
        return HTMLResponse(text, headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"})

    return Starlette(
        routes=[Route("/", page), Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
    )


def _deliveries_in_words(series_uid: str, sent: Sequence[Delivery]) -> list[str]:
    """One line for each destination and state: how many objects, and what the peer said last."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in sent:
        if one.series_instance_uid == series_uid:
            groups.setdefault((one.destination, one.state.value), []).append(one.answer)
    return [
        f"{destination}: {len(answers)} {state}" + ("" if state == "delivered" else f" ({answers[0]})")
        for (destination, state), answers in sorted(groups.items())
    ]
