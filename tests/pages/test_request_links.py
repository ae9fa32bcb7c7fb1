"""1,000 random requests over all pages: each is the same behind its link, field by field."""

import random

import pytest

from rsviz import jobs
from rsviz.attacks import ATTACKS, make_parameters
from rsviz.checkpoints import list_cards
from rsviz.data import DATASETS
from rsviz.data.samples import samples_for
from rsviz.errors import RsvizError
from rsviz.models import ARCHITECTURES
from rsviz.noise import NOISES
from rsviz.tasks import TASKS
from rsviz.tasks.spellings import to_query
from rsviz.training import METHODS
from rsviz.ui import image_picker
from rsviz.ui.attack import controls as attack
from rsviz.ui.attack import robustness
from rsviz.ui.certify import controls as certify
from rsviz.ui.evaluate import controls as evaluate
from rsviz.ui.population import controls as population
from rsviz.ui.settings import settings_of
from rsviz.ui.train import controls as train
from tests.pages.conftest import BUTTONS

PAGES = {
    "certify": certify,
    "attack": attack,
    "evaluate": evaluate,
    "population": population,
    "train": train,
    "robustness": robustness,
}
EACH = 170
ON_THIS_MACHINE = ("device",)
"""No link names them."""
CARDS = {name: card for name, card in list_cards().items() if card.dataset == "digits"}


def number_for(spec, dice):
    low, high = spec.low or 0, spec.high if spec.high is not None else 500
    if spec.kind == "integer":
        return dice.randint(int(low) + 1, max(int(min(high, low + 3000)), int(low) + 1))
    return float(f"{dice.uniform(low, min(high, low + 5)):.{dice.randint(2, 9)}g}")


def value_for(spec, dice):
    """A value that the field may have."""
    if spec.optional and dice.random() < 0.3:
        return None
    if spec.options:
        return dice.choice(spec.options)
    if spec.kind == "boolean":
        return dice.random() < 0.5
    if spec.kind in ("integer", "number"):
        return number_for(spec, dice)
    return None


def several(choices, most, dice):
    return dice.sample(list(choices), dice.randint(1, most))


def settings_for(model, dice):
    """Some settings of an attack or a method."""
    specs = settings_of(model)
    return {name: value_for(spec, dice) for name, spec in specs.items() if dice.random() < 0.4}


def image(dice):
    kind = dice.choice(["dataset", "dataset", "upload", "sample"])
    if kind == "dataset":
        return {"kind": kind, "dataset": "digits", "index": dice.randint(0, 499)}
    if kind == "sample":
        card = next(iter(CARDS.values()))
        return {"kind": kind, "sample": dice.choice(list(samples_for(card.input_shape, card.classes)))}
    upload = {"kind": kind, "sha256": f"{dice.getrandbits(256):064x}", "how": dice.choice(["crop", "pad"])}
    return upload | {"invert": dice.random() < 0.5, "prepare": dice.choice(["none", "paper"])}


def attack_and_settings(allowed, dice):
    key = dice.choice(allowed)
    if not ATTACKS[key].takes_surrogate:
        return {"attack": key, "parameters": settings_for(ATTACKS[key].parameters, dice)}
    acting = dice.choice([other for other, one in ATTACKS.items() if one.can_be_transferred])
    inner = settings_for(ATTACKS[acting].parameters, dice)
    return {
        "attack": key,
        "surrogate": dice.choice(list(CARDS)),
        "parameters": {"attack": acting, "parameters": inner},
    }


def needed(task, dice):
    """Values that a request of the task must have, or that only go together."""
    one = {"checkpoint": dice.choice(list(CARDS)), "noise": dice.choice(list(NOISES))}
    one["scale"] = float(f"{dice.uniform(0.01, 3):.{dice.randint(2, 9)}g}")
    if task == "certify":
        rule = dice.choice([{}, {"until_radius": 0.37}, {"within": 7.25}])
        return one | {"image": image(dice), "until_radius": None, "within": None} | rule
    if task == "attack":
        one |= {"image": image(dice)} | attack_and_settings(list(ATTACKS), dice)
        return one | ({"scale": 0.0, "noise": "gaussian"} if dice.random() < 0.2 else {})
    if task == "evaluate":
        return one | {"dataset": "digits"}
    if task == "train":
        dataset, method = dice.choice(list(DATASETS)), dice.choice(list(METHODS))
        shape = DATASETS[dataset].shape
        fitting = [key for key, record in ARCHITECTURES.items() if shape in record.input_shapes]
        return {
            "dataset": dataset,
            "method": method,
            "architecture": dice.choice(fitting),
            "sigma": float(f"{dice.uniform(0.01, 3):.4g}") if METHODS[method].needs_noise else 0.0,
            "parameters": settings_for(METHODS[method].parameters, dice),
            "name": dice.choice([None, "a-name", "b_2.5"]),
        }
    numbers = sorted({float(f"{dice.uniform(0.01, 9):.4g}") for _ in range(dice.randint(1, 8))})
    scales = several([0.0, 0.11, 0.25, 0.5, 1.75], 3, dice)
    many = {"checkpoints": several(CARDS, 2, dice), "scales": scales}
    if task == "robustness":
        allowed = robustness.ALLOWED
        return many | {"sizes": numbers, "white_box": True} | attack_and_settings(allowed, dice)
    loss = dice.choice(list(population.LOSSES))
    bound = {"bound": 2.5} if population.LOSSES[loss].takes_bound else {"bound": None}
    lists = {"K": several([1, 7, 15], 2, dice), "r": several([1, 4, 9], 2, dice)}
    return many | {"gammas": numbers, "loss": loss} | bound | lists


