"""A canvas to draw a digit on, by mouse, touch or pen; strokes arrive as a PNG, checked as uploads are."""

import base64
import binascii

import streamlit as st

from rsviz import files
from rsviz.data.images import data_uri
from rsviz.errors import RsvizError
from rsviz.tasks.image import store_upload

LONGEST = 400_000
"""Characters of a drawing as it arrives; a canvas full of strokes has some ten thousand."""
PREFIX = "data:image/png;base64,"

HTML = """
<canvas width="280" height="280" tabindex="0" aria-label="Draw a digit here by mouse, touch or pen"></canvas>
<div class="row">
  <button type="button" class="undo">Undo</button>
  <button type="button" class="clear">Clear</button>
</div>
"""

CSS = """
canvas {
  display: block; width: 100%; max-width: 280px; aspect-ratio: 1; touch-action: none; cursor: crosshair;
  background: white; border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
}
.row {display: flex; gap: 0.5rem; margin-top: 0.5rem}
button {
  min-height: 44px; min-width: 5rem; font: inherit; color: var(--st-text-color); cursor: pointer;
  background: var(--st-background-color); border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius);
}
"""

JS = """
export default function ({ parentElement, data, setStateValue }) {
  const canvas = parentElement.querySelector("canvas")
  if (!canvas.drawing) canvas.drawing = { strokes: [], base: null, shown: null }
  const drawing = canvas.drawing, pen = canvas.getContext("2d")

  const paint = () => {
    pen.fillStyle = "white"
    pen.fillRect(0, 0, canvas.width, canvas.height)
    if (drawing.base) pen.drawImage(drawing.base, 0, 0, canvas.width, canvas.height)
    pen.strokeStyle = pen.fillStyle = "black"
    pen.lineWidth = 20
    pen.lineCap = pen.lineJoin = "round"
    for (const stroke of drawing.strokes) {
      pen.beginPath()
      pen.moveTo(...stroke[0])
      for (const point of stroke.length > 1 ? stroke.slice(1) : stroke) pen.lineTo(...point)
      pen.stroke()
    }
  }
  const hand = () => {
    const empty = drawing.strokes.length === 0 && !drawing.base
    drawing.shown = empty ? "" : canvas.toDataURL("image/png")
    setStateValue("png", drawing.shown)
  }
  const place = event => {
    const box = canvas.getBoundingClientRect()
    return [
      ((event.clientX - box.left) / box.width) * canvas.width,
      ((event.clientY - box.top) / box.height) * canvas.height,
    ]
  }

  if (drawing.shown === null) {  // mounted anew: what was drawn before comes back
    drawing.shown = data?.picture ?? ""
    if (drawing.shown) {
      const image = new Image()
      image.onload = () => { drawing.base = image; paint() }
      image.src = drawing.shown
    }
    paint()
  }
  canvas.onpointerdown = event => {
    if (event.button !== 0 || drawing.stroke) return
    event.preventDefault()
    canvas.setPointerCapture(event.pointerId)
    drawing.pointer = event.pointerId
    drawing.stroke = [place(event)]
    drawing.strokes.push(drawing.stroke)
    paint()
  }
  canvas.onpointermove = event => {
    if (!drawing.stroke || event.pointerId !== drawing.pointer) return
    for (const one of event.getCoalescedEvents?.() ?? []) drawing.stroke.push(place(one))
    drawing.stroke.push(place(event))
    paint()
  }
  canvas.onpointerup = canvas.onpointercancel = event => {
    if (!drawing.stroke || event.pointerId !== drawing.pointer) return
    drawing.stroke = null
    hand()
  }
  parentElement.querySelector(".undo").onclick = () => {
    if (drawing.strokes.length) drawing.strokes.pop()
    else drawing.base = null
    paint()
    hand()
  }
  parentElement.querySelector(".clear").onclick = () => {
    drawing.strokes = []
    drawing.base = null
    paint()
    hand()
  }
}
"""

_CANVAS = st.components.v2.component("rsviz_canvas", html=HTML, css=CSS, js=JS)


def draw_digit(key: str) -> bool:
    """The canvas; True in the run in which a new drawing has arrived.

    key: where in the session the SHA-256 of the stored drawing is, None while nothing is drawn.
    """
    widget, arrived, refused = f"{key}-canvas", f"{key}-arrived", f"{key}-refused"

    def take():
        try:
            st.session_state[key] = store_drawing(st.session_state[widget].get("png") or "")
            st.session_state[arrived] = True
        except RsvizError as error:
            st.session_state[refused] = str(error)

    _CANVAS(key=widget, data={"picture": _stored(st.session_state[key])}, on_png_change=take)
    st.caption("Draw with mouse, finger or pen. By keyboard, take one of the samples.")
    if sentence := st.session_state.pop(refused, None):
        st.error(sentence, icon=":material/error:")
    return bool(st.session_state.pop(arrived, False))


def store_drawing(text: str) -> str | None:
    """Check and keep a drawing that came as a data: URI; its SHA-256, None for an empty one."""
    if not text:
        return None
    if len(text) > LONGEST or not text.startswith(PREFIX):
        raise RsvizError(f"A drawing is a PNG of at most {LONGEST:,} characters; this one is not.")
    try:
        content = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise RsvizError("The drawing did not arrive whole; please draw the stroke again.") from None
    return store_upload(content)


def _stored(digest: str | None) -> str:
    """The stored drawing as a data: URI; "" where there is none."""
    path = files.upload(digest) if digest else None
    return data_uri(path.read_bytes()) if path and path.is_file() else ""
