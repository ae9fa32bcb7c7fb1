"""The Certify page: checkpoint and image -> request -> job -> evidence as it arrives."""

from rsviz.tasks.certify import CertifyProgress
from rsviz.ui.certify import controls, live, view
from rsviz.ui.image_page import image_page

image_page(
    CertifyProgress,
    controls,
    view.show,
    beside_cancel=view.offer_stop,
    below_button=live.start,
).show()
