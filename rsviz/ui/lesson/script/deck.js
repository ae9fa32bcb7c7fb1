// A lesson in the browser: its steps, keys, address and windows. Python sends the lesson; steps need no server.

const FILM = 700  // milliseconds that a frame of a film stays
const FEW = 3  // options that are buttons; more are a slider

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".deck")
  root.deck ??= new Deck(root)
  root.deck.receive(data, setStateValue)
  return () => {}
}

class Deck {
  constructor(root) {
    this.root = root
    this.find = name => root.querySelector(name)
    this.drawBar()
    // before Streamlit's own keys; a deck that was taken off the page hears nothing any more
    const on = (name, act) => {
      const heard = event => (root.isConnected ? act(event) : window.removeEventListener(name, heard, true))
      window.addEventListener(name, heard, true)
    }
    on("keydown", event => this.onKey(event))
    on("popstate", () => this.read())
    on("message", event => event.origin === location.origin && event.data?.rsviz === "key" && this.press(event.data.key))
    this.find(".stage").addEventListener("pointerdown", event => this.swipe(event))
    this.find(".blank").onclick = () => this.blank()
    this.narrow = matchMedia("(max-width: 640px)")
    this.narrow.addEventListener("change", () => this.lesson && this.draw())
  }

  // --- Python's side ---

  receive(data, setStateValue) {
    this.send = asked => setStateValue("asked", JSON.stringify(asked))
    this.data = data
    this.lesson = data.lesson
    const query = new URLSearchParams(location.search)
    // Streamlit leaves the address as it is where a page links to itself
    if (query.has("n") || query.has("own")) this.read()
    else this.write({ [data.own ? "own" : "n"]: data.asked })
    if (data.code && data.code.address === this.wantedCode) this.showCode(data.code)
  }

  // --- the address ---

  read() {
    const query = new URLSearchParams(location.search), { lesson, data } = this
    const asked = query.get("own") ?? query.get("n")
    if (asked !== data.asked && asked) return this.send({ lesson: asked, own: query.has("own") })
    const step = Math.min(Math.max(parseInt(query.get("step")) || 1, 1), lesson.steps.length) - 1
    this.step = step
    this.at = lesson.steps[step]
    const options = this.at.choice?.options.map(([key]) => key) ?? [""]
    this.option = options.includes(query.get("show")) ? query.get("show") : (this.at.choice?.first ?? "")
    this.vote = [1, 2, 3].includes(+query.get("vote")) ? +query.get("vote") - 1 : null
    this.hall = query.get("hall") === "1"
    this.speaks = query.get("speaker") === "1"
    this.hides = new Set([...lesson.hides, ...(query.get("hide") ?? "").split(",")])
    this.join(query.get("follow"))
    this.draw()
  }

  // patch: parameter -> text, null to leave it out
  write(patch, replaces = false) {
    const query = new URLSearchParams(location.search)
    for (const [key, text] of Object.entries(patch)) text === null ? query.delete(key) : query.set(key, text)
    const address = `${location.pathname}?${query.toString().replaceAll("%2C", ",")}`
    history[replaces ? "replaceState" : "pushState"](history.state, "", address)
    this.read()
  }

  go(step) {
    this.film = null
    if (step < 0 || step >= this.lesson.steps.length || step === this.step) return
    const asks = this.at.asks || this.lesson.steps[step].asks
    this.write({ step: step ? String(step + 1) : null, show: null, ...(asks ? {} : { vote: null }) })
    this.tell()
    this.say(this.spoken())
  }

  open(number) {
    this.film = null
    if (!this.data.lessons[number - 1]) return
    this.write({ n: String(number), own: null, step: null, show: null, vote: null })
    this.tell()
  }

  choose(option) { this.write({ show: option === this.at.choice.first ? null : option }, true) }

  // --- two windows: each tells the other where it is ---

  join(name) {
    const kept = sessionStorage.getItem("rsviz-lesson")
    const wanted = name ?? kept
    if (!wanted || this.channel?.name === wanted) return
    this.channel?.close()
    this.channel = new BroadcastChannel(wanted)
    this.channel.onmessage = ({ data }) => {
      const query = new URLSearchParams(location.search)
      if (["n", "own", "step", "show", "vote"].every(key => (data[key] ?? null) === query.get(key))) return
      this.film = null
      this.write(data, true)
    }
  }

  tell() {
    const query = new URLSearchParams(location.search)
    this.channel?.postMessage(Object.fromEntries(["n", "own", "step", "show", "vote"].map(key => [key, query.get(key)])))
  }

