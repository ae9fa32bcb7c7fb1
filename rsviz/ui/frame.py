"""What every page has from the browser itself: the cookie of its owner, a live region, a menu that closes.

Streamlit has no call for them, so scripts of the page do it. All of them share one scope, so each is a block.
"""

import contextlib
import json
import re

import streamlit as st

from rsviz.jobs import owners
from rsviz.ui.legible import legible_words
from rsviz.ui.session import owner_id

YEAR = 365 * 86_400
"""Seconds that the cookie lasts after the last visit."""

LIVE = """
let live = document.getElementById("rsviz-live");
if (!live) {
  live = document.createElement("div");
  live.id = "rsviz-live";
  live.setAttribute("role", "status");
  live.setAttribute("aria-live", "polite");
  live.style.cssText = "position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
  document.body.append(live);
}
"""
MENU = """
if (!window.rsvizMenu) {
  window.rsvizMenu = true;
  document.addEventListener("click", (event) => {
    if (window.innerWidth > 768 || !event.target.closest('[data-testid="stSidebarNavLink"]')) return;
    const close = () => document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
    setTimeout(close, 0);
  });
}
"""
HALL = """
if (!window.rsvizHall) {
  window.rsvizHall = true;
  const read = () => document.documentElement.toggleAttribute(
    "data-hall", new URLSearchParams(location.search).get("hall") === "1");
  window.rsvizReadHall = read;
  window.addEventListener("popstate", read);
  document.addEventListener("keydown", (event) => {
    const target = event.composedPath()[0];
    if (event.ctrlKey || event.metaKey || event.altKey || !(target instanceof Element)) return;
    if (target.matches("input:not([type=range]), textarea, select, [contenteditable]")) return;
    const isOver = document.querySelector('[data-testid="stPopoverBody"], [role="dialog"], [role="listbox"]');
    if (event.key === "Escape" && !isOver) document.querySelector(".st-key-tour-leave button")?.click();
    if (window.parent !== window) {
      window.parent.postMessage({rsviz: "key", key: event.key}, location.origin);
      return;
    }
    const query = new URLSearchParams(location.search);
    const leaves = event.key === "Escape" && !isOver && query.get("hall") === "1";
    if (event.key !== "f" && event.key !== "F" && !leaves) return;
    if (query.get("hall") === "1") query.delete("hall"); else query.set("hall", "1");
    history.pushState(history.state, "", location.pathname + (query.size ? "?" + query : ""));
    window.dispatchEvent(new PopStateEvent("popstate"));
  }, true);
}
window.rsvizReadHall();
"""
"""Lecture mode of every page: hall=1 in its address, key f. A page inside a lesson passes its keys on."""
CODE = """
if (!window.rsvizCode) {
  window.rsvizCode = true;
  const reach = () => document.querySelectorAll('[data-testid="stCode"] pre:not([tabindex])').forEach(
    (lines) => { lines.tabIndex = 0; });
  new MutationObserver(reach).observe(document.body, {childList: true, subtree: true});
  reach();
}
"""
"""Lines of code that are scrolled are reached by the keyboard."""
STYLE = """<style>
html[data-hall] {--zoom: 1.72} /* 14 px become 24 */
html[data-hall] :is([data-testid="stHeader"], .st-key-tour, .st-key-runs-place) {display: none}
html[data-hall] [data-testid="stLayoutWrapper"]:has(> .st-key-runs-place) {display: none}
html[data-hall] [data-testid="stMainBlockContainer"]:not(:has(.st-key-deck, .st-key-playground-title)) {
  zoom: var(--zoom); padding: 0.5rem 1rem;
}
html[data-hall] [data-testid="stColumn"]:has(> * > * > .st-key-settings) {display: none}
/* Streamlit measures a chart with the zoom */
html[data-hall] .vega-embed {width: calc(100% / var(--zoom)) !important}
[data-testid="stLayoutWrapper"]:has(> .st-key-runs-place) {
  position: fixed; top: 0.65rem; right: 3.4rem; width: auto; z-index: 999990;
}
.st-key-runs {width: auto; align-items: center; gap: 0.25rem}
.st-key-runs button {min-height: 2.2rem}
[data-testid="stPopoverBody"]:has(.st-key-runs-list) {width: min(30rem, calc(100vw - 1.5rem))}
[data-testid="stLayoutWrapper"]:has(> :is(.st-key-frame, [class*="st-key-said-"])) {
  position: absolute; width: 0; height: 0; overflow: hidden;
}
@media (max-width: 768px) {
  [data-testid="stSidebarNavLink"] {min-height: 44px}
}
h1 {padding: 0.3rem 0 !important}
[data-testid="stFileChip"]:has([role="alert"]) {flex-wrap: wrap; height: auto; max-width: 100%}
[data-testid="stFileChip"] [role="alert"] {
  position: static; width: auto; height: auto; margin: 0; padding: 0; overflow: visible; clip: auto;
  clip-path: none; white-space: normal; flex-basis: 100%;
}
[data-testid="stImage"] img {image-rendering: pixelated}
[data-testid="stImage"] img[style*="object-fit: contain"] {
  width: calc(100vw - 2rem) !important; height: calc(100vh - 8rem); max-height: none !important;
}
</style>"""
"""Streamlit shows only to screen readers why it refuses a file; here everybody can read it. The last rule is
for pictures in full screen, which alone have that style: they fill it, not smoothed."""


