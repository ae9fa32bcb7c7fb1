"""The Attack page: checkpoint, image, attack -> request -> job -> what is broken beside what is proved."""

from rsviz.attacks.evidence import shipped_example
from rsviz.checkpoints import load_card
from rsviz.jobs.attack import evidence_of
from rsviz.ui import attack as view
from rsviz.ui import attack_controls as controls
from rsviz.ui import attack_curve
from rsviz.ui.job_page import JobPage, show_job_page


def show(evidence, state):
    view.show(evidence, load_card(evidence.request.checkpoint), state)


show_job_page(
    JobPage(
        kind="attack",
        title="Attack an image",
        button="Attack",
        icon=":material/bolt:",
        wrong_kind="is no attack",
        address=controls.ADDRESS,
        choose=controls.choose,
        show_example=lambda: show(shipped_example(), "example"),
        show_state=lambda job: show(evidence_of(job), job.state),
        style=view.PHONE,
        below_all=attack_curve.section,
    )
)
