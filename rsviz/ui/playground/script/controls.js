// Controls, pointer and keys of the playground; methods of Playground.

const NOISE_NAMES = { gaussian: "Gaussian", laplace: "Laplace", "linf-exponential": "ℓ∞-exponential", uniform: "Uniform" }
const LAYER_KEYS = { dots: "d", ball: "b", true: "t", worst: "w", attack: "k", g: "g" }
const TOOLS = ["brush", "circle", "half-plane", "spiral", "stripes", "islands"]

function make(tag, name, properties) {
  const element = Object.assign(document.createElement(tag), properties)
  if (name) element.dataset.name = name
  return element
}

Object.assign(Playground.prototype, {
  buildControls() {
    const scenes = this.find(".scenes"), { choices } = this
    const tabs = choices.tabs.map(([key, title], i) => [key, title, i + 1])
    for (const [key, title, number] of tabs) {
      scenes.append(this.button(title, () => this.open(key), { shortcut: String(number), name: `tab-${key}` }))
    }
    const place = this.find(".controls")
    place.append(
      this.field("network", "Network", this.select("net", choices.networks, key => this.open(key))),
      this.pair(
        this.field("noise", "Noise <kbd>(n)</kbd>", this.select("noise", Object.entries(NOISE_NAMES), noise => this.set({ noise }))),
        this.field("runner_up", "p<sub>B</sub>", this.select("runner_up", [["measured", "measured"], ["rest", "1 − p_A"]], runner_up => this.set({ runner_up }))),
      ),
      this.field("scale", "Scale, σ or λ <kbd>(− +)</kbd>", this.range("scale", ...choices.scales, 0.01, scale => this.set({ scale }, 300))),
      this.pair(
        this.field("n", "Votes n", this.select("n", choices.votes.map(n => [n, grouped(n)]), n => this.set({ n: +n }))),
        this.field("alpha", "α", this.select("alpha", choices.alphas.map(alpha => [alpha, alpha]), alpha => this.set({ alpha: +alpha }))),
      ),
      this.pair(
        this.field("seed", "Seed", this.number("seed", 0, 2 ** 31 - 1, seed => this.set({ seed }))),
        this.field("pace", "Votes a second", this.select("pace", PACES.map(pace => [pace, pace]), pace => { this.pace = +pace })),
      ),
      this.field("d", "Dimension d", this.range("d", 0, choices.dimensions.length - 1, 1, at => this.set({ d: choices.dimensions[at] }, 300))),
      this.field("show", "Show", this.row(
        ...choices.layers.map(([key, title]) => this.button(title, () => this.toggleLayer(key), { shortcut: LAYER_KEYS[key], name: `show-${key}` })),
        this.button("clip to [0, 1]", () => this.set({ clip: !this.state.clip }), { shortcut: "x", name: "clip" }),
      )),
    )
    this.find(".acts").append(
      this.button("", () => this.act(), { shortcut: "a", name: "act" }),
      this.button("Let it rain", () => this.toggleRain(), { shortcut: "v", name: "rain" }),
    )
    this.find(".acts").firstChild.classList.add("act")
    this.find(".ways").append(this.select("way", choices.ways, way => {
      this.state.way = way  // the replays go on: each is counted in all ways
      this.drawPanel()
      this.commit()
    }))
    this.find(".ways select").ariaLabel = "How the votes are stopped"
    this.buildTools()
  },

  buildTools() {
    const { brush } = this
    this.find(".tools").append(
      this.field("paint", "Class to paint", this.row(...Array.from(LETTERS, (letter, k) => {
        const button = this.button(letter, () => { brush.class = k; this.showControls() }, { name: `class-${k}` })
        button.classList.add("swatch")
        button.style.setProperty("--class", CLASS_COLOURS[k])
        button.ariaLabel = `Class ${letter}`
        return button
      }))),
      this.pair(
        this.field("tool", "Brush or stamp", this.select("tool", TOOLS.map(tool => [tool, tool]), tool => { brush.tool = tool })),
        this.field("size", "Size", this.range("size", 0.05, 1.5, 0.05, size => { brush.size = size; this.showControls() })),
      ),
      this.row(
        this.button("Paint at x", () => this.paintAt(this.state.x, this.state.y, true), { shortcut: "Enter", name: "paint" }),
        this.button("Undo", () => this.undo(), { shortcut: "u", name: "undo" }),
        this.button("Clear", () => this.clear(), { name: "clear" }),
        this.button("Save", () => this.save(), { name: "save" }),
        this.fileButton(),
      ),
    )
  },

  button(text, act, { shortcut, name }) {
    const button = make("button", name, { type: "button", textContent: text, onclick: act })
    if (!shortcut) return button
    button.setAttribute("aria-keyshortcuts", shortcut)
    button.title = `Key: ${shortcut}`
    ;(this.keys ??= {})[shortcut] = button
    return button
  },

  select(name, options, act) {
    const select = make("select", name)
    for (const [value, text] of options) select.append(new Option(text, value))
    select.onchange = () => act(select.value)
    return select
  },

  range(name, low, high, step, act) {
    return make("input", name, { type: "range", min: low, max: high, step, oninput: event => act(+event.target.value) })
  },

  number(name, low, high, act) {
    const input = make("input", name, { type: "number", min: low, max: high, step: 1 })
    input.onchange = () => {
      const value = round(+input.value)
      if (Number.isFinite(value) && value >= low && value <= high && input.value !== "") act(value)
      else this.complain(`The seed is ${input.value || "empty"}; it must be a whole number from ${low} to ${high}.`)
      this.showControls()
    }
    return input
  },

  row(...items) {
    const row = make("div", "", { className: "row" })
    row.append(...items)
    return row
  },

  pair(...items) {
    const pair = this.row(...items)
    pair.className = "pair"
    return pair
  },

  field(name, title, control) {
    const isRow = control.matches("div"), field = make(isRow ? "div" : "label", "", { className: "field" })
    field.dataset.field = name
    if (isRow) Object.assign(field, { role: "group", ariaLabel: title })
    else field.htmlFor = control.id = `field-${name}`  // without it the label would be that of the output
    field.append(make("span", "", { innerHTML: `<span>${title}</span><output></output>` }), control)
    return field
  },

  fileButton() {
    const label = make("label", "", { className: "file" }), input = make("input", "open", { type: "file", accept: ".json" })
    input.onchange = () => this.openFile(input.files[0]).finally(() => { input.value = "" })
    label.append("Open a file", input)
    return label
  },

  showControls() {
    const { state, scene, brush } = this, named = name => this.find(`[data-name="${name}"]`)
    const press = (name, on) => named(name).setAttribute("aria-pressed", on)
    const isNetwork = !!scene?.network, tab = isNetwork ? "network" : state.scene
    for (const [key] of this.choices.tabs) press(`tab-${key}`, key === tab)
    for (const [key] of this.choices.layers) press(`show-${key}`, state.show.includes(key))
    press("clip", state.clip)
    for (const name of ["noise", "n", "alpha", "seed", "runner_up", "way"]) if (this.root.getRootNode().activeElement !== named(name) || named(name).matches("select")) named(name).value = state[name]
    named("scale").value = state.scale
    named("pace").value = this.pace
    named("d").value = this.choices.dimensions.indexOf(state.d)
    if (isNetwork) named("net").value = state.scene
    const output = (name, text) => { this.find(`[data-field="${name}"] output`).textContent = text }
    output("scale", state.scale.toFixed(2))
    output("d", grouped(state.d))
    output("size", brush.size.toFixed(2))
    const shown = (name, on) => { this.find(`[data-field="${name}"]`).hidden = !on }
    shown("network", isNetwork)
    shown("d", scene?.panel === "section")
    const draws = state.scene === "draw"
    this.find(".tools").hidden = !draws
    this.write(".says", draws
      ? "Paint your own f: choose a class and a brush or a stamp, then draw. Drag x to move it."
      : subscripts(scene.says))
    named("act").hidden = !scene?.act
    this.write(".act", this.acting && !this.rain ? "Stop" : subscripts(scene?.act ?? ""))
    named("rain").textContent = this.rain ? "Stop the rain" : "Let it rain"
    named("rain").hidden = draws || scene?.panel === "replays" || scene?.panel === "section"
    this.find(".votes").hidden = scene?.panel === "replays" || scene?.panel === "section"
    this.find(".ways").hidden = scene?.panel !== "replays"
    Array.from(LETTERS).forEach((_, k) => press(`class-${k}`, brush.class === k))
    named("tool").value = brush.tool
    named("size").value = brush.size
    named("undo").disabled = !this.undone.length
  },

  set(patch, wait = 0) {
    this.stop()
    const scene = "clip" in patch || "variant" in patch, noise = "noise" in patch || "scale" in patch
    Object.assign(this.state, patch)
    this.changed({ scene, noise })
    this.commit(wait)
  },

  toggleLayer(key) {
    const on = new Set(this.state.show)
    if (!on.delete(key)) on.add(key)
    this.set({ show: this.choices.layers.map(([name]) => name).filter(name => on.has(name)) })
  },

  open(key) {
    this.stop()
    if (key === "network" && !this.scene?.network) key = this.choices.networks[0][0]
    if (key === "network" || (key === this.state.scene && key !== "draw")) key = this.state.scene
    const from = this.scenes.get(key)?.settings
    this.state = from ? { ...from, scene: key, show: [...from.show] } : { ...this.state, scene: key, clip: false }
    this.complain("")
    this.changed({ scene: true })
    this.commit()
  },

  complain(sentence) {
    const place = this.find(".problem")
    place.hidden = !sentence
    place.textContent = sentence
  },

  // --- pointer and keys ---

  listen() {
    const canvas = this.find(".picture")
    const at = event => {
      const box = canvas.getBoundingClientRect(), place = (value, size) => -HALF + (2 * HALF * value) / size
      return [place(event.clientX - box.left, box.width), -place(event.clientY - box.top, box.height)]
    }
    canvas.onpointerdown = event => {
      if (event.button !== 0 || this.pointer) return
      this.stop()
      canvas.setPointerCapture(event.pointerId)
      canvas.focus({ preventScroll: true })
      const [x, y] = at(event)
      const near = this.picture.length(1) * hypot(x - this.state.x, y - this.state.y) < 24
      const paints = this.state.scene === "draw" && !near
      this.pointer = { id: event.pointerId, paints }
      if (paints) this.paintAt(x, y, true)
      else if (!near) this.moveTo(x, y)
      event.preventDefault()
    }
    canvas.onpointermove = event => {
      if (event.pointerId !== this.pointer?.id) return
      const [x, y] = at(event)
      if (!this.pointer.paints) return this.moveTo(x, y)
      if (this.brush.tool === "brush") this.paintAt(x, y, false)
    }
    canvas.onpointerup = canvas.onpointercancel = event => {
      if (event.pointerId !== this.pointer?.id) return
      this.pointer = null
      this.changed()
      this.commit()
    }
    canvas.onfocus = () => { this.focused = canvas.matches(":focus-visible"); this.redraw() }
    canvas.onblur = () => { this.focused = false; this.redraw() }
    this.root.onkeydown = event => this.onKey(event, canvas)
  },

  onKey(event, canvas) {
    const target = event.composedPath()[0]
    const arrow = target === canvas && event.key.startsWith("Arrow")
    if (this.embedded && !arrow) return
    event.stopPropagation()  // C and R are keys of Streamlit's own
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key]
    if (steps && target === canvas) {
      event.preventDefault()
      this.stop()
      this.focused = true
      const size = event.shiftKey ? CELL / 4 : 2 * CELL
      this.moveTo(this.state.x + steps[0] * size, this.state.y + steps[1] * size)
      return this.commit(400)
    }
    if (target.matches("select, input[type=number]")) return
    if (event.key === "Escape") return this.stop(true)
    const { scale, noise } = this.state, names = Object.keys(NOISE_NAMES), [low, high] = this.choices.scales
    const nudge = { "+": 0.05, "=": 0.05, "-": -0.05 }[event.key]
    if (nudge) return this.set({ scale: min(max(+(scale + nudge).toFixed(2), low), high) }, 300)
    if (event.key === "n") return this.set({ noise: names[(names.indexOf(noise) + 1) % names.length] })
    const button = this.keys[event.key]
    if (!button || button.hidden || (event.key === "Enter" && target !== canvas)) return
    if (button.closest("[hidden]")) return
    event.preventDefault()
    button.click()
  },

  moveTo(x, y) {
    const inside = value => +min(max(value, -HALF), HALF).toFixed(4)
    Object.assign(this.state, { x: inside(x), y: inside(y) })
    this.changed({ quick: !!this.pointer })
  },
})
