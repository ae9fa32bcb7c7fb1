// Exact smoothing in two dimensions: the browser's half of rsviz.plane, rsviz.bounds and rsviz.confidence.
// Tests hold the two halves together. Units, orientation and names are those of rsviz/plane.

const { abs, ceil, exp, floor, hypot, max, min, round, sqrt } = Math
const SIDE = 128, HALF = 2, CELL = (2 * HALF) / SIDE
const INNER = Float64Array.from({ length: SIDE - 1 }, (_, i) => -HALF + (i + 1) * CELL)
const CENTRES = Float64Array.from({ length: SIDE }, (_, i) => -HALF + (i + 0.5) * CELL)
const SMALLEST = 1e-300

// --- special functions ---

function erfc(z) {
  if (z < 0) return 2 - erfc(-z)
  if (z < 2.5) {
    let term = z, sum = z
    for (let i = 1; term > 1e-17 * sum; i++) sum += term *= (2 * z * z) / (2 * i + 1)
    return 1 - (2 / sqrt(Math.PI)) * exp(-z * z) * sum
  }
  let rest = z
  for (let i = 60; i > 0; i--) rest = z + i / 2 / rest
  return exp(-z * z) / (rest * sqrt(Math.PI))
}

const normalTail = s => erfc(s / Math.SQRT2) / 2
const normalDensity = s => exp((-s * s) / 2) / sqrt(2 * Math.PI)

function normalUpper(t) {
  let s = sqrt(-2 * Math.log(t))
  for (let i = 0; i < 40; i++) {  // Newton's method on the logarithm of the tail
    const tail = normalTail(s), step = (Math.log(tail / t) * tail) / normalDensity(s)
    s += step
    if (abs(step) < 1e-14 * (1 + s)) break
  }
  return max(s, 0)
}

function logGamma(x) {
  let shift = 0
  for (; x < 12; x++) shift += Math.log(x)
  const y = 1 / (x * x)
  const series = (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - (y * 691) / 360360))))) / x
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift
}

// Regularised incomplete beta function I_x(a, b); its complement where `upper`. Lentz's continued fraction.
function incompleteBeta(a, b, x, upper = false) {
  if (x <= 0 || x >= 1) return (x >= 1) !== upper ? 1 : 0
  if (x > (a + 1) / (a + b + 2)) return incompleteBeta(b, a, 1 - x, !upper)
  const front = exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a
  const tiny = 1e-300, safe = value => (abs(value) < tiny ? tiny : value)
  let c = 1, d = 1 / safe(1 - ((a + b) * x) / (a + 1)), found = d
  for (let m = 1; m < 10000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / safe(1 + even * d)
    c = safe(1 + even / c)
    found *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / safe(1 + odd * d)
    c = safe(1 + odd / c)
    found *= d * c
    if (abs(d * c - 1) < 1e-15) break
  }
  return upper ? 1 - front * found : front * found
}

// --- noise, at scale 1: what rsviz.noise says of two dimensions ---

const product = noise => ({
  independent: true,
  quadrant: (s, t) => noise.tail(s) * noise.tail(t),
  ...noise,
})

const NOISES = {
  gaussian: product({
    norm: "l2", tail: normalTail, density: normalDensity, upper: normalUpper,
    draw: u => {
      const size = sqrt(-2 * Math.log(u[0])), angle = 2 * Math.PI * u[1]
      return [size * Math.cos(angle), size * Math.sin(angle)]
    },
  }),
  laplace: product({
    norm: "l1", tail: s => exp(-s) / 2, density: s => exp(-abs(s)) / 2,
    upper: t => -Math.log(2 * t),
    draw: u => [laplaceOf(u[0]), laplaceOf(u[1])],
  }),
  "linf-exponential": {
    norm: "linf", independent: false,
    tail: s => (exp(-s) * (2 + s)) / 4,
    quadrant: (s, t) => (exp(-max(s, t)) * (2 + abs(s - t))) / 8,
    slope: (s, t) => (exp(-max(s, t)) * (1 + max(s - t, 0))) / 8,
    upper: t => -Math.log(2 * t),
    draw: u => {
      const size = -Math.log(u[0]) - Math.log(u[1]) - Math.log(u[2])
      return [size * (2 * u[3] - 1), size * (2 * u[4] - 1)]
    },
  },
  uniform: product({
    norm: "l1", tail: s => max(1 - s, 0) / 2, density: s => (abs(s) <= 1 ? 0.5 : 0),
    upper: t => 1 - 2 * t,
    draw: u => [2 * u[0] - 1, 2 * u[1] - 1],
  }),
}

