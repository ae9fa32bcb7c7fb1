"""Handwriting made for this project: strokes as points, drawn as MNIST's digits are, or photographed.

The samples in rsviz/data/samples are `sample(...)` of SAMPLES, stored once as PNG.
"""

import io
from itertools import pairwise

import numpy as np
from PIL import Image

# Strokes of a digit: points (x, y) in per cent of its box, y downwards, joined by a smooth curve.
SAMPLES = {
    "0-a": [[(50, 4), (22, 18), (14, 50), (24, 82), (50, 96), (76, 82), (86, 50), (76, 18), (50, 4)]],
    "0-b": [[(62, 4), (38, 16), (24, 54), (34, 88), (52, 96), (70, 80), (78, 44), (72, 14), (58, 5)]],
    "0-c": [[(48, 8), (18, 26), (10, 58), (32, 90), (66, 90), (90, 62), (84, 26), (56, 7), (40, 12)]],
    "1-a": [[(52, 3), (51, 50), (50, 97)]],
    "1-b": [[(64, 3), (52, 48), (40, 97)]],
    "1-c": [[(34, 24), (46, 16), (56, 3)], [(56, 3), (55, 50), (54, 97)]],
    "2-a": [
        [(18, 26), (32, 8), (56, 4), (76, 18), (74, 40), (50, 68), (16, 95)],
        [(16, 95), (50, 94), (86, 95)],
    ],
    "2-b": [
        [(24, 22), (44, 5), (70, 10), (78, 30), (62, 56), (38, 80), (20, 94)],
        [(20, 94), (48, 92), (80, 97)],
    ],
    "2-c": [
        [(16, 30), (26, 10), (52, 4), (74, 16), (72, 42), (52, 70), (28, 92), (14, 84), (30, 76), (56, 90)],
        [(56, 90), (70, 96), (88, 88)],
    ],
    "3-a": [
        [(20, 14), (40, 4), (66, 8), (74, 26), (62, 42), (42, 48)],
        [(42, 48), (68, 52), (82, 70), (70, 90), (44, 97), (18, 86)],
    ],
    "3-b": [
        [(24, 20), (44, 5), (68, 12), (70, 32), (46, 46)],
        [(46, 46), (72, 56), (74, 80), (54, 95), (30, 94), (20, 82)],
    ],
    "3-c": [
        [(16, 8), (46, 5), (76, 14), (66, 34), (40, 44)],
        [(40, 44), (74, 50), (84, 74), (60, 94), (30, 95), (14, 90)],
    ],
    "4-a": [[(30, 5), (24, 34), (18, 56)], [(18, 56), (50, 54), (86, 52)], [(72, 5), (68, 50), (64, 97)]],
    "4-b": [[(22, 8), (20, 30), (24, 48), (46, 54), (76, 46)], [(78, 4), (76, 48), (72, 97)]],
    "4-c": [[(60, 4), (38, 34), (14, 64)], [(14, 64), (48, 63), (88, 62)], [(62, 4), (63, 50), (64, 97)]],
    "5-a": [
        [(78, 6), (54, 5), (30, 7)],
        [(30, 7), (27, 24), (24, 44)],
        [(24, 44), (48, 38), (74, 50), (80, 72), (62, 92), (36, 96), (16, 86)],
    ],
    "5-b": [
        [(84, 4), (60, 8), (36, 8)],
        [(36, 8), (30, 26), (28, 42)],
        [(28, 42), (56, 40), (72, 58), (68, 82), (44, 96), (18, 92)],
    ],
    "5-c": [
        [(72, 5), (50, 6), (28, 5)],
        [(28, 5), (26, 22), (22, 46)],
        [(22, 46), (44, 36), (70, 42), (82, 62), (72, 86), (46, 97), (20, 94)],
    ],
    "6-a": [[(66, 4), (40, 24), (24, 54), (26, 82), (46, 96), (70, 86), (74, 64), (54, 54), (30, 68)]],
    "6-b": [[(54, 3), (34, 30), (26, 60), (32, 88), (54, 96), (72, 80), (66, 60), (44, 60), (30, 76)]],
    "6-c": [
        [(74, 8), (48, 12), (24, 40), (18, 70), (34, 94), (62, 94), (78, 74), (62, 56), (36, 60), (20, 74)]
    ],
    "7-a": [[(16, 10), (48, 8), (82, 8)], [(82, 8), (62, 48), (46, 96)]],
    "7-b": [[(18, 14), (50, 12), (80, 6)], [(80, 6), (68, 36), (56, 66), (50, 97)]],
    "7-c": [[(20, 22), (22, 10), (50, 8), (80, 10)], [(80, 10), (60, 44), (38, 97)]],
    "8-a": [
        [(70, 16), (50, 4), (30, 14), (32, 34), (52, 48), (74, 66), (70, 88), (48, 97), (26, 86), (28, 66)],
        [(28, 66), (50, 48), (70, 32), (70, 16)],
    ],
    "8-b": [
        [(50, 4), (32, 12), (32, 34), (50, 46), (68, 34), (68, 12), (50, 4)],
        [(50, 46), (26, 60), (24, 84), (50, 97), (76, 84), (74, 60), (50, 46)],
    ],
    "8-c": [
        [(74, 10), (52, 5), (34, 18), (40, 38), (58, 54), (66, 76), (52, 95), (32, 92), (26, 74)],
        [(26, 74), (42, 52), (66, 34), (74, 10)],
    ],
    "9-a": [
        [(74, 24), (56, 6), (32, 12), (26, 34), (42, 48), (66, 42), (74, 24)],
        [(74, 24), (72, 60), (66, 97)],
    ],
    "9-b": [[(72, 14), (48, 4), (28, 20), (32, 42), (54, 46), (72, 28)], [(72, 14), (70, 54), (56, 97)]],
    "9-c": [
        [(70, 22), (50, 5), (28, 20), (30, 44), (52, 50), (70, 34), (72, 20)],
        [(72, 20), (74, 58), (66, 84), (52, 97)],
    ],
}

