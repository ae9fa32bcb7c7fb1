// What can be said about one point: certificate, radii, worst case, attack, limits from votes.

const STEP = CELL / 2, MOST_STEPS = 400, HALVINGS = 40, RINGS = [1, 2, 3]

const NORMS = {
  l1: (x, y) => abs(x) + abs(y),
  l2: (x, y) => sqrt(x * x + y * y),  // a tenth of the time of hypot
  linf: (x, y) => max(abs(x), abs(y)),
}

// Indices in the order of falling probability; of equal ones the first
const ranked = p => Array.from(p.keys()).sort((a, b) => p[b] - p[a] || a - b)

function certifyPoint(g, x, y, runnerUp) {
  const p = g.probabilities(x, y), [top, second] = ranked(p)
  const rest = p.reduce((sum, value, k) => (k === top ? sum : sum + value), 0)
  const pB = runnerUp === "measured" ? p[second] : rest
  return {
    base: g.classOf(x, y), top, second, p, pA: p[top], rest, pB, norm: g.noise.norm,
    radius: g.isConstant ? Infinity : exactRadius(g.noise, g.scale, p[top], pB, rest),
  }
}

// Half the difference of two quantiles; rest: 1 - pA, known better than pA itself
function exactRadius(noise, scale, pA, pB, rest) {
  if (!(pB < pA)) return 0
  const safe = value => min(max(value, SMALLEST), 0.5)
  const high = pA >= 0.5 ? noise.upper(safe(rest)) : -noise.upper(pA)
  return max((scale / 2) * (high + noise.upper(safe(pB))), 0)
}

// g's own radius as a bracket: the distance to the nearest cell centre with another class of g, and that less
// the diagonal of a cell
function trueRadius(g, x, y, top) {
  const norm = NORMS[g.noise.norm], { map } = g
  let high = Infinity
  for (let j = 0, at = 0; j < SIDE; j++) {
    for (let i = 0; i < SIDE; i++, at++) {
      if (map[at] !== top) high = min(high, norm(CENTRES[i] - x, CENTRES[j] - y))
    }
  }
  return [high === Infinity ? high : max(high - norm(CELL, CELL), 0), high]
}

// Where f first changes its class, seen from (x, y); null where it never does
function nearestChange(g, x, y) {
  const norm = NORMS[g.noise.norm], base = g.classOf(x, y)
  const near = (value, cell) => {
    const low = cell === 0 ? -Infinity : -HALF + cell * CELL
    const high = cell === SIDE - 1 ? Infinity : -HALF + (cell + 1) * CELL
    return min(max(value, low), high)
  }
  const across = Float64Array.from(CENTRES, (_, i) => near(x, i))
  let best = null
  for (let j = 0, at = 0; j < SIDE; j++) {
    const b = near(y, j)
    for (let i = 0; i < SIDE; i++, at++) {
      if (g.cells[at] === base) continue
      const distance = norm(across[i] - x, b - y)
      if (!best || distance < best.distance) best = { distance, x: across[i], y: b, at }
    }
  }
  return best
}

const sign = value => (value < 0 ? -1 : 1)

// The half-planes with the same pA and pB: the top class where normal . z <= endA, the other from startB on
function worstCase(g, certificate, dx, dy) {
  const { noise, scale } = g, size = hypot(dx, dy)
  let towards = size > 0 ? [dx / size, dy / size] : [1, 0]
  if (noise.norm === "linf") towards = [sign(dx), sign(dy)]
  if (noise.norm === "l1") towards = abs(dx) >= abs(dy) ? [sign(dx), 0] : [0, sign(dy)]
  const normal = noise.norm === "linf" ? towards.map(value => value / 2) : towards
  const { pA, rest, pB } = certificate
  const upper = value => noise.upper(max(value, SMALLEST))
  const quantile = (value, others) => scale * (value >= 0.5 ? upper(others) : -upper(value))
  return { normal, towards, endA: quantile(pA, rest), startB: -quantile(pB, 1 - pB) }
}