def frame() -> None:
    """Draw it; before anything else of the page."""
    st.html(STYLE + _hidden() + legible_words())
    with st.container(key="frame"):
        st.html(f"<script>{{ {_cookie()}{LIVE}{MENU}{HALL}{CODE} }}</script>", unsafe_allow_javascript=True)


CONTROLS = (
    *("Slider", "NumberInput", "Selectbox", "MultiSelect", "ButtonGroup", "Checkbox", "Radio", "TextInput"),
    *("FileUploader", "Expander", "Popover", "Button", "DownloadButton", "PageLink"),
)
"""Streamlit's names of what a page is operated with."""
WORDS = ("Markdown", "CaptionContainer")
"""Streamlit's names of sentences; headings are none."""
MOST_KEPT = 3


def _hidden() -> str:
    """A style that hides what the address names, by the key of the widget: hide=seed,alpha.

    Lecture mode hides sentences, and every control but those of keep=, at most three: the picture is left.
    """
    hidden = "".join(f"<style>.st-key-{name} {{display: none !important}}</style>" for name in _names("hide"))
    kept = ", ".join(f".st-key-{name} *" for name in _names("keep")[:MOST_KEPT])
    controls = ", ".join(f'[data-testid="st{name}"]' for name in CONTROLS + WORDS)
    others = f":is({controls}, .st-key-settings, .st-key-strip, [data-testid=stHeading]:has(h1))" + (
        f":not({kept})" if kept else ""
    )
    return f"{hidden}<style>html[data-hall] [data-testid=stMain] {others} {{display: none}}</style>"


def _names(parameter) -> list[str]:
    texts = (st.query_params.get(parameter) or "")[:500].split(",")
    return [text for text in texts if re.fullmatch("[A-Za-z0-9_-]{1,40}", text)]


def _cookie() -> str:
    """Renew the cookie that names the owner. The answer to a websocket can set none, so a script does."""
    with contextlib.suppress(owners.KeyUnavailable):
        words = f"{owners.cookie_name()}={owners.token(owner_id())}; Max-Age={YEAR}; Path=/; SameSite=Lax"
        secure = 'location.protocol === "https:" ? "; Secure" : ""'
        return f"document.cookie = {json.dumps(words)} + ({secure});"
    return ""


def announce(words: str, key: str) -> None:
    """Let a screen reader say this when it has time; the same words again are not said again.

    key: tells several announcements of a page apart.
    """
    text = json.dumps(words).replace("<", "\\u003c")
    with st.container(key=f"said-{key}"):
        st.html(
            f"<script>{{ {LIVE}if (live.textContent !== {text}) live.textContent = {text}; }}</script>",
            unsafe_allow_javascript=True,
        )
