// The component: state, controls, pointer, keys, acts, and what goes to Python and comes from it.

const PACES = [2, 5, 20, 100, 500]
const SELECTING = 100, SELECT_FROM = 2 ** 27, MOST_UNDO = 50
const SENDS = ["scene", "x", "y", "noise", "scale", "n", "alpha", "seed", "runner_up", "show", "variant", "d", "clip", "way"]
const STILL = matchMedia("(prefers-reduced-motion: reduce)")

class Playground {
  // embedded: part of a lesson, which has the keys, and where nothing is sent to Python
  constructor(root, data, embedded = false) {
    this.root = root
    this.embedded = embedded
    this.find = name => root.querySelector(name)
    this.scenes = new Map(data.scenes.map(scene => [scene.key, scene]))
    this.choices = data.choices
    this.picture = new Picture(this.find(".picture"))
    this.panel = new Panel(this.find(".chart"))
    this.pace = 20
    this.brush = { class: 1, size: 0.25, tool: "brush" }
    this.undone = []
    this.turn = data.turn
    this.state = { ...data.state }
    this.take(data)
    this.buildControls()
    this.listen()
    if (!embedded) this.followHall()
    new ResizeObserver(() => this.redraw()).observe(this.find(".plane"))
    new ResizeObserver(() => this.drawPanel()).observe(this.find(".chart"))
  }

  // --- Python's side ---

  receive(data, setStateValue) {
    this.send = setStateValue
    this.readTheme()
    const text = JSON.stringify([data.state, data.state.scene === "draw" ? data.drawing?.runs : undefined])
    const isEcho = data.turn === this.turn && (text === this.sent || this.received === text)
    if (data.turn >= this.turn && !isEcho && !this.pointer && text !== this.received) {
      this.state = { ...data.state }
      this.take(data)
      this.changed({ scene: true })
      this.announceSoon()
    } else if (!this.g) this.changed({ scene: true })
    this.received = text
    this.redraw()
  }

  take(data) {
    const { runs, classes } = data.scenes[0]
    this.drawn ??= { cells: readRuns(runs[0]), classes }  // to begin with
    if (data.drawing) this.drawn = { cells: readRuns(data.drawing.runs), classes: data.drawing.classes }
  }

  // Tell Python, which writes the address; after the last of several changes
  commit(wait = 0) {
    if (this.embedded) return this.announceSoon()
    clearTimeout(this.waiting)
    this.turn += 1  // at once: what Python still says of the turn before must not undo this change
    this.waiting = setTimeout(() => {
      if (this.pointer) return
      const state = Object.fromEntries(SENDS.map(key => [key, this.state[key]]))
      const drawing = this.state.scene === "draw" ? { runs: writeRuns(this.drawn.cells), classes: this.drawn.classes } : null
      this.sent = JSON.stringify([state, drawing?.runs])
      this.send("said", JSON.stringify({ turn: this.turn, state, drawing }))
    }, wait)
    this.announceSoon()
  }

  // Lecture mode is the whole page's; style.css says what is left of this in it
  followHall() {
    const page = document.documentElement, follow = () => {
      this.root.toggleAttribute("data-hall", page.hasAttribute("data-hall"))
      this.readTheme()
      this.redraw()
    }
    new MutationObserver(follow).observe(page, { attributeFilter: ["data-hall"] })
    follow()
  }

  readTheme() {
    const style = getComputedStyle(this.root), value = name => style.getPropertyValue(name).trim()
    const ground = hex(value("--st-background-color"), "#ffffff"), ink = hex(value("--st-text-color"), "#31333f")
    const dark = parseInt(ground.slice(1, 3), 16) < 128
    this.theme = { ground, ink, dark, faint: dark ? "#444" : "#ddd" }
    this.picture.zoom = this.panel.zoom = max(1, parseFloat(style.fontSize) / 16)
  }

  // --- what follows from the state ---

  get scene() { return this.scenes.get(this.state.scene) }

