"""Fields of a request as widgets and as values in a URL: both derive from what the model says of them."""

from collections.abc import Callable, Collection, Iterable, Mapping

import streamlit as st
from pydantic import BaseModel

from rsviz.confidence import PROCEDURES
from rsviz.errors import RsvizError, short
from rsviz.tasks.fields import MOST_COUNTED, FieldSpec, Setting, fields_of
from rsviz.tasks.settings import AUTO
from rsviz.tasks.spellings import flat_mapping, query_of, read_texts, text_of
from rsviz.ui.address import Field
from rsviz.ui.address_fields import without_commas
from rsviz.ui.glossary import explain_all
from rsviz.ui.widgets import multiselect, number_input, segmented_control, select_slider, selectbox, toggle

ALPHAS = (0.05, 0.01, 0.001, 0.0001, 0.00001)
"""Stops of a slider over probabilities of error."""

MOST_LISTED = 32
"""Parts of a list that are read from a link."""

KINDS = ("integer", "number", "boolean", "choice")
"""Kinds of fields that have a widget."""


def settings_of(model: type[BaseModel]) -> dict[str, FieldSpec]:
    """The fields of a model that have a widget, by name."""
    try:
        specs = fields_of(model).values()
    except TypeError:  # a model without Settings: its JSON schema says the rest
        specs = _from_schema(model)
    return {spec.name: spec for spec in specs if spec.kind in KINDS}


def _from_schema(model) -> Iterable[FieldSpec]:
    for name, schema in model.model_json_schema()["properties"].items():
        kinds = schema.get("anyOf", [schema])
        one = {**schema, **next((kind for kind in kinds if kind.get("type") != "null"), {})}
        high = one.get("maximum", one.get("exclusiveMaximum"))
        yield FieldSpec(
            path=(name,),
            kind="choice" if "enum" in one else one.get("type", "text"),
            default=schema.get("default"),
            required="default" not in schema,
            setting=Setting(schema.get("description", ""), label=model.model_fields[name].title or ""),
            low=one.get("minimum", one.get("exclusiveMinimum")),
            high=min(high or MOST_COUNTED, MOST_COUNTED) if one.get("type") == "integer" else high,
            optional=len(kinds) > 1,
            literals=tuple(one.get("enum", ())),
        )


def field_of(spec: FieldSpec, default=...) -> Field:
    """The value in the URL, spelled as in every link to the task.

    default: of the page, if it differs from the model's; None if it follows another control.
    """
    default = spec.default if default is ... else default
    default = list(default) if isinstance(default, tuple) else default

    def read(texts):
        if spec.kind == "list":  # older links join the parts by commas
            texts = [part for text in texts for part in text.split(",")][:MOST_LISTED]
        elif spec.kind in ("integer", "number"):
            texts = [without_commas(texts[0])]
        try:
            value = read_texts(spec, texts)
        except RsvizError as error:
            raise ValueError from error
        if not _allowed(spec, value):
            raise ValueError
        return list(value) if spec.kind == "list" else value

    return Field(default, read, lambda value: query_of(spec, value)[spec.link])


def request_fields(model: type[BaseModel], defaults: Mapping[str, object]) -> dict[str, Field]:
    """Fields of an Address: the values of a request that a page sets, by their key in the URL.

    defaults: of the page, by key; `...` for that of the model.
    """
    return {key: field_of(fields_of(model)[key], default) for key, default in defaults.items()}


def carried_fields(model: type[BaseModel], drawn: Collection[str]) -> dict[str, Field]:
    """Fields of an Address for the values of a request that a page has no widget for: a link may set them.

    drawn: keys of those that have one. A link names no device, as it names no path of a machine.
    """
    return {
        key: field_of(spec)
        for key, spec in fields_of(model).items()
        if not (key in drawn or key == "device" or spec.required or spec.kind == "mapping")
        and len(spec.path) == 1
    }


def tell_carried(specs: Mapping[str, FieldSpec], carried: Mapping[str, Field], prefix: str = "") -> None:
    """What a link set that has no widget here, and a button that lets it go. prefix: of the keys."""
    states = {key: st.session_state[prefix + key] for key in carried}
    other = {key: value for key, value in states.items() if value != carried[key].default}
    if not other:
        return
    said = ", ".join(f"{specs[key].label} {value_words(specs[key], value)}" for key, value in other.items())
    with st.container(horizontal=True, vertical_alignment="center", key=f"{prefix}carried"):
        st.caption(f"Also set by the link: {said}.")
        defaults = {prefix + key: carried[key].default for key in other}
        leave = st.session_state.update
        st.button("Leave out", type="tertiary", on_click=leave, args=(defaults,), key=f"{prefix}leave-out")


def value_words(spec: FieldSpec, value) -> str:
    """A value of a request as a page writes it, without its label."""
    if isinstance(value, list | tuple):
        return ", ".join(value_words(spec, one) for one in value)
    if isinstance(value, Mapping):
        entries = flat_mapping(value).items()
        return ", ".join(f"{name} {_shown(one)}" for name, one in entries) or "as by default"
    return _shown(value)


