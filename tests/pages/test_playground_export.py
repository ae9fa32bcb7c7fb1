"""What the Playground page gives to take home is what it shows."""

import pytest

from rsviz.noise import NOISES
from rsviz.plane import SCENES, ClassMap, Settings, SmoothedPlane, certify_point
from rsviz.plane.networks import NETWORKS
from rsviz.plane.states import DRAW, settings_of
from rsviz.ui.playground.address import class_map
from rsviz.ui.playground.export import python_lines

DRAWING = ClassMap.of(lambda x, y: (x > y) + (x > 1), 3)


@pytest.mark.parametrize("scene", [*SCENES, next(iter(NETWORKS)), DRAW])
@pytest.mark.parametrize("noise", ["gaussian", "linf-exponential"])
def test_the_python_lines_compute_what_is_shown(scene, noise, capsys):
    values = vars(settings_of(scene)) | {"scene": scene, "map": DRAWING.text(), "noise": noise, "clip": True}
    exec(python_lines(values), namespace := {})
    f = class_map(values).clipped()
    g = SmoothedPlane(f, NOISES[noise](values["scale"]))
    assert namespace["found"] == certify_point(g, (values["x"], values["y"]), values["runner_up"])
    assert str(namespace["found"].radius) in capsys.readouterr().out
    assert set(vars(Settings())) <= set(values)