function laplaceOf(u) {
  return u < 0.5 ? Math.log(2 * u) : -Math.log(2 * (1 - u))
}

// --- draws: a pure function of (seed, number) ---

function mix(value) {
  value = Math.imul(value ^ (value >>> 16), 0x7feb352d)
  value = Math.imul(value ^ (value >>> 15), 0x846ca68b)
  return (value ^ (value >>> 16)) >>> 0
}

const VALUES = 5
// Draws start, ..., start + count - 1 at scale 1: Float64Array [x, y, x, y, ...]
function unitDraws(key, seed, start, count) {
  const first = mix(seed), second = mix(seed ^ 0x85ebca6b)
  const u = new Float64Array(VALUES), found = new Float64Array(2 * count), { draw } = NOISES[key]
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < VALUES; j++) u[j] = (mix(mix((start + i) * VALUES + j + first) ^ second) + 0.5) / 2 ** 32
    const z = draw(u)
    found[2 * i] = z[0]
    found[2 * i + 1] = z[1]
  }
  return found
}

// --- class maps ---

function readRuns(runs) {
  const cells = new Uint8Array(SIDE * SIDE)
  let at = 0
  for (const [, letter, length] of runs.matchAll(/([A-E])(\d+)/g)) {
    cells.fill(letter.charCodeAt(0) - 65, at, (at += +length))
  }
  return cells
}

function writeRuns(cells) {
  let runs = ""
  for (let start = 0, at = 1; at <= cells.length; at++) {
    if (at < cells.length && cells[at] === cells[start]) continue
    runs += String.fromCharCode(65 + cells[start]) + (at - start)
    start = at
  }
  return runs
}

function clippedCells(cells) {  // f that first clips to [0, 1]
  const low = HALF / CELL, high = (HALF + 1) / CELL - 1
  const place = i => min(max(i, low), high)
  return cells.map((_, at) => cells[place(floor(at / SIDE)) * SIDE + place(at % SIDE)])
}

const cellOf = t => min(max(floor((t + HALF) / CELL), 0), SIDE - 1)

// --- g ---

class SmoothedPlane {
  constructor(cells, classes, noise, scale) {
    Object.assign(this, { cells, classes, key: noise, noise: NOISES[noise], scale })
  }

  get isConstant() { return (this._isConstant ??= this.cells.every(k => k === this.cells[0])) }

  classOf(x, y) { return this.cells[cellOf(y) * SIDE + cellOf(x)] }

  // P(f(x + z) = k), k = 0, ..., classes - 1
  probabilities(x, y) {
    const found = this.noise.independent
      ? this._sum(this._masses(x), this._masses(y))
      : this._joint(this._splits(x), this._splits(y))
    return found.map(p => min(max(p, 0), 1))  // rounding, 1e-16
  }

  // [d p_k / dx, d p_k / dy] for each k
  gradient(x, y) {
    if (this.noise.independent) {
      const dx = this._slope(x, this._masses(y), 1, SIDE), dy = this._slope(y, this._masses(x), SIDE, 1)
      return Array.from(dx, (value, k) => [value, dy[k]])
    }
    const dx = this._jointSlope(x, y, 1, SIDE), dy = this._jointSlope(y, x, SIDE, 1)
    return Array.from(dx, (value, k) => [value, dy[k]])
  }

  _masses(x) {
    const { tail } = this.noise, found = new Float64Array(SIDE)
    let before = 0, below = true  // mass beyond the last edge: to the left of it while below, else to the right
    for (let i = 0; i < SIDE; i++) {
      const at = i < SIDE - 1 ? (INNER[i] - x) / this.scale : Infinity
      const beyond = at === Infinity ? 0 : tail(abs(at))
      if (at < 0) found[i] = beyond - before
      else {
        found[i] = below ? 1 - beyond - before : before - beyond
        below = false
      }
      before = beyond
    }
    return found
  }

