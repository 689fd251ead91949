"""The configuration as tables: every key with its default, its range and its sentence."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from node.conformance.markdown import literal, table
from node.settings import ENVIRONMENT_PREFIX, Settings

_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def configuration() -> str:
    """One table a section."""
    return "\n\n".join(f"{heading}\n\n{_section(section)}" for heading, section in _sections())


def _sections() -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in Settings.model_fields.items():
        inner = get_args(field.annotation)[0] if get_origin(field.annotation) is tuple else field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            several = inner is not field.annotation
            title = f"[[{name}]]" if several else f"[{name}]"
            how = "" if several else f" Environment: `{ENVIRONMENT_PREFIX}{name.upper()}__KEY`."
            yield f"**`{title}`** {(inner.__doc__ or '').strip()}{how}", inner


def _section(section: type[BaseModel]) -> str:
    settings = Settings()
    rows = []
    for name, field in section.model_fields.items():
        default = next((getattr(one, name) for one in vars(settings).values() if isinstance(one, section)), None)
        given = field.default if field.default is not PydanticUndefined else default
        rows.append((literal(name), literal(_plain(given)), _allowed(field), field.description or ""))
    return table(("key", "default", "allowed", "meaning"), rows)


def _plain(value: Any) -> str:  # noqa: ANN401 - the default of any key
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{one}"' for one in value) + "]"
    return str(value) if not isinstance(value, str) or value else '""'


def _allowed(field: FieldInfo) -> str:
    choices = [str(one) or '""' for one in get_args(field.annotation) if isinstance(one, str)]
    if choices:
        return ", ".join(choices)
    bounds = [
        f"{sign} {bound}"
        for rule in field.metadata
        for name, sign in _BOUNDS.items()
        if (bound := getattr(rule, name, None)) is not None
    ]
    lengths = [
        f"at most {length} characters"
        for rule in field.metadata
        if (length := getattr(rule, "max_length", None)) is not None
    ]
    return ", ".join([*bounds, *lengths])
