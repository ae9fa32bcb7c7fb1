"""The Attack page: checkpoint, image, attack -> request -> job -> what is broken beside what is proved."""

from rsviz.jobs.attack import progress_of
from rsviz.tasks.attack import shipped_example
from rsviz.ui.attack import controls, robustness, view
from rsviz.ui.job_page import JobPage

JobPage(
    kind="attack",
    style=view.PHONE,
    address=controls.ADDRESS,
    choose=controls.choose,
    show_example=lambda: view.show(shipped_example(), "example"),
    show_state=lambda job: view.show(progress_of(job), job.state),
    example=lambda: shipped_example().request,
    subject=("checkpoint", "image"),
    below_all=robustness.section,
).show()