def _allowed(spec, value) -> bool:
    values = value if spec.kind == "list" else (value,)
    return all(spec.optional if one is None else _fits(spec, one) for one in values)


def _fits(spec, one) -> bool:
    if spec.options:
        return one in spec.options
    return not isinstance(one, int | float) or (
        (spec.low is None or spec.low <= one) and (spec.high is None or one <= spec.high)
    )


def draw(
    spec: FieldSpec, key: str = "", label: str = "", *, form: Callable[[str], str] = str, mark: bool = False
):
    """The widget of a field, and its value. key, label: by default those of the model.

    form: how an option is written. mark: what the field means is said in a help mark, and not in a line below
    that names the default too.
    """
    key, label = key or spec.link, label or spec.label
    says = mark_of(spec) if mark else None
    if spec.kind == "boolean":
        value = toggle(label, key=key, help=says)
    elif spec.kind == "choice" or spec.options:
        value = selectbox(label, spec.options, format_func=form, key=key, help=says)
    else:
        value = _draw_number(spec, key, label, says)
    if spec.setting.help and not mark:
        st.caption(f"{meaning(spec)} Default: {_shown(spec.default)}.")
    return value


def _draw_number(spec, key, label, says):
    kind = int if spec.kind == "integer" else float
    limits = {
        "min_value": None if spec.low is None else kind(spec.low),
        "max_value": None if spec.high is None else kind(spec.high),
    }
    if kind is float:
        limits |= {"step": _step(spec.default), "format": "%g"}
    if spec.optional:
        limits |= {"value": None, "placeholder": "not given"}
    return number_input(label, key=key, help=says, **limits)


def draw_stops(spec: FieldSpec, stops: Iterable, key: str = "", label: str = "", form: str = "{:,}"):
    """A slider over `stops` and, if the link has another value, over that too; the value.

    key, label: by default those of the model. form: how a stop is written.
    """
    key = key or spec.link
    options = sorted({*stops, st.session_state[key]})
    return select_slider(label or spec.label, options, format_func=form.format, key=key, help=mark_of(spec))


def draw_several(spec: FieldSpec, options: Iterable[float], key: str = "", label: str = "") -> list:
    """A multiselect over `options` and, if the link has other values, over those too; the values."""
    key = key or spec.link
    options = sorted({*options, *st.session_state[key]})
    return multiselect(label or spec.label, options, format_func="{:g}".format, key=key, help=mark_of(spec))


def number_list(spec: FieldSpec, default: str) -> Field:
    """A list of numbers as the text of one widget, "0.5, 1, 2"; in the URL it is spelled as in every link."""
    listed = field_of(spec, ())

    def read(texts):
        return ", ".join(text_of(one) for one in listed.read(texts))

    return Field(default, read, lambda value: [part.strip() for part in value.split(",")])


def numbers_of(spec: FieldSpec, text: str) -> list[float]:
    """The numbers of a `number_list`; RsvizError that names the field where it is none."""
    return list(read_texts(spec, [part.strip() for part in text.split(",") if part.strip()]))


def keep_known(key: str, known: Collection[str], otherwise: list[str], most: int) -> None:
    """Before a multiselect is drawn: at most `most` of the known names in a link, or else `otherwise`."""
    asked = st.session_state[key]
    kept = [name for name in asked if name in known][:most]
    if unknown := [name for name in asked if name not in known]:
        words = f"There is no checkpoint {short(unknown[0])} here"
        st.warning(f"{words}; the page has those below.", icon=":material/link_off:")
    st.session_state[key] = kept if kept or not asked else list(otherwise)


def procedure_title(key: str) -> str:
    """A procedure as a select box names it. key: of a procedure, or auto."""
    return PROCEDURES[key].title if key != AUTO else "What suits the classes"


def pick_view(views: Mapping[str, str], key: str) -> str:
    """Which picture of a page is drawn. views: titles by key."""
    return segmented_control(
        "View", list(views), required=True, format_func=views.get, key=key, label_visibility="collapsed"
    )


def more_settings(title: str, icon: str = ":material/tune:"):
    """A place for further settings, closed at first. A popover would lie over the picture that they set."""
    return st.expander(title, icon=icon)


def request_or_sentence(make: Callable, **values):
    """make(**values); None where that is no request, and the page says why."""
    try:
        return make(**values)
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")
        return None


def meaning(spec: FieldSpec) -> str:
    """What the field means, with its unit; a widget shows the choices itself."""
    return spec.help.partition(" One of ")[0]


def mark_of(spec: FieldSpec) -> str:
    """The help mark of a field: what it means, and the words that this uses."""
    return explain_all(meaning(spec), spec.label)


def _step(default) -> float:
    """A tenth of the default, or 0.01 where there is none."""
    return float(f"{default / 10:.1g}") if default else 0.01


def _shown(value) -> str:
    if value is None:
        return "not given"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.6g}" if isinstance(value, float) else f"{value}"
