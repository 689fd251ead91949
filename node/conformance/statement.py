"""The statement: the prose of statement.md with a table in each of its places."""

import io
import re
from collections.abc import Mapping
from importlib.resources import files

import pydicom
from pydicom import Dataset

from node import dimse
from node.conformance import attributes, keys, terms, tree, wire
from node.conformance.sample import REFUSED, SCORED, SCORED_OTHERWISE, ZERO, plane_keywords, samples
from node.facts import Report, ReportRole
from node.uids import NAMESPACE

_PLACE = re.compile(r"^\{\{ (\w+) \}\}$", re.MULTILINE)


def statement() -> str:
    """The conformance statement as Markdown: a function of the code alone.

    Raises
    ------
    KeyError
        When the prose has a place for a table that nothing makes.
    """
    made = _tables()
    prose = files(__package__).joinpath("statement.md").read_text(encoding="utf-8")
    places = set(_PLACE.findall(prose))
    if places != set(made):
        raise KeyError(f"statement.md and the tables differ in {', '.join(sorted(places ^ set(made)))}")
    return _PLACE.sub(lambda place: made[place[1]], prose)


def _tables() -> dict[str, str]:
    built = samples()
    return {
        "services": wire.services(built),
        "accepted_contexts": wire.accepted_contexts(),
        "transfer_syntaxes": wire.transfer_syntaxes(),
        "proposed_contexts": wire.proposed_contexts(built),
        "verification": f"Transfer syntaxes of the proposed Verification context: {wire.UNCOMPRESSED_NAMES}.",
        "store_answers": wire.store_answers(),
        "peer_statuses": wire.peer_statuses(),
        "rejections": wire.rejections(),
        "association_limits": wire.association_limits(),
        "configuration": keys.configuration(),
        "read": attributes.keyword_table(attributes.keywords_read()),
        "verbatim": attributes.keyword_table(attributes.verbatim_keywords()),
        "uids": f"Namespace: `{NAMESPACE}`. Implementation Class UID: `{dimse.IMPLEMENTATION_CLASS_UID}`.",
        "private_scheme": terms.private_scheme(),
        "private_terms": terms.private_terms(),
        "standard_terms": terms.standard_terms(),
        "vessels": terms.vessel_terms(),
        **_objects(built),
    }


def _objects(built: Mapping[str, tuple[Report, ...]]) -> dict[str, str]:
    trees = {kind: _data_set(built[kind], ReportRole.SR) for kind in (SCORED, SCORED_OTHERWISE, ZERO, REFUSED)}
    texts = {kind: _data_set(built[kind], ReportRole.TEXT) for kind in (SCORED, REFUSED)}
    tables = {
        f"{role}_attributes": attributes.attribute_table(
            _data_set(built[SCORED], role), _data_set(built[SCORED_OTHERWISE], role), as_the_ct=plane_keywords()
        )
        for role in ReportRole
    }
    return {"sr_tree": tree.content_tree(trees), "text_tree": tree.content_tree(texts), **tables}


def _data_set(reports: tuple[Report, ...], role: ReportRole) -> Dataset:
    found = next(report for report in reports if report.role is role)
    return pydicom.dcmread(io.BytesIO(found.data))