  openSpeaker() {
    let name = sessionStorage.getItem("rsviz-lesson")
    if (!name) sessionStorage.setItem("rsviz-lesson", (name = `rsviz-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`))
    this.join(name)
    const query = new URLSearchParams(location.search)
    query.delete("hall")
    query.set("speaker", "1")
    query.set("follow", name)
    window.open(`${location.pathname}?${query}`, name, "width=900,height=700")
  }

  // --- drawing ---

  draw() {
    const { root, lesson, at, step } = this, asks = at.asks
    root.toggleAttribute("data-hall", this.hall)
    document.documentElement.toggleAttribute("data-hall", this.hall)
    root.dataset.hide = [...this.hides].join(" ")
    const hidden = (name, on) => { this.find(name).hidden = on }
    hidden(".stage", this.speaks)
    hidden(".foot", this.speaks)
    hidden(".head", this.speaks)
    hidden(".notes", !this.speaks)
    this.find(".place").textContent = `${lesson.place} · ${step + 1} of ${lesson.steps.length}`
    this.find(".dots").replaceChildren(...lesson.steps.map((_, i) => make("i", "", { className: i <= step ? "done" : "" })))
    if (this.speaks) this.drawNotes()
    else {
      hidden(".title", this.hides.has("title"))
      this.find(".title").textContent = at.title
      this.drawWords()
      this.drawPredictions(asks && !this.hides.has("predictions"))
      this.drawChoice()
      this.drawPicture()
    }
    this.drawMoves()
    root.dataset.drawn = 1 + +(root.dataset.drawn ?? 0)
  }

  drawWords() {
    const { lesson, at, step } = this, reveals = lesson.steps[step - 1]?.asks, voted = lesson.predictions[this.vote]
    let html = at.asks ? `<b>${terms(lesson.question)}</b>` : terms(at.words)
    if (reveals && voted) html = `<b>${voted.right ? "✓ Right." : "✗ Not so."}</b> ${voted.right ? html : terms(voted.why)}`
    this.find(".words").hidden = this.hides.has("words") && !at.asks
    this.find(".words").innerHTML = html
  }

  drawPredictions(on) {
    const place = this.find(".predictions")
    place.hidden = !on
    if (!on) return
    place.ariaLabel = this.lesson.question
    place.replaceChildren(...this.lesson.predictions.map(({ says }, i) => {
      const button = make("button", `vote-${i}`, { type: "button", innerHTML: `${"ABC"[i]}&ensp;${terms(says)}` })
      button.setAttribute("aria-pressed", this.vote === i)
      button.onclick = () => {
        this.write({ vote: this.vote === i ? null : String(i + 1) }, true)
        this.find(`[data-name="vote-${i}"]`).focus()
      }
      return button
    }))
  }

  drawChoice() {
    const place = this.find(".choice"), { choice } = this.at, key = `${this.lesson.key} ${this.step}`
    place.hidden = !choice || choice.options.length < 2 || this.hides.has("choice")
    if (place.hidden) return
    const at = choice.options.findIndex(([option]) => option === this.option)
    if (place.dataset.of !== key) {
      place.dataset.of = key
      place.replaceChildren(...(choice.options.length <= FEW && !choice.plays ? this.choiceButtons(choice) : this.choiceSlider(choice)))
    }
    for (const button of place.querySelectorAll("button")) button.setAttribute("aria-pressed", button.dataset.name === `show-${this.option}`)
    const slider = place.querySelector("input")
    if (slider) {
      slider.value = at
      slider.setAttribute("aria-valuetext", choice.options[at][1])
      place.querySelector("output").innerHTML = terms(choice.options[at][1])
    }
  }

  choiceButtons(choice) {
    return choice.options.map(([option, words]) =>
      make("button", `show-${option}`, { type: "button", innerHTML: terms(words), title: choice.label, onclick: () => { this.film = null; this.choose(option); this.tell() } }))
  }

  choiceSlider(choice) {
    const label = make("label", ""), input = make("input", "show", { type: "range", min: 0, max: choice.options.length - 1, step: 1 })
    input.setAttribute("aria-label", choice.label)
    input.oninput = () => { this.film = null; this.choose(choice.options[+input.value][0]); this.tell() }
    label.append(make("span", "", { innerHTML: terms(choice.label) }), input, make("output", ""))
    return [label]
  }

