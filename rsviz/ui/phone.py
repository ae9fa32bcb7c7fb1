"""The order on a phone of a page that has its controls beside the result."""

CONTROLS_FIRST = """<style>@media (max-width: 640px) {
  .st-key-sides > div > [data-testid="stHorizontalBlock"] {row-gap: 1rem}
  .st-key-sides [data-testid="stColumn"]:has(.st-key-details),
  .st-key-sides [data-testid="stColumn"] :has(.st-key-details):not(:has(> .st-key-details)) {
    display: contents;
  }
  .st-key-sides [data-testid="stColumn"]:has(.st-key-settings) {order: 1}
  .st-key-sides :has(> .st-key-details) {order: 2}
  .st-key-details [data-testid="stMarkdownContainer"] {overflow-x: auto}
  .st-key-details td {white-space: nowrap}
}</style>"""
"""For st.html: on a narrow screen the controls come after the headline, and the container `details` last;
its tables scroll.

The columns are in a container `sides`; one holds `details`, in a fragment or not, the other `settings`.
"""
