"""What a person takes home of a training run: the command that repeats it, and its record."""

import streamlit as st

from rsviz.errors import RsvizError
from rsviz.tasks.spellings import command_line, python_call
from rsviz.tasks.train import TrainRequest, repeating_request
from rsviz.training.records import RunRecord
from rsviz.ui.export import Export, File, take_home


def show_export(run: RunRecord) -> None:
    """The panel of one run."""
    info = run.info

    def export():
        file = File("JSON", f"run-{info.name}.json", run.to_json)
        try:
            request = repeating_request(TrainRequest.make(**run.request), info)
        except RsvizError as error:  # an older version may have allowed what no longer exists
            st.caption(str(error))
            return Export([file])
        command = command_line(request)
        return Export([file], [command], gives="trains the same network", python=python_call(request))

    def below():
        st.markdown(
            f"**How it was measured**: {info.how}. The best epoch is that with the best {info.criterion}. "
            f"Trained on {info.images:,} images, {info.device}, {info.precision}."
        )
        st.json({"request": run.request, "info": _plain(info)}, expanded=1)

    take_home("command, settings, JSON", export, below=below)


def _plain(info) -> dict:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(info).items()}
