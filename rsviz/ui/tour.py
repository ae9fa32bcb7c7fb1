"""The tour: nine stops over the real pages. Each ends in something that the person does.

The stop is in the address, tour=3; what was done is too, since a page writes its settings there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import streamlit as st

PARAMETER = "tour"


@dataclass(frozen=True)
class Stop:
    """A hint on a page.

    page: its key. says: at most 25 words, what is seen and what to do. does: keys of the address; the stop is
    done once one of them has another value than in `query`, with which the page opens.
    """

    page: str
    says: str
    does: tuple[str, ...]
    query: str = ""

    @property
    def path(self) -> str:
        return f"pages/{self.page}.py"

    def link(self, number: int) -> dict[str, str]:
        """Query parameters of the page at this stop."""
        return dict(parse_qsl(self.query)) | {PARAMETER: str(number)}

    def is_done(self, query: Mapping[str, str]) -> bool:
        """query: the parameters of the page as it is."""
        begun = dict(parse_qsl(self.query))
        return any(query.get(key) != begun.get(key) for key in self.does)


STOPS = (
    Stop(
        "playground",
        "Colours are what f says. The island says B, yet most dots are blue, so g says A. "
        "**Drag x** off the island.",
        ("x", "y"),
        "scene=island",
    ),
    Stop("noise", "Each vote sees another noisy copy of the image. **Turn up the noise.**", ("n_dev",)),
    Stop(
        "certify", "Noisy copies vote, and the count proves a radius. **Press Certify** and watch.", ("job",)
    ),
    Stop(
        "statistics",
        "Whoever stops when they like the limit is wrong more often than α. **Change α.**",
        ("s_alpha",),
    ),
    Stop("bounds", "Each bound turns p_A and p_B into a radius. **Click a square.**", ("b_pa", "b_pb")),
    Stop(
        "attack", "Inside the proved radius no attack succeeds; outside one may. **Press Attack.**", ("job",)
    ),
    Stop(
        "evaluate",
        "Certified accuracy: the share of test images that are right and certified. **Move the radius.**",
        ("e_at",),
    ),
    Stop(
        "train",
        "Training with noise buys radius and costs accuracy. **Choose another method.**",
        ("method",),
    ),
    Stop("quiz", "What have you seen? **Answer** the first of eight questions.", ("answers",)),
)

STYLE = """<style>
[data-testid="stLayoutWrapper"]:has(> .st-key-tour) {
  position: fixed; left: 50%; bottom: 1rem; transform: translateX(-50%); z-index: 999980;
  width: min(54rem, calc(100vw - 1.5rem));
}
.st-key-tour {
  background: light-dark(#FFFFFF, #1A1D24); border: 3px solid light-dark(#0072B2, #56B4E9);
  border-radius: 0.75rem; padding: 0.5rem 1rem; box-shadow: 0 4px 24px #0005;
}
[data-testid="stMainBlockContainer"] {padding-bottom: 6rem}
@media (min-width: 641px) {.st-key-tour {flex-wrap: nowrap}}
</style>"""


def door() -> None:
    """The link to the first stop."""
    with st.container(border=True, key="door-tour"):
        st.page_link(
            STOPS[0].path, label="**Show me**", icon=":material/explore:", query_params=STOPS[0].link(1)
        )
        st.markdown(f"A tour of {len(STOPS)} stops over the real pages. You do something at each.")


def card() -> None:
    """The hint of the stop that the address names, if it belongs to this page; after the page was drawn."""
    number = _number()
    if number is None:
        return
    stop = STOPS[number - 1]
    if st.session_state.get("page-now") != stop.page:
        return
    done = stop.is_done(st.query_params)
    with st.container(key="tour", horizontal=True, vertical_alignment="center"):
        st.html(STYLE)
        if done:
            st.markdown(f"**Done**, {number} of {len(STOPS)}.", width="stretch")
        else:
            st.markdown(f"{stop.says} :gray[{number} of {len(STOPS)}]", width="stretch")
        _next(number, done)
        st.button("Leave", key="tour-leave", type="tertiary", on_click=_leave, help="Key: Esc")


def _next(number, done):
    words, symbol = ("**Next stop**", "arrow_forward") if done else ("Skip", "skip_next")
    if number < len(STOPS):
        stop = STOPS[number]
        st.page_link(stop.path, label=words, icon=f":material/{symbol}:", query_params=stop.link(number + 1))


def _number() -> int | None:
    text = st.query_params.get(PARAMETER, "")
    return int(text) if text.isdecimal() and 1 <= int(text[:3]) <= len(STOPS) else None


def _leave():
    st.query_params.pop(PARAMETER, None)
