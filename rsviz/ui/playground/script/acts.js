// What moves by itself: rain, the acts of the scenes, replays; and drawing. Methods of Playground.

const MOST_FILE = 200000

Object.assign(Playground.prototype, {
  // Call `step` with the seconds since the start, once a frame, until it returns false
  animate(step, ended = () => {}) {
    const mine = (this.acting = {}), start = performance.now()
    const frame = now => {
      if (this.acting !== mine) return
      if (step(max(0, now - start) / 1000) !== false) return requestAnimationFrame(frame)
      this.acting = null
      ended()
      this.showControls()
    }
    requestAnimationFrame(frame)
    this.showControls()
  },

  stop(asked = false) {
    if (!this.acting && !this.rain) return
    this.acting = this.rain = null
    if (asked) {
      this.changed({ noise: true })
      this.commit()
    }
  },

  toggleRain() {
    if (this.rain) {
      this.stop()
      return this.changed()
    }
    const { pace } = this
    this.trail = null
    this.rain = { fallen: 0, pace, time: 0 }
    this.animate(time => {
      const fallen = min(floor(time * pace), this.state.n)
      this.rain = { fallen, pace, time: STILL.matches ? Infinity : time }
      this.count()
      this.redraw()
      return fallen < this.state.n || time < this.state.n / pace + FALL
    }, () => {
      this.rain = null
      this.changed()
    })
  },

  act() {
    if (this.acting) return this.stop(true)
    const acts = { island: "walk", boundary: "bend", corridor: "sweep", rain: "replay", sectors: "measureRunnerUp", noises: "raiseDimension" }
    this[acts[this.state.scene]]?.()
  },

  // Through the certified ball, outwards: f changes its class on the way, g does not
  walk() {
    const { g, state } = this, { norm, radius, top } = this.certificate, steps = 240
    if (!Number.isFinite(radius) || radius <= 0) return
    const trail = (this.trail = [])
    let flips = 0, broken = 0
    const one = i => {
      const angle = 0.35 * i, size = (radius * 0.999 * (i + 1)) / steps
      const unit = [Math.cos(angle), Math.sin(angle)], scale = size / NORMS[norm](...unit)
      const [x, y] = unit.map((value, axis) => (axis ? state.y : state.x) + value * scale), k = g.classOf(x, y)
      if (k !== (trail.length ? trail[trail.length - 1][2] : this.certificate.base)) flips++
      if (ranked(g.probabilities(x, y))[0] !== top) broken++
      trail.push([x, y, k])
    }
    this.animate(time => {
      const wanted = STILL.matches ? steps : min(steps, ceil(time * 60))
      while (trail.length < wanted) one(trail.length)
      this.redraw()
      this.found = `On the way f changed its class ${flips} times, g ${broken} times.`
      return trail.length < steps
    })
  },

  bend() { this.set({ variant: 1 - this.state.variant, x: 0, y: 0 }) },

  measureRunnerUp() { this.set({ runner_up: this.state.runner_up === "rest" ? "measured" : "rest" }) },

  sweep() {
    const [from, to, seconds] = [0.1, 1.6, 8]
    this.animate(time => {
      const part = STILL.matches ? 1 : min(time / seconds, 1)
      this.state.scale = +(from + part * (to - from)).toFixed(3)
      this.changed({ noise: true, quick: true })
      return part < 1
    }, () => {
      this.state.scale = to
      this.changed({ noise: true })
      this.commit()
    })
  },

  raiseDimension() {
    const { dimensions } = this.choices, first = this.state.d === dimensions[dimensions.length - 1] ? 0 : dimensions.indexOf(this.state.d)
    this.animate(time => {
      const at = STILL.matches ? dimensions.length - 1 : min(first + floor(time / 0.7), dimensions.length - 1)
      if (this.state.d !== dimensions[at]) {
        this.state.d = dimensions[at]
        this.showControls()
        this.drawPanel()
      }
      return at < dimensions.length - 1
    }, () => this.commit())
  },

  replay() {
    const steps = replay(this.g, this.state)
    this.animate(time => {
      const until = performance.now() + 8
      do {
        const { value, done } = steps.next()
        if (done) return false
        this.results = [...value]
      } while (performance.now() < until && (STILL.matches || this.results.length < time * 60))
      this.drawPanel()
    }, () => this.drawPanel())
  },

  // --- drawing f ---

  paintAt(x, y, begins) {
    if (begins) this.remember()
    const cells = this.drawn.cells.slice(), { class: k, size, tool } = this.brush, covers = STAMPS[tool](x, y, size)
    for (let j = 0; j < SIDE; j++) for (let i = 0; i < SIDE; i++) if (covers(CENTRES[i], CENTRES[j])) cells[j * SIDE + i] = k
    this.drawn = { cells, classes: max(this.drawn.classes, k + 1) }
    this.changed({ scene: true })
    if (!this.pointer) this.commit(300)
  },

  remember() {  // a drawing is replaced by the next one, never changed
    this.undone.push(this.drawn)
    if (this.undone.length > MOST_UNDO) this.undone.shift()
  },

  undo() {
    this.drawn = this.undone.pop() ?? this.drawn
    this.changed({ scene: true })
    this.commit()
  },

  clear() {
    this.remember()
    this.drawn = { cells: new Uint8Array(SIDE * SIDE), classes: 2 }
    this.changed({ scene: true })
    this.commit()
  },

  save() {
    const { classes, cells } = this.drawn, text = JSON.stringify({ rsviz: "plane", classes, runs: writeRuns(cells) })
    const href = URL.createObjectURL(new Blob([text], { type: "application/json" }))
    make("a", "", { href, download: "rsviz-plane.json" }).click()
    URL.revokeObjectURL(href)
  },

  async openFile(file) {
    if (!file) return
    const wrong = `${file.name} is no drawing; it must be a file saved here.`
    if (file.size > MOST_FILE) return this.complain(wrong)
    try {
      const { rsviz, classes, runs } = JSON.parse(await file.text()), cells = readRuns(runs)
      // what is read and written again is a drawing only if it is the same
      const same = writeRuns(cells) === runs && max(...cells) < classes
      if (rsviz !== "plane" || ![2, 3, 4, 5].includes(classes) || !same) return this.complain(wrong)
      this.complain("")
      this.remember()
      this.drawn = { cells, classes }
      this.changed({ scene: true })
      this.commit()
    } catch {
      this.complain(wrong)
    }
  },
})

// A stamp at (a, b) of a size: whether it covers (x, y)
const STAMPS = {
  brush: (a, b, size) => (x, y) => hypot(x - a, y - b) < size / 2,
  circle: (a, b, size) => (x, y) => hypot(x - a, y - b) < size,
  "half-plane": a => x => x > a,
  stripes: (a, b, size) => x => floor((x - a) / size) % 2 === 0,
  spiral: (a, b, size) => (x, y) => {
    const r = hypot(x - a, y - b), turns = Math.atan2(y - b, x - a) / (2 * Math.PI)
    return r < 3 * size && (((r / size - turns) % 1) + 1) % 1 < 0.5
  },
  islands: (a, b, size) => (x, y) => {
    const [i, j] = [x - a, y - b].map(value => round(value / size)), moved = mix((i + 64) * 128 + j + 64) / 2 ** 32
    const angle = 2 * Math.PI * moved
    return hypot(x - a - i * size - 0.2 * size * Math.cos(angle), y - b - j * size - 0.2 * size * Math.sin(angle)) < size * (0.12 + 0.14 * moved)
  },
}
