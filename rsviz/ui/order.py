"""The order of a page that has its controls beside the result, for the eye, the keyboard and the phone."""

CONTROLS_FIRST = """<style>@media (min-width: 641px) {
  .st-key-sides > div > [data-testid="stHorizontalBlock"] {flex-direction: row-reverse}
}
[data-testid="stElementToolbar"]:focus-within {opacity: 1; visibility: visible}
@media (max-width: 640px) {
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
"""For st.html: the keyboard reaches the controls before the result, and the eye sees them to the right of it;
a toolbar that has the focus is seen. On a narrow screen the controls come after the headline, and the
container `details` last; its tables scroll.

The columns are in a container `sides`; one holds `details`, in a fragment or not, the other `settings`.
"""