# Another hand, for the photographs: what prepares them was not made to fit it.
PHOTOGRAPHED = {
    0: [[(44, 6), (20, 30), (18, 64), (38, 94), (66, 88), (82, 56), (76, 22), (52, 5), (40, 10)]],
    1: [[(56, 2), (53, 34), (49, 66), (46, 98)]],
    2: [[(24, 24), (38, 7), (62, 7), (74, 26), (62, 52), (22, 94)], [(22, 94), (52, 93), (82, 92)]],
    3: [
        [(22, 12), (46, 4), (70, 14), (66, 34), (44, 46)],
        [(44, 46), (74, 54), (78, 78), (54, 95), (22, 90)],
    ],
    4: [[(34, 6), (26, 32), (20, 56)], [(20, 56), (52, 56), (84, 52)], [(66, 20), (64, 56), (60, 98)]],
    5: [
        [(74, 7), (52, 6), (32, 8)],
        [(32, 8), (28, 26), (26, 42)],
        [(26, 42), (52, 39), (76, 56), (72, 82), (48, 96), (20, 90)],
    ],
    6: [[(62, 3), (38, 28), (26, 60), (34, 88), (56, 95), (72, 78), (62, 60), (42, 62), (30, 74)]],
    7: [[(20, 12), (50, 10), (78, 9)], [(78, 9), (64, 40), (44, 97)]],
    8: [
        [(68, 14), (48, 5), (32, 18), (40, 38), (62, 58), (70, 80), (48, 96), (28, 82), (38, 58)],
        [(38, 58), (60, 38), (68, 14)],
    ],
    9: [[(70, 20), (50, 6), (30, 18), (32, 40), (54, 46), (70, 28)], [(70, 20), (70, 58), (62, 97)]],
}


def smooth(points, per_piece=12):
    """Points (n, 2) of the Catmull-Rom curve through `points`."""
    points = np.asarray(points, float)
    if len(points) < 3:
        return points
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, per_piece, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        cubic = (-a + 3 * b - 3 * c + d) * t**3 + (2 * a - 5 * b + 4 * c - d) * t**2 + (c - a) * t + 2 * b
        pieces.append(cubic / 2)
    return np.vstack([*pieces, points[-1]])