  drawPicture() {
    const { at } = this, frame = this.narrow.matches ? "narrow" : "wide", place = this.find(".svg")
    place.hidden = !at.pictures
    this.find(".embed").hidden = !at.plane
    this.find(".page").hidden = !at.page
    if (at.pictures) {
      const { alt, [frame]: svg } = at.pictures[this.option], key = `${this.lesson.key} ${this.step} ${this.option} ${frame}`
      if (place.dataset.of !== key) {
        place.dataset.of = key
        place.innerHTML = svg
        place.firstElementChild?.setAttribute("aria-hidden", "true")
        place.setAttribute("aria-label", alt)
      }
    } else if (at.plane) this.drawPlane()
    else if (at.page) {
      const page = this.find(".page"), source = new URL(at.page, location.href)
      source.searchParams.set("hall", "1")
      page.title = at.title
      if (page.src !== source.href) page.src = source.href
    }
  }

  drawPlane() {
    const { at, data, step } = this, play = this.find(".play")
    const turn = `${this.lesson.key} ${step}`
    play.playground ??= new Playground(play, { ...data, turn: 0, state: at.plane.state, drawing: null }, true)
    const { playground } = play
    if (this.planeFor !== turn) {
      this.planeFor = turn
      // nobody moves x, or reads what holds there, before the hall has predicted
      playground.present({ ...at.plane, ...(at.asks ? { parts: [] } : {}) }, data.scenes)
      play.toggleAttribute("inert", !!at.asks)
    }
    playground.readTheme()
    playground.redraw()
    playground.panelSoon()
  }

  drawNotes() {
    const { lesson, at, step } = this, next = lesson.steps[step + 1], place = this.find(".notes")
    const line = (name, html) => make("p", "", { className: name, innerHTML: html })
    const right = lesson.predictions.find(({ right }) => right)
    place.replaceChildren(
      line("", `<b>${terms(at.title)}</b>`),
      line("", terms(at.speaker)),
      ...(at.asks ? [line("said", `${terms(lesson.question)} <b>${terms(right.says)}.</b> ${terms(right.why)}`)] : []),
      line("then", next ? `Next: ${terms(next.title)}` : "This was the last step."),
    )
  }

  drawBar() {
    const button = (name, html, label, key, act) => {
      const found = make("button", name, { type: "button", innerHTML: html, ariaLabel: label, title: `${label} (key ${key})`, onclick: act })
      found.setAttribute("aria-keyshortcuts", key)
      return found
    }
    this.find(".moves").append(
      button("back", "←", "Step back", "ArrowLeft", () => this.go(this.step - 1)),
      button("next", "Next →", "Next step", "ArrowRight", () => this.go(this.step + 1)),
      button("replay", "↻", "Replay", "R", () => this.replay()),
      button("hall", "Lecture mode", "Lecture mode", "F", () => this.toggleHall()),
      button("speaker", "Speaker", "Words for the speaker in a second window", "S", () => this.openSpeaker()),
      button("code", "QR code", "QR code of this scene", "Q", () => this.askCode()),
      button("keys", "?", "Keys", "?", () => this.showKeys()),
    )
    this.find('[data-name="next"]').classList.add("next")
    this.find(".moves").append(make("a", "link", { textContent: "On its page" }))
  }

  drawMoves() {
    const named = name => this.find(`.moves [data-name="${name}"]`), { at } = this
    named("back").disabled = this.step === 0
    named("next").disabled = this.step === this.lesson.steps.length - 1
    named("replay").hidden = !(at.choice?.plays || at.plane?.controls.includes("act"))
    for (const name of ["hall", "speaker"]) named(name).hidden = this.speaks
    named("link").hidden = !at.link || this.hides.has("link")
    named("link").href = at.link
  }

  spoken() {
    const { lesson, at, step } = this, alt = at.pictures ? ` ${at.pictures[this.option].alt}` : ""
    const asked = at.asks ? ` ${lesson.question} ${lesson.predictions.map(({ says }, i) => `${"ABC"[i]}: ${says}.`).join(" ")}` : ""
    return `Step ${step + 1} of ${lesson.steps.length}. ${at.title}. ${at.words}${asked}${alt}`
  }

  say(words) { this.find(".live").textContent = words }

  // --- what moves ---

  replay() {
    const { choice, plane } = this.at
    if (plane) {
      const { playground } = this.find(".play")
      playground.stop()
      return playground.act()
    }
    if (!choice?.plays) return
    const film = (this.film = {}), options = choice.options.map(([key]) => key)
    const show = i => {
      if (this.film !== film) return
      this.choose(options[i])
      this.tell()
      if (i + 1 < options.length) setTimeout(() => show(i + 1), FILM)
      else this.film = null
    }
    show(0)
  }

  toggleHall(on = !this.hall) {
    this.write({ hall: on ? "1" : null })
    this.closeSheet()
  }

  blank(on = this.find(".blank").hidden) { this.find(".blank").hidden = !on }