// Steepest descent of pA - pB on g with the exact gradient; where it is stuck, from the edge of the proved ball
function attackPoint(g, x, y) {
  const { norm, radius, top } = certifyPoint(g, x, y, "measured"), first = descend(g, [[x, y]], top)
  if (first.changed || !(radius > 0 && radius < Infinity)) return first
  for (const times of RINGS) {
    let best = null
    for (let k = 0; k < 8; k++) {
      const a = Math.cos((k * Math.PI) / 4), b = Math.sin((k * Math.PI) / 4), far = (times * radius) / NORMS[norm](a, b)
      const start = [x + far * a, y + far * b]
      if (max(abs(start[0]), abs(start[1])) > HALF) continue
      const attack = descend(g, [[x, y], start], top)
      if (attack.changed && !(best?.distance <= attack.distance)) best = attack
    }
    if (best) return best
  }
  return first
}

function descend(g, path, top) {
  const { norm } = g.noise, [from] = path, holds = (a, b) => ranked(g.probabilities(a, b))[0] === top
  const end = changed => {
    const [a, b] = path[path.length - 1]
    return { path, changed, distance: NORMS[norm](a - from[0], b - from[1]) }
  }
  const leave = ([a, b], [dx, dy]) => {  // where the segment from (a, b) first leaves the class
    let low = 0, high = 1
    for (let j = 0; j < HALVINGS; j++) {
      const middle = (low + high) / 2
      if (holds(a + middle * dx, b + middle * dy)) low = middle
      else high = middle
    }
    return [a + high * dx, b + high * dy]
  }
  let [x, y] = path[path.length - 1]
  if (!holds(x, y)) {
    path[path.length - 1] = leave(from, [x - from[0], y - from[1]])
    return end(true)
  }
  for (let i = 0; i < MOST_STEPS; i++) {
    const second = ranked(g.probabilities(x, y)).find(k => k !== top), slopes = g.gradient(x, y)
    const step = steepest(norm, slopes[second][0] - slopes[top][0], slopes[second][1] - slopes[top][1])?.map(value => STEP * value)
    if (!step || max(abs(x + step[0]), abs(y + step[1])) > HALF) return end(false)
    if (!holds(x + step[0], y + step[1])) {
      path.push(leave([x, y], step))
      return end(true)
    }
    x += step[0]
    y += step[1]
    path.push([x, y])
  }
  return end(false)
}

function steepest(norm, a, b) {
  const size = max(abs(a), abs(b))
  if (size < 1e-300) return null
  if (norm === "l2") return [a / size / hypot(a / size, b / size), b / size / hypot(a / size, b / size)]
  if (norm === "linf") return [Math.sign(a), Math.sign(b)]
  return abs(a) >= abs(b) ? [Math.sign(a), 0] : [0, Math.sign(b)]
}

// --- limits from votes ---

function clopperPearsonLower(k, n, alpha) {
  if (k <= 0) return 0
  let low = 0, high = k / n
  for (let i = 0; i < 200 && high - low > 1e-16 * high; i++) {
    const middle = (low + high) / 2
    if (middle <= low || middle >= high) break
    if (incompleteBeta(k, n - k + 1, middle) < alpha) low = middle
    else high = middle
  }
  return low
}

const clopperPearsonUpper = (k, n, alpha) => 1 - clopperPearsonLower(n - k, n, alpha)

// (lower limit of pA, upper limit of pB) from n votes: CERTIFY's, or each at alpha / 2 where p_b is measured
function limits(counts, top, alpha, runnerUp) {
  const n = counts.reduce((sum, count) => sum + count, 0)
  if (runnerUp === "rest") {
    const lower = clopperPearsonLower(counts[top], n, alpha)
    return [lower, 1 - lower]
  }
  const lower = clopperPearsonLower(counts[top], n, alpha / 2)
  const second = max(...counts.filter((_, k) => k !== top))
  return [lower, min(clopperPearsonUpper(second, n, alpha / 2), 1 - lower)]
}

// Evidence of k of n votes against a probability of at most p: log M of rsviz.confidence.anytime
function logEvidence(k, n, p) {
  const logBeta = logGamma(k + 1) + logGamma(n - k + 1) - logGamma(n + 2)
  return logBeta + Math.log(incompleteBeta(k + 1, n - k + 1, p, true)) - k * Math.log(p) - (n - k + 1) * Math.log1p(-p)
}

// The smallest number of votes of n at which a lower limit is false, that is above p; n + 1 where none is
function firstFalse(n, p, isFalse) {
  let low = -1, high = n + 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (isFalse(middle, n, p)) high = middle
    else low = middle
  }
  return high
}
