"""The Certify page: checkpoint and image -> request -> job -> evidence as it arrives."""

from rsviz.jobs.certify import progress_of
from rsviz.tasks.certify import shipped_example
from rsviz.ui.certify import controls, live, view
from rsviz.ui.job_page import JobPage

JobPage(
    kind="certify",
    address=controls.ADDRESS,
    choose=controls.choose,
    show_example=lambda: view.show(shipped_example(), "example"),
    show_state=lambda job: view.show(progress_of(job), job.state),
    example=lambda: shipped_example().request,
    subject=("checkpoint", "image"),
    beside_cancel=view.offer_stop,
    below_button=live.start,
).show()