  swipe(event) {
    if (event.pointerType !== "touch" || event.target.closest("canvas, button, input, select")) return
    const { clientX, clientY } = event
    const ended = up => {
      const [x, y] = [up.clientX - clientX, up.clientY - clientY]
      if (abs(x) > 60 && abs(x) > 2 * abs(y)) this.go(this.step + (x < 0 ? 1 : -1))
    }
    window.addEventListener("pointerup", ended, { once: true })
  }

  // --- what lies over the lesson ---

  openSheet(...parts) {
    const sheet = this.find(".sheet")
    const close = make("button", "close", { type: "button", textContent: "Close (Esc)", onclick: () => this.closeSheet() })
    sheet.replaceChildren(...parts, close)
    sheet.hidden = false
    close.focus()
  }

  closeSheet() {
    if (this.find(".sheet").hidden) return false
    this.find(".sheet").hidden = true
    this.wantedCode = null
    return true
  }

  showKeys() {
    const rows = KEYS.map(([key, words]) => `<tr><td><b>${key}</b></td><td>${words}</td></tr>`)
    this.find(".sheet").ariaLabel = "Keys"
    this.openSheet(make("table", "", { innerHTML: rows.join("") }))
  }

  askCode() {
    const query = new URLSearchParams(location.search)
    for (const key of ["hall", "speaker", "follow", "vote"]) query.delete(key)
    this.wantedCode = `${location.origin}${location.pathname}?${query}`
    this.send({ lesson: this.data.asked, own: this.data.own, code: this.wantedCode })
  }

  showCode({ address, svg }) {
    this.wantedCode = null
    const local = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)
    const words = local ? "This address opens on this computer only: the app listens to nobody else." : "Open this scene on your phone."
    this.find(".sheet").ariaLabel = "QR code of this scene"
    const picture = make("div", "", { innerHTML: svg })
    picture.setAttribute("role", "img")
    picture.ariaLabel = `QR code of ${address}`
    this.openSheet(picture, make("div", "", { className: "address", textContent: address }), make("div", "", { textContent: words }))
  }

  // --- keys ---

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    const target = event.composedPath()[0]
    if (!(target instanceof Element) || target.matches("select, textarea, [contenteditable], input:not([type=range])")) return
    const arrow = event.key.startsWith("Arrow")
    if (arrow && (target.matches("input") || (target.matches("canvas.picture") && !event.shiftKey && this.steers))) return
    if (event.key === " " && target.matches("button, a, summary")) return
    if (event.key === "Enter") return
    if (!this.press(event.key)) return
    event.preventDefault()
    event.stopImmediatePropagation()
  }

  // The canvas has the arrows once somebody went to it with Tab or dragged x
  get steers() { return this.root.getRootNode().activeElement?.matches("canvas.picture") }

  press(key) {
    const number = +key
    if (number >= 1 && number <= this.data.lessons.length) return this.open(number), true
    const acts = {
      ArrowRight: () => this.go(this.step + 1),
      ArrowDown: () => this.go(this.step + 1),
      PageDown: () => this.go(this.step + 1),
      " ": () => this.go(this.step + 1),
      ArrowLeft: () => this.go(this.step - 1),
      ArrowUp: () => this.go(this.step - 1),
      PageUp: () => this.go(this.step - 1),
      Home: () => this.go(0),
      End: () => this.go(this.lesson.steps.length - 1),
      f: () => this.toggleHall(),
      b: () => this.blank(),
      r: () => this.replay(),
      s: () => this.openSpeaker(),
      q: () => this.askCode(),
      "?": () => (this.closeSheet() ? null : this.showKeys()),
      Escape: () => {
        if (!this.find(".blank").hidden) return this.blank(false)
        if (this.closeSheet()) return
        if (this.steers) return this.root.getRootNode().activeElement.blur()
        if (this.hall) this.toggleHall(false)
      },
    }
    const act = acts[key.length === 1 ? key.toLowerCase() : key]
    if (!act) return false
    act()
    return true
  }
}

const KEYS = [
  ["→ ← Space", "next step, step back"],
  ["1 to 8", "lessons"],
  ["F", "lecture mode"],
  ["R", "replay"],
  ["B", "blank"],
  ["S", "words for the speaker, in a second window"],
  ["Q", "QR code of this scene"],
  ["Tab", "predictions and controls; arrows move x"],
  ["Esc", "close, leave"],
]

// p_A and p_B with their subscripts, and nothing else that HTML could read
const terms = text => subscripts(text.replace(/&/g, "&amp;").replace(/</g, "&lt;"))