  // d p_k / d moved; along, across: steps in `cells` along the moved and the other coordinate
  _slope(moved, masses, along, across) {
    const found = new Float64Array(this.classes), { density } = this.noise
    for (let e = 0; e < SIDE - 1; e++) {
      const here = density((INNER[e] - moved) / this.scale) / this.scale
      for (let j = 0, at = e * along; j < SIDE; j++, at += across) {
        const low = this.cells[at], high = this.cells[at + along]
        if (low === high) continue  // only changes count, so that a tiny slope keeps its digits
        found[high] += here * masses[j]
        found[low] -= here * masses[j]
      }
    }
    return found
  }

  _sum(across, up) {
    const found = new Float64Array(this.classes), row = new Float64Array(this.classes)
    for (let j = 0, at = 0; j < SIDE; j++) {
      row.fill(0)
      for (let i = 0; i < SIDE; i++, at++) row[this.cells[at]] += across[i]
      for (let k = 0; k < this.classes; k++) found[k] += up[j] * row[k]
    }
    return found
  }

  // Inner edges and x itself as sizes of offsets at scale 1, in order; the cell of each interval between them
  _splits(x) {
    const sizes = new Float64Array(SIDE), cells = new Uint8Array(SIDE + 1), own = INNER.filter(at => at < x).length
    for (let i = 0; i < SIDE; i++) {
      sizes[i] = i === own ? 0 : abs(INNER[i < own ? i : i - 1] - x) / this.scale
    }
    for (let i = 0; i <= SIDE; i++) cells[i] = i > own ? i - 1 : i
    return { sizes, cells, own, decays: sizes.map(size => exp(-size)) }
  }

  _joint(u, v) {
    const found = new Float64Array(this.classes)
    let before = new Float64Array(SIDE + 1), row = new Float64Array(SIDE + 1)
    for (let j = 0; j <= SIDE; j++) {
      let left = 0
      for (let i = 0; i <= SIDE; i++) {
        let corner = 0
        if (i < SIDE && j < SIDE) {
          const apart = u.sizes[i] - v.sizes[j]
          corner = ((apart > 0 ? u.decays[i] : v.decays[j]) * (2 + abs(apart))) / 8
        }
        row[i] = i > u.own ? left - corner : corner - left
        left = corner
      }
      const sign = j > v.own ? -1 : 1, cells = v.cells[j] * SIDE
      for (let i = 0; i <= SIDE; i++) found[this.cells[cells + u.cells[i]]] += sign * (row[i] - before[i])
      ;[before, row] = [row, before]
    }
    return found
  }

  _jointSlope(moved, other, along, across) {
    const found = new Float64Array(this.classes), v = this._splits(other), { slope } = this.noise
    for (let e = 0; e < SIDE - 1; e++) {
      const s = abs(INNER[e] - moved) / this.scale
      let before = 0
      for (let j = 0; j <= SIDE; j++) {
        const beyond = j < SIDE ? slope(s, v.sizes[j]) / this.scale : 0
        const density = j > v.own ? before - beyond : beyond - before, at = v.cells[j] * across + e * along
        before = beyond
        if (this.cells[at + along] === this.cells[at]) continue
        found[this.cells[at + along]] += density
        found[this.cells[at]] -= density
      }
    }
    return found
  }

  // Probabilities at all cell centres, one Float64Array a class, row by row from below
  get maps() {
    return this._maps ??= this._withRest(this.noise.independent ? k => this._productMap(k) : k => this._jointMap(k))
  }

  // Class of g at all cell centres
  get map() {
    return this._map ??= Uint8Array.from(this.cells, (_, at) => {
      let top = 0
      for (let k = 1; k < this.classes; k++) if (this.maps[k][at] > this.maps[top][at]) top = k
      return top
    })
  }

  _withRest(one) {
    const maps = Array.from({ length: this.classes - 1 }, (_, k) => one(k))
    maps.push(maps[0].map((_, at) => maps.reduce((rest, map) => rest - map[at], 1)))
    return maps
  }