  // scene: another class map. noise: another noise, scale or seed. Otherwise only the point or what is shown.
  changed({ scene = false, noise = false, quick = false } = {}) {
    if (scene) {
      this.cells = this.state.scene === "draw" ? this.drawn.cells : this.cellsOf(this.scene, this.state.variant)
      this.classes = this.state.scene === "draw" ? this.drawn.classes : this.scene.classes
      if (this.state.clip) {
        const cells = clippedCells(this.cells), changed = cells.filter((k, at) => k !== this.cells[at]).length
        this.clipped = round((100 * changed) / cells.length)
        this.cells = cells
      }
    }
    if (scene || noise) this.g = new SmoothedPlane(this.cells, this.classes, this.state.noise, this.state.scale)
    this.trail = this.results = null
    this.found = this.state.clip ? `After clipping f is another f: ${this.clipped} % of the picture has another class.` : ""
    this.measure(quick)
    this.redraw()
    this.showControls()
    this.panelSoon()
  }

  cellsOf(scene, variant) {
    scene.read ??= []
    return (scene.read[variant] ??= readRuns(scene.runs[variant] ?? scene.runs[0]))
  }

  measure(quick) {
    const { g, state } = this, { x, y } = state, shows = layer => state.show.includes(layer)
    const certificate = (this.certificate = certifyPoint(g, x, y, state.runner_up))
    this.truth = trueRadius(g, x, y, certificate.top)
    this.change = nearestChange(g, x, y)
    this.worst = null
    if (shows("worst")) {
      const [dx, dy] = this.towards(certificate)
      this.worst = worstCase(g, certificate, dx, dy)
    }
    if (!shows("attack")) this.attack = null
    else if (!quick) this.attack = attackPoint(g, x, y)
    else {
      this.attack = null
      clearTimeout(this.attacking)
      this.attacking = setTimeout(() => { this.attack = attackPoint(this.g, state.x, state.y); this.redraw() }, 120)
    }
    this.count()
  }

  // From the point to where the runner-up gains most
  towards({ top, second }) {
    const slopes = this.g.gradient(this.state.x, this.state.y)
    const found = [slopes[second][0] - slopes[top][0], slopes[second][1] - slopes[top][1]]
    return hypot(...found) > 1e-12 ? found : [1, 0]
  }

  // Votes of the first n draws, or of those that have fallen
  count() {
    const { g, state } = this, key = `${state.noise} ${state.seed} ${state.n}`
    if (this.drawnFor !== key) {
      this.drawnFor = key
      this.draws = unitDraws(state.noise, state.seed, 0, state.n)
      this.selecting = unitDraws(state.noise, state.seed, SELECT_FROM, SELECTING)
    }
    const tally = (draws, many) => {
      const counts = new Array(g.classes).fill(0)
      for (let i = 0; i < many; i++) counts[g.classOf(state.x + g.scale * draws[2 * i], state.y + g.scale * draws[2 * i + 1])]++
      return counts
    }
    const selected = tally(this.selecting, SELECTING), top = selected.indexOf(max(...selected))
    const fallen = this.rain ? min(this.rain.fallen, state.n) : state.n, counts = tally(this.draws, fallen)
    this.votes = { counts, fallen, draws: this.draws, top, raining: !!this.rain, ...(this.rain ?? {}) }
    this.votes.fallen = fallen
    this.proved = null
    if (fallen < state.n) return
    const [lower, upper] = limits(counts, top, state.alpha, state.runner_up)
    const radius = lower > upper ? exactRadius(g.noise, g.scale, lower, upper, 1 - lower) : 0
    this.proved = { top, lower, upper, radius, abstains: !(lower > upper) }
  }

  // --- drawing ---

  redraw() {
    if (this.frame) return
    this.frame = requestAnimationFrame(() => {
      this.frame = null
      if (!this.g) return
      this.picture.fit()
      this.picture.draw({ ...this, points: this.choices.points[this.scene?.network] })
      this.readout()
      this.root.dataset.drawn = 1 + +(this.root.dataset.drawn ?? 0)
    })
  }

