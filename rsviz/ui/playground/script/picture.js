// The picture: f as colours, the boundary of g, votes, balls, the worst case and an attack around the point.

const CLASS_COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9"]
const LETTERS = "ABCDE"
const ATTACK = "#E4437A", WORST = "#8C6BB1"
const DOTS = 400, FALL = 0.45  // dots shown; seconds that a vote falls
const CORNERS = [[0, 0], [1, 0], [1, 1], [0, 1]]  // of a square between four cell centres, in turn
const BALL_NAMES = { l1: "ℓ₁", l2: "ℓ₂", linf: "ℓ∞" }

function mixed(colour, ground, share) {
  const parts = text => [1, 3, 5].map(at => parseInt(text.slice(at, at + 2), 16))
  const [a, b] = [parts(colour), parts(ground)]
  return a.map((value, i) => round(share * value + (1 - share) * b[i]))
}

// A theme's colour as #rrggbb
function hex(colour, instead) {
  const found = /^#([0-9a-f]{6})$/i.test(colour) ? colour : null
  const numbers = colour.match(/\d+(\.\d+)?/g)
  if (found || !/^rgb/.test(colour) || !numbers) return found ?? instead
  return "#" + numbers.slice(0, 3).map(value => (+value | 0).toString(16).padStart(2, "0")).join("")
}

// The path through points [x, y]
function through(points, closed = false) {
  const path = new Path2D()
  points.forEach(([x, y], i) => path[i ? "lineTo" : "moveTo"](x, y))
  if (closed) path.closePath()
  return path
}

function disc(pen, x, y, radius, fill, stroke, width) {
  pen.beginPath()
  pen.arc(x, y, radius, 0, 2 * Math.PI)
  Object.assign(pen, { fillStyle: fill, strokeStyle: stroke, lineWidth: width })
  if (fill) pen.fill()
  pen.stroke()
}

class Picture {
  constructor(canvas) {
    this.canvas = canvas
    this.pen = canvas.getContext("2d")
    this.zoom = 1  // of words
    this.f = new OffscreenCanvas(SIDE, SIDE)
  }

  // Fit the canvas to its place on the screen
  fit() {
    const size = round(this.canvas.clientWidth * devicePixelRatio)
    if (size && this.canvas.width !== size) this.canvas.width = this.canvas.height = size
  }

  get size() { return this.canvas.clientWidth }
  px(x) { return ((x + HALF) / (2 * HALF)) * this.size }
  py(y) { return this.size - this.px(y) }
  length(r) { return (r / (2 * HALF)) * this.size }

  draw(view) {
    const { pen, size } = this
    if (!size) return
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
    pen.imageSmoothingEnabled = false
    this._base(view)
    pen.drawImage(this.f, 0, 0, size, size)
    const { show, x, y } = view.state
    if (view.state.clip) this._unitSquare(view)
    this._dots(view.points ?? [], 3, view)
    if (show.includes("worst")) this._worst(view)
    if (show.includes("g")) this._boundary(view)
    if (show.includes("dots")) this._votes(view)
    if (show.includes("true") && view.truth) this._truth(view)
    if (show.includes("ball")) this._ball(view)
    this._dots(view.trail ?? [], 4, view)
    if (show.includes("attack") && view.attack) this._attack(view)
    if (view.change && (show.includes("true") || show.includes("ball"))) this._change(view)
    this._point(x, y, view)
  }

  // f in pale colours, row by row from above
  _base({ g, theme }) {
    const key = theme.ground
    if (this.based === g.cells && this.basedOn === key) return
    this.based = g.cells
    this.basedOn = key
    const colours = CLASS_COLOURS.map(colour => mixed(colour, theme.ground, theme.dark ? 0.5 : 0.42))
    const pen = this.f.getContext("2d"), image = pen.createImageData(SIDE, SIDE)
    for (let j = 0; j < SIDE; j++) {
      for (let i = 0; i < SIDE; i++) {
        const to = ((SIDE - 1 - j) * SIDE + i) * 4, [r, green, b] = colours[g.cells[j * SIDE + i]]
        image.data.set([r, green, b, 255], to)
      }
    }
    pen.putImageData(image, 0, 0)
  }

  _boundary({ g, theme }) {
    if (this.outlined !== g || this.outlinedAt !== this.size) {
      this.outlined = g
      this.outlinedAt = this.size
      this.outline = this._contours(g)
    }
    this.pen.strokeStyle = theme.ground
    this.pen.lineWidth = 6
    this.pen.stroke(this.outline)
    this.pen.strokeStyle = theme.ink
    this.pen.lineWidth = 3
    this.pen.stroke(this.outline)
  }