def random_requests(task, count):
    """Requests in which any field may differ from its default."""
    model, dice, found = TASKS[task].request, random.Random(task), []
    while len(found) < count:
        values = {
            spec.name: value_for(spec, dice)
            for spec in model.fields().values()
            if len(spec.path) == 1 and spec.kind not in ("text", "list", "mapping") and dice.random() < 0.4
        }
        values = {name: value for name, value in values.items() if name not in ON_THIS_MACHINE}
        try:
            found.append(model.make(**values | needed(task, dice)))
        except RsvizError:  # fields that do not go together
            continue
    return found


def asked(page, values):
    """The request that the page makes of the values in its Address."""
    if page in (certify, attack):
        card = CARDS[values["checkpoint"]]
        return page.asked(values, card, image_picker.source_of(values, card))
    return page.asked(values, CARDS[values["checkpoint"]]) if page is evaluate else page.asked(values)


def fields(request):
    """The values of a request by field; settings of an attack or a method with their defaults."""
    values = dict(request)
    if "parameters" in values:
        method = getattr(request, "method", None)
        chosen = request.chosen if method is None else METHODS[method].parameters(**request.parameters)
        values["parameters"] = {name: value for name, value in dict(chosen).items() if name != "parameters"}
        if "parameters" in dict(chosen):  # of the attack that is transferred
            values["transferred"] = dict(make_parameters(chosen.attack, **chosen.parameters))
    return values


@pytest.mark.parametrize("task", PAGES)
def test_a_request_is_the_same_behind_its_link_and_behind_the_link_of_the_page(task):
    page = PAGES[task]
    address = page.ADDRESS
    dice = random.Random(1)
    for request in random_requests(task, EACH):
        values = address.read(to_query(request))
        assert fields(asked(page, values)) == fields(request)
        # The page leaves out what it would suggest: any value may be one
        free = [key for key, field in address.fields.items() if field.default is None and values[key]]
        suggested = {key: values[key] for key in free if dice.random() < 0.5}
        query = address.spell(values, suggested)
        again = address.read(query)
        again |= {key: value for key, value in suggested.items() if again[key] is None}
        assert fields(asked(page, again)) == fields(request)
        assert address.spell(again, suggested) == query


def test_there_are_a_thousand_requests_and_most_differ_from_each_other():
    assert EACH * len(PAGES) >= 1000
    for task in PAGES:
        spelled = {str(to_query(request)) for request in random_requests(task, EACH)}
        assert len(spelled) > 0.9 * EACH


STARTS = BUTTONS | {"robustness": "Draw the curves"}
OPENED_ON = [*((task, task) for task in PAGES if task != "robustness"), ("robustness", "attack")]
OPENED_ON += [("robustness", "population")]


def runs_here(task, request):
    """Whether the images of the request are on this machine."""
    if task == "certify":
        return request.image.kind != "upload"
    if task == "attack":
        classes = [label or 0 for label in (request.label, request.target)]
        return request.image.kind != "upload" and max(classes) < 10
    if task == "train":
        return request.dataset == "digits" and request.name is None
    if task == "evaluate":
        return True
    return (request.images - 1) * request.skip < 500


@pytest.mark.parametrize(("task", "page"), OPENED_ON)
def test_the_page_that_opens_the_link_of_a_request_asks_for_the_same(task, page, open_page, monkeypatch):
    monkeypatch.setattr(jobs, "ensure_worker", lambda: None)
    fitting = [request for request in random_requests(task, EACH) if runs_here(task, request)]
    for request in fitting[:2]:
        link = {key: texts if len(texts) > 1 else texts[0] for key, texts in to_query(request).items()}
        app = open_page(page, **link)
        assert not app.exception
        assert not [found.value for found in app.error]
        app = next(button for button in app.button if button.label == STARTS[task]).click().run()
        assert not app.exception
        job = jobs.get(app.query_params["curve" if task == "robustness" else "job"])
        jobs.cancel(job.id)
        assert fields(TASKS[task].request.make(**job.request)) == fields(request)
        said = [text.value for text in app.warning if "Settings changed" in text.value]
        assert said == []