  readout() {
    const { certificate: c, truth, change, votes, proved, state } = this, ball = BALL_NAMES[c.norm]
    const chip = k => `<span class="chip" style="--class:${CLASS_COLOURS[k]}">${LETTERS[k]}</span>`
    this.write(".answers", `<span>f(x) = ${chip(c.base)}</span><span>g(x) = ${chip(c.top)}</span>`)
    const name = k => (k === c.top ? "top, p<sub>A</sub>" : k === c.second ? "next, p<sub>B</sub>" : "")
    const rows = Array.from(c.p, (p, k) =>
      `<tr><td>${LETTERS[k]}</td><td><div class="bar" style="--class:${CLASS_COLOURS[k]};width:${100 * p}%"></div></td>` +
      `<td>${name(k)} ${rounded(p)}</td></tr>`)
    this.write(".bars tbody", rows.join(""))
    const near = change ? `f changes at ${change.distance.toFixed(3)}. ` : "f never changes. "
    const far = truth[1] === Infinity
      ? "g never changes in the picture."
      : `g changes at ${truth[0].toFixed(2)} to ${truth[1].toFixed(2)}.`
    this.write(".radii", `Proved radius in ${ball}: <b>${roundDown(c.radius)}</b><span class="near"><br>${near}${far}</span>`)
    const sure = `with ${(100 * (1 - state.alpha)).toPrecision(3).replace(/\.?0+$/, "")} % confidence`
    const heard = `${grouped(votes.fallen)} of ${grouped(state.n)} votes: ${grouped(votes.counts[votes.top])} for ${LETTERS[votes.top]}`
    const limit = !proved
      ? "; the limits hold once all are in."
      : proved.abstains
        ? `; abstain: they prove no class.`
        : `: p<sub>A</sub> ≥ ${(floor(proved.lower * 1000) / 1000).toFixed(3)}, p<sub>B</sub> ≤ ${(ceil(proved.upper * 1000) / 1000).toFixed(3)}; radius ${roundDown(proved.radius)} ${sure}.`
    this.write(".votes", heard + limit)
    this.write(".found", this.found)
  }

  write(name, html) {
    const element = this.find(name)
    if (element.written !== html) element.innerHTML = element.written = html
  }

  panelSoon() {
    clearTimeout(this.paneling)
    this.paneling = setTimeout(() => this.drawPanel(), this.pointer ? 60 : 0)
  }

  drawPanel() {
    const kind = this.scene?.panel ?? "", place = this.find(".panel")
    place.hidden = !kind
    place.dataset.kind = kind
    if (!kind || !this.g || !this.find(".chart").clientWidth) return
    let reads = ""
    if (kind === "scale") {
      const key = ["x", "y", "noise", "alpha", "runner_up"].map(name => this.state[name]).join() + this.state.scene
      if (this.curvesFor !== key || this.curvedCells !== this.cells) {
        this.curves = scaleCurves(this.g, this.state)
        this.curvesFor = key
        this.curvedCells = this.cells
      }
      reads = drawScales(this.panel, this, this.curves)
    } else if (kind === "replays") {
      const results = this.results ?? [], false_ = results.filter(one => one[this.state.way]).length
      drawReplays(this.panel, this, results, this.state.way)
      reads = results.length
        ? `False: ${false_} of ${results.length}; promised: at most ${+(100 * this.state.alpha).toPrecision(2)} %.`
        : "Each square will be a certificate; red: its limit on p_A is false."
    } else reads = drawSection(this.panel, this)
    this.write(".reads", subscripts(reads))
    this.find(".chart").setAttribute("aria-label", reads)
  }

  announceSoon() {
    clearTimeout(this.announcing)
    this.announcing = setTimeout(() => {
      const { certificate: c, state } = this
      this.find(".live").textContent =
        `x is at ${state.x.toFixed(2)}, ${state.y.toFixed(2)}. f says ${LETTERS[c.base]}, g says ${LETTERS[c.top]}. ` +
        `p_A is ${rounded(c.pA)}. The proved radius is ${roundDown(c.radius)}.`
    }, 500)
  }
}