  // Where a class of g gains or loses its lead: marching squares between the cell centres
  _contours(g) {
    const path = new Path2D(), { maps, map } = g
    for (let k = 0; k < g.classes - (g.classes === 2); k++) {
      const lead = at => {
        let other = 0
        for (let i = 0; i < g.classes; i++) if (i !== k) other = max(other, maps[i][at])
        return maps[k][at] - other
      }
      for (let j = 0; j < SIDE - 1; j++) {
        for (let i = 0; i < SIDE - 1; i++) {
          const at = j * SIDE + i, count = (map[at] === k) + (map[at + 1] === k) + (map[at + SIDE] === k) + (map[at + SIDE + 1] === k)
          if (count % 4 === 0) continue
          const corners = [at, at + 1, at + SIDE + 1, at + SIDE], inside = corners.map(corner => map[corner] === k)
          const ends = [], values = corners.map(lead)
          for (let e = 0; e < 4; e++) {
            const next = (e + 1) % 4
            if (inside[e] === inside[next]) continue
            const part = values[e] === values[next] ? 0.5 : values[e] / (values[e] - values[next])
            const from = CORNERS[e], to = CORNERS[next], t = min(max(part, 0), 1)
            ends.push(from.map((value, axis) => CENTRES[axis ? j : i] + CELL * (value + t * (to[axis] - value))))
          }
          for (let e = 0; e + 1 < ends.length; e += 2) {
            path.moveTo(this.px(ends[e][0]), this.py(ends[e][1]))
            path.lineTo(this.px(ends[e + 1][0]), this.py(ends[e + 1][1]))
          }
        }
      }
    }
    return path
  }

  // Dots [x, y, class, pixels above it], a path a class: a stroke for each dot would take most of a frame
  _dots(dots, size, { theme }) {
    const { pen } = this, paths = []
    for (const [x, y, k, lift = 0] of dots) {
      const a = this.px(x), b = this.py(y) - lift, path = (paths[k] ??= new Path2D())
      path.moveTo(a + size, b)
      path.arc(a, b, size, 0, 2 * Math.PI)
    }
    pen.strokeStyle = theme.ground
    pen.lineWidth = 2
    paths.forEach((path, k) => {
      pen.stroke(path)
      pen.fillStyle = CLASS_COLOURS[k]
      pen.fill(path)
    })
  }

  _votes(view) {
    const { votes, g, state } = view, dots = []
    for (let i = max(0, votes.fallen - DOTS); i < votes.fallen; i++) {
      const x = state.x + g.scale * votes.draws[2 * i], y = state.y + g.scale * votes.draws[2 * i + 1]
      const rest = votes.raining ? max(0, 1 - (votes.time - i / votes.pace) / FALL) : 0
      dots.push([x, y, g.classOf(x, y), rest * rest * 90])
    }
    this._dots(dots, 3.5, view)
  }

  at([x, y]) { return [this.px(x), this.py(y)] }

  // The sphere of a norm around the point, in pixels
  _sphere(norm, x, y, radius) {
    const r = this.length(radius), a = this.px(x), b = this.py(y)
    if (norm === "linf") return through([[a - r, b - r], [a + r, b - r], [a + r, b + r], [a - r, b + r]], true)
    if (norm === "l1") return through([[a + r, b], [a, b + r], [a - r, b], [a, b - r]], true)
    const path = new Path2D()
    path.arc(a, b, r, 0, 2 * Math.PI)
    return path
  }

  _ball(view) {
    const { pen } = this, { state, certificate: { norm, top, radius }, proved, theme } = view
    if (Number.isFinite(radius) && radius > 0) {
      const ball = this._sphere(norm, state.x, state.y, radius)
      pen.fillStyle = `rgba(${mixed(CLASS_COLOURS[top], theme.ground, 1)}, 0.22)`
      pen.fill(ball)
      this._line(ball, theme.ink, theme.ground, 3.5)
      this._words(`proved ${roundDown(radius)}`, state.x, state.y, radius, view)
    }
    if (proved && proved.radius > 0) {
      pen.setLineDash([1, 5])
      pen.lineCap = "round"
      this._line(this._sphere(norm, state.x, state.y, proved.radius), CLASS_COLOURS[proved.top], theme.ground, 3.5)
      pen.setLineDash([])
      pen.lineCap = "butt"
    }
  }

  _line(path, colour, ground, width) {
    this.pen.strokeStyle = ground
    this.pen.lineWidth = width + 3
    this.pen.stroke(path)
    this.pen.strokeStyle = colour
    this.pen.lineWidth = width
    this.pen.stroke(path)
  }

