from rsviz.ui.shell import open_page

open_page("Certify")
import streamlit as st

st.title("Certify")
