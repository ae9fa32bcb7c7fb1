"""What a page with a result and controls beside each other looks like on a phone."""

CONTROLS_FIRST = """<style>@media (max-width: 640px) {
  .st-key-sides > div > [data-testid="stHorizontalBlock"] {row-gap: 1rem}
  .st-key-sides [data-testid="stColumn"]:has(.st-key-state),
  .st-key-sides [data-testid="stColumn"]:has(.st-key-state) > div {display: contents}
  .st-key-sides [data-testid="stLayoutWrapper"]:has(.st-key-details):not(:has(> .st-key-details)),
  .st-key-sides [data-testid="stLayoutWrapper"]:has(.st-key-details):not(:has(> .st-key-details)) >
    [data-testid="stVerticalBlock"] {display: contents}
  .st-key-sides [data-testid="stColumn"]:has(.st-key-settings) {order: 1}
  .st-key-sides [data-testid="stLayoutWrapper"]:has(> .st-key-details) {order: 2}
}</style>"""
"""For st.html: the controls come after the headline, and the container `details` last.

The columns stand in a container `sides`, the headline has one `state` in it, the controls one `settings`.
A fragment wraps what it draws, which is undone.
"""
