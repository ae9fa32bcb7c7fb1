"""The Noise page: four mechanisms on one image, their shape, their size, and what they certify."""

import pandas as pd
import streamlit as st

from rsviz.figures.sheet import side_by_side
from rsviz.noise import NOISES
from rsviz.noise_size import EqualDeviation, EqualRadius, certified
from rsviz.norms import NORMS
from rsviz.ui import noise as ui
from rsviz.ui.export import Export, File, take_home
from rsviz.ui.noise_views import VIEWS, number, radius_number
from rsviz.ui.pictures import picture
from rsviz.ui.shell import show_page


def page():
    ui.ADDRESS.restore()
    st.title("Which noise?", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = ui.rule_kind()
        with st.popover("Image, pixels, seed", icon=":material/image:"):
            ui.image_controls()
        ui.PRESETS.menu("Pictures with a name")
    rule = ui.rule_controls(kind)
    x, wrong = ui.chosen_image()
    seed = st.session_state["n_seed"]
    noises = {key: rule.noise(key, x.size) for key in NOISES}
    draws = {key: noise.scale * ui.unit_draw(key, x.shape, seed) for key, noise in noises.items()}
    if wrong:
        st.info(wrong, icon=":material/image:")
    images(x, noises, draws)
    st.markdown(says(rule, noises, x.size))
    view = st.segmented_control(
        "View",
        list(ui.VIEWS),
        required=True,
        format_func=ui.VIEWS.get,
        key="n_view",
        label_visibility="collapsed",
    )
    charts, table = VIEWS[view](rule, x, noises, draws, seed)
    take_away(view, rule, x, seed, charts, table)
    ui.ADDRESS.write()


def images(x, noises, draws):
    """The image, and the image under each mechanism."""
    size = "×".join(map(str, x.shape[1:])) + (" in colour" if len(x) == 3 else "")
    with st.container(horizontal=True, gap="small", key="noise-images"):
        with st.container(width=168):
            picture(x, alt="The image without noise", size=160)
            st.markdown(f"**No noise**  \n:small[{size}: d = {x.size:,}]")
        for key, noise in noises.items():
            with st.container(width=168):
                picture(x + draws[key], alt=f"The image under {noise.title} noise", size=160)
                st.markdown(
                    f"**{noise.title}**  \n:small[{noise.symbol} = {number(noise.scale)}]  \n"
                    f":small[a pixel varies by {number(noise.deviation(x.size))}]"
                )


def says(rule, noises, dim) -> str:
    """What the row of pictures shows, with its numbers."""
    clipped = ":small[Values outside [0, 1] are cut off on the screen only.]"
    if not isinstance(rule, EqualRadius):
        p_a, p_b = ui.probabilities()
        proved_for = ("gaussian", "linf-exponential")
        proved = [
            f"{noises[key].title} **{radius_number(certified(noises[key], 'linf', p_a, p_b, dim).radius)}**"
            for key in proved_for
        ]
        alike = (
            "Each pixel varies equally"
            if isinstance(rule, EqualDeviation)
            else "σ and λ are the same number, pixels do not vary equally"
        )
        return (
            f"{alike}; what is proved differs. In ℓ∞, at p_A = {p_a:.3g} and p_B = {p_b:.3g}, by tight "
            f"bounds: {', '.join(proved)}.  \n{proved_by(noises, 'linf', dim, proved_for)} {clipped}"
        )
    tight, loose = [], []
    for noise in noises.values():
        sharp = certified(noise, rule.norm, rule.p_a, rule.p_b, dim).tight
        (tight if sharp else loose).append(f"{noise.title} **{number(noise.deviation(dim))}**")
    text = (
        f"What a pixel varies by when {radius_text(rule.radius, rule.norm)} is proved at "
        f"p_A = {rule.p_a:.3g}, p_B = {rule.p_b:.3g}. By tight bounds, so that no less will do: "
        f"{', '.join(tight)}."
    )
    if loose:
        text += f" Through another norm, so that a better bound may ask for less: {', '.join(loose)}."
    reached = ":small[Whether p_A is reached in such noise is for the network to say.]"
    return f"{text}  \n{proved_by(noises, rule.norm, dim, noises)} {reached} {clipped}"


def proved_by(noises, norm, dim, keys) -> str:
    """The keys of the bounds that give the radii, as the Bounds page has them."""
    names = [certified(noises[key], norm, 0.9, 0.05, dim).bound.key for key in keys]
    return f":small[Bounds: {', '.join(names)}, with p_A and p_B taken as known.]"


def radius_text(radius, norm) -> str:
    return f"{radius * 255:.3g}/255 in ℓ∞" if norm == "linf" else f"{radius:.3g} in {NORMS[norm].symbol}"


def take_away(view, rule, x, seed, charts, rows):
    """The table, the picture, and the lines that draw the same noise."""
    files = [File("CSV", f"rsviz-noise-{view}.csv", lambda: pd.DataFrame(rows).to_csv(index=False).encode())]
    if charts:
        files += [File("PNG", f"rsviz-noise-{view}.png", lambda: side_by_side(charts))]
    take_home("CSV, PNG, Python", lambda: Export(files, python=ui.python_lines(rule, x.shape, seed)))


show_page(page)
