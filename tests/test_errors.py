"""What somebody reads whose request is refused: one sentence, whatever came."""

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from rsviz.errors import RsvizError, first_fault, short


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid")
    n: int = Field(ge=1)
    noise: str = "gaussian"

    @field_validator("noise")
    @classmethod
    def _known(cls, noise):
        if noise == "salt":
            raise RsvizError("There is no salt.")
        if noise != "gaussian":
            raise ValueError(f"{noise!r} is not gaussian")
        return noise


def fault(values):
    with pytest.raises(ValidationError) as caught:
        Request.model_validate(values)
    return first_fault(caught.value)


def test_it_names_the_field_what_came_and_what_is_allowed():
    assert fault({"n": 0}) == "n is 0: input should be greater than or equal to 1"
    assert fault({"n": 1.5}).startswith("n is 1.5: input should be a valid integer")
    assert fault({"n": 1, "m": 2}) == "m is 2: extra inputs are not permitted"
    assert fault({}) == "n is missing"


def test_what_a_validator_says_stays_as_it_is():
    assert fault({"n": 1, "noise": "salt"}) == "There is no salt"
    assert fault({"n": 1, "noise": "pepper"}) == "noise: 'pepper' is not gaussian"


@pytest.mark.parametrize("values", [{"n": "a\nb" * 1000}, {"n": 1, "x\ny\0" * 1000: 1}, "text"])
def test_it_stays_short_and_on_one_line(values):
    assert len(fault(values)) < 250
    assert fault(values).isprintable()


def test_short_ends_long_values_with_dots():
    assert short("a") == "'a'"
    assert len(short("a" * 100)) == 60
    assert short("a" * 100).endswith("...")
