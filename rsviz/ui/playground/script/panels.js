// What stands beside the picture in some scenes: radius against scale, replays, the section through balls.

const REPLAYS = 200, MOST_REPLAYED = 10000, PEEK = 10
const SCALES = Float64Array.from({ length: 64 }, (_, i) => 0.05 + (i * 1.95) / 63)

class Panel {
  constructor(canvas) {
    this.canvas = canvas
    this.pen = canvas.getContext("2d")
    this.zoom = 1  // of all that is drawn
  }

  start(theme) {
    const { canvas, pen, zoom } = this, width = canvas.clientWidth / zoom, height = canvas.clientHeight / zoom
    const dots = devicePixelRatio * zoom
    canvas.width = round(width * dots)
    canvas.height = round(height * dots)
    pen.setTransform(dots, 0, 0, dots, 0, 0)
    pen.font = "16px system-ui, sans-serif"
    pen.fillStyle = pen.strokeStyle = theme.ink
    pen.textBaseline = "alphabetic"
    return { pen, width, height }
  }
}

// Proved radius at (x, y) against the scale: exact, and expected from few and from many votes
function scaleCurves(g, state) {
  const votes = [100, 100000], curves = [{ name: "exact", points: [] }]
  for (const n of votes) curves.push({ name: `${grouped(n)} votes`, n, points: [] })
  for (const scale of SCALES) {
    const here = new SmoothedPlane(g.cells, g.classes, g.key, scale)
    const certificate = certifyPoint(here, state.x, state.y, state.runner_up)
    for (const curve of curves) {
      let radius = min(certificate.radius, 9)
      if (curve.n) {
        const counts = Array.from(certificate.p, p => round(p * curve.n))
        const [lower, upper] = limits(counts, certificate.top, state.alpha, state.runner_up)
        radius = lower > upper ? exactRadius(here.noise, scale, lower, upper, 1 - lower) : 0
      }
      curve.points.push({ scale, radius, top: certificate.top })
    }
  }
  for (const curve of curves) {  // the best scale at which g still gives its first class
    const first = curve.points[0].top, flip = curve.points.findIndex(point => point.top !== first)
    const same = flip < 0 ? curve.points : curve.points.slice(0, flip)
    curve.best = same.reduce((best, point) => (point.radius > best.radius ? point : best), same[0])
  }
  return curves
}

function drawScales(panel, view, curves) {
  const { theme, state } = view, { pen, width, height } = panel.start(theme)
  const left = 44, right = 8, top = 26, bottom = 44
  const most = max(0.1, ...curves.flatMap(curve => curve.points.map(point => point.radius)))
  const px = scale => left + (scale / 2) * (width - left - right)
  const py = radius => height - bottom - (radius / most) * (height - top - bottom)
  pen.lineWidth = 1
  pen.stroke(through([[left, top], [left, py(0)], [width - right, py(0)]]))
  pen.textAlign = "center"
  for (const tick of [0, 0.5, 1, 1.5, 2]) pen.fillText(tick, min(px(tick), width - 14), py(0) + 18)
  pen.fillText(`scale of the noise, ${state.noise === "laplace" || state.noise === "uniform" ? "λ" : "σ"}`, (left + width) / 2, height - 6)
  pen.textAlign = "left"
  pen.fillText("proved radius", 4, 16)
  pen.textAlign = "right"
  pen.fillText("0", left - 6, py(0))
  pen.fillText(most.toFixed(2), left - 4, py(most) + 12)
  const dashes = [[], [2, 4], [8, 4]]
  curves.forEach((curve, i) => {
    for (let at = 1; at < curve.points.length; at++) {
      const [a, b] = [curve.points[at - 1], curve.points[at]]
      pen.setLineDash(dashes[i])
      pen.lineWidth = i ? 3 : 4
      pen.strokeStyle = CLASS_COLOURS[b.top]
      pen.stroke(through([[px(a.scale), py(a.radius)], [px(b.scale), py(b.radius)]]))
    }
    pen.setLineDash([])
    const { scale, radius } = curve.best
    if (radius > 0) disc(pen, px(scale), py(radius), 6, theme.ground, theme.ink, 3)
  })
  pen.strokeStyle = theme.ink
  pen.lineWidth = 2
  pen.setLineDash([4, 4])
  pen.stroke(through([[px(state.scale), top], [px(state.scale), py(0)]]))
  pen.setLineDash([])
  const best = curve => (view.embedded ? "" : curve.best.radius > 0 ? `, best at ${curve.best.scale.toFixed(2)}` : ", abstains")
  return `Solid: exact. ${curves.slice(1).map((curve, i) => `${["Dotted", "Dashed"][i]}: ${curve.name}${best(curve)}.`).join(" ")}`
}

