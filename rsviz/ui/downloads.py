"""What may be taken home from a page."""

import streamlit as st


def download(label: str, content, file: str, kind: str) -> None:
    """A button for a file. content: a function that makes it when somebody asks. kind: its MIME type."""
    st.download_button(
        label,
        content,
        file,
        kind,
        icon=":material/download:",
        on_click="ignore",
        key=f"download-{label}-{file}",
    )
