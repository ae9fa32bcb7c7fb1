"""The shell command that trains the same network again. No torch."""

import shlex

from rsviz.training.records import RunInfo
from rsviz.training.request import TrainRequest


def command_line(request: TrainRequest, info: RunInfo | None = None) -> str:
    """`python -m rsviz train` with the options in which the request differs from the defaults.

    info: of the run that is to be repeated; then the precision that was measured for it stands in the
    command, for on another day it might be measured otherwise.
    """
    settings = {"dataset": request.dataset, "method": request.method}
    settings |= request.model_dump(exclude={"parameters", "name"}, exclude_defaults=True)
    if info is not None:
        settings["architecture"] = request.chosen_architecture
        settings["name"] = info.name
        if info.layout == "channels-last":  # what an explicit precision is trained with
            settings["precision"] = info.precision
    elif request.name:
        settings["name"] = request.name
    words = ["python", "-m", "rsviz", "train"]
    for name, value in settings.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        elif value is not None:
            words += [f"--{flag}", str(value)]
    for name, value in request.parameters.items():
        words += ["--set", f"{name}={value}"]
    return shlex.join(words)