  // Words just above a ball, or below it where there is no place
  _words(text, x, y, radius, { theme }) {
    const { pen, zoom } = this, up = this.py(y) - this.length(radius) - 9, down = this.py(y) + this.length(radius) + 6 + 16 * zoom
    const half = (pen.font = `600 ${16 * zoom}px system-ui, sans-serif`, pen.measureText(text).width / 2 + 6)
    const at = min(max(this.px(x), half), this.size - half)
    pen.textAlign = "center"
    pen.lineJoin = "round"
    pen.lineWidth = 4
    pen.strokeStyle = theme.ground
    pen.fillStyle = theme.ink
    const height = up > 18 * zoom ? up : min(down, this.size - 6)
    pen.strokeText(text, at, height)
    pen.fillText(text, at, height)
  }

  // A ring of a cell's diagonal: the first other class of g is in it
  _truth(view) {
    const { pen } = this, { state, truth: [low, high], certificate: { norm }, theme } = view
    if (high === Infinity) return
    const ring = this._sphere(norm, state.x, state.y, high)
    const filled = new Path2D(ring)
    filled.addPath(this._sphere(norm, state.x, state.y, low))
    pen.fillStyle = `rgba(${mixed(theme.ink, theme.ground, 1)}, 0.25)`
    pen.fill(filled, "evenodd")
    pen.setLineDash([9, 6])
    this._line(ring, theme.ink, theme.ground, 1.5)
    pen.setLineDash([])
    if (high - view.certificate.radius > 0.25) this._words("g changes", state.x, state.y, high, view)
  }

  _change(view) {
    const { x, y } = view.change
    if (max(abs(x), abs(y)) > HALF) return
    this._cross(x, y, CLASS_COLOURS[view.g.cells[view.change.at]], view)
  }

  _cross(x, y, colour, { theme }) {
    const [a, b] = this.at([x, y]), r = 7
    for (const side of [r, -r]) {
      const path = through([[a - r, b - side], [a + r, b + side]])
      this._line(path, theme.ink, theme.ground, 3)
      this.pen.strokeStyle = colour
      this.pen.lineWidth = 1
      this.pen.stroke(path)
    }
  }

  _worst(view) {
    const { pen, size } = this, { state, worst, certificate, theme } = view
    if (!worst || !Number.isFinite(worst.endA)) return
    const [a, b] = worst.normal, square = a * a + b * b, far = 4 * HALF
    const line = offset => {
      const x = state.x + (a * offset) / square, y = state.y + (b * offset) / square
      return [[x - b * far, y + a * far], [x + b * far, y - a * far]]
    }
    const [p, q] = line(worst.startB), shift = ([x, y]) => [x + 4 * a * far, y + 4 * b * far]
    const beyond = through([p, q, shift(q), shift(p)].map(this.at, this), true)
    pen.save()
    pen.clip(beyond)
    pen.strokeStyle = CLASS_COLOURS[certificate.second]
    pen.lineWidth = 2
    pen.beginPath()
    for (let at = -size; at < size; at += 14) {
      pen.moveTo(at, 0)
      pen.lineTo(at + size, size)
    }
    pen.stroke()
    pen.restore()
    pen.setLineDash([12, 4, 2, 4])
    for (const offset of new Set([worst.endA, worst.startB])) {
      this._line(through(line(offset).map(this.at, this)), WORST, theme.ground, 3)
    }
    pen.setLineDash([])
  }

  _attack(view) {
    const { attack } = view
    this._line(through(attack.path.map(this.at, this)), ATTACK, view.theme.ground, 4)
    const [x, y] = attack.path[attack.path.length - 1]
    if (attack.changed) this._cross(x, y, ATTACK, view)
  }

  _unitSquare({ theme }) {
    const path = through([[0, 0], [1, 0], [1, 1], [0, 1]].map(this.at, this), true)
    this.pen.setLineDash([3, 3])
    this._line(path, theme.ink, theme.ground, 2)
    this.pen.setLineDash([])
  }

  _point(x, y, { theme, focused }) {
    const [a, b] = this.at([x, y])
    disc(this.pen, a, b, 9, theme.ink, theme.ground, 3)
    if (focused) disc(this.pen, a, b, 14, null, ATTACK, 3)
  }
}

// Radii round down, to three digits after the point
function roundDown(value) {
  return value === Infinity ? "∞" : (floor(value * 1000 + 1e-9) / 1000).toFixed(3)
}

function rounded(p) {
  return p > 0.9995 && p < 1 ? "> 0.999" : p > 0 && p < 0.0005 ? "< 0.001" : p.toFixed(3)
}

const subscripts = text => text.replace(/p_([AB])/g, "p<sub>$1</sub>")

const grouped = number => number.toLocaleString("en")
