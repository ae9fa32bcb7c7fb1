// The playground as a part of something else: the picture, what holds at the point, and a few controls.

const PARTS = { g: ["answers"], dots: ["bars"], ball: ["radius"], true: ["radius"], n: ["bars"] }

// Beside the panel of a scene there is less room
const BESIDE = { scale: ["answers", "panel"], replays: ["panel"], section: ["answers", "radius", "panel"] }

// plane: { state, controls, parts, drawing }; parts: by default those that the state's layers call for
Playground.prototype.present = function ({ state, controls, parts, drawing }, scenes) {
  this.stop()
  for (const scene of scenes) this.scenes.set(scene.key, scene)
  this.state = { ...state, show: [...state.show] }
  if (drawing) this.drawn = { cells: readRuns(drawing.runs), classes: drawing.classes }
  const called = [...state.show, ...controls].flatMap(name => PARTS[name] ?? [])
  const named = parts ?? (controls.includes("act") ? BESIDE[this.scene?.panel ?? ""] ?? [...called, "found"] : called)
  Object.assign(this.root.dataset, { controls: controls.join(" "), parts: named.join(" ") })
  this.readTheme()
  this.changed({ scene: true })
}
