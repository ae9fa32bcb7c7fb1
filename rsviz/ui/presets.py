"""Pictures with a name: one press sets the controls of a page, and a sentence says what they show."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import streamlit as st

from rsviz.ui.address import Address
from rsviz.ui.glossary import marks

MENU = "presets-menu"


@dataclass(frozen=True)
class Preset:
    """title: on its button. says: what the picture shows. values: what it changes from the defaults."""

    title: str
    says: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Presets:
    """The presets of a page.

    address: all that is set on the page. table: the presets by key. kept: fields that a preset leaves as they
    are. free: fields that may be changed while the picture is still that of the preset.
    """

    address: Address
    table: Mapping[str, Preset]
    kept: Collection[str] = ()
    free: Collection[str] = ()

    def menu(self, title: str) -> None:
        """A popover with a button for each preset."""
        with st.popover(title, icon=":material/auto_stories:", key=MENU, on_change="rerun"):
            texts = [f"{preset.title} {preset.says}" for preset in self.table.values()]
            st.caption("Each sets the controls.", help=marks(" ".join(texts)))
            for key, preset in self.table.items():
                st.button(
                    preset.title, key=f"preset-{key}", on_click=self.apply, args=(key,), width="stretch"
                )
                st.caption(preset.says)

    def apply(self, key: str) -> None:
        """Put a preset into the widgets, and close the menu, which would hide the picture; a callback."""
        st.session_state[MENU] = False
        wanted = self._wanted(self.table[key])
        self.address.put({name: value for name, value in wanted.items() if name not in self.kept})

    def current(self) -> Preset | None:
        """The preset that the widgets show, if they show one."""
        for preset in self.table.values():
            wanted = self._wanted(preset)
            passed_over = {*self.free, *self.kept}
            if all(st.session_state.get(key) == wanted[key] for key in wanted if key not in passed_over):
                return preset
        return None

    def say(self) -> None:
        """What the picture shows, where it is that of a preset."""
        if preset := self.current():
            st.markdown(f"**{preset.title}.** {preset.says}")

    def _wanted(self, preset) -> dict:
        wanted = self.address.defaults() | dict(preset.values)
        return {key: list(value) if isinstance(value, list) else value for key, value in wanted.items()}