// Replays of one certificate; for each way to stop, whether its lower limit was false, above p
function* replay(g, state) {
  const { top, pA } = certifyPoint(g, state.x, state.y, state.runner_up), n = min(state.n, MOST_REPLAYED)
  const fixed = (k, m, p) => k > 0 && incompleteBeta(k, m - k + 1, p) < state.alpha
  const sequence = (k, m, p) => logEvidence(k, m, p) > -Math.log(state.alpha)
  const every = max(PEEK, round(n / 100)), peeks = []
  for (let m = every; m <= n; m += every) {
    peeks.push({ m, fixed: firstFalse(m, pA, fixed), sequence: firstFalse(m, pA, sequence) })
  }
  if (!peeks.length || peeks[peeks.length - 1].m !== n) {
    peeks.push({ m: n, fixed: firstFalse(n, pA, fixed), sequence: firstFalse(n, pA, sequence) })
  }
  const results = []
  for (let r = 0; r < REPLAYS; r++) {
    const draws = unitDraws(g.key, state.seed, 2 ** 28 + r * n, n), result = { fixed: false, peeked: false, sequence: false }
    let k = 0, drawn = 0
    for (const peek of peeks) {
      for (; drawn < peek.m; drawn++) {
        k += g.classOf(state.x + g.scale * draws[2 * drawn], state.y + g.scale * draws[2 * drawn + 1]) === top
      }
      result.fixed = k >= peek.fixed
      result.peeked ||= k >= peek.fixed
      result.sequence ||= k >= peek.sequence
    }
    results.push(result)
    yield results
  }
}

function drawReplays(panel, view, results, way) {
  const { theme } = view, { pen, width, height } = panel.start(theme)
  const across = 20, side = min((width - 4) / across, (height - 4) / (REPLAYS / across))
  for (let r = 0; r < REPLAYS; r++) {
    const x = 2 + (r % across) * side, y = 2 + floor(r / across) * side
    const known = r < results.length, wrong = known && results[r][way]
    pen.fillStyle = !known ? theme.faint : wrong ? "#D1352B" : "#2E86C1"
    pen.fillRect(x, y, side - 3, side - 3)
    if (!wrong) continue
    pen.strokeStyle = "white"
    pen.lineWidth = 2
    pen.stroke(through([[x + 4, y + 4], [x + side - 7, y + side - 7]]))
    pen.stroke(through([[x + side - 7, y + 4], [x + 4, y + side - 7]]))
  }
}

// The plane through e_1 and (1, ..., 1): the l2 ball and the largest cube and cross-polytope of l1 around it
function drawSection(panel, view) {
  const { theme, state } = view, { pen, width, height } = panel.start(theme), { d } = state
  const radius = height / 2 - 14, a = width / 2, b = height / 2 + 4, t = 1 / sqrt(d)
  const high = sqrt((d - 1) / d), low = 1 / sqrt(d - 1), circle = Array.from({ length: 72 }, (_, i) => [Math.cos(i * Math.PI / 36), Math.sin(i * Math.PI / 36)])
  const shapes = [
    [CLASS_COLOURS[0], circle],
    ["#B5651D", [[t, high], [-t, high], [-t, -high], [t, -high]]],
    ["#9A5FC0", [[1, 0], [0, low], [-1, 0], [0, -low]]],
  ]
  for (const [colour, points] of shapes) {
    const path = through(points.map(([x, y]) => [a + x * radius, b - y * radius]), true)
    pen.globalAlpha = 0.3
    pen.fillStyle = pen.strokeStyle = colour
    pen.fill(path)
    pen.globalAlpha = 1
    pen.lineWidth = 3
    pen.stroke(path)
  }
  pen.strokeStyle = pen.fillStyle = theme.ink
  pen.lineWidth = 1.5
  pen.setLineDash([4, 4])
  const x = 1.08 * t * radius, y = 1.08 * high * radius
  pen.stroke(through([[a - radius - 12, b], [a + radius + 12, b]]))
  pen.stroke(through([[a - x, b + y], [a + x, b - y]]))
  pen.setLineDash([])
  pen.textAlign = "left"
  pen.fillText("e₁", a + radius + 16, b + 5)
  pen.fillText("(1, …, 1)", a + x + 8, b - y + 10)
  const deviation = sqrt(((d + 1) * (d + 2)) / 3)
  return `d = ${grouped(d)}: the ℓ∞ cube has half-width ${t.toPrecision(3)} R. ` +
    `ℓ∞-exponential noise varies a pixel by ${grouped((+deviation.toPrecision(3)))} σ.`
}
