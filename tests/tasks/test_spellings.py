"""One request, four spellings: every field of every task goes through each of them and comes back."""

import importlib
import shlex

import click
import pytest

from rsviz.cli.options import request_from, request_options
from rsviz.errors import RsvizError
from rsviz.tasks import TASKS
from rsviz.tasks.fields import fields_of
from rsviz.tasks.spellings import command_line, from_query, python_call, python_expression, to_query
from tests.tasks.samples import SAMPLES, TOGETHER

NOT_IN_LINKS = {"file"}
"""A link never names a path of the machine that opens it."""

FIELDS = [(task, key) for task in TASKS for key in fields_of(TASKS[task].request)]


def candidates(spec):
    """Values that a field may take besides its default."""
    if spec.options:
        return [option for option in spec.options if option != spec.default]
    if spec.kind == "boolean":
        return [not spec.default]
    if spec.kind in ("integer", "number"):
        kind = int if spec.kind == "integer" else float
        low, high = 0 if spec.low is None else spec.low, 1e6 if spec.high is None else spec.high
        near = [] if spec.default is None else [spec.default + 1, spec.default * 2, spec.default / 3]
        return [kind(value) for value in (*near, low + 1, (low + high) / 2, low + 0.123, low, high)]
    if spec.kind == "list":
        texts = ["digits-plain", "digits-gaussian-0.50"]
        return [texts] if spec.item == "text" else [[1, 3], [2], [0.25, 0.5], [0.1, 1.5, 3.25]]
    return ["cpu", "digits", "digits-plain", "a name", "it's", "x" * 8]


def request_with(task, key):
    """A request of the task in which the field differs from its default."""
    model, spec = TASKS[task].request, fields_of(TASKS[task].request)[key]
    tries = TOGETHER.get((task, key)) or [changed(SAMPLES[task], spec, value) for value in candidates(spec)]
    for changes in tries:
        try:
            request = model.make(**SAMPLES[task] | changes)
        except RsvizError:
            continue
        if spec.required or value_at(request, spec) != spec.default:
            return request
    raise AssertionError(f"no value for {key} of {task}; add one to tests/tasks/samples.py")


def changed(sample, spec, value):
    """The change of a sample that sets one value, also inside the source of its image."""
    if len(spec.path) == 1:
        return {spec.name: value}
    outer, name = spec.path
    return {outer: sample[outer] | {name: value}}


def value_at(request, spec):
    for name in spec.path:
        request = getattr(request, name)
    return request


def from_shell(model, words):
    @click.command()
    @request_options(model)
    def command(**options):
        return request_from(model, options)

    return command.main(words, standalone_mode=False)


def test_every_task_has_a_sample():
    assert set(SAMPLES) == set(TASKS)


@pytest.mark.parametrize(("task", "key"), FIELDS)
def test_a_field_survives_every_spelling(task, key):
    request = request_with(task, key)
    model = type(request)
    assert model.model_validate_json(request.model_dump_json()) == request
    assert eval(python_expression(request), {model.__name__: model}) == request
    words = shlex.split(command_line(request))
    assert words[:3] == ["python", "-m", "rsviz"]
    assert from_shell(model, words[3 + len(model.COMMAND.split()) :]) == request
    if key not in NOT_IN_LINKS:
        assert from_query(model, to_query(request)) == request


@pytest.mark.parametrize(("task", "key"), FIELDS)
def test_a_field_has_a_sentence_of_help_and_a_flag(task, key):
    spec = fields_of(TASKS[task].request)[key]
    assert spec.help.endswith(".")
    assert spec.flags[0].startswith("--")


@pytest.mark.parametrize("task", TASKS)
def test_no_two_fields_share_a_flag_or_a_key(task):
    specs = fields_of(TASKS[task].request).values()
    flags = [flag for spec in specs for flag in (*spec.flags, *spec.setting.shorthands.values())]
    assert len(flags) == len(set(flags))
    assert len({spec.link for spec in specs}) == len(specs)


@pytest.mark.parametrize("task", TASKS)
def test_python_lines_name_what_can_be_imported(task):
    request = TASKS[task].request.make(**SAMPLES[task])
    first = python_call(request).splitlines()[0].split()
    module = importlib.import_module(first[1])
    assert module.run and getattr(module, type(request).__name__) is type(request)


@pytest.mark.parametrize("task", TASKS)
def test_defaults_are_left_out_of_links_and_commands(task):
    request = TASKS[task].request.make(**SAMPLES[task])
    required = {key for key, spec in request.fields().items() if spec.required or spec.setting.in_links}
    assert set(to_query(request)) <= required | set(SAMPLES[task])


@pytest.mark.parametrize("task", TASKS)
def test_an_unknown_field_is_refused_by_name(task):
    with pytest.raises(RsvizError, match="tuna"):
        TASKS[task].request.make(**SAMPLES[task], tuna=1)
