"""Where a run stands, in one file: weights, optimizer and counters, so that it goes on as if never stopped.

Random numbers need no place here: those of a step are a pure function of (seed, step). The file is
safetensors with the counters as JSON in its header: reading it runs no code, and numbers come back bit for
bit.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save

from rsviz.checkpoints.card import parse_json
from rsviz.checkpoints.weights import read_file, read_safetensors, safetensors_hints
from rsviz.files import write_atomically


def save_state(path: Path, trainer, values: dict) -> None:
    """Write the trainer's weights and optimizer, and `values` (JSON), whole or not at all."""
    tensors = {f"module.{name}": tensor for name, tensor in trainer.module.state_dict().items()}
    for index, parameter in enumerate(trainer.module.parameters()):
        for name, value in trainer.optimizer.state[parameter].items():
            if value is not None:
                tensors[f"optimizer.{index}.{name}"] = value
    content = save(
        {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
        metadata={"state": json.dumps(values)},
    )
    write_atomically(path, content)


def load_state(path: Path, trainer) -> dict | None:
    """Set the trainer back to what the file holds, and return its values; None where there is no file.

    Raises CheckpointError where the file is damaged.
    """
    if not path.exists():
        return None
    content, what = read_file(path), f"the state of the run, {path.name},"
    tensors = read_safetensors(content, what)
    state = trainer.module.state_dict()
    with torch.no_grad():
        for name, tensor in state.items():
            tensor.copy_(tensors[f"module.{name}"])
    parameters = list(trainer.module.parameters())
    for name, tensor in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "optimizer":
            index, _, key = rest.partition(".")
            parameter = parameters[int(index)]
            # In the parameter's own memory layout: fused optimizers walk through both side by side.
            like = parameter if tensor.shape == parameter.shape else tensor
            place = torch.empty_like(like, device=parameter.device, requires_grad=False)
            trainer.optimizer.state[parameter][key] = place.copy_(tensor)
    return parse_json(safetensors_hints(content, what)["state"])