  // P(coordinate > edge - centre), by edge - centre + SIDE - 1 in cells
  _beyond() {
    return this._along ??= Float64Array.from({ length: 2 * SIDE - 1 }, (_, i) => {
      const s = ((i - SIDE + 1 + 0.5) * CELL) / this.scale
      return s < 0 ? 1 - this.noise.tail(-s) : this.noise.tail(s)
    })
  }

  _productMap(k) {
    const beyond = this._beyond(), rows = new Float64Array(SIDE * SIDE), found = new Float64Array(SIDE * SIDE)
    for (let j = 0; j < SIDE; j++) {
      const row = rows.subarray(j * SIDE, j * SIDE + SIDE)
      if (this.cells[j * SIDE] === k) row.fill(1)
      for (let e = 0; e < SIDE - 1; e++) {  // the class changes at few edges of a row
        const jump = (this.cells[j * SIDE + e + 1] === k) - (this.cells[j * SIDE + e] === k)
        if (jump) for (let c = 0; c < SIDE; c++) row[c] += jump * beyond[e - c + SIDE - 1]
      }
    }
    for (let c = 0; c < SIDE; c++) for (let r = 0; r < SIDE; r++) found[r * SIDE + c] = rows[c]
    for (let e = 0; e < SIDE - 1; e++) {
      const low = rows.subarray(e * SIDE, e * SIDE + SIDE), high = rows.subarray(e * SIDE + SIDE, e * SIDE + 2 * SIDE)
      const jumps = low.map((value, c) => high[c] - value)
      if (!jumps.some(jump => jump !== 0)) continue
      for (let r = 0; r < SIDE; r++) {
        const mass = beyond[e - r + SIDE - 1], at = r * SIDE
        for (let c = 0; c < SIDE; c++) found[at + c] += mass * jumps[c]
      }
    }
    return found
  }

  // P(z_1 > s, z_2 > t) for all pairs of offsets edge - centre
  _quadrants() {
    if (this._table) return this._table
    const size = 2 * SIDE - 1, { tail, quadrant } = this.noise, table = new Float64Array(size * size)
    for (let b = 0; b < size; b++) {
      for (let a = 0; a < size; a++) {
        const s = ((a - SIDE + 1.5) * CELL) / this.scale, t = ((b - SIDE + 1.5) * CELL) / this.scale
        let value = quadrant(abs(s), abs(t))
        if (s < 0) value = tail(abs(t)) - value
        if (t < 0) value = (s < 0 ? 1 - tail(-s) : tail(s)) - value
        table[b * size + a] = value
      }
    }
    return (this._table = table)
  }

  // A sum over the corners at which the class changes, each seen as a quadrant
  _jointMap(k) {
    const beyond = this._beyond(), table = this._quadrants(), size = 2 * SIDE - 1
    const found = new Float64Array(SIDE * SIDE), is = at => +(this.cells[at] === k)
    const bottom = new Float64Array(SIDE).fill(is(0)), left = new Float64Array(SIDE)
    for (let e = 0; e < SIDE - 1; e++) {
      const across = is(e + 1) - is(e), up = is((e + 1) * SIDE) - is(e * SIDE)
      for (let c = 0; c < SIDE; c++) {
        bottom[c] += across * beyond[e - c + SIDE - 1]
        left[c] += up * beyond[e - c + SIDE - 1]
      }
    }
    for (let r = 0; r < SIDE; r++) for (let c = 0; c < SIDE; c++) found[r * SIDE + c] = bottom[c] + left[r]
    for (let j = 0; j < SIDE - 1; j++) {
      for (let i = 0; i < SIDE - 1; i++) {
        const at = j * SIDE + i, corner = is(at + SIDE + 1) - is(at + SIDE) - is(at + 1) + is(at)
        if (!corner) continue
        for (let r = 0; r < SIDE; r++) {
          const from = (j - r + SIDE - 1) * size + i + SIDE - 1, to = r * SIDE
          for (let c = 0; c < SIDE; c++) found[to + c] += corner * table[from - c]
        }
      }
    }
    return found
  }
}
