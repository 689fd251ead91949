"""Metrics, read from the registry at each scrape: no counter in memory, so that a restart loses none."""

from collections.abc import Iterator
from shutil import disk_usage

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from node.clock import Clock
from node.registry import Registry, deliveries, instances, series
from node.settings import Settings


class StateCollector:
    """Spells the registry's state as Prometheus gauges."""

    def __init__(self, registry: Registry, settings: Settings, clock: Clock, version: str) -> None:
        self._registry, self._settings, self._clock, self._version = registry, settings, clock, version

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One family a figure."""
        with self._registry.read() as connection:
            objects = instances.counts(connection)
            states = series.counts(connection)
            sent = deliveries.counts(connection)
            waiting = deliveries.backlog(connection)
        now = self._clock.now()
        yield _by_label("calcium_instances", "Objects received, by what became of them", "status", objects)
        yield _by_label("calcium_series", "Series, by state", "state", states)
        family = GaugeMetricFamily(
            "calcium_deliveries", "Objects for a destination, by state", labels=["destination", "state"]
        )
        for (destination, state), number in sorted(sent.items()):
            family.add_metric([destination, state], number)
        yield family
        oldest = {one.destination: (now - one.oldest).total_seconds() for one in waiting}
        yield _by_label("calcium_outbox_oldest_seconds", "Age of the oldest unsent object", "destination", oldest)
        free = disk_usage(self._settings.node.data).free
        yield GaugeMetricFamily("calcium_disk_free_bytes", "Free space under the data folder", value=free)
        build = GaugeMetricFamily("calcium_build_info", "Version of the node", labels=["version"])
        build.add_metric([self._version], 1)
        yield build


def _by_label(name: str, what: str, label: str, values: dict[str, float] | dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


def spell(collector: StateCollector) -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry)
