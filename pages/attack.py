"""The Attack page: checkpoint, image, attack -> request -> job -> what is broken beside what is proved."""

from rsviz.tasks.attack import AttackProgress
from rsviz.ui.attack import controls, robustness, view
from rsviz.ui.image_page import image_page

image_page(AttackProgress, controls, view.show, style=view.PHONE, below_all=robustness.section).show()