def distance(curves, height, width):
    """Pixels from each pixel's centre (height, width) to the nearest of the curves."""
    y, x = np.mgrid[:height, :width] + 0.5
    nearest = np.full((height, width), np.inf)
    for curve in curves:
        for (x0, y0), (x1, y1) in pairwise(curve):
            dx, dy = x1 - x0, y1 - y0
            along = np.clip(((x - x0) * dx + (y - y0) * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
            nearest = np.minimum(nearest, np.hypot(x - x0 - along * dx, y - y0 - along * dy))
    return nearest


def drawn(strokes, size, height, width, centre, tilt=0.0):
    """The strokes as curves in pixels: `size` of the box, its centre (x, y), tilt in degrees."""
    angle = np.radians(tilt)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return [(np.array(smooth(stroke)) / 100 - 0.5) * size @ turn.T + centre for stroke in strokes]


def sample(strokes, pen=2.6):
    """uint8 (28, 28), light on black, in a box of 20 pixels, centred by mass, as MNIST is."""
    curves = [np.array(smooth(stroke)) for stroke in strokes]
    every = np.vstack(curves)
    low, high = every.min(0), every.max(0)
    scale = (20 - pen) / (high - low).max()
    curves = [(curve - (low + high) / 2) * scale + 14 for curve in curves]
    for _ in range(2):
        ink = np.clip(pen / 2 + 0.5 - distance(curves, 28, 28), 0, 1)
        y, x = np.mgrid[:28, :28] + 0.5
        shift = 14 - np.array([(ink * x).sum(), (ink * y).sum()]) / ink.sum()
        curves = [curve + shift for curve in curves]
    ink = np.clip(pen / 2 + 0.5 - distance(curves, 28, 28), 0, 1)
    return np.round(255 * ink).astype(np.uint8)


def photograph(strokes, seed, height=480, width=480, *, ground=None, pen=None, tilt=None):
    """JPEG bytes of the strokes on grey paper: uneven light, tilt, a coloured pen, grain.

    pen: its width as a share of the digit's height; thin for even seeds, thick for odd ones.
    """
    rng = np.random.default_rng(seed)
    size = rng.uniform(0.4, 0.62) * height
    centre = np.array([width, height]) * rng.uniform(0.42, 0.58, 2)
    tilt = rng.choice([-1, 1]) * rng.uniform(5, 10) if tilt is None else tilt
    pen = (rng.uniform(0.015, 0.03) if seed % 2 == 0 else rng.uniform(0.07, 0.11)) if pen is None else pen
    curves = drawn(strokes, size, height, width, centre, tilt)
    ink = np.clip(pen * size / 2 + 0.7 - distance(curves, height, width), 0, 1)
    y, x = np.mgrid[:height, :width] / [[[height]], [[width]]]
    direction = rng.uniform(0, 2 * np.pi)
    light = 1 + 0.3 * (np.cos(direction) * (x - 0.5) + np.sin(direction) * (y - 0.5))
    light -= 0.35 * ((x - rng.uniform(0.3, 0.7)) ** 2 + (y - rng.uniform(0.3, 0.7)) ** 2)  # the lamp
    ground = rng.uniform(0.55, 0.75) if ground is None else ground
    paper = ground * (1 + 0.02 * rng.standard_normal((height, width)))
    colour = np.array([[0.2, 0.22, 0.3], [0.25, 0.25, 0.25], [0.15, 0.2, 0.45]])[seed % 3] * ground / 0.7
    seen = paper[..., None] * (1 - ink[..., None]) + colour * ink[..., None]
    seen = seen * light[..., None] + 0.02 * rng.standard_normal((height, width, 1))
    file = io.BytesIO()
    Image.fromarray(np.round(255 * np.clip(seen, 0, 1)).astype(np.uint8)).save(file, "JPEG", quality=85)
    return file.getvalue()
