"""Fields of a pydantic model as widgets and as values in a URL: methods of training, and attacks."""

from dataclasses import dataclass

import streamlit as st

from rsviz.ui.address import Field, choice, flag, number

MOST_COUNTED = 2**53 - 1


@dataclass(frozen=True)
class Setting:
    """One field of a pydantic model as a widget needs it, out of its JSON schema.

    kind: "number", "integer", "boolean" or "choice". low, high: of a number; None where there is no limit.
    optional: whether it may be left empty. says: the field's description.
    """

    name: str
    kind: str
    default: object
    says: str = ""
    low: float | None = None
    high: float | None = None
    options: tuple = ()
    optional: bool = False


def settings_of(model) -> dict[str, Setting]:
    """The fields of a pydantic model by name, those that have a widget."""
    found = {}
    for name, schema in model.model_json_schema()["properties"].items():
        kinds = schema.get("anyOf", [schema])
        one = {**schema, **next((kind for kind in kinds if kind.get("type") != "null"), {})}
        if one.get("type") not in ("number", "integer", "boolean", "string"):
            continue
        found[name] = Setting(
            name=name,
            kind="choice" if "enum" in one else one["type"],
            default=schema.get("default"),
            says=schema.get("description", ""),
            low=one.get("minimum", one.get("exclusiveMinimum")),
            high=_highest(one),
            options=tuple(one.get("enum", ())),
            optional=len(kinds) > 1,
        )
    return found


def _highest(schema) -> float | None:
    """The upper limit; a browser counts no further than 2**53 - 1."""
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    return min(high or MOST_COUNTED, MOST_COUNTED) if schema["type"] == "integer" else high


def field_of(setting: Setting) -> Field:
    """The setting as a value in the URL."""
    if setting.kind == "choice":
        return choice(setting.options, setting.default)
    if setting.kind == "boolean":
        return flag(setting.default)
    low = float("-inf") if setting.low is None else setting.low
    high = float("inf") if setting.high is None else setting.high
    if not setting.optional:
        kind = int if setting.kind == "integer" else float
        return number(low, high, kind(setting.default))
    given = number(low, high, 0.0)
    return Field(setting.default, given.read, given.write)


def draw(setting: Setting, key: str, label: str) -> None:
    """The widget for a setting, with its description and default below a number."""
    if setting.kind == "boolean":
        st.toggle(label, key=key)
    elif setting.kind == "choice":
        st.selectbox(label, setting.options, key=key)
    else:
        _draw_number(setting, key, label)
    if setting.says:
        st.caption(f"{setting.says} Default: {_shown(setting.default)}.")


def _draw_number(setting, key, label):
    kind = int if setting.kind == "integer" else float
    bounds = {
        "min_value": None if setting.low is None else kind(setting.low),
        "max_value": None if setting.high is None else kind(setting.high),
    }
    if kind is float:
        bounds |= {"step": _step(setting.default), "format": "%g"}
    if setting.optional:
        bounds |= {"value": None, "placeholder": "not given"}
    st.number_input(label, key=key, **bounds)


def _step(default) -> float:
    """A tenth of the default, or 0.01 where that is no measure."""
    return float(f"{default / 10:.1g}") if default else 0.01


def _shown(value) -> str:
    if value is None:
        return "not given"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else f"{value}"
