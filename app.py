from rsviz.ui.shell import run_app

run_app()
